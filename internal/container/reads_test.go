package container

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counting records what is read.
type counting struct {
	io.ReaderAt
	mu    sync.Mutex
	reads []Range
	busy  atomic.Int32 // ReadAt at once
	most  atomic.Int32
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	n := c.busy.Add(1)
	for old := c.most.Load(); n > old && !c.most.CompareAndSwap(old, n); old = c.most.Load() {
	}
	defer c.busy.Add(-1)
	c.mu.Lock()
	c.reads = append(c.reads, Range{off, int64(len(p))})
	c.mu.Unlock()
	return c.ReaderAt.ReadAt(p, off)
}

func (c *counting) bytes() (n int64) {
	for _, r := range c.reads {
		n += r.Length
	}
	return n
}

// remote records the calls of ReadRanges.
type remote struct {
	*counting
	calls [][]Range
}

func (r *remote) ReadRanges(_ context.Context, ranges []Range) ([][]byte, error) {
	r.calls = append(r.calls, ranges)
	out := make([][]byte, len(ranges))
	for i, at := range ranges {
		out[i] = make([]byte, at.Length)
		n, err := r.ReaderAt.ReadAt(out[i], at.Offset)
		if err != nil && err != io.EOF {
			return nil, err
		}
		out[i] = out[i][:n]
	}
	return out, nil
}

// large is a file of 10×9 tiles of about 22 KB each.
func large(groupRows int) *file {
	f := sample(groupRows)
	f.Header.Width, f.Header.Height = 640, 576
	f.Fronts, f.Bodies = nil, nil
	for i := range 90 {
		f.Fronts = append(f.Fronts, bytes.Repeat([]byte{byte(i)}, 2000))
		f.Bodies = append(f.Bodies, bytes.Repeat([]byte{byte(i)}, 20000+i))
	}
	return f
}

func openCounting(t *testing.T, p []byte) (*Reader, *counting) {
	c := &counting{ReaderAt: bytes.NewReader(p)}
	r, err := Open(background, c, int64(len(p)), Options{})
	require.NoError(t, err)
	return r, c
}

func openRemote(t *testing.T, p []byte) (*Reader, *remote) {
	c := &remote{counting: &counting{ReaderAt: bytes.NewReader(p)}}
	r, err := Open(background, c, int64(len(p)), Options{})
	require.NoError(t, err)
	return r, c
}

// TestOpenReads: one read of the front opens a file of one group, another of the end one
// of several, and an r that reads ranges is asked once.
func TestOpenReads(t *testing.T) {
	front := Range{0, readAhead}
	for rows, want := range map[int]int{9: 1, 3: 2, 1: 2} {
		p := encode(t, large(rows))
		end := Range{int64(len(p)) - readTail, readTail}
		_, c := openCounting(t, p)
		assert.Equal(t, []Range{front, end}[:want], c.reads, "%d rows in a group", rows)
		_, far := openRemote(t, p)
		assert.Equal(t, [][]Range{{front, end}}, far.calls, "%d rows in a group", rows)
		assert.Empty(t, far.reads)
	}
	tiny := encode(t, sample(1))
	_, c := openCounting(t, tiny)
	assert.Equal(t, []Range{{0, int64(len(tiny))}}, c.reads, "a file that the first read holds")
	_, err := reopened(tiny)
	require.NoError(t, err)
}

// TestOpenOfMuchReads: what does not fit the first read takes few others, and no more
// bytes than it has.
func TestOpenOfMuchReads(t *testing.T) {
	f := sample(3)
	f.Plan.Payload = make([]byte, 30000)
	f.Metadata[ICC] = make([]byte, 100000)
	_, c := openCounting(t, encode(t, f))
	assert.Len(t, c.reads, 3, "the front, the rest of PLAN with iccp's head, and what follows iccp")
	assert.LessOrEqual(t, c.bytes(), int64(readAhead+30000+3*hop))

	for groups, want := range map[int]int{20000: 2, 30000: 4} { // ROOT of 60 KB fits the read of the end
		many := tiny(65)
		many.Header.Height, many.Overviews = 64*groups, nil
		many.Fronts, many.Bodies = make([][]byte, groups), make([][]byte, groups)
		_, c := openCounting(t, encode(t, many))
		assert.Len(t, c.reads, want, "%d groups", groups)
	}
}

