package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// Range is a part of the input, in bytes.
type Range struct{ Offset, Length int64 }

func (r Range) end() int64 { return r.Offset + r.Length }

// RangeReader is what an io.ReaderAt may be too: it reads many ranges in one round
// trip. The result has a slice for each range, shorter only where the input ends.
// Ranges ascend and do not overlap.
type RangeReader interface {
	ReadRanges(ctx context.Context, ranges []Range) ([][]byte, error)
}

const (
	joinGap   = 16 << 10 // ranges that lie less apart are read as one
	maxJoined = 4 << 20  // that ranges are joined up to, since what uses one holds all
	readers   = 4        // ReadAt at once
)

// input reads ranges, and holds some that have been read.
type input struct {
	r    io.ReaderAt
	size int64 // which the caller vouches for
	held []span
}

type span struct {
	off  int64
	data []byte
}

// hold reads ranges for good. Not beside other calls.
func (in *input) hold(ctx context.Context, ranges ...Range) error {
	data, err := in.read(ctx, ranges)
	if err != nil {
		return err
	}
	for i, p := range data {
		if r := ranges[i]; int64(len(p)) < r.Length {
			return truncated(r.Offset+int64(len(p)), "expected %d more bytes", r.Length-int64(len(p)))
		}
		in.held = append(in.held, span{ranges[i].Offset, data[i]})
	}
	return nil
}

// find returns a range that is held, or nil.
func (in *input) find(r Range) []byte {
	if r.Length <= 0 {
		return []byte{}
	}
	for _, s := range in.held {
		if r.Offset >= s.off && r.end() <= s.off+int64(len(s.data)) {
			return cut(s.data, r.Offset-s.off, r.Length)
		}
	}
	return nil
}

// cut returns n bytes of p from off on, as far as they are there.
func cut(p []byte, off, n int64) []byte {
	from := min(off, int64(len(p)))
	to := min(off+n, int64(len(p)))
	return p[from:to:to]
}

// one reads a range, which the caller has checked to be inside the input.
func (in *input) one(ctx context.Context, r Range) ([]byte, error) {
	data, err := in.read(ctx, []Range{r})
	if err != nil {
		return nil, err
	}
	if p := data[0]; int64(len(p)) < r.Length {
		return nil, truncated(r.Offset+int64(len(p)), "expected %d more bytes", r.Length-int64(len(p)))
	}
	return data[0], nil
}

// read returns a slice, not nil, for each range, shorter where the input ends. All that
// is not held is asked for at once. The error is a *ReadError or from ctx.
func (in *input) read(ctx context.Context, ranges []Range) ([][]byte, error) {
	out := make([][]byte, len(ranges))
	var missing []int
	clipped := make([]Range, len(ranges))
	for i, r := range ranges {
		off := min(r.Offset, in.size)
		clipped[i] = Range{off, min(r.end(), in.size) - off}
		if out[i] = in.find(clipped[i]); out[i] == nil {
			missing = append(missing, i)
		}
	}
	runs, members := join(clipped, missing)
	if len(runs) == 0 {
		return out, nil
	}
	data, err := in.fetch(ctx, runs)
	if err != nil {
		return nil, err
	}
	for i, run := range runs {
		for _, m := range members[i] {
			out[m] = cut(data[i], clipped[m].Offset-run.Offset, clipped[m].Length)
		}
	}
	return out, nil
}

// join makes runs of the ranges with the given numbers, and tells which ranges each run
// has.
func join(ranges []Range, numbers []int) (runs []Range, members [][]int) {
	slices.SortFunc(numbers, func(a, b int) int { return cmp.Compare(ranges[a].Offset, ranges[b].Offset) })
	for _, i := range numbers {
		r := ranges[i]
		if n := len(runs) - 1; n >= 0 && runs[n].joins(r) {
			runs[n].Length = max(runs[n].Length, r.end()-runs[n].Offset)
			members[n] = append(members[n], i)
			continue
		}
		runs = append(runs, r)
		members = append(members, []int{i})
	}
	return runs, members
}

// joins tells whether next, which does not begin before r, is read with it.
func (r Range) joins(next Range) bool {
	return next.Offset < r.end() || next.Offset < r.end()+joinGap && next.end()-r.Offset <= maxJoined
}

// fetch reads ranges from the input.
func (in *input) fetch(ctx context.Context, ranges []Range) (data [][]byte, err error) {
	for _, r := range ranges {
		if r.Length > math.MaxInt {
			return nil, fmt.Errorf("%w: %d bytes at byte %d, this machine addresses %d", ErrTooLarge, r.Length, r.Offset, math.MaxInt)
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	rr, ok := in.r.(RangeReader)
	if !ok {
		return in.readAll(ctx, ranges)
	}
	data, err = rr.ReadRanges(ctx, ranges)
	switch {
	case err == nil && len(data) == len(ranges):
		return data, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err == nil:
		err = fmt.Errorf("%d ranges instead of %d", len(data), len(ranges))
	}
	last := ranges[len(ranges)-1]
	return nil, &ReadError{ranges[0].Offset, last.end() - ranges[0].Offset, err}
}

// readAll reads ranges by ReadAt, some at once. It returns the first error in the order
// of ranges; a panic of the io.ReaderAt is the caller's.
func (in *input) readAll(ctx context.Context, ranges []Range) ([][]byte, error) {
	data, errs := make([][]byte, len(ranges)), make([]error, len(ranges))
	var next atomic.Int64
	var failed atomic.Bool
	work := func() {
		for i := next.Add(1) - 1; i < int64(len(ranges)) && !failed.Load() && ctx.Err() == nil; i = next.Add(1) - 1 {
			if data[i], errs[i] = readAt(in.r, ranges[i]); errs[i] != nil {
				failed.Store(true)
			}
		}
	}
	inParallel(min(readers, len(ranges)), work)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return data, nil
}

// inParallel runs f n times at once. A panic of any comes back from here.
func inParallel(n int, f func()) {
	if n == 1 {
		f()
		return
	}
	panics := make(chan any, n)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					panics <- p
				}
			}()
			f()
		})
	}
	wg.Wait()
	select {
	case p := <-panics:
		panic(p)
	default:
	}
}

// readAt reads a range, less where the input ends before.
func readAt(r io.ReaderAt, at Range) ([]byte, error) {
	p := make([]byte, at.Length)
	got, err := r.ReadAt(p, at.Offset)
	if got == len(p) || err == nil || errors.Is(err, io.EOF) {
		return p[:got:got], nil
	}
	return nil, &ReadError{at.Offset, at.Length, err}
}
