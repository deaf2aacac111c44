// Package reducetest is the one suite that every tree.Reducer and tree.Backend passes: it
// holds the pyramids against a naive oracle in big integers, the transform against its
// definition, and what else a tree.Coder makes against another one.
package reducetest

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/tree"
)

// Run holds r against the oracle over all sizes and contents of the suite, then
// checks the rest of the contract of tree.Reducer: input left alone, repeatable,
// a context that has ended.
func Run(t *testing.T, r tree.Reducer) {
	for _, c := range shorttest.Cases(cases()) {
		t.Run(c.name, func(t *testing.T) { check(t, r, c.planes) })
	}
	t.Run("cancelled", func(t *testing.T) { checkCancelled(t, r) })
	if r.Name() == "" {
		t.Error("Name is empty")
	}
}

type testCase struct {
	name   string
	planes []tree.Samples
}

var sizes = [][2]int{
	{1, 1}, {1, 2}, {2, 1}, {7, 7}, {8, 8}, {9, 9}, {1, 100}, {100, 1}, {5000, 3}, {3, 5000},
	{16, 8}, {17, 31}, {32, 32}, {64, 96}, {127, 65}, {129, 128}, {255, 257}, {300, 40},
}

func cases() []testCase {
	rng := rand.New(rand.NewPCG(20, 26))
	var cs []testCase
	add := func(name string, planes ...tree.Samples) { cs = append(cs, testCase{name, planes}) }
	for _, s := range sizes {
		w, h := s[0], s[1]
		for _, bits := range []int{8, 12, 16} {
			add(fmt.Sprintf("random/%dx%d/%dbit", w, h, bits), fill(w, h, w, random(rng, bits)))
		}
		add(fmt.Sprintf("max/%dx%d", w, h), fill(w, h, w, func(int, int) uint16 { return 0xffff }))
		add(fmt.Sprintf("zero/%dx%d", w, h), fill(w, h, w, func(int, int) uint16 { return 0 }))
		add(fmt.Sprintf("stride/%dx%d", w, h), fill(w, h, w+1+rng.IntN(40), random(rng, 16)))
		for i, at := range [][2]int{{0, 0}, {w - 1, h - 1}, {rng.IntN(w), rng.IntN(h)}} {
			add(fmt.Sprintf("impulse%d/%dx%d", i, w, h), fill(w, h, w, impulse(at, 0, 0xffff)))
			add(fmt.Sprintf("hole%d/%dx%d", i, w, h), fill(w, h, w, impulse(at, 0xffff, 0)))
		}
	}
	for n := range 4 {
		planes := make([]tree.Samples, n+1)
		for i := range planes {
			w, h := 33+50*i, 70-13*i
			planes[i] = fill(w, h, w+i, random(rng, 8+4*(i%3)))
		}
		add(fmt.Sprintf("planes/%d", n+1), planes...)
	}
	return cs
}

func random(rng *rand.Rand, bits int) func(x, y int) uint16 {
	return func(int, int) uint16 { return uint16(rng.Uint32N(1 << bits)) }
}

func impulse(at [2]int, ground, peak uint16) func(x, y int) uint16 {
	return func(x, y int) uint16 {
		if at == [2]int{x, y} {
			return peak
		}
		return ground
	}
}

// fill makes a plane whose Pix ends with its last sample. Samples between the
// rows alternate between the extremes, which shows in every field if read.
func fill(w, h, stride int, f func(x, y int) uint16) tree.Samples {
	s := tree.Samples{W: w, H: h, Stride: stride, Pix: make([]uint16, (h-1)*stride+w)}
	for i := range s.Pix {
		if x, y := i%stride, i/stride; x < w {
			s.Pix[i] = f(x, y)
		} else {
			s.Pix[i] = uint16(-(i & 1))
		}
	}
	return s
}