// TestCheckReads: a long chunk is checked by pieces of 1 MiB, whose reads have its checksum
// too, wherever that is cut, and damage to any of its last bytes is found.
func TestCheckReads(t *testing.T) {
	f := sample(3)
	const piece = 1 << 20
	for _, size := range []int{piece - 20, piece - 12, piece - 11, piece - 10, piece - 9, piece - 8, piece - 7, piece, 2*piece + 5} {
		f.Metadata[ICC] = make([]byte, size)
		p := encode(t, f)
		r, far := openRemote(t, p)
		c := r.metadata[ICC]
		far.calls = nil
		require.NoError(t, r.CheckMetadata(background), "%d bytes", size)
		assert.LessOrEqual(t, int64(len(far.calls)), c.all().Length/piece+1, "%d bytes: %v", size, far.calls)
		for _, at := range []int64{c.payload, c.end() - 5, c.end() - 4, c.end() - 1} {
			bad := bytes.Clone(p)
			bad[at] ^= 1
			r, _ := openRemote(t, bad)
			assert.ErrorContains(t, r.CheckMetadata(background), "chunk iccp: CRC-32C", "%d bytes, at %d", size, at)
		}
	}
}

// TestSegmentsRead: an aligned tile with its neighbours takes a range for each row of
// fronts and of bodies, in one call behind one for the indices, and then none for these.
func TestSegmentsRead(t *testing.T) {
	for rows, indices := range map[int]int{9: 0, 3: 1, 1: 3} { // one of two lies in the front
		p := encode(t, large(rows))
		r, far := openRemote(t, p)
		var want []Want
		for y := 3; y <= 5; y++ {
			for x := 4; x <= 6; x++ {
				want = append(want, Want{10*y + x, Front}, Want{10*y + x, Body})
			}
		}
		if rows == 3 {
			for i := range want { // rows 2 to 4, in two groups
				want[i].Tile -= 10
			}
		}
		far.calls = nil
		_, err := r.Segments(background, want)
		require.NoError(t, err)
		require.Len(t, far.calls, 1+min(indices, 1), "%d rows in a group", rows)
		if indices > 0 {
			assert.Len(t, far.calls[0], indices, "%d rows in a group: indices", rows)
		}
		last := far.calls[len(far.calls)-1]
		assert.LessOrEqual(t, len(last), 6, "%d rows in a group: ranges %v", rows, last)

		far.calls = nil
		_, err = r.Segments(background, want)
		require.NoError(t, err)
		assert.Len(t, far.calls, 1, "%d rows in a group, again", rows)

		local, c := openCounting(t, p)
		c.reads = nil
		_, err = local.Segments(background, want)
		require.NoError(t, err)
		assert.Len(t, c.reads, indices+len(last), "%d rows in a group", rows)
		assert.LessOrEqual(t, c.most.Load(), int32(readers), "ReadAt at once")
	}
}

// TestJoin: ranges are read together that lie near enough, up to a length.
func TestJoin(t *testing.T) {
	for _, c := range []struct {
		ranges, want []Range
	}{
		{[]Range{{5, 5}}, []Range{{5, 5}}},
		{[]Range{{0, 5}, {5 + joinGap - 1, 1}}, []Range{{0, 5 + joinGap}}},
		{[]Range{{0, 5}, {5 + joinGap, 1}}, []Range{{0, 5}, {5 + joinGap, 1}}},
		{[]Range{{9, 1}, {0, 20}, {0, 2}}, []Range{{0, 20}}},
		{[]Range{{0, maxJoined - 1}, {maxJoined - 1, 1}}, []Range{{0, maxJoined}}},
		{[]Range{{0, maxJoined}, {maxJoined, 1}}, []Range{{0, maxJoined}, {maxJoined, 1}}},
		{[]Range{{0, maxJoined}, {maxJoined - 1, 9}}, []Range{{0, maxJoined + 8}}},
	} {
		var numbers []int
		for i := range c.ranges {
			numbers = append(numbers, i)
		}
		got, members := join(c.ranges, numbers)
		assert.Equal(t, c.want, got, "%v", c.ranges)
		n := 0
		for _, m := range members {
			n += len(m)
		}
		assert.Equal(t, len(c.ranges), n, "%v: ranges in runs", c.ranges)
	}
}

