// Package chroma holds the colour side of the codec: planes, the full-range
// BT.601 transform in integers and 4:2:0 subsampling. It knows no file format.
package chroma

import (
	"image"

	"github.com/qtgpu/qtgpu/internal/hugepages"
)

// FracBits is the number of fractional bits of a plane sample: planes of the
// transform engine hold levels of an 8-bit scale in units of 1/16, whatever the
// depth of the source (FORMAT.md, "Planes").
const FracBits = 4

const (
	// MaxLevel is the plane sample of a full-scale source sample.
	MaxLevel = 255 << FracBits
	// Centre is the plane sample of zero chroma.
	Centre = 128 << FracBits
	// Block is the largest leaf; planes are padded to multiples of it.
	Block = 32
)

// Plane is one component, row-major. Samples outside W×H, up to Stride and
// len(Pix)/Stride rows (both multiples of Block), repeat the nearest edge sample.
type Plane struct {
	W, H   int
	Stride int
	Pix    []uint16
}

// NewPlane returns a plane of w×h samples with its padding, all zero.
func NewPlane(w, h int) Plane {
	return new(Plane).Renewed(w, h)
}

// Renewed is a plane of w×h samples that are whatever was there, in the memory of p if that is enough.
func (p *Plane) Renewed(w, h int) Plane {
	s := PadUp(w)
	return Plane{W: w, H: h, Stride: s, Pix: hugepages.Sized(p.Pix, s*PadUp(h))}
}

// PlaneSizes returns the size of each plane of a w×h picture: Y, Cb, Cr for 3
// channels, Y for 1, and alpha after them for 4 and 2. With sub420 the chroma
// planes are (w+1)/2 × (h+1)/2; Y and alpha are always w×h.
func PlaneSizes(w, h, channels int, sub420 bool) []image.Point {
	sizes := make([]image.Point, channels)
	for i := range sizes {
		sizes[i] = image.Pt(w, h)
		if sub420 && channels >= 3 && (i == 1 || i == 2) {
			sizes[i] = image.Pt((w+1)/2, (h+1)/2)
		}
	}
	return sizes
}

// NewPlanes returns zeroed planes of the sizes that PlaneSizes gives.
func NewPlanes(w, h, channels int, sub420 bool) []Plane {
	return RenewedPlanes(make([]Plane, channels), w, h, channels, sub420)
}

// RenewedPlanes are NewPlanes of samples that are whatever was there, in the memory of others as far as that is enough.
func RenewedPlanes(of []Plane, w, h, channels int, sub420 bool) []Plane {
	planes := make([]Plane, channels)
	copy(planes, of)
	for i, s := range PlaneSizes(w, h, channels, sub420) {
		planes[i] = planes[i].Renewed(s.X, s.Y)
	}
	return planes
}

// Rows is the height with padding.
func (p *Plane) Rows() int { return len(p.Pix) / p.Stride }

// row returns the W valid samples of row y.
func (p *Plane) row(y int) []uint16 { return p.Pix[y*p.Stride:][:p.W:p.W] }

// PadUp rounds n up to a multiple of Block.
func PadUp(n int) int { return (n + Block - 1) &^ (Block - 1) }

// Pad repeats the last valid column and row of p over its padding.
func Pad(p *Plane) {
	for y := range p.H {
		row := p.Pix[y*p.Stride:][:p.Stride]
		edge := row[p.W-1]
		for x := p.W; x < len(row); x++ {
			row[x] = edge
		}
	}
	last := p.Pix[(p.H-1)*p.Stride:][:p.Stride]
	for y := p.H; y < p.Rows(); y++ {
		copy(p.Pix[y*p.Stride:], last)
	}
}

// Interleaved is a view of pixel-interleaved samples. Channels: 1 gray,
// 2 gray and alpha, 3 RGB, 4 RGBA; alpha is straight, not premultiplied.
// Depth is 8 or 16 bits, 16-bit samples are big-endian as in package image.
// Step is the distance of two pixels in bytes (at least Channels·Depth/8),
// Stride the distance of two rows.
type Interleaved struct {
	W, H, Channels, Depth, Step, Stride int
	Pix                                 []byte
}

// NewInterleaved returns w×h pixels of samples of 0, without padding.
func NewInterleaved(w, h, channels, depth int) *Interleaved {
	step := channels * depth / 8
	return &Interleaved{
		W: w, H: h, Channels: channels, Depth: depth, Step: step, Stride: w * step, Pix: make([]byte, w*h*step),
	}
}

// Sub returns a view of the pixels of r, which lies inside W×H and is not
// empty; it shares Pix with m.
func (m *Interleaved) Sub(r image.Rectangle) Interleaved {
	s := *m
	s.W, s.H = r.Dx(), r.Dy()
	s.Pix = m.Pix[r.Min.Y*m.Stride+r.Min.X*m.Step:]
	return s
}

// row returns the bytes of row y, from the first to the last sample.
func (m *Interleaved) row(y int) []byte {
	n := (m.W-1)*m.Step + m.Channels*m.Depth/8
	return m.Pix[y*m.Stride:][:n:n]
}

// from returns the bytes from row y on, more than the row where there are any: what kernels may read.
func (m *Interleaved) from(y int) []byte { return m.Pix[y*m.Stride:] }
