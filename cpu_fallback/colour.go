package cpufallback

import (
	"context"
	"slices"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/tree"
)

// Prepare implements tree.Backend.
func (b *Backend) Prepare(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	start := time.Now()
	p := b.memory(src, sub420)
	if err := b.colour(ctx, p.Planes, src, sub420); err != nil {
		return nil, err
	}
	coloured := time.Now()
	if err := b.reduceAll(ctx, p.Pyramids, tree.Padded(p.Planes)); err != nil {
		return nil, err
	}
	p.Stages = []tree.Stage{{Name: "colour", Duration: coloured.Sub(start)}, {Name: "pyramid", Duration: time.Since(coloured)}}
	return p, nil
}

// memory is what an image is prepared in: what was recycled last, as far as that is enough, or new.
func (b *Backend) memory(src *chroma.Interleaved, sub420 bool) *tree.Prepared {
	of := b.spare()
	p := &tree.Prepared{Planes: chroma.RenewedPlanes(of.Planes, src.W, src.H, src.Channels, sub420), Pyramids: make([]tree.Pyramid, src.Channels)}
	copy(p.Pyramids, of.Pyramids)
	for i, s := range tree.Padded(p.Planes) {
		p.Pyramids[i] = p.Pyramids[i].Renewed(s.W, s.H)
	}
	return p
}

// spare takes what was recycled last, nothing where nothing was.
func (b *Backend) spare() *tree.Prepared {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.spares) - 1
	if n < 0 {
		return new(tree.Prepared)
	}
	p := b.spares[n]
	b.spares = b.spares[:n]
	return p
}

// Recycle implements tree.Recycler.
func (b *Backend) Recycle(p *tree.Prepared) {
	if p.Pixels != nil {
		return // a device has made it, and it is no memory
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spares = append(b.spares, p); len(b.spares) > b.keeps {
		b.spares = slices.Delete(b.spares, 0, 1)
	}
}

// colourBand is the number of rows of a job, even for 4:2:0.
const colourBand = 64

// Colour converts src to its planes, padded.
func (b *Backend) Colour(ctx context.Context, src *chroma.Interleaved, sub420 bool) ([]chroma.Plane, error) {
	planes := chroma.NewPlanes(src.W, src.H, src.Channels, sub420)
	return planes, b.colour(ctx, planes, src, sub420)
}

func (b *Backend) colour(ctx context.Context, planes []chroma.Plane, src *chroma.Interleaved, sub420 bool) error {
	err := parallel.For(ctx, b.workers, (src.H-1)/colourBand+1, func(i int) error {
		chroma.Forward(planes, src, sub420, i*colourBand, min((i+1)*colourBand, src.H))
		return nil
	})
	if err != nil {
		return err
	}
	for i := range planes {
		chroma.Pad(&planes[i])
	}
	return nil
}
