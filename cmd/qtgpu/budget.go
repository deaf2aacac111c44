package main

import (
	"context"
	"sync"
)

// budget is what files that are worked on side by side share: slots, each of which stands
// for a goroutine and an equal part of the memory.
type budget struct {
	slots  int
	memory int64 // of all

	mu    sync.Mutex
	free  int
	queue []*claim // those that wait, in the order of their coming
}

// claim is slots that somebody waits for.
type claim struct {
	slots int
	given chan struct{}
}

func newBudget(slots int, memory int64) *budget {
	return &budget{slots: slots, memory: memory, free: slots}
}

// ownParallelism is about how many bytes of samples an image has that keeps any number of
// goroutines busy by itself: a hundred tiles or so.
const ownParallelism = 64 << 20

// slotsFor is the number of slots for a file of some bytes of samples, which takes need
// bytes of memory, where there are files of them: as many as have the memory or, where some
// would stay empty, a fair share of them.
func (b *budget) slotsFor(samples, need int64, files int) int {
	n := b.slots / max(files, 1)
	if each := max(b.memory/int64(b.slots), 1); need > each {
		n = max(n, int(min((need-1)/each+1, int64(b.slots))))
	}
	if samples >= ownParallelism {
		n = b.slots
	}
	return max(n, 1)
}

// memoryOf is the memory of some slots.
func (b *budget) memoryOf(slots int) int64 {
	if slots == b.slots {
		return b.memory
	}
	return b.memory / int64(b.slots) * int64(slots)
}

// take waits for slots, behind all who wait already.
func (b *budget) take(ctx context.Context, slots int) error {
	c := &claim{slots, make(chan struct{})}
	b.mu.Lock()
	b.queue = append(b.queue, c)
	b.serve()
	b.mu.Unlock()
	select {
	case <-c.given:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// give gives slots back.
func (b *budget) give(slots int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += slots
	b.serve()
}

// serve gives slots to the first of the queue while there are enough.
func (b *budget) serve() {
	for len(b.queue) > 0 && b.queue[0].slots <= b.free {
		b.free -= b.queue[0].slots
		close(b.queue[0].given)
		b.queue = b.queue[1:]
	}
}
