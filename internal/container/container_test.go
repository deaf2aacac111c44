package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sample is a file of 3×2 tiles with tables, metadata and an empty segment.
func sample() *File {
	f := &File{
		Header: Header{
			Width: 150, Height: 100, Channels: 3, Depth: 8, Maximum: 255, Subsampling: S420, TileLog2: 6,
			T: 10 * ErrorUnit, Step: 93, Worst: []int{600000, 5, 0},
		},
		Tables:   []byte("tables of the engine"),
		Metadata: map[Kind][]byte{ICC: []byte("profile"), XMP: []byte("<x/>")},
	}
	for i := range 6 {
		f.Fronts = append(f.Fronts, bytes.Repeat([]byte{byte('a' + i)}, 3+i))
		f.Bodies = append(f.Bodies, bytes.Repeat([]byte{byte('A' + i)}, 5*i))
	}
	return f
}

func encode(t testing.TB, f *File) []byte {
	var b bytes.Buffer
	require.NoError(t, Write(&b, f))
	return b.Bytes()
}

func open(p []byte) (*Reader, error) {
	return Open(bytes.NewReader(p), int64(len(p)), Options{})
}

// contents reads everything that the file holds back into a File.
func contents(r *Reader) (*File, error) {
	f := &File{Header: r.Header(), Tables: r.Tables(), Metadata: map[Kind][]byte{}}
	for i := range r.Tiles() {
		front, err := r.Front(i)
		if err != nil {
			return nil, err
		}
		body, err := r.Body(i)
		if err != nil {
			return nil, err
		}
		f.Fronts, f.Bodies = append(f.Fronts, front), append(f.Bodies, body)
	}
	for _, kind := range kinds {
		p, err := r.Metadata(kind)
		if err != nil {
			return nil, err
		}
		if p != nil {
			f.Metadata[kind] = p
		}
	}
	return f, nil
}

// countingReader records what is read.
type countingReader struct {
	io.ReaderAt
	calls int
	bytes int64
	last  int64 // the largest offset read, exclusive
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.calls++
	c.bytes += int64(n)
	c.last = max(c.last, off+int64(n))
	return n, err
}

func TestRoundTrip(t *testing.T) {
	bare := sample()
	bare.Tables, bare.Metadata = nil, map[Kind][]byte{}
	gray16 := &File{
		Header: Header{
			Width: 1, Height: 1, Channels: 1, Depth: 16, Maximum: 1023, TileLog2: 11,
			T: 1, Step: MinStep, Worst: []int{0},
		},
		Fronts: [][]byte{{}}, Bodies: [][]byte{{1}}, Metadata: map[Kind][]byte{EXIF: {7}},
	}
	for name, f := range map[string]*File{"full": sample(), "bare": bare, "gray16": gray16} {
		t.Run(name, func(t *testing.T) {
			p := encode(t, f)
			r, err := open(p)
			require.NoError(t, err)
			got, err := contents(r)
			require.NoError(t, err)
			assert.Equal(t, f, got)

			h, err := ReadHeader(bytes.NewReader(p))
			require.NoError(t, err)
			assert.Equal(t, f.Header, h)

			require.NoError(t, r.CheckAncillary())
		})
	}
}

func TestSizes(t *testing.T) {
	p := encode(t, sample())
	r, err := open(p)
	require.NoError(t, err)
	assert.Equal(t, Sizes{
		File: int64(len(p)), Front: 33, Body: 75, Tables: 20, Index: 6 * minEntrySize, Metadata: 11,
	}, r.Sizes())
}

func TestTruncatedAtEveryLength(t *testing.T) {
	p := encode(t, sample())
	for n := range p {
		_, err := open(p[:n])
		var format *FormatError
		require.ErrorAs(t, err, &format, "length %d", n)
		assert.LessOrEqual(t, format.Offset, int64(n), "length %d: %v", n, err)
		assert.Equal(t, n > 0, errors.Is(err, io.ErrUnexpectedEOF), "length %d: %v", n, err)
		_, err = Open(bytes.NewReader(p[:n]), int64(len(p)), Options{})
		require.ErrorAs(t, err, &format, "length %d, claimed %d", n, len(p))
	}
}

