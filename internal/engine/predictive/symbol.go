package predictive

import (
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/engine/symbols"
)

// packable tells whether the samples of a pixel fit a symbol.
func (f *Format) packable() bool {
	for i := range f.Lanes {
		if f.Lanes[i].Wide || f.Lanes[i].Bound > 0 {
			return false
		}
	}
	return !f.Signed && f.Bound == 0 && f.Channels <= 4 && (f.Depth == 8 || f.Depth == 16 && f.Channels == 1)
}

// pack makes symbols of the samples of each pixel, the first channel lowest.
func pack(f *Format, channels []Plane) *symbols.Tile {
	t := &symbols.Tile{W: channels[0].W, H: channels[0].H, Channels: f.Channels, Depth: f.Depth}
	t.Pix = make([]uint32, t.W*t.H)
	for y := range t.H {
		packRow(t.Pix[y*t.W:][:t.W], f, channels, y)
	}
	return t
}

// packRow makes symbols of row y.
func packRow(dst []uint32, f *Format, channels []Plane, y int) {
	clear(dst)
	for c := range channels {
		shift := c * f.Depth
		for x, v := range channels[c].Pix[y*len(dst):][:len(dst)] {
			dst[x] |= uint32(v) << shift
		}
	}
}

func unpack(f *Format, symbols []uint32, w, h int) []Plane {
	out := make([]Plane, f.Channels)
	for c := range out {
		out[c] = NewPlane(w, h)
		shift := c * f.Depth
		for i, v := range symbols {
			out[c].Pix[i] = int32(v >> shift & (1<<f.Depth - 1))
		}
	}
	return out
}

// symbolTile codes symbols as patterns, with the overview of their channels where that adds
// no more than a share of the size. The means of text and halftones take more than the
// samples do, of which they can be made as well.
func symbolTile(format *Format, packed *symbols.Tile, overview func(channels []Plane) []Plane) *Tile {
	const share = 8
	cells := symbols.EncodeBody(packed)
	channels := unpack(format, packed.Pix, packed.W, packed.H)
	grid := symbols.EncodeBody(pack(format, overview(channels)))
	if len(grid) > len(cells)/share {
		return &Tile{mode: modeWhole, cells: cells}
	}
	return &Tile{mode: modeSymbols, grid: grid, cells: cells}
}

// roundedOverview gives the means of the values of each channel's cells in their
// steps.
func (f *Format) roundedOverview(channels []Plane) []Plane {
	out := f.overview(channels)
	for i := range out {
		_, most := f.numbers(i)
		step := f.overviewStep(i)
		for k, v := range out[i].Pix {
			out[i].Pix[k] = min(arith.Nearest(v, step)*step, most)
		}
	}
	return out
}

// likelySymbols asks the symbols engine about one row in 16.
func likelySymbols(f *Format, channels []Plane) bool {
	const every = 16
	w, h := channels[0].W, channels[0].H
	row, up := make([]uint32, w), make([]uint32, w)
	var counts symbols.Likeness
	if h == 1 {
		packRow(row, f, channels, 0)
		counts.Add(row, nil)
	}
	for y := 1; y < h; y += every {
		packRow(row, f, channels, y)
		packRow(up, f, channels, y-1)
		counts.Add(row, up)
	}
	return counts.Likely()
}
