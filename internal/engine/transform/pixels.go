package transform

import (
	"encoding/binary"
	"image"
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// pad gives a rectangle of samples the padding to whole roots.
func pad(r image.Rectangle) image.Rectangle {
	r.Max = image.Pt(chroma.PadUp(r.Max.X), chroma.PadUp(r.Max.Y))
	return r
}

// Interleaved are the samples of a block as the stages of colour take them, at the full
// scale of their type: the same memory where it is laid out so.
func Interleaved(b *raster.Block, f *raster.Format) *chroma.Interleaved {
	if m, ok := view(b, f); ok {
		return m
	}
	m := newInterleaved(b.Rect.Dx(), b.Rect.Dy(), f)
	from, to := f.FullScale(), f.Type.Max()
	row := make([]int32, m.W)
	for y := range m.H {
		for c := range b.Planes {
			sample.Load(row, b, c, b.Rect.Min.Y+y)
			dst := m.Pix[y*m.Stride+c*m.Depth/8:]
			for x, v := range row {
				v := rescale(v, from, to)
				if m.Depth == 8 {
					dst[x*m.Step] = uint8(v)
				} else {
					binary.BigEndian.PutUint16(dst[x*m.Step:], uint16(v))
				}
			}
		}
	}
	return m
}

// store is the inverse of Interleaved.
func store(b *raster.Block, m *chroma.Interleaved, f *raster.Format) {
	from, to := f.Type.Max(), f.FullScale()
	row := make([]int32, m.W)
	for y := range m.H {
		for c := range b.Planes {
			src := m.Pix[y*m.Stride+c*m.Depth/8:]
			for x := range row {
				if m.Depth == 8 {
					row[x] = int32(src[x*m.Step])
				} else {
					row[x] = int32(binary.BigEndian.Uint16(src[x*m.Step:]))
				}
				row[x] = rescale(row[x], from, to)
			}
			sample.Store(b, c, b.Rect.Min.Y+y, row)
		}
	}
}

// view is a block as interleaved samples, if it is laid out so.
func view(b *raster.Block, f *raster.Format) (*chroma.Interleaved, bool) {
	if b.Type != raster.Uint8 || f.FullScale() != f.Type.Max() {
		return nil, false
	}
	for i := range b.Planes {
		if i >= len(b.Planes[0]) || &b.Planes[i][0] != &b.Planes[0][i] {
			return nil, false
		}
	}
	return &chroma.Interleaved{
		W: b.Rect.Dx(), H: b.Rect.Dy(), Channels: len(b.Planes), Depth: 8, Step: b.Step, Stride: b.Stride, Pix: b.Planes[0],
	}, true
}

func newInterleaved(w, h int, f *raster.Format) *chroma.Interleaved {
	return chroma.NewInterleaved(w, h, len(f.Bands), 8*f.Type.Size())
}

// rescale brings a sample from one full scale to another, to the nearest.
func rescale(v int32, from, to int64) int32 {
	if from == to {
		return v
	}
	return int32((int64(v)*to + from/2) / from)
}

// bleed gives each hidden sample of a chroma plane of half the resolution of alpha the
// mean of the shown ones around it, if there are any, so that upsampling mixes nothing
// hidden into what is shown.
func bleed(p, alpha *chroma.Plane) {
	was := slices.Clone(p.Pix)
	for y := range p.H {
		for x := range p.W {
			if !hidden(alpha, x, y) {
				continue
			}
			sum, n := 0, 0
			for j := max(y-1, 0); j < min(y+2, p.H); j++ {
				for i := max(x-1, 0); i < min(x+2, p.W); i++ {
					if !hidden(alpha, i, j) {
						sum, n = sum+int(was[j*p.Stride+i]), n+1
					}
				}
			}
			if n > 0 {
				p.Pix[y*p.Stride+x] = uint16((sum + n/2) / n)
			}
		}
	}
}

// hidden tells whether a sample of a plane of half the resolution of alpha has none.
func hidden(alpha *chroma.Plane, x, y int) bool {
	for i := range 4 {
		ax, ay := 2*x+i%2, 2*y+i/2
		if ax < alpha.W && ay < alpha.H && alpha.Pix[ay*alpha.Stride+ax] > 0 {
			return false
		}
	}
	return true
}
