package pipeline

import (
	"container/list"
	"context"
	"sync"

	"github.com/qtgpu/qtgpu/internal/engine"
)

// cache keeps decoded tiles, those that were used last, up to a number of bytes. A tile
// that several goroutines ask for is decoded once.
type cache struct {
	mu      sync.Mutex
	limit   int64
	bytes   int64
	entries map[int]*entry
	recent  list.List // of *entry, the last used first
}

// entry is a tile that is decoded, or being decoded until done is closed.
type entry struct {
	tile    int
	done    chan struct{}
	decoded engine.Decoded // nil where decoding failed
	place   *list.Element
}

func newCache(limit int64) *cache { return &cache{limit: limit, entries: map[int]*entry{}} }

// has tells whether a tile is there, for now.
func (c *cache) has(tile int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[tile]
	return e != nil && e.place != nil
}

// get returns a decoded tile, waiting for it where another goroutine decodes it. It is
// nil where the caller is to decode it, who then calls put, whatever comes of it.
func (c *cache) get(ctx context.Context, tile int) (engine.Decoded, error) {
	for {
		c.mu.Lock()
		e := c.entries[tile]
		if e == nil {
			c.entries[tile] = &entry{tile: tile, done: make(chan struct{})}
			c.mu.Unlock()
			return nil, nil
		}
		if e.place != nil {
			c.recent.MoveToFront(e.place)
			c.mu.Unlock()
			return e.decoded, nil
		}
		c.mu.Unlock()
		select {
		case <-e.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if e.decoded != nil {
			return e.decoded, nil
		}
	}
}

// put ends what get began: d is nil where there is nothing to keep.
func (c *cache) put(tile int, d engine.Decoded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[tile]
	e.decoded = d
	close(e.done)
	if d == nil || d.Bytes() > c.limit {
		delete(c.entries, tile)
		return
	}
	e.place = c.recent.PushFront(e)
	for c.bytes += d.Bytes(); c.bytes > c.limit; {
		c.remove(c.recent.Back().Value.(*entry))
	}
}

// drop lets go of a tile, if it is still there.
func (c *cache) drop(tile int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.entries[tile]; e != nil && e.place != nil {
		c.remove(e)
	}
}

func (c *cache) remove(e *entry) {
	c.recent.Remove(e.place)
	delete(c.entries, e.tile)
	c.bytes -= e.decoded.Bytes()
}
