package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// streamed reads all that a stream holds, row of tiles after row.
func streamed(r io.Reader, o StreamOptions) (*file, error) {
	s, err := NewStream(background, r, o)
	if err != nil {
		return nil, err
	}
	f := &file{Header: s.Header(), Plan: s.Plan(), Metadata: Metadata{}}
	errs := []error{s.Check()}
	nx, ny := s.Header().Grid()
	for y := range ny {
		var want []Want
		for x := range nx {
			want = append(want, Want{y*nx + x, Front}, Want{y*nx + x, Body})
		}
		data, err := s.Segments(background, want)
		if errs = append(errs, err); data == nil {
			return nil, errors.Join(errs...)
		}
		for x := range nx {
			f.Fronts, f.Bodies = append(f.Fronts, data[2*x]), append(f.Bodies, data[2*x+1])
		}
	}
	for _, kind := range kinds {
		p, err := s.Metadata(kind)
		if errs = append(errs, err); p != nil {
			f.Metadata[kind] = p
		}
	}
	return f, errors.Join(append(errs, s.Finish(background))...)
}

// requireStreamed holds a stream to what a Reader gives of the same bytes.
func requireStreamed(t *testing.T, want, got *file, name string) {
	t.Helper()
	w := *want
	w.Worst, w.Overviews = nil, nil
	require.Equal(t, &w, got, name)
}

// tall is a file of some rows of a tile, each a group.
func tall(rows int) *file {
	f := tiny(64 * rows)
	f.Header.GroupRows = 1
	for i := range rows {
		f.Fronts, f.Bodies = append(f.Fronts[:i], []byte{byte(i)}), append(f.Bodies[:i], []byte{byte(i), 1})
	}
	return f
}

// TestStream: a stream gives what a Reader gives, in any portions, up to the end of the
// file and no further; HEAD is refused before more is read.
func TestStream(t *testing.T) {
	part := sample(2)
	part.Header.Place = &Place{FirstRow: 2, Height: 2*64 + part.Header.Height}
	for name, f := range map[string]*file{"1": sample(1), "2": sample(2), "3": sample(3), "part": part, "tiny": tiny(1), "tall": tall(4)} {
		p := encode(t, f)
		want, err := reopened(p)
		require.NoError(t, err, name)
		stream := bytes.NewReader(append(bytes.Clone(p), "more"...))
		for _, partial := range []bool{false, true} {
			stream.Seek(0, io.SeekStart)
			got, err := streamed(iotest.OneByteReader(stream), StreamOptions{Partial: partial})
			require.NoError(t, err, name)
			requireStreamed(t, want, got, name)
			assert.Equal(t, 4, stream.Len(), "%s: bytes left", name)
		}
		stream.Seek(0, io.SeekStart)
		_, err = NewStream(background, stream, StreamOptions{MaxPixels: int64(f.Header.Width)*int64(f.Header.Height) - 1})
		if f.Header.Height > 1 {
			assert.ErrorIs(t, err, ErrTooLarge, name)
			assert.Equal(t, len(p)+4-bytes.Index(p, []byte("PLAN")), stream.Len(), "%s: bytes left", name)
		}
	}
	_, err := NewStream(background, iotest.ErrReader(errDisk), StreamOptions{})
	assert.ErrorIs(t, err, errDisk)
	_, err = ReadHeader(bytes.NewReader(append(assemble(nil), "HEAD\x80\x00"...)))
	assert.ErrorContains(t, err, "not in its shortest form")
}

// TestStreamFlipped: every flipped bit is an error of some call.
func TestStreamFlipped(t *testing.T) {
	for name, p := range small(t) {
		for i := range len(p) * 8 {
			q := bytes.Clone(p)
			q[i/8] ^= 1 << (i % 8)
			_, err := streamed(bytes.NewReader(q), StreamOptions{})
			require.Error(t, err, "%s: byte %d, bit %d", name, i/8, i%8)
			require.False(t, errors.As(err, new(*ReadError)), "%s: byte %d, bit %d: %v", name, i/8, i%8, err)
			_, err = streamed(bytes.NewReader(q), StreamOptions{Partial: true})
			require.Error(t, err, "%s: byte %d, bit %d, partial", name, i/8, i%8)
		}
	}
}

