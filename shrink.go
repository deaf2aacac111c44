package qtgpu

import (
	"encoding/binary"
	"image"

	"github.com/qtgpu/qtgpu/internal/raster"
)

// shrink averages blocks of 2^shift × 2^shift pixels, smaller ones at the right
// and bottom edges, rounded to nearest.
func shrink(m *raster.Image, shift int) *raster.Image {
	n := 1 << shift
	out := raster.New((m.W+n-1)>>shift, (m.H+n-1)>>shift, m.Channels, m.Depth)
	size := m.Depth / 8
	for y := range out.H {
		for x := range out.W {
			w, h := min(n, m.W-x<<shift), min(n, m.H-y<<shift)
			for c := range m.Channels {
				at := m.Pix[y<<shift*m.Stride+x<<shift*m.Step+c*size:]
				dst := out.Pix[y*out.Stride+x*out.Step+c*size:]
				if m.Depth == 8 {
					dst[0] = byte(mean8(at, m.Stride, m.Step, w, h))
				} else {
					binary.BigEndian.PutUint16(dst, uint16(mean16(at, m.Stride, m.Step, w, h)))
				}
			}
		}
	}
	return out
}

// sample keeps the first pixel of each block of 2^shift × 2^shift labels.
func sample(m *raster.Image, shift int) (*raster.Image, error) {
	n := 1 << shift
	w, h := (m.W+n-1)>>shift, (m.H+n-1)>>shift
	if m.Palette != nil {
		to := image.NewPaletted(image.Rect(0, 0, w, h), m.Palette)
		for i := range to.Pix {
			to.Pix[i] = m.Index[i/w<<shift*m.W+i%w<<shift]
		}
		return raster.FromImage(to)
	}
	out := raster.New(w, h, m.Channels, m.Depth)
	size := m.Channels * m.Depth / 8
	for y := range h {
		for x := range w {
			copy(out.Pix[y*out.Stride+x*out.Step:][:size], m.Pix[y<<shift*m.Stride+x<<shift*m.Step:])
		}
	}
	return out, nil
}

func mean8(p []byte, stride, step, w, h int) int {
	s := w * h / 2
	for y := range h {
		for x := range w {
			s += int(p[y*stride+x*step])
		}
	}
	return s / (w * h)
}

func mean16(p []byte, stride, step, w, h int) int {
	s := w * h / 2
	for y := range h {
		for x := range w {
			s += int(binary.BigEndian.Uint16(p[y*stride+x*step:]))
		}
	}
	return s / (w * h)
}
