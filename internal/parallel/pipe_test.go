package parallel

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPipe: all values in order, and the next one is made while one is used if and only if the pipe
// overlaps.
func TestPipe(t *testing.T) {
	for _, overlaps := range []bool{false, true} {
		for n := range 5 {
			var made atomic.Int32
			began := make(chan int, n+1)
			var used []int
			err := Pipe(t.Context(), overlaps, n, func(_ context.Context, i int) (int, error) {
				began <- i
				made.Add(1)
				return 10 * i, nil
			}, func(i, v int) error {
				assert.Equal(t, 10*i, v)
				used = append(used, v)
				require.Equal(t, i, <-began)
				if overlaps && i+1 < n {
					next := <-began // not before this one is used up, or this test ends here
					assert.Equal(t, i+1, next)
					began <- next
				} else {
					assert.EqualValues(t, i+1, made.Load())
				}
				return nil
			})
			require.NoError(t, err)
			assert.Len(t, used, n, "of %d, overlapping: %v", n, overlaps)
		}
	}
}

// TestPipeFails: the first error in the order of the values ends it, and nothing is made any more when
// it returns.
func TestPipeFails(t *testing.T) {
	bad, worse := errors.New("bad"), errors.New("worse")
	for _, overlaps := range []bool{false, true} {
		for _, c := range []struct {
			name          string
			makes, uses   map[int]error
			want          error
			used          int // values
			stillToBeMade bool
		}{
			{"make", map[int]error{2: bad}, nil, bad, 2, false},
			{"use", nil, map[int]error{1: bad}, bad, 2, true},
			{"use comes first", map[int]error{2: worse}, map[int]error{1: bad}, bad, 2, true},
			{"the first make", map[int]error{0: bad}, map[int]error{0: worse}, bad, 0, false},
		} {
			var making atomic.Int32
			used := 0
			err := Pipe(t.Context(), overlaps, 4, func(ctx context.Context, i int) (int, error) {
				making.Add(1)
				defer making.Add(-1)
				if overlaps && c.stillToBeMade && i == c.used {
					<-ctx.Done() // which the error of use ends
				}
				return i, c.makes[i]
			}, func(i, _ int) error { used++; return c.uses[i] })
			assert.ErrorIs(t, err, c.want, "%s, overlapping: %v", c.name, overlaps)
			assert.Equal(t, c.used, used, "%s, overlapping: %v", c.name, overlaps)
			assert.Zero(t, making.Load(), "%s, overlapping: %v", c.name, overlaps)
		}
	}
}

// TestPipePanics: what is made on another goroutine panics where it can be recovered.
func TestPipePanics(t *testing.T) {
	for _, overlaps := range []bool{false, true} {
		assert.PanicsWithValue(t, "oh", func() {
			Pipe(t.Context(), overlaps, 2, func(_ context.Context, i int) (int, error) {
				if i == 1 {
					panic("oh")
				}
				return i, nil
			}, func(int, int) error { return nil })
		})
	}
}
