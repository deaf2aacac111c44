// Package progress adds up how far a piece of work is that is made of others.
package progress

import (
	"math/bits"
	"sync"
)

// Work is a piece of work of some units, all of which are done at its end. Units are done
// one by one, or make up a part, which is a piece of work with units of its own: one, unless
// Of says how many. It never goes back. Its methods may be called from several goroutines.
// A nil Work tells nobody.
type Work struct {
	told  *told
	of    *Work // what it is a part of, nil for none
	span  int64 // the units of that which it stands for
	size  int64
	done  int64
	given int64 // units that are done, or are parts
}

// told is who is told of all the work, one call at a time.
type told struct {
	mu sync.Mutex
	f  func(done, size int64)
}

// New is a piece of work of size units of which f is told, never concurrently; it is nil
// where f is.
func New(size int64, f func(done, size int64)) *Work {
	if f == nil {
		return nil
	}
	return &Work{told: &told{f: f}, size: max(size, 0)}
}

// Add does n units, as far as there are so many.
func (w *Work) Add(n int64) {
	if w == nil {
		return
	}
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	w.forward(w.take(n))
}

// Part is a piece of work that stands for some units of w, as far as there are so many.
func (w *Work) Part(units int64) *Work {
	if w == nil {
		return nil
	}
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	return &Work{told: w.told, of: w, span: w.take(units), size: 1}
}

// Rest is a part that stands for all units of w that are left.
func (w *Work) Rest() *Work { return w.Part(all) }

// Half is a part that stands for half of what is left of w: of work of which nobody knows
// how often it is to be repeated. w has one unit, or many.
func (w *Work) Half() *Work {
	if w == nil {
		return nil
	}
	if w.size == 1 {
		w.Of(all)
	}
	w.told.mu.Lock()
	half := (w.size - w.given + 1) / 2
	w.told.mu.Unlock()
	return w.Part(half)
}

// Of divides what is left of w into size units, and returns what has these: w itself where
// nothing has been done. Without units it is done.
func (w *Work) Of(size int64) *Work {
	switch {
	case w == nil:
		return nil
	case size <= 0:
		w.Finish()
		return w
	case w.of == nil || w.begun():
		return w.Rest().Of(size)
	}
	w.size = size
	return w
}

func (w *Work) begun() bool {
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	return w.given > 0
}

// Finish does all units that are left.
func (w *Work) Finish() { w.Add(all) }

// all is more units than any work has.
const all = 1 << 62

// take gives out units.
func (w *Work) take(n int64) int64 {
	n = min(max(n, 0), w.size-w.given)
	w.given += n
	return n
}

// forward does n units that were given out, and what they are of the work around.
func (w *Work) forward(n int64) {
	if n == 0 {
		return
	}
	before := w.done
	w.done += n
	if w.of == nil {
		w.told.f(w.done, w.size)
		return
	}
	w.of.forward(Scale(w.span, w.done, w.size) - Scale(w.span, before, w.size))
}

// Scale is v·part/whole, rounded down, for a part of 0 to whole.
func Scale(v, part, whole int64) int64 {
	hi, lo := bits.Mul64(uint64(v), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(q)
}
