package container

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// small are files that damage is tried on, all of it.
func small(t *testing.T) map[string][]byte {
	part := sample(2)
	part.Header.Place = &Place{FirstRow: 2, Height: 2*64 + part.Header.Height}
	return map[string][]byte{
		"one group": encode(t, sample(3)), "three groups": encode(t, sample(1)), "part of two groups": encode(t, part),
		"tiny": encode(t, tiny(1)), "tiny of two groups": encode(t, tiny(65)),
	}
}

// TestEveryBitFlipped: a changed bit anywhere is an error of whoever reads all of
// the file.
func TestEveryBitFlipped(t *testing.T) {
	for name, p := range small(t) {
		for i := range p {
			for bit := range 8 {
				q := bytes.Clone(p)
				q[i] ^= 1 << bit
				_, err := reopened(q)
				require.Error(t, err, "%s: byte %d bit %d", name, i, bit)
			}
		}
	}
}

// TestEveryBitFlippedOfPartial: no damage makes a reader of what is left fail otherwise
// than by an error.
func TestEveryBitFlippedOfPartial(t *testing.T) {
	for _, p := range small(t) {
		for i := range p {
			for bit := range 8 {
				q := bytes.Clone(p)
				q[i] ^= 1 << bit
				r, err := Open(background, bytes.NewReader(q), int64(len(q)), Options{Partial: true})
				if err == nil {
					contents(r)
				}
			}
		}
	}
}

// TestTruncatedAtEveryLength: a cut file is told from a damaged one, whether the size is
// known or claimed.
func TestTruncatedAtEveryLength(t *testing.T) {
	for name, p := range small(t) {
		for n := range p {
			_, err := open(p[:n])
			var format *FormatError
			require.ErrorAs(t, err, &format, "%s: length %d", name, n)
			assert.LessOrEqual(t, format.Offset, int64(n), "%s: length %d: %v", name, n, err)
			assert.Equal(t, n > 0, errors.Is(err, io.ErrUnexpectedEOF), "%s: length %d: %v", name, n, err)
			_, err = Open(background, bytes.NewReader(p[:n]), int64(len(p)), Options{})
			require.ErrorAs(t, err, &format, "%s: length %d, claimed %d", name, n, len(p))

			_, err = streamed(bytes.NewReader(p[:n]), StreamOptions{})
			assert.Equal(t, n > 0, errors.Is(err, io.ErrUnexpectedEOF), "%s: stream of length %d: %v", name, n, err)
		}
	}
}

// TestTruncationNamesWhatIsMissing: the error says where a file ends.
func TestTruncationNamesWhatIsMissing(t *testing.T) {
	one, three := encode(t, sample(3)), encode(t, sample(1))
	for _, c := range []struct {
		p    []byte
		kind string // at whose first chunk the file is cut
		and  int    // bytes after that
		want string
	}{
		{one, Magic, 0, "not a .qtg file"},
		{one, Magic, 5, "truncated: the magic"},
		{one, "HEAD", 0, "before chunk HEAD"},
		{one, "PLAN", 0, "before chunk PLAN"},
		{one, "iccp", 13, "truncated: the checksum of chunk iccp"},
		{one, "INDX", 0, "before chunk INDX"},
		{one, "INDX", 20, "truncated: chunk INDX"},
		{one, "FRNT", 0, "truncated: FRNT and BODY end at byte 377, found 244"},
		{one, "BODY", 64, "truncated: FRNT and BODY end at byte 377, found 376"},
		{three, "INDX", 0, "before chunk INDX"},
		{three, "INDX", 10, "expected chunk TAIL"},
		{three, "TAIL", 16, "the input is cut, or goes on behind its end"},
	} {
		n := bytes.Index(c.p, []byte(c.kind)) + c.and
		_, err := open(c.p[:n])
		assert.ErrorContains(t, err, c.want, "%d bytes behind the start of %q", c.and, c.kind)
	}
}

// TestTrailingBytes: what lies behind the end is an error. To Partial it is of no concern
// where an end is not needed, and else what Check finds.
func TestTrailingBytes(t *testing.T) {
	for rows, want := range map[int]string{1: "goes on behind its end", 3: "4 bytes after chunk BODY, expected the end"} {
		f := sample(rows)
		p := append(encode(t, f), "more"...)
		_, err := open(p)
		assert.ErrorContains(t, err, want)
		r, err := Open(background, bytes.NewReader(p), int64(len(p)), Options{Partial: true})
		require.NoError(t, err)
		requireSegments(t, f, r, "%d rows", rows)
		assert.Equal(t, rows == 3, r.Check(background) == nil, "%d rows", rows)
	}
}

// requireSegments holds the segments of all tiles to be a file's.
func requireSegments(t *testing.T, want *file, r *Reader, args ...any) {
	t.Helper()
	got, err := r.Segments(background, everything(r))
	require.NoError(t, err, args...)
	for i := range want.Fronts {
		require.Equal(t, want.Fronts[i], got[2*i], args...)
		require.Equal(t, want.Bodies[i], got[2*i+1], args...)
	}
}

