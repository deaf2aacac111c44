package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSlotsFor(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		slots         int
		memory        int64
		samples, need int64
		files, want   int
	}{
		{2, 512 * mb, 1 * mb, 30 * mb, 100, 1},
		{2, 512 * mb, 1 * mb, 256 * mb, 100, 1},
		{2, 512 * mb, 1 * mb, 256*mb + 1, 100, 2},
		{2, 512 * mb, 1 * mb, 9000 * mb, 100, 2}, // what takes more is refused by who takes it
		{16, 512 * mb, 1 * mb, 30 * mb, 100, 1},
		{16, 512 * mb, 1 * mb, 33 * mb, 100, 2},
		{16, 512 * mb, 1 * mb, 500 * mb, 100, 16},
		{16, 512 * mb, 1 * mb, 1 * mb, 3, 5}, // a fair share of what would stay empty
		{16, 512 * mb, 1 * mb, 100 * mb, 8, 4},
		{16, 512 * mb, 1 * mb, 1 * mb, 16, 1},
		{16, math.MaxInt64, 64 * mb, 300 * mb, 100, 16}, // keeps all of them busy
		{16, math.MaxInt64, 60 * mb, 300 * mb, 100, 1},
		{1, 512 * mb, 900 * mb, 300 * mb, 100, 1},
		{4, 2, 1, 1, 9, 1}, {4, 2, 1, 5, 9, 4}, {4, 512 * mb, 0, 0, 9, 1},
	} {
		assert.Equal(t, c.want, newBudget(c.slots, c.memory).slotsFor(c.samples, c.need, c.files), "%+v", c)
	}
}

// TestBudget: whoever comes, no more slots and no more memory are given out than there are,
// nobody starves, and all of it comes back.
func TestBudget(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		memory := 1000 + r.Int64N(1<<40)
		b := newBudget(1+r.IntN(9), memory)
		var slots, bytes atomic.Int64
		var wg sync.WaitGroup
		for range 200 {
			n := 1 + r.IntN(b.slots)
			wg.Go(func() {
				assert.NoError(t, b.take(t.Context(), n))
				assert.LessOrEqual(t, slots.Add(int64(n)), int64(b.slots))
				assert.LessOrEqual(t, bytes.Add(b.memoryOf(n)), memory)
				slots.Add(-int64(n))
				bytes.Add(-b.memoryOf(n))
				b.give(n)
			})
		}
		wg.Wait()
		assert.Equal(t, b.slots, b.free)
	}
}

// TestBudgetInTurn: who wants all of it is not passed over by those who want less.
func TestBudgetInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(4, 4)
		var mu sync.Mutex
		var order []int
		require.NoError(t, b.take(t.Context(), 1))
		for _, n := range []int{4, 1, 2, 1} {
			go func() {
				assert.NoError(t, b.take(t.Context(), n))
				mu.Lock()
				order = append(order, n)
				mu.Unlock()
				time.Sleep(time.Duration(n) * time.Second)
				b.give(n)
			}()
			synctest.Wait()
		}
		served := func() []int {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(order)
		}
		assert.Empty(t, served(), "one of four is taken")
		b.give(1)
		synctest.Wait()
		assert.Equal(t, []int{4}, served())
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.ElementsMatch(t, []int{4, 1, 2, 1}, served())
		assert.Equal(t, 4, b.free)
	})
}

// TestBudgetOfAnEndedContext: nobody waits for ever.
func TestBudgetOfAnEndedContext(t *testing.T) {
	b := newBudget(1, 1)
	require.NoError(t, b.take(t.Context(), 1))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	assert.ErrorIs(t, b.take(ctx, 1), errInterrupted)
}
