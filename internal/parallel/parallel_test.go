package parallel

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestForRunsEachJobOnce(t *testing.T) {
	for _, workers := range []int{-1, 0, 1, 2, 9} {
		for _, n := range []int{0, 1, 2, 100} {
			count := make([]atomic.Int32, n)
			require.NoError(t, For(t.Context(), workers, n, func(i int) error {
				count[i].Add(1)
				return nil
			}))
			for i := range count {
				assert.EqualValues(t, 1, count[i].Load(), "job %d of %d, %d workers", i, n, workers)
			}
		}
	}
	assert.Equal(t, runtime.GOMAXPROCS(0), Workers(0))
	assert.Equal(t, 3, Workers(3))
}

// TestForUsesItsWorkers: the first jobs wait for each other, so they need as
// many goroutines; no more may ever run.
func TestForUsesItsWorkers(t *testing.T) {
	for _, workers := range []int{1, 3} {
		var now, most atomic.Int32
		var meeting sync.WaitGroup
		meeting.Add(workers)
		require.NoError(t, For(t.Context(), workers, 30, func(i int) error {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			if i < workers {
				meeting.Done()
				meeting.Wait()
			}
			return nil
		}))
		assert.EqualValues(t, workers, most.Load())
	}
}

// TestForReturnsLowestError: whichever job fails first in time.
func TestForReturnsLowestError(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		for range 20 {
			var started atomic.Int32
			err := For(t.Context(), workers, 1000, func(i int) error {
				started.Add(1)
				if i == 5 {
					time.Sleep(100 * time.Microsecond)
				}
				if i >= 5 {
					return fmt.Errorf("job %d", i)
				}
				return nil
			})
			require.EqualError(t, err, "job 5", "%d workers", workers)
			require.LessOrEqual(t, int(started.Load()), 5+workers, "jobs go on after an error")
		}
	}
}

func TestForStopsWithContext(t *testing.T) {
	cause := errors.New("enough")
	for _, workers := range []int{1, 4} {
		ctx, cancel := context.WithCancelCause(t.Context())
		var started atomic.Int32
		err := For(ctx, workers, 1000, func(i int) error {
			started.Add(1)
			if i == 10 {
				cancel(cause)
			}
			if i > 10 {
				<-ctx.Done()
			}
			return nil
		})
		assert.ErrorIs(t, err, cause, "%d workers", workers)
		assert.LessOrEqual(t, int(started.Load()), 11+workers, "%d workers", workers)
	}
	// A context that ends during the last job keeps none from running.
	ctx, cancel := context.WithCancel(t.Context())
	assert.NoError(t, For(ctx, 1, 3, func(i int) error {
		if i == 2 {
			cancel()
		}
		return nil
	}))
}

// lateContext ends for the first who asks, but has no end for who asks before that one
// is answered.
type lateContext struct {
	context.Context
	asked, ended atomic.Bool
	others       chan struct{}
}

func (c *lateContext) Err() error {
	switch {
	case c.ended.Load():
		return context.Canceled
	case c.asked.Swap(true):
		c.others <- struct{}{}
		return nil
	}
	select {
	case <-c.others:
	case <-time.After(50 * time.Millisecond):
	}
	c.ended.Store(true)
	return context.Canceled
}

// TestForLeavesNoGap: a job that the end of the context keeps from running keeps all
// above it from running, whoever asks first: they may wait for it.
func TestForLeavesNoGap(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var started sync.Map
	err := For(&lateContext{Context: ended, others: make(chan struct{}, 9)}, 2, 9, func(i int) error {
		started.Store(i, true)
		return nil
	})
	assert.ErrorIs(t, err, context.Canceled)
	started.Range(func(i, _ any) bool {
		for below := range i.(int) {
			_, ok := started.Load(below)
			assert.True(t, ok, "job %d was started, and %d below it was not", i, below)
		}
		return true
	})
}

// TestPool: jobs that run at the same time never share scratch, and a later loop gets
// what an earlier one had.
func TestPool(t *testing.T) {
	type scratch struct{ busy, used atomic.Int32 }
	var pool Pool[scratch]
	for range 3 {
		require.NoError(t, For(t.Context(), 4, 100, func(int) error {
			w := pool.Get()
			defer pool.Put(w)
			assert.EqualValues(t, 1, w.busy.Add(1), "shared")
			w.used.Add(1)
			w.busy.Add(-1)
			return nil
		}))
	}
	sum := int32(0)
	for _, w := range pool.All() {
		sum += w.used.Load()
	}
	assert.EqualValues(t, 300, sum)
	assert.LessOrEqual(t, len(pool.All()), 4)
}
