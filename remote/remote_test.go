package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/remote"
)

var _ qtgpu.RangeReader = (*remote.File)(nil)

// TestRead: files of all lengths around what is held read as what they are.
func TestRead(t *testing.T) {
	for _, size := range []int{0, 1, 16383, 16384, 16385, 16500} {
		data := noise(size)
		s := start(t, content(data, `"a"`))
		f, err := remote.Open(t.Context(), s.URL+"/a.qtg", nil)
		require.NoError(t, err, "%d bytes", size)
		assert.Equal(t, int64(size), f.Size())
		assert.Equal(t, s.URL+"/a.qtg", f.Name())
		require.NoError(t, iotest.TestReader(io.NewSectionReader(f, 0, f.Size()), data), "%d bytes", size)
		for _, off := range []int64{0, int64(size), int64(size) + 5, math.MaxInt64} {
			n, err := f.ReadAt(make([]byte, size+1), off)
			assert.Equal(t, io.EOF, err, "%d bytes from %d", size, off)
			assert.Equal(t, max(size-int(min(off, math.MaxInt32)), 0), n, "%d bytes from %d", size, off)
		}
	}
}

// TestReadRanges: ranges are what they are of the file, whatever their order, number and
// length, from many goroutines.
func TestReadRanges(t *testing.T) {
	data := noise(6 << 20)
	f, err := remote.Open(t.Context(), start(t, content(data, "")).URL, nil)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for g := range 8 {
		rng := rand.New(rand.NewPCG(3, uint64(g)))
		wg.Go(func() {
			for range 10 {
				ranges := make([]qtgpu.Range, rng.IntN(40))
				at := rng.Int64N(int64(len(data)))
				for i := range ranges {
					length := rng.Int64N(1 << rng.IntN(21))
					ranges[i] = qtgpu.Range{Offset: at, Length: length}
					if at += length + rng.Int64N(1<<rng.IntN(18)); rng.IntN(10) == 0 {
						at = rng.Int64N(int64(len(data)))
					}
				}
				got, err := f.ReadRanges(t.Context(), ranges)
				if !assert.NoError(t, err) || !assert.Len(t, got, len(ranges)) {
					return
				}
				for i, r := range ranges {
					want := data[min(r.Offset, int64(len(data))):min(r.Offset+r.Length, int64(len(data)))]
					assert.True(t, got[i] != nil && bytes.Equal(want, got[i]), "%d bytes at %d, range %d of %v", r.Length, r.Offset, i, ranges)
				}
			}
		})
	}
	wg.Wait()
	for _, r := range []qtgpu.Range{{Offset: -1, Length: 1}, {Offset: 1, Length: -1}} {
		_, err = f.ReadRanges(t.Context(), []qtgpu.Range{{}, r})
		assert.ErrorContains(t, err, "expected neither below 0")
	}
	_, err = f.ReadAt(nil, -1)
	assert.ErrorContains(t, err, "expected 0 or more")
}

// TestRequests: what is held takes none, what lies near is one, and what is far or much is
// asked for apart.
func TestRequests(t *testing.T) {
	const gap, most = 16 << 10, 4 << 20
	data := noise(12 << 20)
	s := scripted(content(data, "").ServeHTTP)
	f, err := remote.Open(t.Context(), start(t, s).URL, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"bytes=0-16383"}, s.ranges())
	for _, c := range []struct {
		ranges []qtgpu.Range
		want   []string
	}{
		{nil, nil},
		{[]qtgpu.Range{{Offset: 5, Length: 0}, {Offset: 5, Length: 16379}, {Offset: math.MaxInt64, Length: math.MaxInt64}}, nil},
		{[]qtgpu.Range{{Offset: 0, Length: 16385}}, []string{"bytes=0-16384"}},
		{[]qtgpu.Range{{Offset: 20000, Length: 1}, {Offset: 20001 + gap - 1, Length: 1}}, []string{"bytes=20000-36384"}},
		{[]qtgpu.Range{{Offset: 20000, Length: 1}, {Offset: 20001 + gap, Length: 1}}, []string{"bytes=20000-20000", "bytes=36385-36385"}},
		{[]qtgpu.Range{{Offset: 50000, Length: 9}, {Offset: 40000, Length: 9}}, []string{"bytes=40000-40008", "bytes=50000-50008"}},
		{[]qtgpu.Range{{Offset: 50000, Length: most - 1}, {Offset: 50000 + most - 1, Length: 1}}, []string{"bytes=50000-4244303"}},
		{[]qtgpu.Range{{Offset: 50000, Length: most}, {Offset: 50000 + most, Length: 1}}, []string{"bytes=50000-4244303", "bytes=4244304-4244304"}},
		{[]qtgpu.Range{{Offset: 50000, Length: 2 * most}}, []string{"bytes=50000-8438607"}},
		{[]qtgpu.Range{{Offset: 12<<20 - 1, Length: most}}, []string{"bytes=12582911-12582911"}},
	} {
		s.forget()
		_, err := f.ReadRanges(t.Context(), c.ranges)
		require.NoError(t, err)
		assert.ElementsMatch(t, c.want, s.ranges(), "%v", c.ranges)
		for _, q := range s.requests() {
			assert.Equal(t, http.MethodGet, q.Method)
			assert.Equal(t, "identity", q.Header.Get("Accept-Encoding"))
			assert.Equal(t, "qtgpu", q.Header.Get("User-Agent"))
		}
	}
}

