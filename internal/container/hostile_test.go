package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// assemble appends chunks to p, with checksums where they belong; nil begins a file.
func assemble(p []byte, chunks ...any) []byte {
	if p == nil {
		p = append([]byte(Magic), Version)
	}
	for i := 0; i < len(chunks); i += 2 {
		kind, payload := chunks[i].(string), chunks[i+1].([]byte)
		if kind == typeFront || kind == typeBody {
			p = append(append(p, chunkHead(kind, uint64(len(payload)))...), payload...)
			continue
		}
		p = appendChunk(p, kind, payload)
	}
	return p
}

// pieces are the payloads of a file of one group.
func pieces(f *file) (head, plan, index, front, body []byte) {
	for _, v := range f.Worst {
		index = binary.AppendUvarint(index, v)
	}
	for i := range f.Fronts {
		index = appendEntry(index, f.Fronts[i], f.Bodies[i])
	}
	return f.Header.append(nil), f.Plan.append(nil), index, bytes.Join(f.Fronts, nil), bytes.Join(f.Bodies, nil)
}

// refuses holds the error of a file to be of the right type and to have a text. A stream
// refuses it too, or ends before its last byte.
func refuses(t *testing.T, name string, p []byte, want string) {
	t.Helper()
	_, err := reopened(p)
	in := bytes.NewReader(p)
	_, streamErr := streamed(in, StreamOptions{})
	if want == "" {
		assert.NoError(t, err, name)
		assert.NoError(t, streamErr, "%s: stream", name)
		return
	}
	assert.ErrorContains(t, err, want, name)
	assert.True(t, streamErr != nil || in.Len() > 0, "%s: a stream takes it", name)
	assert.True(t, errors.As(err, new(*FormatError)) || errors.As(err, new(*UnsupportedError)), "%s: type of %v", name, err)
}

