// Package parallel runs the jobs of a loop on goroutines. It is the only place of the
// module that starts workers.
package parallel

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// Workers resolves a worker count: n, or GOMAXPROCS where n is not positive.
func Workers(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// For calls f(0) … f(n-1) on at most Workers(workers) goroutines, taking jobs
// in order, and returns when all calls have. After an error or the end of ctx
// no further job starts. The error is from the lowest failing job, whatever
// the number of workers: every job below a failing one has been started. With
// no failing job, it is the cause of ctx's end if that kept a job from running.
// What a job panics with, For panics with on the caller's goroutine, when all
// others have ended: there it can be recovered.
func For(ctx context.Context, workers, n int, f func(i int) error) error {
	l := loop{n: n, f: f, failed: n}
	workers = min(Workers(workers), n)
	if workers <= 1 {
		l.run(ctx)
		return l.err
	}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			defer l.carry()
			l.run(ctx)
		})
	}
	wg.Wait()
	if l.panicked {
		panic(l.value)
	}
	return l.err
}

// loop is the state that the workers of one For share.
type loop struct {
	n int
	f func(i int) error

	mu     sync.Mutex
	next   int // the job that is taken next
	failed int // the lowest failing job, or n
	err    error
	stop   bool

	panicked bool // and value is what with
	value    any
}

func (l *loop) run(ctx context.Context) {
	for {
		// Whoever waits for a processor comes first: the collector has one only when somebody leaves it, and as long as it marks, all
		// writes of pointers take longer.
		runtime.Gosched()
		i, ok := l.take(ctx)
		if !ok {
			return
		}
		if err := l.f(i); err != nil {
			l.fail(i, err)
		}
	}
}

// take gives the next job, unless the loop is over. Whoever takes a job starts it:
// jobs may wait for all jobs below them.
func (l *loop) take(ctx context.Context) (i int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop || l.next >= l.n {
		return 0, false
	}
	if ctx.Err() != nil {
		l.failed, l.err, l.stop = l.n, context.Cause(ctx), true
		return 0, false
	}
	l.next++
	return l.next - 1, true
}

// carry keeps the value of a panic for the caller's goroutine.
func (l *loop) carry() {
	v := recover()
	if v == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.panicked, l.value, l.stop = true, v, true
}

// fail records the error of job i.
func (l *loop) fail(i int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil || i < l.failed {
		l.failed, l.err = i, err
	}
	l.stop = true
}

// Pool keeps what jobs need one at a time, scratch memory mostly, from one loop to the
// next. Unlike a sync.Pool it never lets go of it. The zero value is ready for use.
type Pool[W any] struct {
	mu   sync.Mutex
	free []*W
}

// Get takes one out of the pool, a new one where it is empty.
func (p *Pool[W]) Get() *W {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free) - 1; n >= 0 {
		w := p.free[n]
		p.free = p.free[:n]
		return w
	}
	return new(W)
}

// Put gives one back.
func (p *Pool[W]) Put(w *W) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, w)
}

// All are what is in the pool.
func (p *Pool[W]) All() []*W {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.free)
}