func TestTruncationNamesWhatIsMissing(t *testing.T) {
	p := encode(t, sample())
	at := func(kind string) int { return bytes.Index(p, []byte(kind)) }
	for _, c := range []struct {
		n    int
		want string
	}{
		{0, "not a .qtg file: the input is empty"},
		{5, "truncated: the magic"},
		{at("HEAD"), "before chunk HEAD"},
		{at("TABL"), "before chunk INDX"},
		{at("INDX"), "before chunk INDX"},
		{at("INDX") + 20, "truncated: chunk INDX"},
		{at("FRNT"), "before chunk FRNT"},
		{at("FRNT") + 10, "truncated: chunk FRNT of 33 bytes, 5 bytes left"},
		{at("iccp") + 13, "truncated: the checksum of chunk iccp"},
		{at("BODY"), "before chunk BODY"},
		{len(p) - 1, "truncated: chunk BODY of 75 bytes, 74 bytes left"},
	} {
		_, err := open(p[:c.n])
		assert.ErrorContains(t, err, c.want, "length %d", c.n)
	}
}

// TestEveryBitFlipped: a changed bit anywhere is an error of whoever reads all of
// the file; one in a chunk of metadata may be an error of CheckAncillary alone.
func TestEveryBitFlipped(t *testing.T) {
	f := sample()
	p := encode(t, f)
	for i := range p {
		for bit := range 8 {
			q := bytes.Clone(p)
			q[i] ^= 1 << bit
			r, err := open(q)
			if err == nil {
				_, err = contents(r)
			}
			if err == nil {
				err = r.CheckAncillary()
			}
			require.Error(t, err, "byte %d bit %d", i, bit)
		}
	}
}

// TestTrailingBytes: what lies behind the last chunk is an error, or of no concern
// to Partial.
func TestTrailingBytes(t *testing.T) {
	p := append(encode(t, sample()), "more"...)
	_, err := open(p)
	assert.ErrorContains(t, err, "4 bytes after chunk BODY, expected the end")
	r, err := Open(bytes.NewReader(p), int64(len(p)), Options{Partial: true})
	require.NoError(t, err)
	got, err := contents(r)
	require.NoError(t, err)
	assert.Equal(t, sample(), got)
}

// TestPartial: of a file that is cut anywhere behind its index all segments can be
// read that are there, one by one or together; others are named.
func TestPartial(t *testing.T) {
	f := sample()
	p := encode(t, f)
	front, body := bytes.Index(p, f.Fronts[0]), bytes.Index(p, f.Bodies[1])
	for n := range p {
		r, err := Open(bytes.NewReader(p[:n]), int64(n), Options{Partial: true})
		if n < front-5 { // the type and the length of FRNT
			require.Error(t, err, "length %d", n)
			continue
		}
		require.NoError(t, err, "length %d", n)
		together, _ := r.Fronts([]int{0, 1, 2, 3, 4, 5})
		frontEnd, bodyEnd := front, body
		for i := range f.Fronts {
			frontEnd, bodyEnd = frontEnd+len(f.Fronts[i]), bodyEnd+len(f.Bodies[i])
			got, err := r.Front(i)
			requirePart(t, f.Fronts[i], got, err, frontEnd <= n, "length %d, front %d", n, i)
			requirePart(t, f.Fronts[i], together[i], err, frontEnd <= n, "length %d, fronts, %d", n, i)
			got, err = r.Body(i)
			requirePart(t, f.Bodies[i], got, err, len(f.Bodies[i]) == 0 || bodyEnd <= n, "length %d, body %d", n, i)
		}
	}
}

// requirePart holds a segment to be there, or to be named as cut.
func requirePart(t *testing.T, want, got []byte, err error, there bool, msg ...any) {
	t.Helper()
	if there {
		require.Equal(t, want, append([]byte{}, got...), msg...)
		return
	}
	require.Nil(t, got, msg...)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, msg...)
	require.ErrorAs(t, err, new(*TileError), msg...)
}

