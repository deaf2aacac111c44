package layered

import (
	"context"
	"fmt"
	"image"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/tree"
)

// Encoder codes tiles. It is read-only and may be shared by goroutines, each
// with a Scratch of its own.
type Encoder struct {
	format  Format
	reducer tree.Reducer
	base    *transform.Encoder
}

// NewEncoder returns an encoder whose bases have pyramids from r and leaves by
// split.
func NewEncoder(f Format, r tree.Reducer, split engine.Split) *Encoder {
	return &Encoder{f, r, transform.NewEncoder(f.step(), f.Planes, split)}
}

// Scratch is the memory of one goroutine.
type Scratch struct {
	enc transform.EncoderScratch
	dec transform.DecoderScratch
}

// Tile is a coded tile before its entropy coding.
type Tile struct {
	base   *transform.Tile
	tokens []rans.Token
	raw    rans.BitWriter
	// Worst is the largest error of each channel.
	Worst []int32
}

// Tile codes the pixels of src, RGB or RGBA of 8 bits.
func (e *Encoder) Tile(ctx context.Context, scratch *Scratch, src *chroma.Interleaved) (*Tile, error) {
	base, err := e.encodeBase(ctx, scratch, src)
	if err != nil {
		return nil, err
	}
	decoded, err := e.decoded(scratch, base, image.Pt(src.W, src.H))
	if err != nil {
		return nil, err
	}
	t := &Tile{base: base, Worst: make([]int32, e.format.channels())}
	c := newCorrections(&e.format, decoded)
	t.tokens = c.encode(src, make([]rans.Token, 0, src.W*src.H*e.format.channels()), &t.raw)
	c.apply()
	for i := range t.Worst {
		t.Worst[i] = worst(src, decoded, i)
		if int(t.Worst[i]) > e.format.Bound {
			return nil, fmt.Errorf("channel %d is off by %d, the bound is %d", i, t.Worst[i], e.format.Bound)
		}
	}
	return t, nil
}

// decoded gives the pixels that a decoder will see, whatever the tables.
func (e *Encoder) decoded(scratch *Scratch, t *transform.Tile, size image.Point) (*chroma.Interleaved, error) {
	counts := transform.NewHistogram()
	counts.Add(t)
	tables := counts.Tables()
	d, err := transform.NewDecoder(e.format.step(), e.format.Planes, tables.Payload)
	if err != nil {
		return nil, err
	}
	return e.format.base(d, scratch, tables.Segments(t), size)
}

// worst is the largest difference of a channel.
func worst(a, b *chroma.Interleaved, channel int) int32 {
	most := uint(0)
	for y := range a.H {
		pa, pb := a.Pix[y*a.Stride+channel:], b.Pix[y*b.Stride+channel:]
		for x := range a.W {
			most = max(most, distance(pa[x*a.Step], pb[x*b.Step]))
		}
	}
	return int32(most)
}