// TestPartial: of a file that is cut anywhere behind its first index all segments can be
// read that are there; others are named, and so is the place where the input ends.
func TestPartial(t *testing.T) {
	for rows := 1; rows <= 3; rows++ {
		f := sample(rows)
		p := encode(t, f)
		whole, err := open(p)
		require.NoError(t, err)
		want, err := whole.Segments(background, everything(whole))
		require.NoError(t, err)
		first := whole.root.groups[0].index.end()
		for n := range int64(len(p)) {
			r, err := Open(background, bytes.NewReader(p[:n]), n, Options{Partial: true})
			if n < first {
				require.Error(t, err, "length %d", n)
				require.Equal(t, n > 0, errors.Is(err, io.ErrUnexpectedEOF), "length %d: %v", n, err)
				continue
			}
			require.NoError(t, err, "length %d", n)
			got, err := r.Segments(background, everything(r))
			for i, w := range everything(r) {
				at := whole.place(t, w)
				index := whole.root.groups[whole.header.Group(w.Tile)].index
				there := index.end() <= n && (at.Length == 0 || at.end() <= n)
				if there {
					require.Equal(t, want[i], got[i], "length %d, %s of tile %d", n, w.Part, w.Tile)
					continue
				}
				require.Nil(t, got[i], "length %d, %s of tile %d", n, w.Part, w.Tile)
				require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				require.True(t, names(err, w), "length %d, %s of tile %d: %v", n, w.Part, w.Tile, err)
			}
			hasEnd := rows == 3 // one group says in its index what others say at the end
			require.Equal(t, !hasEnd, errors.Is(r.Check(background), io.ErrUnexpectedEOF), "length %d", n)
			require.Equal(t, hasEnd, r.Worst() != nil, "length %d: largest errors", n)
			require.Empty(t, r.Overviews(), "length %d", n)
		}
	}
}

// place is where a segment lies.
func (r *Reader) place(t *testing.T, w Want) Range {
	found, err := r.lookUp(background, []Want{w})
	require.NoError(t, err)
	return found[0].segments().at(found[0].entry())
}

// names tells whether a *TileError of a segment is among the joined ones.
func names(err error, w Want) bool {
	if e, ok := err.(*TileError); ok {
		return e.Tile == w.Tile && e.Part == w.Part
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if names(e, w) {
				return true
			}
		}
	}
	return false
}

// TestPartialOfWhole: a whole file is the same to Partial.
func TestPartialOfWhole(t *testing.T) {
	for rows := 1; rows <= 3; rows++ {
		f := sample(rows)
		p := encode(t, f)
		r, err := Open(background, bytes.NewReader(p), int64(len(p)), Options{Partial: true})
		require.NoError(t, err)
		got, err := contents(r)
		require.NoError(t, err)
		assert.Equal(t, f, got, "%d rows", rows)
	}
}

// TestPartialWithDamagedRoot: what lies before a damaged end can be read.
func TestPartialWithDamagedRoot(t *testing.T) {
	f := sample(1)
	p := encode(t, f)
	for _, i := range []int{bytes.LastIndex(p, []byte("ROOT")) + 7, len(p) - 1, len(p) - 10} {
		q := bytes.Clone(p)
		q[i] ^= 1
		r, err := Open(background, bytes.NewReader(q), int64(len(q)), Options{Partial: true})
		require.NoError(t, err, "byte %d", i)
		assert.Error(t, r.Check(background), "byte %d", i)
		assert.Nil(t, r.Worst(), "byte %d", i)
		requireSegments(t, f, r, "byte %d", i)
	}
}

// TestDamagedSegmentIsNamed: one damaged segment of several leaves the others.
func TestDamagedSegmentIsNamed(t *testing.T) {
	for rows := 1; rows <= 3; rows++ {
		f := sample(rows)
		p := encode(t, f)
		front, body := bytes.Index(p, f.Fronts[2]), bytes.Index(p, f.Bodies[7])
		p[front] ^= 1
		p[body] ^= 1
		r, err := open(p)
		require.NoError(t, err)
		want := everything(r)
		got, err := r.Segments(background, want)
		assert.ErrorIs(t, err, ErrChecksum)
		for i, w := range want {
			damaged := w == Want{2, Front} || w == Want{7, Body}
			assert.Equal(t, damaged, got[i] == nil, "%s of tile %d", w.Part, w.Tile)
			assert.Equal(t, damaged, names(err, w), "%s of tile %d", w.Part, w.Tile)
		}
		_, err = r.Segments(background, []Want{{7, Body}})
		var e *TileError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, []any{7, Body, int64(body)}, []any{e.Tile, e.Part, e.Offset}, "%d rows", rows)
		assert.Equal(t, e, r.TileError(background, 7, Body, e.Err), "%d rows", rows)
	}
}

// TestDamagedIndexIsNamed: a damaged index costs its group and no other.
func TestDamagedIndexIsNamed(t *testing.T) {
	p := encode(t, sample(1))
	r, err := open(p)
	require.NoError(t, err)
	index := r.root.groups[1].index
	p[index.payload] ^= 1
	r, err = open(p)
	require.NoError(t, err)
	want := everything(r)
	got, err := r.Segments(background, want)
	for i, w := range want {
		damaged := w.Tile/3 == 1
		assert.Equal(t, damaged, got[i] == nil, "%s of tile %d", w.Part, w.Tile)
		assert.Equal(t, damaged, names(err, w), "%s of tile %d", w.Part, w.Tile)
	}
	var e *TileError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, index.off, e.Offset)
	assert.ErrorContains(t, e, "chunk INDX: CRC-32C")
	_, err = r.Size(background, 3, Body)
	assert.ErrorAs(t, err, &e)
}