func check(t *testing.T, r tree.Reducer, planes []tree.Samples) {
	t.Helper()
	before := make([][]uint16, len(planes))
	for i := range planes {
		before[i] = slices.Clone(planes[i].Pix)
	}
	for range 2 {
		pyramids, err := tree.Reduce(context.Background(), r, planes)
		if err != nil {
			t.Fatal(err)
		}
		if len(pyramids) != len(planes) {
			t.Fatalf("%d pyramids of %d planes", len(pyramids), len(planes))
		}
		for i := range planes {
			if !slices.Equal(before[i], planes[i].Pix) {
				t.Fatalf("plane %d: Reduce changed its samples", i)
			}
			if err := Compare(&planes[i], &pyramids[i]); err != nil {
				t.Fatalf("plane %d: %v", i, err)
			}
		}
	}
}

func checkCancelled(t *testing.T, r tree.Reducer) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	pyramids, err := tree.Reduce(ctx, r, []tree.Samples{fill(64, 64, 64, impulse([2]int{}, 0, 1))})
	if !errors.Is(err, context.Canceled) || pyramids != nil {
		t.Errorf("after cancel: got %d pyramids and error %v, want none and %v", len(pyramids), err, context.Canceled)
	}
}

// Compare holds the pyramid of s against the oracle. The error names level, x,
// y, field and both values of the first difference.
func Compare(s *tree.Samples, got *tree.Pyramid) error {
	if got.W != s.W || got.H != s.H {
		return fmt.Errorf("pyramid for %d×%d, want %d×%d", got.W, got.H, s.W, s.H)
	}
	for i := range got.Levels {
		if err := compareLevel(s, tree.Base+i, &got.Levels[i]); err != nil {
			return err
		}
		last := got.Levels[i].W == 1 && got.Levels[i].H == 1
		if last != (i == len(got.Levels)-1) {
			return fmt.Errorf("level %d is 1×1: %v, is the last: %v", tree.Base+i, last, !last)
		}
	}
	if len(got.Levels) == 0 {
		return errors.New("no levels")
	}
	return nil
}

func compareLevel(s *tree.Samples, level int, got *tree.Level) error {
	side := 1 << level
	w, h := (s.W+side-1)/side, (s.H+side-1)/side
	n := w * h
	if got.W != w || got.H != h || len(got.Sum) != n || len(got.SumSq) != n || len(got.Min) != n || len(got.Max) != n {
		return fmt.Errorf("level %d: %d×%d nodes (%d sums, %d sums of squares, %d minima, %d maxima), want %d×%d",
			level, got.W, got.H, len(got.Sum), len(got.SumSq), len(got.Min), len(got.Max), w, h)
	}
	for i := range n {
		x, y := i%w, i/w
		want := oracle(s, x*side, y*side, min((x+1)*side, s.W), min((y+1)*side, s.H))
		have := [4]uint64{got.Sum[i], got.SumSq[i], uint64(got.Min[i]), uint64(got.Max[i])}
		for f, name := range [4]string{"Sum", "SumSq", "Min", "Max"} {
			if v := new(big.Int).SetUint64(have[f]); v.Cmp(want[f]) != 0 {
				return fmt.Errorf("level %d (%d,%d): %s: got %v, want %v", level, x, y, name, v, want[f])
			}
		}
	}
	return nil
}

// oracle gives sum, sum of squares, minimum and maximum of the samples of
// [x0,x1)×[y0,y1), as the definition has it.
func oracle(s *tree.Samples, x0, y0, x1, y1 int) [4]*big.Int {
	sum, sumSq := new(big.Int), new(big.Int)
	lo := big.NewInt(int64(s.Pix[y0*s.Stride+x0]))
	hi := lo
	v, square := new(big.Int), new(big.Int)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			v.SetInt64(int64(s.Pix[y*s.Stride+x]))
			sum.Add(sum, v)
			sumSq.Add(sumSq, square.Mul(v, v))
			if v.Cmp(lo) < 0 {
				lo = new(big.Int).Set(v)
			}
			if v.Cmp(hi) > 0 {
				hi = new(big.Int).Set(v)
			}
		}
	}
	return [4]*big.Int{sum, sumSq, lo, hi}
}
