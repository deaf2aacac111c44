package pipeline

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sized is a decoded tile of a number of bytes.
type sized int64

func (s sized) Bytes() int64 { return int64(s) }

// TestCacheEviction: the cache is a naive list of the tiles used last, cut where its
// bytes exceed the limit; a tile that is larger than the limit leaves the others alone.
func TestCacheEviction(t *testing.T) {
	const limit = 1000
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(2, 2))
	size := func(tile int) sized { return sized(1 + tile*tile*3) } // the last ones above the limit
	c := newCache(limit)
	var recent []int // the last used first
	for step := range 5000 {
		tile := rng.IntN(20)
		at := slices.Index(recent, tile)
		d, err := c.get(ctx, tile)
		require.NoError(t, err)
		require.Equal(t, at >= 0, d != nil, "step %d: tile %d among %v", step, tile, recent)
		if at >= 0 {
			require.Equal(t, size(tile), d)
			recent = slices.Delete(recent, at, at+1)
		} else {
			c.put(tile, size(tile))
		}
		if size(tile) <= limit {
			recent = slices.Insert(recent, 0, tile)
		}
		total := int64(0)
		for i, kept := range recent {
			if total += int64(size(kept)); total > limit {
				total, recent = total-int64(size(kept)), recent[:i]
				break
			}
		}
		require.Equal(t, total, c.bytes, "step %d", step)
		require.LessOrEqual(t, c.bytes, int64(limit), "step %d", step)
		require.Len(t, c.entries, len(recent), "step %d", step)
		require.Equal(t, len(recent), c.recent.Len(), "step %d", step)
		require.Equal(t, slices.Contains(recent, tile), c.has(tile), "step %d", step)
	}
}

// TestCacheFlight: of several goroutines that ask for a tile one decodes it; where it
// fails, another one tries, until one succeeds.
func TestCacheFlight(t *testing.T) {
	const failures, goroutines = 3, 20
	for range 50 {
		c := newCache(100)
		var tries atomic.Int64
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() {
				d, err := c.get(context.Background(), 7)
				switch {
				case !assert.NoError(t, err):
				case d != nil:
					assert.Equal(t, sized(5), d)
					assert.EqualValues(t, failures+1, tries.Load())
				case tries.Add(1) <= failures:
					c.put(7, nil)
				default:
					c.put(7, sized(5))
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, failures+1, tries.Load())
	}
}

// TestCacheCancel: who waits for another goroutine's tile stops at the end of the
// context, with its cause, and the tile is none the worse.
func TestCacheCancel(t *testing.T) {
	c := newCache(100)
	d, err := c.get(context.Background(), 1)
	require.NoError(t, err)
	require.Nil(t, d)
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("no longer wanted")
	done := make(chan error)
	go func() {
		_, err := c.get(ctx, 1)
		done <- err
	}()
	cancel(cause)
	require.Equal(t, cause, <-done)
	require.False(t, c.has(1), "while it is being decoded")
	c.put(1, sized(9))
	d, err = c.get(context.Background(), 1)
	require.NoError(t, err)
	require.Equal(t, sized(9), d)
}