func TestOpenReadsNoSegments(t *testing.T) {
	f := sample()
	f.Header.Width, f.Header.Height = 640, 640
	f.Fronts, f.Bodies = nil, nil
	for range 100 {
		f.Fronts = append(f.Fronts, make([]byte, 5000))
		f.Bodies = append(f.Bodies, make([]byte, 50000))
	}
	f.Metadata[ICC] = make([]byte, 100000)
	p := encode(t, f)
	c := &countingReader{ReaderAt: bytes.NewReader(p)}
	r, err := Open(c, int64(len(p)), Options{})
	require.NoError(t, err)
	assert.LessOrEqual(t, c.calls, 4, "calls: the start, then the headers of iccp, xmpm and BODY")
	assert.LessOrEqual(t, c.bytes, int64(readAhead+3*(typeSize+10+10)), "bytes")

	c.calls, c.bytes, c.last = 0, 0, 0
	_, err = r.Fronts([]int{3, 4, 5, 10, 11, 99, 12})
	require.NoError(t, err)
	assert.Equal(t, 4, c.calls, "calls: 3-5, 10-11, 99, 12")
	assert.Equal(t, int64(7*5000), c.bytes, "bytes")
	assert.LessOrEqual(t, c.last, int64(len(p)-100*50000), "no body was read")

	c.bytes = 0
	_, err = r.Body(50)
	require.NoError(t, err)
	assert.Equal(t, int64(50000), c.bytes)
}

func TestFrontsEqualFront(t *testing.T) {
	r, err := open(encode(t, sample()))
	require.NoError(t, err)
	for _, tiles := range [][]int{nil, {0}, {0, 1, 2, 3, 4, 5}, {5, 0, 1, 3}, {2, 2}} {
		got, err := r.Fronts(tiles)
		require.NoError(t, err)
		require.Len(t, got, len(tiles))
		for i, tile := range tiles {
			want, err := r.Front(tile)
			require.NoError(t, err)
			assert.Equal(t, want, got[i], "tile %d of %v", tile, tiles)
		}
	}
}

func TestDamagedSegmentIsNamed(t *testing.T) {
	f := sample()
	p := encode(t, f)
	front := bytes.Index(p, f.Fronts[2])
	body := bytes.Index(p, f.Bodies[4])
	p[front] ^= 1
	p[body] ^= 1
	r, err := open(p)
	require.NoError(t, err)

	check := func(err error, tile int, part Part, off int) {
		t.Helper()
		var e *TileError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, []any{tile, part, int64(off)}, []any{e.Tile, e.Part, e.Offset})
		assert.ErrorIs(t, err, ErrChecksum)
	}
	_, err = r.Front(2)
	check(err, 2, Front, front)
	_, err = r.Body(4)
	check(err, 4, Body, body)

	got, err := r.Fronts([]int{0, 1, 2, 3, 4, 5})
	check(err, 2, Front, front)
	for i, want := range f.Fronts {
		if i == 2 {
			assert.Nil(t, got[i])
			continue
		}
		assert.Equal(t, want, got[i], "tile %d", i)
	}
}

type brokenReader struct {
	io.ReaderAt
	from int64
}

var errDisk = errors.New("disk on fire")

func (b brokenReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.from {
		return 0, errDisk
	}
	return b.ReaderAt.ReadAt(p, off)
}

func TestReadErrorsAreWrapped(t *testing.T) {
	f := sample()
	f.Tables = make([]byte, 5000)
	p := encode(t, f)
	_, err := Open(brokenReader{bytes.NewReader(p), 0}, int64(len(p)), Options{})
	assert.ErrorIs(t, err, errDisk)
	_, err = Open(brokenReader{bytes.NewReader(p), readAhead}, int64(len(p)), Options{})
	assert.ErrorIs(t, err, errDisk)
	_, err = ReadHeader(io.MultiReader(bytes.NewReader(p[:20]), failing{}))
	assert.ErrorIs(t, err, errDisk)

	r, err := open(p)
	require.NoError(t, err)
	r.r = failing{}
	_, err = r.Fronts([]int{0, 1})
	assert.ErrorIs(t, err, errDisk)
	assert.ErrorAs(t, err, new(*TileError))
	assert.ErrorAs(t, err, new(*ReadError))
}

type failing struct{}

func (failing) Read([]byte) (int, error)          { return 0, errDisk }
func (failing) ReadAt([]byte, int64) (int, error) { return 0, errDisk }
func (failing) Write([]byte) (int, error)         { return 0, errDisk }

