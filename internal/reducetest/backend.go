package reducetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/tree"
)

// Backend is the whole seam of a device.
type Backend interface {
	tree.Backend
	tree.Reducer
}

// RunBackend holds b against chroma.Forward and chroma.Pad and the oracle of the
// pyramids, over all kinds of sources, then runs the suite of its Reducer.
func RunBackend(t *testing.T, b Backend) {
	rng := rand.New(rand.NewPCG(4, 20))
	for _, m := range shorttest.Cases(pictures(rng)) {
		sub420 := rng.IntN(2) == 0
		t.Run(Describe(m, sub420), func(t *testing.T) { checkPrepare(t, b, m, sub420) })
	}
	t.Run("prepare cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		p, err := tree.Prepare(ctx, b, Picture(rng, 64, 64, 3, 8, 0), true)
		if !errors.Is(err, context.Canceled) || p != nil {
			t.Errorf("after cancel: got %v and error %v, want none and %v", p, err, context.Canceled)
		}
	})
	Run(t, b)
}

// PrepareResident has b prepare an image as a device does whose planes stay with it.
func PrepareResident(ctx context.Context, b tree.Backend, m *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	p, err := b.Prepare(ctx, m, sub420)
	if err != nil {
		return nil, err
	}
	p.Pixels = &tree.Pixels{Source: m, Sub420: sub420}
	for i := range p.Planes {
		p.Planes[i].Pix = nil
	}
	return p, nil
}

// pictures are of all sizes of the suite, channels, depths and layouts.
func pictures(rng *rand.Rand) (all []*chroma.Interleaved) {
	for _, size := range [][2]int{{1, 1}, {1, 2}, {2, 1}, {3, 3}, {31, 33}, {32, 32}, {33, 31}, {64, 65}, {97, 130}, {1500, 3}, {3, 1500}} {
		for channels := 1; channels <= 4; channels++ {
			for _, depth := range []int{8, 16} {
				for layout := range 3 {
					all = append(all, Picture(rng, size[0], size[1], channels, depth, layout))
				}
			}
		}
	}
	return all
}

// Picture makes w×h pixels in one of three layouts: tight, with bytes between the
// pixels, or with bytes between the rows. A quarter of all samples are at an end
// of the range, and all bytes between are random.
func Picture(rng *rand.Rand, w, h, channels, depth, layout int) *chroma.Interleaved {
	m := &chroma.Interleaved{W: w, H: h, Channels: channels, Depth: depth, Step: channels * depth / 8}
	if layout == 1 {
		m.Step += 1 + rng.IntN(9)
	}
	m.Stride = w * m.Step
	if layout == 2 {
		m.Stride += 1 + rng.IntN(2*m.Stride)
	}
	m.Pix = make([]byte, (h-1)*m.Stride+(w-1)*m.Step+channels*depth/8)
	for i := range m.Pix {
		m.Pix[i] = byte(rng.Uint32())
	}
	for range w * h * channels / 4 {
		at := rng.IntN(h)*m.Stride + rng.IntN(w)*m.Step + rng.IntN(channels)*depth/8
		copy(m.Pix[at:at+depth/8], bytes.Repeat([]byte{byte(-rng.IntN(2))}, 2))
	}
	return m
}

// Describe names a source.
func Describe(m *chroma.Interleaved, sub420 bool) string {
	return fmt.Sprintf("%dx%d/%dx%dbit/step%d,stride%d,420=%v", m.W, m.H, m.Channels, m.Depth, m.Step, m.Stride, sub420)
}

func checkPrepare(t *testing.T, b tree.Backend, m *chroma.Interleaved, sub420 bool) {
	before := bytes.Clone(m.Pix)
	got, err := tree.Prepare(context.Background(), b, m, sub420)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, m.Pix) {
		t.Fatal("Prepare changed its source")
	}
	want := tree.Prepared{Planes: chroma.NewPlanes(m.W, m.H, m.Channels, sub420), Pyramids: got.Pyramids}
	chroma.Forward(want.Planes, m, sub420, 0, m.H)
	for i := range want.Planes {
		chroma.Pad(&want.Planes[i])
	}
	if err := tree.Compare(got, &want); err != nil {
		t.Fatal(err)
	}
	for i, s := range tree.Padded(want.Planes) {
		if err := Compare(&s, &got.Pyramids[i]); err != nil {
			t.Fatalf("plane %d: %v", i, err)
		}
	}
	if _, ok := b.(tree.Resident); ok {
		checkResident(t, b, m, sub420, &want)
	}
}

// checkResident: the same pyramids, and planes of the same sizes without samples.
func checkResident(t *testing.T, b tree.Backend, m *chroma.Interleaved, sub420 bool, want *tree.Prepared) {
	got, err := tree.PrepareResident(context.Background(), b, m, sub420)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Planes {
		p, q := got.Planes[i], want.Planes[i]
		if p.W != q.W || p.H != q.H || p.Stride != q.Stride || len(p.Pix) > 0 {
			t.Fatalf("resident plane %d: %d×%d in rows of %d and %d samples, want %d×%d of %d and none", i, p.W, p.H, p.Stride, len(p.Pix), q.W, q.H, q.Stride)
		}
		if err := tree.ComparePyramids(&got.Pyramids[i], &want.Pyramids[i]); err != nil {
			t.Fatalf("resident plane %d: %v", i, err)
		}
	}
	if got.Pixels == nil || got.Pixels.Sub420 != sub420 {
		t.Fatalf("resident planes of pixels %v, want 4:2:0 %v", got.Pixels, sub420)
	}
}
