package reducetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/tree"
)

// RunCoder holds the stages below the pyramid of b against those of want, and the transform against
// its definition, over sources of all kinds and steps from the least to the largest.
func RunCoder(t *testing.T, b tree.Backend, want tree.Coder) {
	rng := rand.New(rand.NewPCG(15, 15))
	for i := range shorttest.Rounds(150) {
		m := coderSource(rng, i)
		sub420 := i%2 == 0
		t.Run(fmt.Sprintf("coder/%d/%s", i, Describe(m, sub420)), func(t *testing.T) {
			if err := SameCoder(b, want, rng, m, sub420); err != nil {
				t.Fatal(err)
			}
		})
	}
	for level := tree.Base; level < tree.Base+tree.Sizes; level++ {
		t.Run(fmt.Sprintf("coder/plain/%d", 1<<level), func(t *testing.T) { checkPlain(t, b, want, rng, level) })
	}
	t.Run("coder/definition", func(t *testing.T) { checkDefinition(t, b, rng) })
	t.Run("coder/invalid", func(t *testing.T) { checkInvalid(t, b) })
}

// coderSource is the i-th source: a scene, or noise throughout, or one sample that stands out.
func coderSource(rng *rand.Rand, i int) *chroma.Interleaved {
	w, h := 1+rng.IntN(2<<rng.IntN(9)), 1+rng.IntN(2<<rng.IntN(8))
	channels, depth := 1+i%4, 8<<(i/4%2)
	switch i % 3 {
	case 0:
		return Picture(rng, w, h, channels, depth, rng.IntN(3))
	case 1:
		return Scene(rng, w, h, channels, depth)
	}
	m := Picture(rng, w, h, channels, depth, 0)
	for j := range m.Pix {
		m.Pix[j] = byte(-(i / 3 & 1))
	}
	m.Pix[rng.IntN(len(m.Pix))] ^= byte(rng.Uint32())
	return m
}

// SameCoder prepares a source, whose planes stay with b if they can, and compares all stages of b with
// want's, of all nodes of levels that have leaves or some of them, at a step.
func SameCoder(b tree.Backend, want tree.Coder, rng *rand.Rand, m *chroma.Interleaved, sub420 bool) error {
	ctx := context.Background()
	p, err := tree.PrepareResident(ctx, b, m, sub420)
	if err != nil {
		return err
	}
	works := Works(rng, p, anyStep(rng))
	both := tree.Both{First: b.Coder(), Second: want}
	if _, err := both.Costs(ctx, p, works); err != nil {
		return fmt.Errorf("step %d: %w", works[0].Model.Step, err)
	}
	if _, err := both.Quantise(ctx, p, works); err != nil {
		return fmt.Errorf("step %d: %w", works[0].Model.Step, err)
	}
	return nil
}

// checkPlain compares what takes plain rounding, and sees to it that it comes to that.
func checkPlain(t *testing.T, b tree.Backend, want tree.Coder, rng *rand.Rand, level int) {
	const step = 160
	p, err := tree.Prepare(context.Background(), b, Doubtful(rng, 200, 100, step, level), false)
	if err != nil {
		t.Fatal(err)
	}
	works := Works(rng, p, step)
	found, err := tree.Both{First: b.Coder(), Second: want}.Quantise(context.Background(), p, works)
	if err != nil {
		t.Fatal(err)
	}
	plain := 0
	for i, w := range works {
		for _, r := range found[i] {
			if _, ok := r.Plain(w.Level); ok {
				plain++
			}
		}
	}
	if plain == 0 {
		t.Error("no leaf took plain rounding")
	}
}

// anyStep is a step that a file may have.
func anyStep(rng *rand.Rand) int {
	return min(transform.MinStep+rng.IntN(transform.MaxStep>>rng.IntN(11)), transform.MaxStep)
}

