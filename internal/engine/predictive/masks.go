package predictive

import (
	"fmt"
	"image"

	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// Masks say where the tiles of pictures have no data, for engines that know of none.
type Masks struct {
	plan        *rasterPlan
	format      Format
	substitutes [][]sample.Substitute // of each band
}

// Mask says where a tile has no data.
type Mask struct{ *tileHead }

// NewMasks is for narrow samples of a format, of which some band has a value of no data.
func NewMasks(f *raster.Format) *Masks {
	m := &Masks{plan: &rasterPlan{kind: f.Type, bands: make([]band, len(f.Bands))}}
	for i := range m.plan.bands {
		b := &m.plan.bands[i]
		b.mapping, b.parent = sample.Mapping{Offset: offsetOf(f.Type)}, -1
		b.classes = new(census).classes(f, i)
		m.plan.order = append(m.plan.order, i)
		m.substitutes = append(m.substitutes, b.substitutes(f.Type))
	}
	m.format = m.plan.formatOf(f)
	return m
}

// Find finds the samples of a tile that have no data.
func (m *Masks) Find(b *raster.Block) Mask {
	t := &rasterTile{plan: m.plan, block: b, head: plainHead(len(m.plan.bands), b.Rect.Dx(), b.Rect.Dy())}
	t.planes = make([]Plane, len(m.plan.bands))
	for i := range t.planes {
		t.classify(i, true, nil)
	}
	return Mask{t.head}
}

// Append appends a mask to the overview and to the detail of a tile.
func (m *Masks) Append(k Mask, overview, detail []byte) (newOverview, newDetail []byte) {
	return k.append(overview, detail)
}

// Parse cuts a mask from the beginning of the overview of a tile of w×h samples, and of its
// detail, if there is one, and returns what follows.
func (m *Masks) Parse(overview, detail []byte, w, h int) (k Mask, restOverview, restDetail []byte, err error) {
	head, overview, detail, err := m.format.parseHead(m.plan, overview, detail, w, h, detail != nil)
	if err == nil {
		for i := range head.planes {
			if s := head.planes[i].state; s > everywhere {
				err = fmt.Errorf("plane %d in state %d, expected at most %d", i, s, everywhere)
			}
		}
	}
	return Mask{head}, overview, detail, err
}

// Fill gives the samples of a tile that have no data values that look as if they had some,
// of the same row or else of another one.
func (m *Masks) Fill(b *raster.Block, k Mask) {
	w := b.Rect.Dx()
	words := make([]uint64, w)
	for i := range k.planes {
		classes := k.planes[i].classes
		if classes == nil {
			continue
		}
		p := Plane{W: w, H: b.Rect.Dy(), Pix: make([]int32, len(classes)), Mask: classes}
		for y := range p.H {
			sample.Words(words, b, i, b.Rect.Min.Y+y)
			for x, v := range words {
				p.Pix[y*w+x] = int32(v)
			}
		}
		p.Fill()
		for y := range p.H {
			for x := range words {
				words[x] = uint64(int64(p.Pix[y*w+x]))
			}
			sample.SetWords(b, i, b.Rect.Min.Y+y, words)
		}
	}
}

// Restore sets the samples of a tile that have no data, as far as it lies in dst, and moves
// others that look as if they had none: tile is its rectangle in dst, of samples or cells.
func (m *Masks) Restore(dst *raster.Block, tile image.Rectangle, k Mask, cells bool) {
	r := tile.Intersect(dst.Rect)
	if r.Empty() {
		return
	}
	dst = dst.Sub(r)
	words := make([]uint64, r.Dx())
	for i := range k.planes {
		classes := k.planes[i].classes
		if cells {
			classes = k.planes[i].masked
		}
		for y := r.Min.Y; y < r.Max.Y; y++ {
			substitute(dst, i, y, m.substitutes[i], words)
			if classes != nil {
				row := rowOf(classes, y-tile.Min.Y, tile.Dx())[r.Min.X-tile.Min.X:][:r.Dx()]
				m.plan.bands[i].restore(dst, i, y, row, words)
			}
		}
	}
}

// Ends tells whether the value of no data of every band that has one is an end of the
// range, so that what is moved away from it comes closer to what it was.
func (m *Masks) Ends() bool {
	for i := range m.plan.bands {
		for _, c := range m.plan.bands[i].classes {
			if v := int64(c.word); v != offsetOf(m.plan.kind) && v != m.plan.kind.Max() {
				return false
			}
		}
	}
	return true
}

// Bands is the number of bands.
func (m *Masks) Bands() int { return len(m.plan.bands) }

// Bytes is about what a mask takes.
func (k Mask) Bytes() (n int64) {
	for i := range k.planes {
		n += int64(len(k.planes[i].classes))
	}
	return n
}