// TestSegmentsOfManyOrders: segments come in the order in which they are wanted, twice
// where they are wanted twice, and the pages that are kept are few.
func TestSegmentsOfManyOrders(t *testing.T) {
	f := tiny(65)
	f.Header.Height, f.Overviews = 64*200, nil
	f.Fronts, f.Bodies = nil, nil
	for i := range 200 {
		f.Fronts, f.Bodies = append(f.Fronts, []byte{byte(i)}), append(f.Bodies, []byte{})
	}
	r, err := open(encode(t, f))
	require.NoError(t, err)
	for _, tiles := range [][]int{nil, {0}, {199, 0, 199}, {5, 70, 135, 5}, {100, 99, 98}} {
		var want []Want
		for _, tile := range tiles {
			want = append(want, Want{tile, Front}, Want{tile, Body})
		}
		got, err := r.Segments(background, want)
		require.NoError(t, err)
		require.Len(t, got, len(want))
		for i, w := range want {
			assert.Equal(t, map[Part][]byte{Front: f.Fronts[w.Tile], Body: f.Bodies[w.Tile]}[w.Part], got[i], "%s of tile %d of %v", w.Part, w.Tile, tiles)
		}
	}
	_, err = r.Segments(background, everything(r))
	require.NoError(t, err)
	assert.Len(t, r.pages.list, maxPages)
	assert.Equal(t, maxPages*24, r.pages.bytes)
}

// TestConcurrentSegments: a Reader may be used from several goroutines.
func TestConcurrentSegments(t *testing.T) {
	f := large(1)
	r, c := openCounting(t, encode(t, f))
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := g; i < 90; i += 3 {
				got, err := r.Segments(background, []Want{{i, Front}, {89 - i, Body}})
				assert.NoError(t, err)
				assert.True(t, bytes.Equal(f.Fronts[i], got[0]) && bytes.Equal(f.Bodies[89-i], got[1]), "tile %d", i)
			}
		})
	}
	wg.Wait()
	assert.NotEmpty(t, c.reads)
}

// TestOverview: a nested file is read like any, from what Open has read where it lies at
// the end.
func TestOverview(t *testing.T) {
	f := large(1)
	nested := map[int][]byte{4: encode(t, large(9)), 5: encode(t, sample(1)), 6: encode(t, sample(3))}
	f.Overviews = nil
	for level := 4; level <= 6; level++ {
		f.Overviews = append(f.Overviews, Overview{level, nested[level]})
	}
	p := encode(t, f)
	r, c := openCounting(t, p)
	require.NoError(t, r.Check(background))
	assert.Equal(t, []OverviewInfo{{4, int64(len(nested[4]))}, {5, int64(len(nested[5]))}, {6, int64(len(nested[6]))}}, r.Overviews())
	for level, reads := range map[int]bool{4: true, 5: false, 6: false} {
		c.reads = nil
		s, err := r.Overview(level)
		require.NoError(t, err)
		if level == 6 {
			require.NoError(t, iotest.TestReader(io.NewSectionReader(s, 0, s.Size()), nested[level]))
		}
		over, err := Open(background, s, s.Size(), Options{})
		require.NoError(t, err)
		_, err = contents(over)
		require.NoError(t, err, "level %d", level)
		assert.Equal(t, reads, len(c.reads) > 0, "level %d: %v", level, c.reads)
	}
	_, err := r.Overview(3)
	assert.ErrorContains(t, err, "no overview of level 3")
	s, err := r.Overview(5)
	require.NoError(t, err)
	_, err = s.ReadAt(make([]byte, 1), -1)
	assert.Error(t, err)
}

