package parallel

import (
	"context"
	"errors"
	"sort"
	"sync"
)

// Pipe makes values one after the other, and has jobs work on each.
type Pipe[V any] struct {
	Jobs  []int // how many there are of each value, one at least
	Ahead bool  // whether values are made on a goroutine of their own, before jobs ask for them

	Make func(ctx context.Context, i int) (V, error)
	Work func(i int, v V, job int) error
	End  func(i int, v V) error // when all jobs of a value have ended
}

// Run begins the jobs in the order of the values, on at most Workers(workers) goroutines: those of the next value while the
// last ones of a value are at work. End is called in the order of the values, for one at a time. A value is made when the
// last but one is over, so that there are two at a time. The first error ends it, in the order of Make, Work and End of the
// values; what has been begun has ended when Run returns, and the context of Make ends before. What a function panics with,
// Run panics with.
func (p Pipe[V]) Run(ctx context.Context, workers int) error {
	ctx, cancel := context.WithCancel(ctx)
	r := &run[V]{Pipe: p, ctx: ctx, made: make([]made[V], len(p.Jobs)), first: make([]int, len(p.Jobs)+1)}
	r.change.L = &r.mu
	for i, n := range p.Jobs {
		r.first[i+1] = r.first[i] + n
		r.made[i].left = n
	}
	defer func() { cancel(); r.making.Wait() }()
	r.mu.Lock()
	r.makeAhead()
	r.mu.Unlock()
	err := For(ctx, workers, r.first[len(p.Jobs)], r.do)
	if r.err != nil {
		return r.err
	}
	return err
}

// run is a run of a pipe. What follows mu is guarded by it.
type run[V any] struct {
	Pipe[V]
	ctx    context.Context
	first  []int // job of each value, among all
	making sync.WaitGroup

	mu     sync.Mutex
	change sync.Cond // of what take waits for
	made   []made[V]
	begun  int  // how many values have begun to be made
	over   int  // how many have ended
	ahead  bool // whether there is a goroutine that makes them
	ending bool // whether End is called, or has failed
	err    error
	rank   int // of err: twice the job that failed, one less for what ends before it
}

// made is a value, once ready is set, or what came instead.
type made[V any] struct {
	ready    bool
	value    V
	err      error
	panicked bool
	panic    any
	left     int // jobs that have not ended
}

// errBroken stands for what has not come to its end.
var errBroken = errors.New("a function has not returned")

// do does a job, the number of which is among all.
func (r *run[V]) do(job int) error {
	i := sort.Search(len(r.Jobs), func(i int) bool { return r.first[i+1] > job })
	whole := false
	defer func() {
		if !whole {
			r.fail(2*job, errBroken)
		}
	}()
	err := r.work(i, job)
	whole = true
	return err
}

// work does a job of value i.
func (r *run[V]) work(i, job int) error {
	v, err := r.take(i)
	if err != nil {
		return r.fail(2*r.first[i], err)
	}
	if err := r.Work(i, v, job-r.first[i]); err != nil {
		return r.fail(2*job, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made[i].left--
	return r.endAll()
}

// fail keeps an error, if it is the first one by rank, and returns it.
func (r *run[V]) fail(rank int, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keep(rank, err)
}

func (r *run[V]) keep(rank int, err error) error {
	if r.err == nil || rank < r.rank {
		r.err, r.rank = err, rank
	}
	r.change.Broadcast()
	return err
}

// take waits for a value, or makes it. What has failed until then comes before it.
func (r *run[V]) take(i int) (v V, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for m := &r.made[i]; ; {
		switch {
		case m.panicked:
			panic(m.panic)
		case m.ready:
			return m.value, m.err
		case r.err != nil:
			return v, r.err
		case !r.Ahead && r.makes(i):
			r.makeNext()
		default:
			r.change.Wait()
		}
	}
}

// makes tells whether value i is to be made now: it is the next one, and none is being made.
func (r *run[V]) makes(i int) bool {
	return r.begun == i && i < len(r.made) && i <= r.over+1 && (i == 0 || r.made[i-1].ready)
}

// makeAhead has values be made on a goroutine.
func (r *run[V]) makeAhead() {
	if !r.Ahead || r.ahead || !r.makes(r.begun) {
		return
	}
	r.ahead = true
	r.making.Go(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for r.makes(r.begun) {
			r.makeNext()
		}
		r.ahead = false
	})
}

// makeNext makes the next value, unless the context has ended.
func (r *run[V]) makeNext() {
	i := r.begun
	m := &r.made[i]
	m.err = errBroken
	r.begun++
	r.mu.Unlock()
	defer func() {
		v := recover()
		r.mu.Lock()
		m.ready, m.panicked, m.panic = true, v != nil, v
		r.change.Broadcast()
	}()
	if r.ctx.Err() != nil {
		m.err = context.Cause(r.ctx)
		return
	}
	m.value, m.err = r.Make(r.ctx, i)
}

// endAll ends the values whose turn it is, unless somebody is at it, who will see this one, too.
func (r *run[V]) endAll() error {
	for !r.ending && r.over < len(r.made) && r.made[r.over].left == 0 {
		r.ending = true
		if err := r.end(r.over); err != nil {
			return r.keep(2*r.first[r.over+1]-1, err)
		}
		r.made[r.over].value = *new(V)
		r.ending = false
		r.over++
		r.makeAhead()
		r.change.Broadcast()
	}
	return nil
}

// end is End while others go on.
func (r *run[V]) end(i int) error {
	r.mu.Unlock()
	defer r.mu.Lock()
	return r.End(i, r.made[i].value)
}