// TestChunkOrder: a chunk out of place is named with the one that belongs there.
func TestChunkOrder(t *testing.T) {
	head, plan, index, front, body := pieces(sample(3))
	some, long := []byte("x"), make([]byte, maxHeadSize+1)
	place := (&Place{FirstRow: 0, Height: 140, Plan: PlanHash(sample(3).Header, sample(3).Plan)}).append(nil)
	for name, c := range map[string]struct {
		chunks []any
		want   string // "" = valid
	}{
		"valid":             {[]any{"HEAD", head, "PLAN", plan, "INDX", index, "FRNT", front, "BODY", body}, ""},
		"unknown ancillary": {[]any{"HEAD", head, "PLAN", plan, "what", some, "eVER", some, "what", some, "INDX", index, "FRNT", front, "BODY", body}, ""},
		"part":              {[]any{"HEAD", head, "PLAN", plan, "plac", place, "INDX", index, "FRNT", front, "BODY", body}, ""},
		"early ancillary":   {[]any{"HEAD", head, "what", some, "PLAN", plan}, "chunk what, expected PLAN"},
		"late ancillary":    {[]any{"HEAD", head, "PLAN", plan, "INDX", index, "exif", some, "FRNT", front, "BODY", body}, "10 bytes after chunk BODY, expected the end"},
		"unknown critical":  {[]any{"HEAD", head, "PLAN", plan, "What", some}, "critical chunk What, expected INDX"},
		"metadata first":    {[]any{"iccp", some, "HEAD", head}, "chunk iccp, expected HEAD"},
		"no HEAD":           {[]any{"PLAN", plan}, "chunk PLAN, expected HEAD"},
		"second HEAD":       {[]any{"HEAD", head, "HEAD", head}, "chunk HEAD, expected PLAN"},
		"second PLAN":       {[]any{"HEAD", head, "PLAN", plan, "PLAN", plan}, "chunk PLAN, expected INDX"},
		"empty PLAN":        {[]any{"HEAD", head, "PLAN", []byte{}, "INDX", index}, "PLAN ends before the field engine"},
		"no INDX":           {[]any{"HEAD", head, "PLAN", plan, "FRNT", front, "BODY", body}, "chunk FRNT, expected INDX"},
		"BODY first":        {[]any{"HEAD", head, "PLAN", plan, "INDX", index, "BODY", body, "FRNT", front}, "expected 46 52 4e 54 3f, chunk FRNT of 63 bytes"},
		"second iccp":       {[]any{"HEAD", head, "PLAN", plan, "iccp", some, "iccp", some}, "second chunk iccp"},
		"second band":       {[]any{"HEAD", head, "PLAN", plan, "band", uvarints(0, 1, 1, "x"), "band", some}, "second chunk band"},
		"bad band":          {[]any{"HEAD", head, "PLAN", plan, "band", some}, "band: number of a band 120, expected at most 3"},
		"bad plac":          {[]any{"HEAD", head, "PLAN", plan, "plac", some}, "plac ends before the field height"},
		"another plan":      {[]any{"HEAD", head, "PLAN", append(plan, 0), "plac", place}, "plac: the plan's hash is"},
		"not letters":       {[]any{"HEAD", head, "PLAN", plan, "IND1", index}, "49 4e 44 31"},
		"FRNT too short":    {[]any{"HEAD", head, "PLAN", plan, "INDX", index, "FRNT", front[1:], "BODY", body}, "truncated: FRNT and BODY end at"},
		"BODY too long":     {[]any{"HEAD", head, "PLAN", plan, "INDX", index, "FRNT", front, "BODY", append(body, 1)}, "1 bytes after chunk BODY"},
		"INDX too long":     {[]any{"HEAD", head, "PLAN", plan, "INDX", append(index, 0)}, "INDX: 1 bytes after the entries of 9 tiles"},
		"INDX far too long": {[]any{"HEAD", head, "PLAN", plan, "INDX", make([]byte, 9*28+4*10+1)}, "INDX of 293 bytes, expected at most 292 of 9 tiles"},
		"INDX too short":    {[]any{"HEAD", head, "PLAN", plan, "INDX", index[:17]}, "INDX of 17 bytes, expected at least 2 for each of 9 tiles"},
		"INDX cut":          {[]any{"HEAD", head, "PLAN", plan, "INDX", index[:len(index)-1]}, "INDX: tile 8: the entry is cut"},
		"many chunks":       {append(append([]any{"HEAD", head, "PLAN", plan}, repeat(maxAncillary, "tiny", some)...), "INDX", index, "FRNT", front, "BODY", body), ""},
		"too many chunks":   {append([]any{"HEAD", head, "PLAN", plan}, repeat(maxAncillary+1, "tiny", some)...), "more than 1024 ancillary chunks"},
		"HEAD far too long": {[]any{"HEAD", long}, "HEAD of 524289 bytes, expected at most 524288"},
	} {
		p := assemble(nil, c.chunks...)
		refuses(t, name, p, c.want)
	}
}

func repeat(n int, kind string, payload []byte) (out []any) {
	for range n {
		out = append(out, kind, payload)
	}
	return out
}

// TestShortestForm: lengths and numbers have one form.
func TestShortestForm(t *testing.T) {
	p := encode(t, tiny(1))
	at := bytes.Index(p, []byte("PLAN")) + typeSize
	long := append(append(bytes.Clone(p[:at]), 0x82, 0), p[at+1:]...)
	refuses(t, "length of PLAN", long, "chunk PLAN: length above 63 bits or not in its shortest form")
	_, err := streamed(bytes.NewReader(long), StreamOptions{})
	assert.ErrorContains(t, err, "chunk PLAN: length above 63 bits or not in its shortest form")

	for n := range 64 {
		for _, v := range []uint64{1<<n - 1, 1 << n, 1<<n + 1} {
			p := binary.AppendUvarint(nil, v)
			assert.Len(t, p, uvarintSize(v), "%d", v)
			got, size := uvarint(p)
			assert.Equal(t, []any{v, len(p)}, []any{got, size})
		}
	}
}