var errDisk = errors.New("disk on fire")

// broken fails behind an offset.
type broken struct {
	io.ReaderAt
	from int64
}

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.from {
		return 0, errDisk
	}
	return b.ReaderAt.ReadAt(p, off)
}

type failing struct{}

func (failing) Read([]byte) (int, error)          { return 0, errDisk }
func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }
func (failing) Write([]byte) (int, error)         { return 0, errDisk }

type panicking struct{}

func (panicking) ReadAt([]byte, int64) (int, error) { panic("in ReadAt") }

// TestReadErrors: what fails is the reading, and no damage; nothing is returned, and a
// panic of the io.ReaderAt is the caller's.
func TestReadErrors(t *testing.T) {
	p := encode(t, large(1))
	isRead := func(err error, what string) {
		t.Helper()
		assert.ErrorIs(t, err, errDisk, what)
		assert.ErrorAs(t, err, new(*ReadError), what)
		assert.False(t, errors.As(err, new(*FormatError)), what)
	}
	for _, from := range []int64{0, readAhead} {
		for _, partial := range []bool{false, true} {
			_, err := Open(background, broken{bytes.NewReader(p), from}, int64(len(p)), Options{Partial: partial})
			isRead(err, "Open")
		}
	}
	_, err := ReadHeader(io.MultiReader(bytes.NewReader(p[:20]), failing{}))
	isRead(err, "ReadHeader")

	r, err := open(p)
	require.NoError(t, err)
	r.in.r = failing{}
	got, err := r.Segments(background, []Want{{0, Front}, {50, Body}})
	isRead(err, "Segments")
	assert.Nil(t, got)
	_, err = r.Size(background, 60, Front)
	isRead(err, "Size")
	isRead(r.TileError(background, 60, Front, io.EOF), "TileError")
	isRead(r.Check(background), "Check")

	r, err = open(p)
	require.NoError(t, err)
	r.in.r = panicking{}
	assert.PanicsWithValue(t, "in ReadAt", func() { r.Segments(background, []Want{{0, Front}, {50, Body}, {80, Body}}) })
}

// miscounting gives fewer ranges than it is asked for.
type miscounting struct{ *remote }

func (m miscounting) ReadRanges(ctx context.Context, ranges []Range) ([][]byte, error) {
	return nil, nil
}

// TestRangeReaderErrors: a RangeReader that breaks its word is an error.
func TestRangeReaderErrors(t *testing.T) {
	_, err := Open(background, miscounting{}, 100, Options{})
	assert.ErrorAs(t, err, new(*ReadError))
	assert.ErrorContains(t, err, "0 ranges instead of 1")
}

// TestCancelled: a context that has ended is the error of all that reads.
func TestCancelled(t *testing.T) {
	p := encode(t, large(1))
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(background)
	r, err := Open(ctx, bytes.NewReader(p), int64(len(p)), Options{})
	require.NoError(t, err)
	cancel(cause)
	_, err = r.Segments(ctx, everything(r))
	assert.Equal(t, cause, err)
	assert.Equal(t, cause, r.Check(ctx))
	_, err = Open(ctx, bytes.NewReader(p), int64(len(p)), Options{})
	assert.Equal(t, cause, err)

	ctx, cancel = context.WithCancelCause(background)
	_, err = Open(ctx, stopping{nil, func() { cancel(cause) }}, int64(len(p)), Options{})
	assert.Equal(t, cause, err, "while ranges are read")
}

// stopping ends a context and fails.
type stopping struct {
	*remote
	stop func()
}

func (s stopping) ReadRanges(ctx context.Context, _ []Range) ([][]byte, error) {
	s.stop()
	return nil, ctx.Err()
}