// Works are nodes of all planes and levels, all of them or a random part.
func Works(rng *rand.Rand, p *tree.Prepared, step int) (works []tree.Work) {
	planes := []transform.Plane{{}, {Chroma: true}, {Chroma: true}, {Alpha: true}}
	for i := range p.Planes {
		def := planes[i]
		if len(p.Planes) < 3 {
			def = planes[3*i]
		}
		model := transform.NewEncoder(step, planes, engine.SplitCost).Model(def)
		for level := tree.Base; level < tree.Base+tree.Sizes; level++ {
			w := tree.Work{Plane: i, Level: level, Model: model}
			one := 1 + rng.IntN(3)
			for n := range p.Pyramids[i].At(level).Sum {
				if rng.IntN(one) == 0 {
					w.Numbers = append(w.Numbers, uint32(n))
				}
			}
			if len(w.Numbers) > 0 {
				works = append(works, w)
			}
		}
	}
	return works
}

// checkDefinition holds the coefficients against the two rounded sums that define them.
func checkDefinition(t *testing.T, b tree.Backend, rng *rand.Rand) {
	p, err := tree.Prepare(context.Background(), b, Picture(rng, 130, 70, 3, 8, 0), false)
	if err != nil {
		t.Fatal(err)
	}
	works := Works(rng, p, 100)
	all, err := b.Coder().Transform(context.Background(), p, works)
	if err != nil {
		t.Fatal(err)
	}
	for i, coefs := range all {
		w := &works[i]
		for k, number := range w.Numbers {
			n := 1 << (2 * w.Level)
			want := defined(&p.Planes[w.Plane], w, int(number))
			for j, v := range want {
				if got := coefs[k*n+j]; got != v {
					t.Fatalf("plane %d level %d node %d: coefficient u %d v %d: got %d, want %d", w.Plane, w.Level, number, j>>w.Level, j&(1<<w.Level-1), got, v)
				}
			}
		}
	}
}

// defined are the coefficients of a node, [u][v].
func defined(plane *chroma.Plane, w *tree.Work, number int) []int32 {
	n, m, cosines := 1<<w.Level, w.Model, w.Model.Cosines[w.Level-tree.Base]
	x0, y0 := number%(plane.Stride/n)*n, number/(plane.Stride/n)*n
	sum := func(shift, k int, of func(i int) int64) int64 {
		s := int64(1) << (shift - 1)
		for i := range n {
			s += int64(cosines[k*n+i]) * of(i)
		}
		return s >> shift
	}
	columns, out := make([]int64, n*n), make([]int32, n*n)
	for x := range n {
		for v := range n {
			columns[x*n+v] = sum(w.Level+m.Shift1, v, func(y int) int64 {
				return int64(plane.Pix[(y0+y)*plane.Stride+x0+x]) - chroma.Centre
			})
		}
	}
	for u := range n {
		for v := range n {
			out[u*n+v] = int32(sum(m.Shift2, u, func(x int) int64 { return columns[x*n+v] }))
		}
	}
	return out
}

// checkInvalid: nodes that there are not are an error, and so is a context that has ended.
func checkInvalid(t *testing.T, b tree.Backend) {
	p, err := tree.Prepare(context.Background(), b, Picture(rand.New(rand.NewPCG(1, 1)), 33, 5, 1, 8, 0), false)
	if err != nil {
		t.Fatal(err)
	}
	model := transform.NewEncoder(100, []transform.Plane{{}}, engine.SplitCost).Model(transform.Plane{})
	for _, w := range []tree.Work{{Plane: 1, Level: 3}, {Plane: -1, Level: 3}, {Level: 2}, {Level: 6}, {Level: 5, Numbers: []uint32{2}}} {
		w.Model = model
		if _, err := b.Coder().Costs(context.Background(), p, []tree.Work{w}); err == nil {
			t.Errorf("plane %d, level %d, nodes %v: no error", w.Plane, w.Level, w.Numbers)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := []tree.Work{{Level: 3, Numbers: []uint32{1}, Model: model}}
	if _, err := b.Coder().Quantise(ctx, p, w); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: got error %v, want %v", err, context.Canceled)
	}
}