// TestPartialStream: a stream that is cut anywhere behind its first index gives what a
// Reader gives of the same bytes, and names what is not there.
func TestPartialStream(t *testing.T) {
	for rows := 1; rows <= 3; rows++ {
		p := encode(t, sample(rows))
		whole, err := open(p)
		require.NoError(t, err)
		all := everything(whole)
		first := whole.root.groups[0].index.end()
		for n := range int64(len(p)) {
			s, err := NewStream(background, bytes.NewReader(p[:n]), StreamOptions{Partial: true})
			if n < first {
				require.Error(t, err, "length %d", n)
				continue
			}
			require.NoError(t, err, "length %d", n)
			r, err := Open(background, bytes.NewReader(p[:n]), n, Options{Partial: true})
			require.NoError(t, err)
			want, _ := r.Segments(background, all)
			got, err := s.Segments(background, all)
			for i, w := range all {
				if at := whole.place(t, w); at.Length == 0 { // which nothing tells to be there
					continue
				}
				require.Equal(t, want[i], got[i], "length %d, %s of tile %d", n, w.Part, w.Tile)
				require.Equal(t, want[i] == nil, names(err, w), "length %d, %s of tile %d: %v", n, w.Part, w.Tile, err)
			}
			require.ErrorIs(t, s.Finish(background), io.ErrUnexpectedEOF, "length %d", n)
		}
	}
}

// TestStreamWithDamagedIndex: damage to an index costs the tiles of its group alone, and
// damage to a length all that follows.
func TestStreamWithDamagedIndex(t *testing.T) {
	f := sample(1) // groups of three tiles
	p := encode(t, f)
	second := bytes.Index(p, []byte("BODY"))
	second += bytes.Index(p[second:], []byte("INDX"))
	for at, lost := range map[int][]int{second + 6: {3, 4, 5}, second: {3, 4, 5, 6, 7, 8}} {
		q := bytes.Clone(p)
		q[at] ^= 1
		_, err := streamed(bytes.NewReader(q), StreamOptions{})
		require.ErrorAs(t, err, new(*TileError), "byte %d", at)
		got, err := streamed(bytes.NewReader(q), StreamOptions{Partial: true})
		require.Error(t, err, "byte %d", at)
		for i := range f.Fronts {
			want := f.Fronts[i]
			for _, tile := range lost {
				if i == tile {
					want = nil
				}
			}
			require.Equal(t, want, got.Fronts[i], "byte %d: tile %d", at, i)
		}
	}
}

// TestStreamHoldsTwoRows: rows of tiles that have been passed are let go of, and cannot be
// asked for again.
func TestStreamHoldsTwoRows(t *testing.T) {
	f := tall(40)
	s, err := NewStream(background, bytes.NewReader(encode(t, f)), StreamOptions{})
	require.NoError(t, err)
	for y := range 40 {
		_, err := s.Segments(background, []Want{{y, Front}, {y, Body}})
		require.NoError(t, err)
		require.LessOrEqual(t, len(s.held), 2*3, "row %d", y)
		for up := range 2 { // the row before the last may be asked for still
			_, err := s.Segments(background, []Want{{max(y-up, 0), Front}})
			require.NoError(t, err)
		}
	}
	_, err = s.Segments(background, []Want{{30, Front}})
	assert.ErrorContains(t, err, "front of tile 30 is asked for again, expected rows of tiles from 37 on")
}

// endless is a stream that goes on with zeros.
func endless(p []byte) io.Reader { return io.MultiReader(bytes.NewReader(p), nothing{}) }

type nothing struct{}

