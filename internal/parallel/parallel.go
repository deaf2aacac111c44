// Package parallel runs the jobs of a loop on goroutines. It is the only place of the
// module that starts workers.
package parallel

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
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
	n    int
	f    func(i int) error
	next atomic.Int64

	mu     sync.Mutex
	failed int // the lowest failing job, or n
	err    error
	stop   atomic.Bool

	panicked bool // and value is what with
	value    any
}

func (l *loop) run(ctx context.Context) {
	for !l.stop.Load() {
		i := int(l.next.Add(1)) - 1
		if i >= l.n {
			return
		}
		if ctx.Err() != nil {
			l.fail(l.n, context.Cause(ctx))
			return
		}
		if err := l.f(i); err != nil {
			l.fail(i, err)
		}
	}
}

// carry keeps the value of a panic for the caller's goroutine.
func (l *loop) carry() {
	v := recover()
	if v == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.panicked, l.value = true, v
	l.stop.Store(true)
}

// fail records the error of job i, where n stands for the loop's context.
func (l *loop) fail(i int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil || i < l.failed {
		l.failed, l.err = i, err
	}
	l.stop.Store(true)
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
