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
	span  int64 // the shares of that which it stands for
	unit  int64 // shares of a unit: enough to tell of a part of it
	size  int64 // in shares, as the rest
	done  int64
	given int64 // that are done, or are parts
}

// told is who is told of all the work, one call at a time.
type told struct {
	mu   sync.Mutex
	f    func(done, size int64)
	last int64
}

// New is a piece of work of size units of which f is told, never concurrently; it is nil
// where f is.
func New(size int64, f func(done, size int64)) *Work {
	if f == nil {
		return nil
	}
	w := &Work{told: &told{f: f}}
	w.divide(max(size, 0))
	return w
}

// leastShares is the least number of shares that a piece of work has.
const leastShares = 1 << 40

func (w *Work) divide(units int64) {
	w.unit = max(leastShares/max(units, 1), 1)
	w.size = units * w.unit
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
	return w.part(w.take(units))
}

// part is a part of shares that are taken.
func (w *Work) part(shares int64) *Work {
	p := &Work{told: w.told, of: w, span: shares}
	p.divide(1)
	return p
}

// Rest is a part that stands for all units of w that are left.
func (w *Work) Rest() *Work { return w.Part(all) }

// Half is a part that stands for half of what is left of w: of work of which nobody knows
// how often it is to be repeated.
func (w *Work) Half() *Work {
	if w == nil {
		return nil
	}
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	half := (w.size - w.given + 1) / 2
	w.given += half
	return w.part(half)
}

// Of divides what is left of w into some units, and returns what has these: w itself where
// nothing has been done. Without units it is done.
func (w *Work) Of(units int64) *Work {
	switch {
	case w == nil:
		return nil
	case units <= 0:
		w.Finish()
		return w
	case w.of == nil || w.begun():
		return w.Rest().Of(units)
	}
	w.divide(units)
	return w
}

func (w *Work) begun() bool {
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	return w.given > 0
}

// Left is the number of units that are neither done nor parts.
func (w *Work) Left() int64 {
	if w == nil {
		return 0
	}
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	return (w.size - w.given) / w.unit
}

// Finish does all that is left, of parts too.
func (w *Work) Finish() {
	if w == nil {
		return
	}
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	w.given = w.size
	w.forward(w.size)
}

// all is more units than any work has.
const all = 1 << 62

// take gives out units, as shares.
func (w *Work) take(units int64) int64 {
	shares := w.size - w.given
	if units < shares/w.unit {
		shares = max(units, 0) * w.unit
	}
	w.given += shares
	return shares
}

// forward does shares that were given out, unless they are done with all, and what they are
// of the work around.
func (w *Work) forward(shares int64) {
	before := w.done
	w.done = min(w.done+shares, w.size)
	if w.done == before {
		return
	}
	if w.of != nil {
		w.of.forward(Scale(w.span, w.done, w.size) - Scale(w.span, before, w.size))
	} else if n := w.done / w.unit; n > w.told.last {
		w.told.last = n
		w.told.f(n, w.size/w.unit)
	}
}

// Scale is v·part/whole, rounded down, for a part of 0 to whole.
func Scale(v, part, whole int64) int64 {
	hi, lo := bits.Mul64(uint64(v), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(q)
}