func (nothing) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestHugeStream: a tiny stream that declares huge things costs no memory, and an endless
// one no more than the samples of a file justify.
func TestHugeStream(t *testing.T) {
	one, big, many := tiny(1).Header, tiny(1).Header, tiny(1).Header
	big.Width, big.Height = math.MaxInt32, math.MaxInt32
	many.Height = math.MaxInt32
	head := func(h *Header) []byte { return assemble(nil, "HEAD", h.append(nil), "PLAN", []byte{2}) }
	index := func(front, body uint64) []byte {
		return uvarints(0, front, body, "........")
	}
	manyTiles := "INDX of 1099511627776 bytes, expected at most"
	if math.MaxInt == math.MaxInt32 {
		manyTiles = "image too large"
	}
	for name, c := range map[string]struct {
		r    io.Reader
		most uint64
		want string
	}{
		"tiles":       {endless(append(head(big), chunkHead("INDX", 1<<40)...)), 64 << 10, manyTiles},
		"cut":         {bytes.NewReader(append(head(one), chunkHead("INDX", 30)...)), 64 << 10, "truncated: expected 34 more bytes"},
		"unknown":     {bytes.NewReader(append(head(one), chunkHead("what", 1<<62)...)), 64 << 10, "truncated: expected"},
		"segments":    {bytes.NewReader(assemble(head(one), "INDX", index(1<<25, 1<<25))), 4 << 20, "truncated: expected"},
		"implausible": {endless(assemble(head(one), "INDX", index(1<<40, 1<<40))), 64 << 10, "INDX: segments of 2199023255552 bytes, expected at most 67108866 for the samples of its tiles"},
		"groups":      {bytes.NewReader(assemble(head(many), "INDX", uvarints(0, 0))), 64 << 10, "truncated: expected"},
	} {
		for _, partial := range []bool{false, true} {
			var err error
			n := allocated(func() { _, err = first(c.r, StreamOptions{MaxPixels: math.MaxInt64, Partial: partial}) })
			assert.ErrorContains(t, err, c.want, name)
			assert.Less(t, n, c.most, "%s: bytes allocated", name)
			if r, ok := c.r.(io.Seeker); ok {
				r.Seek(0, io.SeekStart)
			} else {
				break
			}
		}
	}

	p := encode(t, sample(1))
	_, err := streamed(bytes.NewReader(p), StreamOptions{MaxHeld: 50})
	assert.ErrorIs(t, err, ErrTooLarge)
	assert.ErrorContains(t, err, "compressed, are held at byte")
	_, err = streamed(bytes.NewReader(p), StreamOptions{MaxHeld: int64(len(p))})
	assert.NoError(t, err)
}

// first asks for the first tile.
func first(r io.Reader, o StreamOptions) ([][]byte, error) {
	s, err := NewStream(background, r, o)
	if err != nil {
		return nil, err
	}
	return s.Segments(background, []Want{{0, Front}, {0, Body}})
}

// TestStreamErrors: what fails is the reading, and no damage, whatever may be lost; the end
// of a context is its cause.
func TestStreamErrors(t *testing.T) {
	p := encode(t, sample(1))
	for n := range p {
		for _, partial := range []bool{false, true} {
			_, err := streamed(io.MultiReader(bytes.NewReader(p[:n]), iotest.ErrReader(errDisk)), StreamOptions{Partial: partial})
			require.ErrorIs(t, err, errDisk, "byte %d", n)
			require.ErrorAs(t, err, new(*ReadError), "byte %d", n)
			require.False(t, errors.As(err, new(*FormatError)), "byte %d: %v", n, err)
		}
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(background)
	s, err := NewStream(ctx, bytes.NewReader(p), StreamOptions{})
	require.NoError(t, err)
	cancel(cause)
	_, err = s.Segments(ctx, []Want{{0, Front}})
	assert.Equal(t, cause, err)
	assert.Equal(t, cause, s.Finish(ctx))
	_, err = NewStream(ctx, bytes.NewReader(p), StreamOptions{})
	assert.Equal(t, cause, err)
}

// sameAsReader holds a stream against a Reader of the bytes that it has read.
func sameAsReader(t *testing.T, p []byte) {
	in := bytes.NewReader(p)
	got, err := streamed(in, StreamOptions{})
	if err == nil {
		want, err := reopened(p[:len(p)-in.Len()])
		require.NoError(t, err, "a Reader refuses what a stream takes")
		got.Header.Bands, want.Header.Bands = nil, nil // which may have NaNs
		requireStreamed(t, want, got, "")
		return
	}
	for _, known := range []any{new(*FormatError), new(*UnsupportedError), new(*TileError)} {
		if errors.As(err, known) {
			err = nil
		}
	}
	require.True(t, err == nil || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrChecksum), "error of an unexpected type: %v", err)
	_, err = reopened(p)
	require.Error(t, err, "a stream refuses what a Reader takes")
	_, _ = streamed(bytes.NewReader(p), StreamOptions{Partial: true}) // whatever it gives, without a panic
}

// FuzzStream reads any bytes.
func FuzzStream(f *testing.F) {
	part := sample(2)
	part.Header.Place = &Place{FirstRow: 2, Height: 2*64 + part.Header.Height}
	for _, s := range []*file{sample(1), sample(3), part, tiny(1), tiny(65)} {
		p := encode(f, s)
		f.Add(p)
		f.Add(p[:len(p)*2/3])
		f.Add(fmt.Append(p, "more"))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		h, err := ReadHeader(bytes.NewReader(p))
		if err != nil || h.tiles() < 1<<12 {
			sameAsReader(t, p)
		}
	})
}