// TestChunkOf: the length of a chunk tells its payload's, where there is one.
func TestChunkOf(t *testing.T) {
	for _, kind := range []string{typeFront, typeIndex} {
		for _, size := range []int64{0, 1, 127, 128, 1<<14 - 1, 1 << 14, 1<<49 - 1, 1 << 49, 1 << 61} {
			want := chunkAt(kind, 7, size)
			got, ok := chunkOf(kind, want.all())
			assert.True(t, ok, "%s of %d", kind, size)
			assert.Equal(t, want, got, "%s of %d", kind, size)
		}
		most := chunkAt(kind, 0, 127).all().Length
		_, ok := chunkOf(kind, Range{0, most + 1})
		assert.False(t, ok, "%s: 127 bytes have a length of one byte, 128 have one of two", kind)
		_, ok = chunkOf(kind, Range{0, 4})
		assert.False(t, ok, "%s of no length", kind)
	}
}

// forge writes the end of a file of several groups anew, by a changed ROOT.
func forge(t *testing.T, p []byte, change func(numbers []uint64) []uint64) []byte {
	r, err := open(p)
	require.NoError(t, err)
	c, err := r.in.findRoot(background, r.root.groups[0].index.off)
	require.NoError(t, err)
	var numbers []uint64
	for payload := p[c.payload : c.payload+c.size]; len(payload) > 0; {
		v, n := binary.Uvarint(payload)
		numbers, payload = append(numbers, v), payload[n:]
	}
	var payload []byte
	for _, v := range change(numbers) {
		payload = binary.AppendUvarint(payload, v)
	}
	return append(appendChunk(bytes.Clone(p[:c.off]), typeRoot, payload), tail(c.off)...)
}

// TestForgedRoot: ROOT is held against the file, and each index against ROOT.
func TestForgedRoot(t *testing.T) {
	p := encode(t, sample(1)) // 4 errors, the first group, 3·3 lengths, 2 OVERs of 2 numbers
	for name, c := range map[string]struct {
		change func(v []uint64) []uint64
		want   string
	}{
		"same":             {func(v []uint64) []uint64 { return v }, ""},
		"other errors":     {func(v []uint64) []uint64 { v[0] = math.MaxUint64; return v }, ""},
		"first group":      {func(v []uint64) []uint64 { v[4]++; return v }, "ROOT: the first group at byte"},
		"longer index":     {func(v []uint64) []uint64 { v[5]++; v[6]--; return v }, "expected 49 4e 44 58"},
		"longer front":     {func(v []uint64) []uint64 { v[6]++; v[7]--; return v }, "chunk FRNT of 13 bytes, the index lists 12"},
		"longer body":      {func(v []uint64) []uint64 { v[7]++; v[8]--; return v }, "chunk BODY of"},
		"longer group":     {func(v []uint64) []uint64 { v[13]++; return v }, "ROOT: length of OVER 16, expected at most 15"},
		"endless":          {func(v []uint64) []uint64 { v[13] = 1 << 62; return v }, "length of BODY 4611686018427387904, expected at most"},
		"wrapping":         {func(v []uint64) []uint64 { v[8] = math.MaxUint64; return v }, "length of INDX 18446744073709551615, expected at most"},
		"no length":        {func(v []uint64) []uint64 { v[13] = 3; return v }, "ROOT: chunk BODY of 3 bytes in all, which none has"},
		"fewer OVERs":      {func(v []uint64) []uint64 { v[14] = 1; return v[:17] }, "ROOT: groups and OVERs up to byte"},
		"more OVERs":       {func(v []uint64) []uint64 { v[14] = 3; return v }, "ROOT ends before the field level"},
		"far more OVERs":   {func(v []uint64) []uint64 { v[14] = 32; return v }, "number of OVERs 32, expected at most 31"},
		"level 0":          {func(v []uint64) []uint64 { v[15] = 0; return v }, "ROOT: level 0 after level 0"},
		"same level":       {func(v []uint64) []uint64 { v[17] = 4; return v }, "ROOT: level 4 after level 4"},
		"other level":      {func(v []uint64) []uint64 { v[17] = 6; return v }, "chunk OVER of level 05, expected 06 as in ROOT"},
		"level 32":         {func(v []uint64) []uint64 { v[17] = 32; return v }, "level 32, expected at most 31"},
		"more":             {func(v []uint64) []uint64 { return append(v, 0) }, "ROOT: 1 bytes after the last field"},
		"too short":        {func(v []uint64) []uint64 { return v[:5] }, "expected 15 to 770 of 4 bands and 3 groups"},
		"far too long":     {func(v []uint64) []uint64 { return append(v, make([]uint64, 1000)...) }, "expected 15 to 770 of 4 bands and 3 groups"},
		"shifted OVER":     {func(v []uint64) []uint64 { v[16]--; v[18]++; return v }, "chunk OVER of"},
		"second of groups": {func(v []uint64) []uint64 { copy(v[5:8], v[8:11]); return v }, "ROOT"},
	} {
		refuses(t, name, forge(t, p, c.change), c.want)
	}
}

