package cpufallback

import (
	"context"
	"image"
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

// memory is what an image is prepared in: what was recycled, if it is of the same size.
func (b *Backend) memory(src *chroma.Interleaved, sub420 bool) *tree.Prepared {
	if p := b.spare(chroma.PlaneSizes(src.W, src.H, src.Channels, sub420)); p != nil {
		return p
	}
	p := &tree.Prepared{Planes: chroma.NewPlanes(src.W, src.H, src.Channels, sub420)}
	for _, s := range tree.Padded(p.Planes) {
		p.Pyramids = append(p.Pyramids, tree.NewPyramid(s.W, s.H))
	}
	return p
}

// spare takes what was recycled and has planes of given sizes, nil where nothing does.
func (b *Backend) spare(sizes []image.Point) *tree.Prepared {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, p := range b.spares {
		if slices.EqualFunc(p.Planes, sizes, func(p chroma.Plane, size image.Point) bool { return p.W == size.X && p.H == size.Y }) {
			b.spares = slices.Delete(b.spares, i, i+1)
			return p
		}
	}
	return nil
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
