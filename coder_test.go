package qtgpu_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/reducetest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/tree"
)

// eager is the CPU as a device: its coder does all nodes of a slab at once, and planes stay with it.
type eager struct {
	*cpufallback.Backend
	asked *int // nodes that costs were asked for
}

func (e eager) Coder() tree.Coder { return e }

func (e eager) PrepareResident(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	return reducetest.PrepareResident(ctx, e.Backend, src, sub420)
}

func (e eager) Costs(ctx context.Context, p *tree.Prepared, works []tree.Work) ([][]tree.Cost, error) {
	for _, w := range works {
		*e.asked += len(w.Numbers)
	}
	return e.Backend.Costs(ctx, p, works)
}

// TestCoderMakesTheSameBytes: whether the engine goes from node to node, or has a coder go
// through a slab, over all kinds of images, splits, efforts and promises.
func TestCoderMakesTheSameBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 1))
	asked := 0
	for i := range shorttest.Rounds(210) {
		m := &imagefile.Image{Interleaved: *reducetest.Scene(rng, 1+rng.IntN(700), 1+rng.IntN(300)*(1+i%5/4*5), 1+i%4, 8<<rng.IntN(2))}
		level := float64(uint(1)<<m.Depth-1) / 255
		o := qtgpu.Options{T: level * (0.25 + rng.Float64()*rng.Float64()*49.75), Bound: qtgpu.BoundRMS, Chroma: qtgpu.Chroma(rng.IntN(3)),
			Split: qtgpu.Split(rng.IntN(3)), Effort: 1 + i%3, Workers: 2, Memory: 1 << 20 << rng.IntN(10)}
		want := bytesOf(t, m, o)
		o.Backend = eager{cpufallback.New(2), &asked}
		require.True(t, bytes.Equal(want, bytesOf(t, m, o)), "image %d: %s, T %g, split %v, effort %d", i, reducetest.Describe(&m.Interleaved, false), o.T, o.Split, o.Effort)
	}
	require.NotZero(t, asked)
}

// TestCoderRoundsPlainly: where what is cheapest would break the promise.
func TestCoderRoundsPlainly(t *testing.T) {
	asked := 0
	for level := 3; level <= 5; level++ {
		m := &imagefile.Image{Interleaved: *reducetest.Doubtful(rand.New(rand.NewPCG(15, 2)), 400, 300, 160, level)}
		for split := range qtgpu.Split(3) {
			o := qtgpu.Options{T: 160.0 / 15, Bound: qtgpu.BoundRMS, Split: split, Effort: 1}
			want := bytesOf(t, m, o)
			o.Backend = eager{cpufallback.New(2), &asked}
			require.True(t, bytes.Equal(want, bytesOf(t, m, o)), "squares of %d, split %v", 1<<level, split)
		}
	}
	require.NotZero(t, asked)
}

func bytesOf(t *testing.T, m *imagefile.Image, o qtgpu.Options) []byte {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, qtgpu.Encode(t.Context(), &file, m, &o))
	return file.Bytes()
}