// TestForgedTail: TAIL names the place of ROOT and nothing else.
func TestForgedTail(t *testing.T) {
	p := encode(t, sample(1))
	at := int64(len(p) - tailSize)
	root := int64(bytes.LastIndex(p, []byte("ROOT")))
	for _, off := range []int64{0, 1, root - 1, root + 1, at, at + 1, math.MaxInt64, -1} {
		refuses(t, "offset", append(bytes.Clone(p[:at]), tail(off)...), "the input is cut, or goes on behind its end")
	}
	more := assemble(bytes.Clone(p[:at]), "what", []byte("x"))
	refuses(t, "a chunk between", append(more, tail(root)...), "no chunk ROOT that ends at byte")
	refuses(t, "same", append(bytes.Clone(p[:at]), tail(root)...), "")
	refuses(t, "nested end", p[:bytes.Index(p, []byte("ROOT"))], "expected chunk TAIL")
}

// allocated is what f allocates in bytes.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestAbsurdSizesAllocateLittle: a tiny file that declares huge things costs no memory.
func TestAbsurdSizesAllocateLittle(t *testing.T) {
	huge := binary.AppendUvarint(nil, 1<<62)
	index := append(append(append([]byte{0}, huge...), huge...), make([]byte, 18)...)
	one, big, bands := tiny(1).Header, tiny(1).Header, tiny(1).Header
	big.Width, big.Height = raster.MaxSide, raster.MaxSide
	many := tiny(1).Header
	many.Height = raster.MaxSide
	bands.Bands = make([]raster.Band, raster.MaxBands)
	colours := uvarints(9, 9, 2, 1, 7, 1, 0, 6, 1, 1, 0, 1<<16-1)
	plan := []byte{2}
	head := func(h *Header) []byte { return assemble(nil, "HEAD", h.append(nil), "PLAN", plan) }
	declare := func(p []byte, kind string, n uint64) []byte { return append(p, chunkHead(kind, n)...) }
	end := func(p []byte, root []byte) []byte {
		return append(assemble(p, "ROOT", root), tail(int64(len(p)))...)
	}
	for name, c := range map[string]struct {
		p    []byte
		most uint64
	}{
		"HEAD":            {declare(assemble(nil), "HEAD", 1<<40), 64 << 10},
		"PLAN":            {declare(assemble(nil, "HEAD", one.append(nil)), "PLAN", 1<<25), 64 << 10},
		"iccp":            {declare(head(one), "iccp", 1<<25), 64 << 10},
		"INDX":            {declare(head(one), "INDX", 1<<63), 64 << 10},
		"wrap":            {declare(head(one), "INDX", 1<<64-1), 64 << 10},
		"colours":         {assemble(nil, "HEAD", colours), 64 << 10},
		"tiles":           {assemble(head(big), "INDX", index), 64 << 10},
		"segments":        {assemble(head(one), "INDX", index), 64 << 10},
		"groups":          {end(head(many), make([]byte, 100)), 64 << 10},
		"tiles of groups": {end(assemble(head(many), "INDX", index), make([]byte, 100)), 64 << 10},
		"bands":           {assemble(head(bands), "INDX", index), 4 << 20},
	} {
		for _, partial := range []bool{false, true} {
			var err error
			n := allocated(func() {
				var r *Reader
				r, err = Open(background, bytes.NewReader(c.p), int64(len(c.p)), Options{MaxPixels: math.MaxInt64, Partial: partial})
				if err == nil {
					_, err = r.Segments(background, []Want{{0, Front}, {1, Body}})
				}
			})
			assert.Error(t, err, name)
			assert.Less(t, n, c.most, "%s, partial %v: bytes allocated", name, partial)
		}
	}
}

