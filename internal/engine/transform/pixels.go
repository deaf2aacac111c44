package transform

import (
	"encoding/binary"
	"image"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/raster"
)

// pad gives a rectangle of samples the padding to whole blocks of 32×32.
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
	for y := range m.H {
		for c := range b.Planes {
			dst := m.Pix[y*m.Stride+c*m.Depth/8:]
			if b.Type == raster.Uint8 {
				toFullScale(dst, m.Step, raster.Row[uint8](b, c, b.Rect.Min.Y+y), b.Step, f, put8)
			} else {
				toFullScale(dst, m.Step, raster.Row[uint16](b, c, b.Rect.Min.Y+y), b.Step, f, put16)
			}
		}
	}
	return m
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
	size := f.Type.Size()
	step := len(f.Bands) * size
	return &chroma.Interleaved{
		W: w, H: h, Channels: len(f.Bands), Depth: 8 * size, Step: step, Stride: w * step, Pix: make([]byte, w*h*step),
	}
}

func put8(p []byte, v uint64) { p[0] = byte(v) }

func put16(p []byte, v uint64) { binary.BigEndian.PutUint16(p, uint16(v)) }

// toFullScale copies a row of samples to every step-th byte, from the full scale of the
// format to the scale of its type.
func toFullScale[T uint8 | uint16](dst []byte, step int, src []T, srcStep int, f *raster.Format, put func([]byte, uint64)) {
	from, to := uint64(f.FullScale()), uint64(f.Type.Max())
	for i, k := 0, 0; k < len(src); i, k = i+step, k+srcStep {
		put(dst[i:], rescale(uint64(src[k]), from, to))
	}
}

// rescale brings a sample from one full scale to another, to the nearest.
func rescale(v, from, to uint64) uint64 {
	if from == to {
		return v
	}
	return (v*to + from/2) / from
}

// store copies rows of interleaved samples, at the full scale of their type, to a block.
func store(b *raster.Block, m *chroma.Interleaved, f *raster.Format) {
	from, to := uint64(f.Type.Max()), uint64(f.FullScale())
	for y := range m.H {
		for c := range b.Planes {
			src := m.Pix[y*m.Stride+c*m.Depth/8:]
			if b.Type == raster.Uint8 {
				row := raster.Row[uint8](b, c, b.Rect.Min.Y+y)
				for i, k := 0, 0; k < len(row); i, k = i+m.Step, k+b.Step {
					row[k] = uint8(rescale(uint64(src[i]), from, to))
				}
				continue
			}
			row := raster.Row[uint16](b, c, b.Rect.Min.Y+y)
			for i, k := 0, 0; k < len(row); i, k = i+m.Step, k+b.Step {
				row[k] = uint16(rescale(uint64(binary.BigEndian.Uint16(src[i:])), from, to))
			}
		}
	}
}
