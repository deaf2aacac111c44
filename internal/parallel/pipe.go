package parallel

import "context"

// Pipe makes n values and uses each, in order, on the caller's goroutine. If it overlaps, the next one
// is made on another while one is used, so that there are two at a time. It returns the first error,
// by the order of the values, or what use says before make; make's context ends when Pipe is to
// return, and it has returned by then. What make panics with, Pipe panics with.
func Pipe[V any](ctx context.Context, overlaps bool, n int, make func(ctx context.Context, i int) (V, error), use func(i int, v V) error) error {
	if !overlaps {
		for i := range n {
			v, err := make(ctx, i)
			if err != nil {
				return err
			}
			if err := use(i, v); err != nil {
				return err
			}
		}
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	p := pipe[V]{ctx: ctx, n: n, make: make}
	defer func() { cancel(); p.wait() }()
	p.begin(0)
	for i := range n {
		v, err := p.take()
		if err != nil {
			return err
		}
		p.begin(i + 1)
		if err := use(i, v); err != nil {
			return err
		}
	}
	return nil
}

// pipe makes one value at a time on a goroutine.
type pipe[V any] struct {
	ctx  context.Context
	n    int
	make func(ctx context.Context, i int) (V, error)

	done  chan struct{} // nil while nothing is made
	value V
	err   error
	panic any
}

// begin begins to make value i, if there is one.
func (p *pipe[V]) begin(i int) {
	if i >= p.n {
		return
	}
	p.done = make(chan struct{})
	go func() {
		defer close(p.done)
		defer func() { p.panic = recover() }()
		p.value, p.err = p.make(p.ctx, i)
	}()
}

// take waits for a value.
func (p *pipe[V]) take() (V, error) {
	p.wait()
	if p.panic != nil {
		panic(p.panic)
	}
	return p.value, p.err
}

func (p *pipe[V]) wait() {
	if p.done != nil {
		<-p.done
	}
}
