package cpufallback

import (
	"context"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/tree"
)

// Prepare implements tree.Backend.
func (b *Backend) Prepare(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	start := time.Now()
	planes, err := b.Colour(ctx, src, sub420)
	if err != nil {
		return nil, err
	}
	coloured := time.Now()
	pyramids, err := b.Reduce(ctx, tree.Padded(planes))
	if err != nil {
		return nil, err
	}
	return &tree.Prepared{Planes: planes, Pyramids: pyramids, Stages: []tree.Stage{
		{Name: "colour", Duration: coloured.Sub(start)}, {Name: "pyramid", Duration: time.Since(coloured)},
	}}, nil
}

// colourBand is the number of rows of a job, even for 4:2:0.
const colourBand = 64

// Colour converts src to its planes, padded.
func (b *Backend) Colour(ctx context.Context, src *chroma.Interleaved, sub420 bool) ([]chroma.Plane, error) {
	planes := chroma.NewPlanes(src.W, src.H, src.Channels, sub420)
	err := parallel.For(ctx, b.workers, (src.H-1)/colourBand+1, func(i int) error {
		chroma.Forward(planes, src, sub420, i*colourBand, min((i+1)*colourBand, src.H))
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range planes {
		chroma.Pad(&planes[i])
	}
	return planes, nil
}