// zeros is an endless input of zeros behind what it begins with.
type zeros []byte

func (z zeros) ReadAt(p []byte, off int64) (int, error) {
	clear(p[copy(p, z[min(off, int64(len(z))):]):])
	return len(p), nil
}

// TestLimits: chunks that the input is long enough for have limits all the same.
func TestLimits(t *testing.T) {
	head := assemble(nil, "HEAD", tiny(1).Header.append(nil))
	plan := append(bytes.Clone(head), chunkHead("PLAN", MaxPlan+maxUvarint+1)...)
	metadata := append(assemble(head, "PLAN", []byte{2}), chunkHead("iccp", MaxMetadata+1)...)
	for name, c := range map[string]struct {
		p    []byte
		want string
	}{
		"plan":     {plan, "PLAN of 67108875 bytes, expected at most 67108874"},
		"metadata": {metadata, "chunk iccp: metadata of 67108865 bytes so far, expected at most 67108864"},
	} {
		var err error
		n := allocated(func() { _, err = Open(background, zeros(c.p), 1<<40, Options{}) })
		assert.ErrorContains(t, err, c.want, name)
		assert.Less(t, n, uint64(64<<10), "%s: bytes allocated", name)
	}
}

// TestHugePartial: segments that a cut file's index says lie far away are cut, and no
// sum of their places wraps.
func TestHugePartial(t *testing.T) {
	f := tiny(65)
	f.Header.GroupRows = 2
	index := uvarints(0, uint64(1<<59), uint64(1<<59), "........", uint64(1<<58), uint64(1<<58), "........")
	p := assemble(nil, "HEAD", f.Header.append(nil), "PLAN", []byte{2}, "INDX", index)
	r, err := Open(background, bytes.NewReader(p), int64(len(p)), Options{Partial: true})
	require.NoError(t, err)
	got, err := r.Segments(background, everything(r))
	assert.Equal(t, make([][]byte, 4), got)
	for _, w := range everything(r) {
		assert.True(t, names(err, w), "%s of tile %d", w.Part, w.Tile)
	}
	assert.NoError(t, r.Check(background))

	p = assemble(nil, "HEAD", f.Header.append(nil), "PLAN", []byte{2}, "INDX", uvarints(0, uint64(1<<62), 1, "........", 0, 0))
	_, err = Open(background, bytes.NewReader(p), int64(len(p)), Options{Partial: true})
	assert.ErrorContains(t, err, "more than the input holds")
}