// TestAtOnce: at most 16 requests are under way, in all calls together, and as many where
// there are so many.
func TestAtOnce(t *testing.T) {
	data := noise(4 << 20)
	var now, most atomic.Int32
	whole := content(data, "")
	timeless(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(50 * time.Millisecond)
		whole.ServeHTTP(w, q)
		now.Add(-1)
	}), func(t *testing.T, o *remote.Options) {
		f, err := remote.Open(t.Context(), "http://far/", o)
		require.NoError(t, err)
		began := time.Now()
		var ranges []qtgpu.Range
		for i := range int64(24) {
			ranges = append(ranges, qtgpu.Range{Offset: 20000 + i<<16, Length: 100})
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				_, err := f.ReadRanges(t.Context(), ranges)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Equal(t, 150*time.Millisecond, time.Since(began), "48 requests of 50 ms")
		assert.EqualValues(t, 16, most.Load(), "requests at once")
	})
}

// TestCancelled: a context that ends is the error, at once, wherever a request stands.
func TestCancelled(t *testing.T) {
	data := noise(1 << 20)
	cause := errors.New("enough")
	for name, h := range map[string]http.HandlerFunc{
		"before the header": func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() },
		"in the body":       stuck(content(data, ""), 1000),
		"in a pause":        status(503, "Retry-After", "50"),
	} {
		timeless(t, scripted(content(data, "").ServeHTTP, h), func(t *testing.T, o *remote.Options) {
			f, err := remote.Open(t.Context(), "http://far/", o)
			require.NoError(t, err, name)
			for _, ranges := range [][]qtgpu.Range{{{Offset: 20000, Length: 5000}}, {{Offset: 20000, Length: 5000}, {Offset: 80000, Length: 9000}}} {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(5*time.Second, func() { cancel(cause) })
				began := time.Now()
				got, err := f.ReadRanges(ctx, ranges)
				assert.Equal(t, cause, err, name)
				assert.Nil(t, got, name)
				assert.Equal(t, 5*time.Second, time.Since(began), name)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(cause)
			_, err = remote.Open(ctx, "http://far/", o)
			assert.Equal(t, cause, err, name)
		})
	}
}

// TestOneFails: what fails for good ends the others, and is the error.
func TestOneFails(t *testing.T) {
	whole := content(noise(1<<20), "")
	timeless(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch q.Header.Get("Range") {
		case "bytes=0-16383":
			whole.ServeHTTP(w, q)
		case "bytes=500000-500000":
			time.Sleep(time.Second)
			w.WriteHeader(http.StatusForbidden)
		default:
			<-q.Context().Done()
		}
	}), func(t *testing.T, o *remote.Options) {
		f, err := remote.Open(t.Context(), "http://far/", o)
		require.NoError(t, err)
		began := time.Now()
		_, err = f.ReadRanges(t.Context(), []qtgpu.Range{{Offset: 20000, Length: 1}, {Offset: 500000, Length: 1}, {Offset: 600000, Length: 1}})
		assert.EqualError(t, err, "http://far/: bytes 500000-500000: status 403 Forbidden, expected 206")
		assert.Equal(t, time.Second, time.Since(began))
	})
}

// TestLyingSize: memory is taken for what has come, not for what a server says there is.
func TestLyingSize(t *testing.T) {
	const size = 1 << 50
	s := start(t, scripted(
		part(make([]byte, 16384), "Content-Range", fmt.Sprintf("bytes 0-16383/%d", int64(size))),
		part(make([]byte, 5<<20), "Content-Range", fmt.Sprintf("bytes 20000-%d/%d", int64(1<<45+19999), int64(size))),
		status(404),
	))
	f, err := remote.Open(t.Context(), s.URL, nil)
	require.NoError(t, err)
	assert.Equal(t, int64(size), f.Size())
	_, err = f.ReadRanges(t.Context(), []qtgpu.Range{{Offset: 20000, Length: 1 << 45}})
	assert.ErrorContains(t, err, fmt.Sprintf("bytes %d-%d: status 404", 20000+int64(5<<20), int64(1<<45+19999)))
}
