package parallel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ways are the ways to run a pipe.
var ways = []struct {
	ahead   bool
	workers int
}{{false, 1}, {false, 2}, {false, 5}, {true, 1}, {true, 2}, {true, 5}}

// TestPipe: each job is done once, on its value; values are made and end in their order, one at a time, after all of their
// jobs; two at most are there at a time.
func TestPipe(t *testing.T) {
	for _, w := range ways {
		for _, jobs := range [][]int{nil, {1}, {3}, {1, 1, 1, 1}, {4, 1, 7, 2, 1, 3}} {
			var mu sync.Mutex
			var making atomic.Int32
			var made, ended int
			done := make([][]int, len(jobs))
			err := Pipe[int]{
				Jobs: jobs, Ahead: w.ahead,
				Make: func(_ context.Context, i int) (int, error) {
					assert.EqualValues(t, 1, making.Add(1), "values that are being made")
					time.Sleep(time.Duration(i%2) * time.Millisecond) // in which others would begin
					defer making.Add(-1)
					mu.Lock()
					defer mu.Unlock()
					assert.Equal(t, made, i)
					made++
					assert.LessOrEqual(t, made-ended, 2, "value %d", i)
					return 10 * i, nil
				},
				Work: func(i, v, job int) error {
					mu.Lock()
					defer mu.Unlock()
					assert.Equal(t, 10*i, v)
					assert.LessOrEqual(t, ended, i)
					done[i] = append(done[i], job)
					return nil
				},
				End: func(i, v int) error {
					mu.Lock()
					defer mu.Unlock()
					assert.Equal(t, ended, i)
					assert.Equal(t, 10*i, v)
					ended++
					assert.Len(t, done[i], jobs[i])
					return nil
				},
			}.Run(t.Context(), w.workers)
			require.NoError(t, err)
			assert.Equal(t, len(jobs), ended, "%+v of %v", w, jobs)
			for i, n := range jobs {
				slices.Sort(done[i])
				for k := range n {
					assert.Equal(t, k, done[i][k], "value %d of %v, %+v", i, jobs, w)
				}
			}
		}
	}
}

// TestPipeGoesOn: jobs of the next value begin while the last one of a value is at work, and the next value but one does not.
func TestPipeGoesOn(t *testing.T) {
	for _, ahead := range []bool{false, true} {
		var made atomic.Int32
		next := make(chan struct{})
		err := Pipe[int]{
			Jobs: []int{2, 2, 2}, Ahead: ahead,
			Make: func(_ context.Context, i int) (int, error) { made.Add(1); return i, nil },
			Work: func(i, _, job int) error {
				switch {
				case i == 0 && job == 1:
					<-next
					assert.EqualValues(t, 2, made.Load())
				case i == 1 && job == 1:
					close(next)
				}
				return nil
			},
			End: func(int, int) error { return nil },
		}.Run(t.Context(), 2)
		require.NoError(t, err)
	}
}

// TestPipeAhead: values are made before jobs ask for them if and only if the pipe is told to.
func TestPipeAhead(t *testing.T) {
	for _, ahead := range []bool{false, true} {
		var made atomic.Int32
		second := make(chan struct{})
		require.NoError(t, Pipe[int]{
			Jobs: []int{1, 1}, Ahead: ahead,
			Make: func(_ context.Context, i int) (int, error) {
				if made.Add(1); i == 1 {
					close(second)
				}
				return i, nil
			},
			Work: func(i, _, _ int) error {
				if i == 0 && ahead {
					<-second
				} else if i == 0 {
					assert.EqualValues(t, 1, made.Load())
				}
				return nil
			},
			End: func(int, int) error { return nil },
		}.Run(t.Context(), 1))
	}
}

// TestPipeFails: whatever else fails and whoever is faster, the first error in the order of the values is what it ends with;
// what comes before it has ended; nothing is made any more when it returns.
func TestPipeFails(t *testing.T) {
	jobs := []int{3, 1, 4, 2, 3}
	for _, w := range ways {
		for _, c := range []struct {
			fails string // the first one, and others
			ended int
		}{
			{"make 0 work 0/0", 0}, {"make 2 work 3/0", 2}, {"work 0/2 end 0 make 1", 0}, {"work 2/1 work 2/2 make 3", 2},
			{"end 1 make 2 work 2/0", 1}, {"end 3 make 4", 3}, {"end 4", 4}, {"work 4/2", 4},
		} {
			var making atomic.Int32
			ended := 0
			errs := map[string]error{}
			var first error
			for _, name := range failures(c.fails) {
				errs[name] = errors.New(name)
				if first == nil {
					first = errs[name]
				}
			}
			err := Pipe[int]{
				Jobs: jobs, Ahead: w.ahead,
				Make: func(_ context.Context, i int) (int, error) {
					making.Add(1)
					defer making.Add(-1)
					return i, errs[fmt.Sprintf("make %d", i)]
				},
				Work: func(i, _, job int) error { return errs[fmt.Sprintf("work %d/%d", i, job)] },
				End: func(i, _ int) error {
					if err := errs[fmt.Sprintf("end %d", i)]; err != nil {
						return err
					}
					ended++
					return nil
				},
			}.Run(t.Context(), w.workers)
			require.Equal(t, first, err, "%q, %+v", c.fails, w)
			require.Equal(t, c.ended, ended, "%q, %+v", c.fails, w)
			require.Zero(t, making.Load(), "%q, %+v", c.fails, w)
		}
	}
}

// failures takes pairs of words apart.
func failures(s string) (names []string) {
	var a, b string
	for n := 0; n < len(s); n += len(a) + len(b) + 2 {
		fmt.Sscan(s[n:], &a, &b)
		names = append(names, a+" "+b)
	}
	return names
}

// TestPipePanics: what panics does so where it can be recovered, and nobody waits for it.
func TestPipePanics(t *testing.T) {
	for _, w := range ways {
		for _, where := range []string{"make", "work", "end"} {
			oh := func(in string, i int) {
				if in == where && i == 1 {
					panic("oh")
				}
			}
			assert.PanicsWithValue(t, "oh", func() {
				Pipe[int]{
					Jobs: []int{2, 3, 2, 2}, Ahead: w.ahead,
					Make: func(_ context.Context, i int) (int, error) { oh("make", i); return i, nil },
					Work: func(i, _, _ int) error { oh("work", i); return nil },
					End:  func(i, _ int) error { oh("end", i); return nil },
				}.Run(t.Context(), w.workers)
			}, "%s, %+v", where, w)
		}
	}
}

// TestPipeStops: the end of the context ends it with its cause, and nothing is made from then on.
func TestPipeStops(t *testing.T) {
	why := errors.New("why")
	for _, w := range ways {
		ctx, stop := context.WithCancelCause(t.Context())
		var made atomic.Int32
		err := Pipe[int]{
			Jobs: []int{2, 2, 2, 2, 2}, Ahead: w.ahead,
			Make: func(_ context.Context, i int) (int, error) { made.Add(1); return i, nil },
			Work: func(i, _, _ int) error {
				if i == 1 {
					stop(why)
				}
				return nil
			},
			End: func(int, int) error { return nil },
		}.Run(ctx, w.workers)
		assert.Equal(t, why, err, "%+v", w)
		assert.LessOrEqual(t, made.Load(), int32(3), "%+v", w)
	}
}
