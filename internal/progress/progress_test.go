package progress

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// watch is a piece of work, and how much of it has been told.
func watch(t *testing.T, size int64) (*Work, *int64) {
	last := new(int64)
	return New(size, func(done, of int64) {
		assert.Equal(t, size, of)
		assert.Greater(t, done, *last, "goes on")
		assert.LessOrEqual(t, done, size)
		*last = done
	}), last
}

func TestUnits(t *testing.T) {
	w, done := watch(t, 10)
	w.Add(3)
	w.Add(0)
	w.Add(-1)
	assert.EqualValues(t, 3, *done)
	w.Add(100)
	assert.EqualValues(t, 10, *done)
	w.Add(1)
	w.Finish()
	assert.EqualValues(t, 10, *done)
}

func TestParts(t *testing.T) {
	w, done := watch(t, 100)
	a, b := w.Part(40).Of(3), w.Part(50).Of(7)
	b.Add(7)
	assert.EqualValues(t, 50, *done)
	a.Add(1)
	assert.EqualValues(t, 50+13, *done, "a third of 40")
	a.Part(2).Of(9).Finish()
	assert.EqualValues(t, 90, *done)
	w.Part(5).Of(0)
	assert.EqualValues(t, 95, *done, "nothing to do")
	w.Rest().Of(2).Add(1)
	assert.EqualValues(t, 97, *done)
	w.Add(1)
	assert.EqualValues(t, 97, *done, "all is given out")
}

// TestOf: what has been done stays so when the rest is divided.
func TestOf(t *testing.T) {
	w, done := watch(t, 100)
	p := w.Part(60).Of(6)
	p.Add(2)
	p.Of(8).Add(4)
	assert.EqualValues(t, 40, *done)
	w.Of(4).Add(1)
	assert.EqualValues(t, 50, *done)
	one := w.Part(40) // all is given out
	one.Half().Of(3).Finish()
	assert.EqualValues(t, 50, *done)
}

// TestUnitsOfFewUnits: what is within a unit shows, however few there are.
func TestUnitsOfFewUnits(t *testing.T) {
	w, done := watch(t, 64)
	p := w.Part(64).Of(2)
	p.Part(1).Of(8).Add(3)
	assert.EqualValues(t, 12, *done)
	one := p.Part(1)
	for _, want := range []int64{28, 36, 40} {
		one.Half().Finish()
		assert.Equal(t, want, *done)
	}
}

// TestFinish: it ends parts that nobody ends, once.
func TestFinish(t *testing.T) {
	w, done := watch(t, 64)
	a := w.Part(32)
	b, c := a.Of(2).Part(1), a.Part(1)
	b.Of(4).Add(1)
	assert.EqualValues(t, 4, *done)
	a.Finish()
	assert.EqualValues(t, 32, *done)
	b.Add(1)
	c.Finish()
	assert.EqualValues(t, 32, *done)
	w.Finish()
	assert.EqualValues(t, 64, *done)
}

func TestHalf(t *testing.T) {
	w, done := watch(t, 100)
	for _, want := range []int64{50, 75, 87, 93, 96, 98, 99} {
		w.Half().Finish()
		assert.Equal(t, want, *done)
	}
}

func TestNil(t *testing.T) {
	w := New(5, nil)
	require.Nil(t, w)
	w.Add(1)
	w.Finish()
	assert.Nil(t, w.Part(1).Half().Rest().Of(3))
}

// TestTree: whatever order parts of parts are done in, all of it is done at the end, and
// sizes near the limits of the type do not matter.
func TestTree(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 0))
		size := r.Int64N(1 << r.IntN(62))
		w, done := watch(t, size)
		var wg sync.WaitGroup
		var divide func(w *Work, depth int)
		divide = func(w *Work, depth int) {
			if depth == 0 {
				w.Finish()
				return
			}
			n := 1 + r.IntN(4)
			for range n {
				part := w.Part(r.Int64N(size/2 + 1)).Of(r.Int64N(1 << r.IntN(62)))
				divide(part, depth-1)
			}
			rest := w.Rest().Of(int64(n))
			for range n {
				wg.Go(func() { rest.Add(1) })
			}
		}
		divide(w, 3)
		wg.Wait()
		require.Equal(t, size, *done, "seed %d", seed)
	}
}
