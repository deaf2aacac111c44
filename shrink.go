package qtgpu

import (
	"encoding/binary"
	"image"

	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// alike returns a black image of another size and the same kind of samples.
func alike(m *imagefile.Image, w, h int) *imagefile.Image {
	out := imagefile.New(w, h, m.Channels, m.Depth)
	out.Alpha, out.Max = m.Alpha, m.Max
	return out
}

// shrink averages blocks of 2^shift × 2^shift pixels, smaller ones at the right
// and bottom edges, rounded to nearest. Colours beside straight alpha are weighted
// by it, so that what is hidden shows nowhere, unless all of a block is hidden.
func shrink(m *imagefile.Image, shift int) *imagefile.Image {
	n := 1 << shift
	out := alike(m, (m.W+n-1)>>shift, (m.H+n-1)>>shift)
	size, last := m.Depth/8, m.Channels-1
	weighted := m.Channels%2 == 0 && m.Alpha == imagefile.Straight
	for y := range out.H {
		for x := range out.W {
			b := block{m, y<<shift*m.Stride + x<<shift*m.Step, min(n, m.W-x<<shift), min(n, m.H-y<<shift)}
			alpha := uint64(0)
			if weighted {
				alpha = b.sum(last)
			}
			for c := range m.Channels {
				sum, weight := b.sum(c), uint64(b.w)*uint64(b.h)
				if alpha > 0 && c < last {
					sum, weight = b.weightedSum(c), alpha
				}
				put(out.Pix[y*out.Stride+x*out.Step+c*size:], m.Depth, (sum+weight/2)/weight)
			}
		}
	}
	return out
}

// block is w×h pixels of an image, the first at Pix[at].
type block struct {
	m        *imagefile.Image
	at, w, h int
}

// sum adds the samples of a channel.
func (b *block) sum(c int) (s uint64) {
	m := b.m
	for y := range b.h {
		row := m.Pix[b.at+y*m.Stride+c*m.Depth/8:]
		if m.Depth == 8 {
			for x := range b.w {
				s += uint64(row[x*m.Step])
			}
			continue
		}
		for x := range b.w {
			s += uint64(binary.BigEndian.Uint16(row[x*m.Step:]))
		}
	}
	return s
}

// weightedSum adds the samples of a channel times the last one.
func (b *block) weightedSum(c int) (s uint64) {
	m := b.m
	for y := range b.h {
		row := m.Pix[b.at+y*m.Stride:]
		for x := range b.w {
			p := row[x*m.Step:]
			s += get(p, m.Depth, c) * get(p, m.Depth, m.Channels-1)
		}
	}
	return s
}

// get reads the sample of a channel of a pixel.
func get(pixel []byte, depth, c int) uint64 {
	if depth == 8 {
		return uint64(pixel[c])
	}
	return uint64(binary.BigEndian.Uint16(pixel[2*c:]))
}

// put writes a sample.
func put(p []byte, depth int, v uint64) {
	if depth == 8 {
		p[0] = byte(v)
		return
	}
	binary.BigEndian.PutUint16(p, uint16(v))
}

// sample keeps the first pixel of each block of 2^shift × 2^shift labels.
func sample(m *imagefile.Image, shift int) (*imagefile.Image, error) {
	n := 1 << shift
	w, h := (m.W+n-1)>>shift, (m.H+n-1)>>shift
	if m.Palette != nil {
		to := image.NewPaletted(image.Rect(0, 0, w, h), m.Palette)
		for i := range to.Pix {
			to.Pix[i] = m.Index[i/w<<shift*m.W+i%w<<shift]
		}
		return imagefile.FromImage(to)
	}
	out := alike(m, w, h)
	size := m.Channels * m.Depth / 8
	for y := range h {
		for x := range w {
			copy(out.Pix[y*out.Stride+x*out.Step:][:size], m.Pix[y<<shift*m.Stride+x<<shift*m.Step:])
		}
	}
	return out, nil
}

// rescale brings samples from one full scale to another, to the nearest.
func rescale(m *imagefile.Image, from, to int) *imagefile.Image {
	out := alike(m, m.W, m.H)
	for y := range m.H {
		for x := range m.W {
			src, dst := m.Pix[y*m.Stride+x*m.Step:], out.Pix[y*out.Stride+x*out.Step:]
			for c := range m.Channels {
				v := get(src, m.Depth, c)
				put(dst[c*m.Depth/8:], m.Depth, (v*uint64(to)+uint64(from)/2)/uint64(from))
			}
		}
	}
	return out
}