// TestMaxPixels: the limit is on the pixels, and says which.
func TestMaxPixels(t *testing.T) {
	p := encode(t, sample(1))
	_, err := Open(background, bytes.NewReader(p), int64(len(p)), Options{MaxPixels: 150*140 - 1})
	require.ErrorIs(t, err, ErrTooLarge)
	assert.ErrorContains(t, err, "150×140 is 21000 pixels, the limit is 20999")
	_, err = Open(background, bytes.NewReader(p), int64(len(p)), Options{MaxPixels: 150 * 140})
	assert.NoError(t, err)

	large := sample(1).Header
	large.Width, large.Height = 1<<15+1, 1<<15
	_, err = open(assemble(nil, "HEAD", large.append(nil)))
	assert.ErrorIs(t, err, ErrTooLarge, "the default limit")
}

// TestMagicAndVersion: other files, and other versions, are told apart.
func TestMagicAndVersion(t *testing.T) {
	p := encode(t, sample(1))
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
	_, err = Open(background, bytes.NewReader(nil), -1, Options{})
	assert.ErrorContains(t, err, "not a .qtg file")
}

// TestWriterRefuses: what no reader would accept is an error, and so is a wrong call.
func TestWriterRefuses(t *testing.T) {
	f := sample(1)
	for name, c := range map[string]struct {
		plan *Plan
		m    Metadata
		want string
	}{
		"plan":     {&Plan{Payload: make([]byte, MaxPlan+1)}, nil, "plan of 67108865 bytes, expected at most 67108864"},
		"kind":     {f.Plan, Metadata{"what": []byte{1}}, `metadata of kind "what"`},
		"too much": {f.Plan, Metadata{XMP: make([]byte, MaxMetadata-10)}, "metadata of 67108892 bytes, expected at most 67108864"},
	} {
		_, err := NewWriter(failing{}, f.Header, c.plan, c.m)
		assert.ErrorContains(t, err, c.want, name)
	}

	var b bytes.Buffer
	w, err := NewWriter(&b, f.Header, f.Plan, nil)
	require.NoError(t, err)
	assert.ErrorContains(t, w.WriteTile(9, nil, nil, nil), "tile 9, expected 0 to 8")
	assert.ErrorContains(t, w.WriteTile(-1, nil, nil, nil), "tile -1, expected 0 to 8")
	assert.ErrorContains(t, w.WriteTile(0, nil, nil, []uint64{1}), "tile 0: 1 largest errors, expected 4")
	for _, tile := range []int{0, 2, 1, 4} {
		require.NoError(t, w.WriteTile(tile, nil, nil, nil))
	}
	assert.ErrorContains(t, w.WriteTile(0, nil, nil, nil), "tile 0 comes a second time")
	assert.ErrorContains(t, w.WriteTile(4, nil, nil, nil), "tile 4 comes a second time")
	assert.ErrorContains(t, w.Close(nil), "tile 3 is missing, expected all 9")
	for _, tile := range []int{3, 5, 6, 7, 8} {
		require.NoError(t, w.WriteTile(tile, nil, nil, nil))
	}
	assert.ErrorContains(t, w.Close([]Overview{{5, nil}, {5, nil}}), "overview of level 5 after 5")
	assert.Error(t, w.Close(nil), "what is half written")

	w, err = NewWriter(&b, tiny(1).Header, f.Plan, nil)
	require.NoError(t, err)
	require.NoError(t, w.WriteTile(0, nil, nil, nil))
	assert.ErrorContains(t, w.Close([]Overview{{5, nil}}), "1 overviews of a file of one group, expected none")
	require.NoError(t, w.Close(nil))
	assert.ErrorContains(t, w.Close(nil), "the file is closed")
	assert.ErrorContains(t, w.WriteTile(0, nil, nil, nil), "the file is closed")

	w, err = NewWriter(failing{}, tiny(1).Header, f.Plan, nil)
	require.NoError(t, err)
	assert.ErrorIs(t, w.WriteTile(0, nil, nil, nil), errDisk)
	assert.ErrorIs(t, w.Close(nil), errDisk)
}
