package symbols

import (
	"fmt"
	"math"

	"github.com/qtgpu/qtgpu/internal/cm"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// Tile is W×H symbols, row by row, each of 1 to 4 channels packed into the low
// Channels·Depth bits, the first lowest; the bits above are 0. One channel has
// 8 or 16 bits (an index, a label or a gray value), more have 8 each: the
// second of 3 or 4 is green, the fourth alpha.
type Tile struct {
	W, H            int
	Channels, Depth int
	Pix             []uint32
	Work            *progress.Work // of coding it, nil tells nobody
}

// checkShape refuses what a Tile does not hold.
func checkShape(w, h, channels, depth int) error {
	if w < 1 || h < 1 || w > math.MaxInt32/h {
		return fmt.Errorf("pattern tile of %d×%d samples, expected 1 to 2^31−1 of them", w, h)
	}
	if channels < 1 || channels > 4 || depth != 8 && (depth != 16 || channels > 1) {
		return fmt.Errorf("pattern tile of %d channels of %d bits, expected 1 of 8 or 16, or 2 to 4 of 8", channels, depth)
	}
	return nil
}

// Encode codes a tile: front holds the samples at multiples of 8, body the
// others. It panics if the tile's fields do not fit together.
func Encode(t *Tile) (front, body []byte) {
	if err := checkShape(t.W, t.H, t.Channels, t.Depth); err != nil {
		panic(err)
	}
	gw, gh := gridSize(t.W), gridSize(t.H)
	grid := make([]uint32, 0, gw*gh)
	for y := 0; y < t.H; y += gridStep {
		for x := 0; x < t.W; x += gridStep {
			grid = append(grid, t.Pix[y*t.W+x])
		}
	}
	return encode(t, grid, nil, gw, gh, nil), encode(t, t.Pix, grid, t.W, t.H, t.Work)
}

// EncodeBody codes a whole tile without a front: DecodeBody takes a nil grid.
// It panics as Encode does.
func EncodeBody(t *Tile) []byte {
	if err := checkShape(t.W, t.H, t.Channels, t.Depth); err != nil {
		panic(err)
	}
	return encode(t, t.Pix, nil, t.W, t.H, t.Work)
}

func encode(t *Tile, pix, grid []uint32, w, h int, work *progress.Work) []byte {
	m := newModel(cm.NewEncoder(), pix, grid, w, h, t.Channels, t.Depth)
	m.work = work.Of(int64(h))
	m.walk()
	return m.Finish(m.least())
}

// DecodeFront decodes the front of a tile of w×h symbols into its samples at
// multiples of 8, ⌈w/8⌉×⌈h/8⌉ of them, row by row. It takes time and memory in
// proportion to them whatever front holds. The error is rans.ErrCorrupt where
// front does not end where the samples do.
func DecodeFront(front []byte, w, h, channels, depth int) (grid []uint32, err error) {
	if err := checkShape(w, h, channels, depth); err != nil {
		return nil, err
	}
	return decode(front, nil, gridSize(w), gridSize(h), channels, depth)
}

// DecodeBody decodes the symbols of a tile from its body and what DecodeFront
// returned, as DecodeFront does; a nil grid stands for a body of EncodeBody.
func DecodeBody(body []byte, grid []uint32, w, h, channels, depth int) (pix []uint32, err error) {
	if err := checkShape(w, h, channels, depth); err != nil {
		return nil, err
	}
	if n := gridSize(w) * gridSize(h); grid != nil && len(grid) != n {
		return nil, fmt.Errorf("grid of %d samples for a tile of %d×%d, expected %d", len(grid), w, h, n)
	}
	return decode(body, grid, w, h, channels, depth)
}

func decode(b []byte, grid []uint32, w, h, channels, depth int) ([]uint32, error) {
	m := newModel(cm.NewDecoder(b), make([]uint32, w*h), grid, w, h, channels, depth)
	m.walk()
	if !m.Ended(m.least()) {
		return nil, rans.ErrCorrupt
	}
	return m.pix, nil
}

// Likeness counts symbols that repeat one of the four neighbours coded before them. It tells
// patterns from photographs.
type Likeness struct{ same, n int }

// Add counts a row, by the one above it, nil for none.
func (l *Likeness) Add(row, up []uint32) {
	for x := 1; x < len(row)-1; x++ {
		v := row[x]
		if v == row[x-1] || up != nil && (v == up[x] || v == up[x-1] || v == up[x+1]) {
			l.same++
		}
		l.n++
	}
}

// Likely tells whether what was counted looks like patterns more than like a photograph: at
// least 2 in 5 symbols repeat others. On masks it is 95% and more, on photographs most often
// below 25%.
func (l *Likeness) Likely() bool { return l.same*5 >= l.n*2 }
