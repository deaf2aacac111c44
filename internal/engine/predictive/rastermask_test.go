package predictive

import (
	"context"
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// TestSharedMask: what leaves all planes are the samples that are of the same class in each, where these are
// enough.
func TestSharedMask(t *testing.T) {
	const w, h = 40, 24
	r := rand.New(rand.NewPCG(2, 9))
	for round := range 300 {
		planes, strays, whole := 1+round%4, r.IntN(3), r.IntN(8) == 0
		base := make([]byte, w*h)
		for k := range base {
			if k%w+k/w < round%60 {
				base[k] = 1
			}
		}
		var masks []classesOf
		for i := range planes {
			c := append([]byte(nil), base...)
			for range strays {
				c[r.IntN(len(c))] ^= 1
			}
			if whole && i > 0 {
				for y := range 8 {
					for x := range 8 {
						c[(h-8+y)*w+w-8+x] = 1
					}
				}
			}
			masks = append(masks, classesOf{i, c})
		}
		shared, worth := sharedMask(masks, plainHead(planes, w, h))
		common, n, same := make([]byte, w*h), 0, true
		for k := range common {
			common[k] = masks[0].classes[k]
			for _, m := range masks {
				if m.classes[k] != masks[0].classes[k] {
					common[k], same = 0, false
				}
			}
			n += int(common[k])
		}
		require.Equal(t, n*maskShare >= w*h, worth, "round %d: %d common samples", round, n)
		if worth && !same {
			require.Equal(t, common, shared, "round %d", round)
		} else {
			require.Nil(t, shared, "round %d", round)
		}
	}
	_, worth := sharedMask(make([]classesOf, 1), plainHead(2, w, h))
	require.False(t, worth, "a plane has none")
}

// TestCellsBesides: where all planes have the same classes in most places, cells of one plane alone are
// classes of its overview, and its samples come back as they were.
func TestCellsBesides(t *testing.T) {
	const w, h, none = 128, 96, 0
	lake := func(x, y int) bool { return x < 30 && y < 40 }
	own := func(b, x, y int) bool { return b != 1 && x/8 == 5 && y/8 == 2+b }
	number := float64(none)
	f := raster.Format{Width: w, Height: h, Type: raster.Uint8, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue)}
	for i := range f.Bands {
		f.Bands[i].NoData = &number
	}
	m := rastertest.Numbers(f, func(b, x, y int) float64 {
		if lake(x, y) || own(b, x, y) {
			return none
		}
		return float64(50 + x + y + b*x/20 + int(uint32(x*641+y*7919)*2654435761>>27))
	})
	enc, err := Engine{}.Train(context.Background(), engine.Params{Format: f, Bound: engine.Max, Effort: EffortFitted}, m, rasterEnv())
	require.NoError(t, err)
	tile, err := enc.Encode(context.Background(), m.View(f.Bounds()), 0, nil)
	require.NoError(t, err)
	dec, err := newDecoder(enc.Plan())
	require.NoError(t, err)
	_, front, err := dec.raster.open(tile.Overview)
	require.NoError(t, err)
	head, _, _, err := dec.raster.format.parseHead(dec.raster.plan, front, nil, w, h, false)
	require.NoError(t, err)
	var states []int
	for _, p := range head.planes {
		states = append(states, p.state)
	}
	require.Equal(t, []int{ownBesides, asBefore, asBesides}, states)

	worst, err := dec.Measure(context.Background(), 0, tile.Segments, m.View(f.Bounds()))
	require.NoError(t, err)
	require.Equal(t, []uint64{0, 0, 0}, worst)
	overview := raster.NewBlock(image.Rect(0, 0, w/8, h/8), f.Type, 3)
	window := dec.Window(overview, engine.OverviewLevel, nil)
	_, err = window.Decode(0, tile.Segments, image.Rectangle{})
	require.NoError(t, err)
	require.NoError(t, window.Finish(context.Background(), 1))
	words := make([]uint64, w/8)
	for b := range 3 {
		for y := range h / 8 {
			sample.Words(words, overview, b, y)
			for x, v := range words {
				want := own(b, x*8, y*8) || x < 3 && y < 5
				require.Equal(t, want, v == none, "band %d, cell (%d,%d): %d", b, x, y, v)
			}
		}
	}
}

// TestCellsBesidesErrors: what heads may not say of cells besides.
func TestCellsBesidesErrors(t *testing.T) {
	r := &rasterPlan{kind: raster.Uint8}
	for range 2 {
		r.bands = append(r.bands, band{parent: -1, classes: []class{{0, true}}})
	}
	require.NoError(t, r.arrange())
	f := Format{Channels: 2}
	some, all := []byte{1, 0}, []byte{1, 1}
	samples := slices.Repeat([]byte{1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 8)
	for _, c := range []struct {
		what   string
		planes [2]planeHead
		err    string
	}{
		{"both of one plane", [2]planeHead{{state: ownBesides, masked: some, besides: []byte{0, 1}, classes: samples}, {state: asBesides, besides: []byte{0, 1}}}, ""},
		{"a cell twice", [2]planeHead{{state: ownBesides, masked: some, besides: all, classes: samples}, {state: asBefore}}, "plane 0: cell 0 has one twice"},
		{"a cell twice, of the plane before", [2]planeHead{{state: ownClasses, masked: some, classes: samples}, {state: asBesides, besides: all}}, "plane 1: cell 0 has one twice"},
		{"a class too many", [2]planeHead{{state: ownBesides, masked: some, besides: []byte{0, 2}, classes: samples}, {}}, "class 2, expected at most 1"},
		{"none before", [2]planeHead{{state: ownCells, besides: some}, {state: asBesides, besides: some}}, "plane 1: state 7"},
		{"cells alone before", [2]planeHead{{state: ownBesides, masked: some, besides: []byte{0, 1}, classes: samples}, {state: sameCells}}, "plane 1: state 5"},
	} {
		head := &tileHead{16, 8, c.planes[:]}
		front, body := head.append(nil, nil)
		_, _, _, err := f.parseHead(r, front, body, 16, 8, true)
		if c.err == "" {
			require.NoError(t, err, c.what)
		} else {
			require.ErrorContains(t, err, c.err, c.what)
		}
	}
}