// assemble builds a file from its chunks, with checksums where they belong.
func assemble(chunks ...any) []byte {
	p := append([]byte(Magic), Version)
	for i := 0; i < len(chunks); i += 2 {
		kind, payload := chunks[i].(string), chunks[i+1].([]byte)
		start := len(p)
		p = append(p, chunkHeader(kind, uint64(len(payload)))...)
		p = append(p, payload...)
		if kind != typeFront && kind != typeBody {
			p = binary.LittleEndian.AppendUint32(p, crc32.Checksum(p[start:], castagnoli))
		}
	}
	return p
}

func TestChunkOrder(t *testing.T) {
	f := sample()
	head, index := f.Header.append(nil), f.index()
	front, body := bytes.Join(f.Fronts, nil), bytes.Join(f.Bodies, nil)
	some := []byte("x")
	for name, c := range map[string]struct {
		file []byte
		want string // "" = valid
	}{
		"no tables":            {assemble("HEAD", head, "INDX", index, "FRNT", front, "BODY", body), ""},
		"unknown ancillary":    {assemble("HEAD", head, "INDX", index, "FRNT", front, "what", some, "eVER", some, "BODY", body), ""},
		"early ancillary":      {assemble("HEAD", head, "what", some, "INDX", index, "FRNT", front, "BODY", body), "chunk what, expected INDX"},
		"metadata early":       {assemble("HEAD", head, "INDX", index, "exif", some, "FRNT", front, "BODY", body), "chunk exif, expected FRNT"},
		"unknown critical":     {assemble("HEAD", head, "INDX", index, "What", some, "FRNT", front, "BODY", body), "critical chunk What"},
		"metadata first":       {assemble("iccp", some, "HEAD", head), "chunk iccp, expected HEAD"},
		"no HEAD":              {assemble("INDX", index), "chunk INDX, expected HEAD"},
		"second HEAD":          {assemble("HEAD", head, "HEAD", head), "chunk HEAD, expected INDX"},
		"second TABL":          {assemble("HEAD", head, "TABL", some, "TABL", some), "chunk TABL, expected INDX"},
		"TABL after INDX":      {assemble("HEAD", head, "INDX", index, "TABL", some), "chunk TABL, expected FRNT"},
		"no INDX":              {assemble("HEAD", head, "FRNT", front, "BODY", body), "chunk FRNT, expected INDX"},
		"no FRNT":              {assemble("HEAD", head, "INDX", index, "BODY", body), "chunk BODY, expected FRNT"},
		"BODY first":           {assemble("HEAD", head, "INDX", index, "BODY", body, "FRNT", front), "chunk BODY, expected FRNT"},
		"second iccp":          {assemble("HEAD", head, "INDX", index, "FRNT", front, "iccp", some, "iccp", some), "second chunk iccp"},
		"not letters":          {assemble("HEAD", head, "IND1", index), "49 4e 44 31"},
		"FRNT too short":       {assemble("HEAD", head, "INDX", index, "FRNT", front[1:], "BODY", body), "chunk FRNT of 32 bytes, the index lists 33"},
		"BODY too long":        {assemble("HEAD", head, "INDX", index, "FRNT", front, "BODY", append(body, 1)), "chunk BODY of 76 bytes, the index lists 75"},
		"INDX too long":        {assemble("HEAD", head, "INDX", append(index, 0), "FRNT", front), "INDX: 1 bytes after the entries of 6 tiles"},
		"INDX too short":       {assemble("HEAD", head, "INDX", index[:59], "FRNT", front), "INDX of 59 bytes, expected at least 10 for each of 6 tiles"},
		"INDX cut in an entry": {assemble("HEAD", head, "INDX", append([]byte{0x83, 0}, index[1:len(index)-1]...), "FRNT", front), "INDX: tile 5: the entry is cut"},
		"too many chunks":      {assemble(append([]any{"HEAD", head, "INDX", index, "FRNT", front}, repeat(maxChunks, "tiny", some)...)...), "more than 1024 chunks"},
		"HEAD too long":        {assemble("HEAD", append(head, 0)), "HEAD: 1 bytes after the last field"},
		"HEAD far too long":    {assemble("HEAD", make([]byte, maxHeadSize+1)), "HEAD of 257 bytes"},
		"HEAD too short":       {assemble("HEAD", head[:len(head)-1]), "HEAD ends before the field largest error"},
	} {
		_, err := open(c.file)
		if c.want == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.ErrorContains(t, err, c.want, name)
		var format *FormatError
		var unsup *UnsupportedError
		assert.True(t, errors.As(err, &format) || errors.As(err, &unsup), "%s: type of %v", name, err)
	}
}

