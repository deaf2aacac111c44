package remote

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/qtgpu/qtgpu"
)

const (
	maxTries = 6
	// progress is how many bytes make a try count as none that failed: a connection that
	// breaks again and again still gets on.
	progress = 64 << 10
	// firstPause is waited after the first failure, half of it at random so that many
	// readers do not come back at once; then twice as long each time.
	firstPause = 250 * time.Millisecond
	// maxAfter is how long a server may ask to be left alone.
	maxAfter = time.Minute
)

// fetch fills a run, by as many requests as that takes.
func (f *File) fetch(ctx context.Context, r *run) error {
	for failed := 0; r.rest().Length > 0; {
		asked := r.rest()
		err := f.attempt(ctx, r)
		switch {
		case err == nil:
			continue
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case asked.Length-r.rest().Length >= progress:
			failed = 0
		}
		failed++
		t := (*transient)(nil)
		if !errors.As(err, &t) || failed == maxTries {
			return f.failed(err, asked, failed)
		}
		if err := sleep(ctx, t.after+pause(failed)); err != nil {
			return err
		}
	}
	return nil
}

// failed is the error of the last try to read a range.
func (f *File) failed(err error, asked qtgpu.Range, tries int) error {
	e := f.wrap(err)
	e.Err = fmt.Errorf("bytes %d-%d: %w", asked.Offset, end(asked)-1, e.Err)
	if tries > 1 {
		e.Err = fmt.Errorf("%w, at try %d", e.Err, tries)
	}
	return e
}

// pause is what is waited after so many failures.
func pause(failed int) time.Duration {
	d := firstPause << (failed - 1)
	return d/2 + rand.N(d/2)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// retryAfter is what Retry-After asks for, in seconds or as a time (RFC 9110, section
// 10.2.3); 0 where it says nothing.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if s, ok := number(text); ok {
		return time.Duration(min(s, int64(time.Duration(math.MaxInt64)/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
