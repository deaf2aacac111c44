package cpufallback

import (
	"context"
	"fmt"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/tree"
)

// Coder is nil: on the CPU nothing is gained by asking for all nodes at once.
func (b *Backend) Coder() tree.Coder { return nil }

var _ tree.Coder = (*Backend)(nil) // for comparisons, and where a device is lost

// nodesPerJob is the number of nodes of a job.
const nodesPerJob = 64

// Transform implements tree.Coder.
func (b *Backend) Transform(ctx context.Context, p *tree.Prepared, works []tree.Work) ([][]int32, error) {
	return each(ctx, b, p, works, func(_ tree.Kernel, coefs []int32, _ int) []int32 { return coefs }, func(w *tree.Work, all [][]int32) []int32 {
		out := make([]int32, 0, len(w.Numbers)<<(2*w.Level))
		for _, coefs := range all {
			out = append(out, coefs...)
		}
		return out
	})
}

// Costs implements tree.Coder.
func (b *Backend) Costs(ctx context.Context, p *tree.Prepared, works []tree.Work) ([][]tree.Cost, error) {
	return each(ctx, b, p, works, tree.Kernel.Cost, func(_ *tree.Work, costs []tree.Cost) []tree.Cost { return costs })
}

// Quantise implements tree.Coder.
func (b *Backend) Quantise(ctx context.Context, p *tree.Prepared, works []tree.Work) ([]tree.Outcomes, error) {
	return each(ctx, b, p, works, func(k tree.Kernel, coefs []int32, level int) tree.Record {
		return k.Quantise(nil, coefs, level)
	}, func(_ *tree.Work, records []tree.Record) tree.Outcomes { return records })
}

// each transforms all nodes of works, has f look at the coefficients of each, and gathers what comes
// of a work.
func each[N, W any](ctx context.Context, b *Backend, p *tree.Prepared, works []tree.Work, f func(tree.Kernel, []int32, int) N, gather func(*tree.Work, []N) W) ([]W, error) {
	planes, err := b.planes(ctx, p)
	if err != nil {
		return nil, err
	}
	out := make([]W, len(works))
	for i := range works {
		w := &works[i]
		if err := w.Check(p); err != nil {
			return nil, fmt.Errorf("work %d: %w", i, err)
		}
		found := make([]N, len(w.Numbers))
		err := parallel.For(ctx, b.workers, (len(found)+nodesPerJob-1)/nodesPerJob, func(job int) error {
			kernel := w.Model.NewKernel()
			for k := job * nodesPerJob; k < min((job+1)*nodesPerJob, len(found)); k++ {
				coefs := make([]int32, 1<<(2*w.Level))
				transform(kernel, coefs, &planes[w.Plane], w, k)
				found[k] = f(kernel, coefs, w.Level)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out[i] = gather(w, found)
	}
	return out, nil
}

// planes are the planes of p, made of its pixels where a device has them.
func (b *Backend) planes(ctx context.Context, p *tree.Prepared) ([]chroma.Plane, error) {
	if p.Pixels == nil {
		return p.Planes, nil
	}
	return b.Colour(ctx, p.Pixels.Source, p.Pixels.Sub420)
}

// transform gives the coefficients of the k-th node of a work.
func transform(kernel tree.Kernel, coefs []int32, plane *chroma.Plane, w *tree.Work, k int) {
	across := (plane.Stride-1)>>w.Level + 1
	x, y := int(w.Numbers[k])%across, int(w.Numbers[k])/across
	kernel.Transform(coefs, plane.Pix[y<<w.Level*plane.Stride+x<<w.Level:], plane.Stride, w.Level)
}