func repeat(n int, kind string, payload []byte) (out []any) {
	for range n {
		out = append(out, kind, payload)
	}
	return out
}

// A tiny file that declares huge things costs no memory.
func TestAbsurdLengthsAllocateLittle(t *testing.T) {
	huge := binary.AppendUvarint(nil, 1<<62)
	index := append(append(huge, huge...), make([]byte, 50)...)
	big := sample().Header
	big.Width, big.Height = MaxSide, MaxSide
	one := sample().Header
	one.Width, one.Height = 1, 1
	head := func(h Header) []byte { return assemble("HEAD", h.append(nil)) }
	declare := func(p []byte, kind string, n uint64) []byte { return append(p, chunkHeader(kind, n)...) }
	for name, p := range map[string][]byte{
		"HEAD":     declare(head(one)[:magicSize], "HEAD", 1<<40),
		"TABL":     declare(head(one), "TABL", 1<<40),
		"INDX":     declare(head(one), "INDX", 1<<63),
		"wrap":     declare(head(one), "INDX", 1<<64-1),
		"tiles":    assemble("HEAD", big.append(nil), "INDX", index),
		"segments": assemble("HEAD", one.append(nil), "INDX", index),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open(bytes.NewReader(p), int64(len(p)), Options{MaxPixels: 1<<63 - 1})
		runtime.ReadMemStats(&after)
		var format *FormatError
		assert.ErrorAs(t, err, &format, name)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<10), "%s: bytes allocated", name)
	}
}

func TestMaxPixels(t *testing.T) {
	p := encode(t, sample())
	_, err := Open(bytes.NewReader(p), int64(len(p)), Options{MaxPixels: 150*100 - 1})
	require.ErrorIs(t, err, ErrTooLarge)
	assert.ErrorContains(t, err, "150×100 is 15000 pixels, the limit is 14999")
	_, err = Open(bytes.NewReader(p), int64(len(p)), Options{MaxPixels: 150 * 100})
	assert.NoError(t, err)

	large := sample().Header
	large.Width, large.Height = 1<<15+1, 1<<15
	_, err = open(assemble("HEAD", large.append(nil)))
	assert.ErrorIs(t, err, ErrTooLarge, "the default limit")
}

func TestMagicAndVersion(t *testing.T) {
	p := encode(t, sample())
	p[8] = Version + 1
	_, err := open(p)
	var unsup *UnsupportedError
	require.ErrorAs(t, err, &unsup)
	assert.Equal(t, int64(8), unsup.Offset)

	for _, s := range []string{"", "\x89PNG\r\n\x1a\n.....", "\x89QTG\n\x1a\n....."} {
		_, err = open([]byte(s))
		assert.ErrorContains(t, err, "not a .qtg file", "%q", s)
		_, err = ReadHeader(bytes.NewReader([]byte(s)))
		assert.ErrorContains(t, err, "not a .qtg file", "%q", s)
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*File)
		want   string
	}{
		"header":   {func(f *File) { f.Header.Width = 0 }, "width 0"},
		"segments": {func(f *File) { f.Bodies = f.Bodies[1:] }, "6 front and 5 body segments, expected 6 each"},
		"kind":     {func(f *File) { f.Metadata["what"] = []byte{1} }, `metadata of kind "what"`},
		"too much": {func(f *File) { f.Metadata[XMP] = make([]byte, MaxMetadata) }, "metadata of 67108871 bytes, expected at most 67108864"},
	} {
		f := sample()
		c.change(f)
		var b bytes.Buffer
		assert.ErrorContains(t, Write(&b, f), c.want, name)
		assert.Zero(t, b.Len(), "%s: bytes written", name)
	}
	assert.ErrorIs(t, Write(failing{}, sample()), errDisk)
}
