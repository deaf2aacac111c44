package qtgpu

import (
	"context"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// way is one of coding the image with the exact engine.
type way func(*encoder, context.Context) (*container.File, error)

// ways are those that may be the best. Prediction in a closed loop keeps
// colours apart, so that for photographs one of the others is always smaller.
func (e *encoder) ways() []way {
	switch {
	case e.Header.T == 0:
		return []way{(*encoder).predictedFile}
	case e.layerable():
		return []way{(*encoder).layeredFile, (*encoder).mergedFile}
	}
	return []way{(*encoder).predictedFile, (*encoder).mergedFile}
}

// smallest codes the image in the ways that may be the best and keeps the smallest
// file.
func (e *encoder) smallest(ctx context.Context) (*container.File, error) {
	ways, err := e.likelyWays(ctx)
	if err != nil {
		return nil, err
	}
	e.progress = newProgress(e.Progress, len(ways)*e.grid().Dx()*e.grid().Dy())
	_, file, err := e.contest(ctx, ways)
	return file, err
}

// likelyWays are all ways, or for a large image the one that is best for samples of it.
func (e *encoder) likelyWays(ctx context.Context) ([]way, error) {
	ways := e.ways()
	if len(ways) == 1 || min(e.Width, e.Height) < sampleSide || e.Width*e.Height < 4*sampleSide*sampleSide {
		return ways, nil
	}
	trial, err := e.trial(ctx)
	if err != nil {
		return nil, err
	}
	best, _, err := trial.contest(ctx, ways)
	return ways[best : best+1], err
}

// contest codes the image in some ways, and returns the best with its file.
func (e *encoder) contest(ctx context.Context, ways []way) (best int, file *container.File, err error) {
	for i, way := range ways {
		f, err := way(e, ctx)
		if err != nil {
			return 0, nil, err
		}
		if file == nil || payload(f) < payload(file) {
			best, file = i, f
		}
	}
	return best, file, nil
}

// payload is the size of what differs between two files of an image.
func payload(f *container.File) int {
	n := len(f.Tables)
	for i := range f.Fronts {
		n += len(f.Fronts[i]) + len(f.Bodies[i])
	}
	return n
}

// trial is an encoder of samples of the image.
func (e *encoder) trial(ctx context.Context) (*encoder, error) {
	t := &encoder{Options: e.Options, stats: new(Stats), src: sampled(e.src), progress: newProgress(nil, 0)}
	var err error
	t.values, err = usedValues(ctx, t.Workers, t.src)
	t.layout = newExactLayout(t.src, t.Options, t.values)
	t.rank()
	return t, err
}

// The image of samples is a square of sampleSide, made of 4×4 squares spread
// over the image.
const sampleSide = 1024

func sampled(m *imagefile.Image) *imagefile.Image {
	const n, side = 4, sampleSide / 4
	out := &imagefile.Image{Interleaved: m.Interleaved}
	out.W, out.H, out.Stride = sampleSide, sampleSide, sampleSide*m.Step
	out.Pix = make([]byte, out.H*out.Stride)
	for i := range n * n {
		x, y := (m.W-side)*(i%n)/(n-1), (m.H-side)*(i/n)/(n-1)
		from := m.Pix[y*m.Stride+x*m.Step:]
		to := out.Pix[i/n*side*out.Stride+i%n*side*m.Step:]
		for row := range side {
			copy(to[row*out.Stride:][:side*m.Step], from[row*m.Stride:])
		}
	}
	return out
}

// mergedFile codes without loss which of few values stands for each sample. It
// is the last way: the encoder keeps these values.
func (e *encoder) mergedFile(ctx context.Context) (*container.File, error) {
	worst := make([]int, e.Channels)
	for c, s := range e.values {
		e.values[c], e.ranks[c], worst[c] = s.merge(e.Header.T, e.Depth)
	}
	e.Merged = true
	file, err := e.predictedFile(ctx)
	if err == nil {
		file.Header.Worst = worst
	}
	return file, err
}
