package qtgpu_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// kind is a raster, and what it is encoded with.
type kind struct {
	src raster.Source
	o   qtgpu.Options
}

// kinds are rasters for every engine and every layout of samples.
func kinds(t testing.TB) map[string]kind {
	t.Helper()
	fromImage := func(m image.Image) raster.Source {
		src, err := qtgpu.FromImage(m)
		require.NoError(t, err)
		return src
	}
	none := -1.0
	w := shorttest.Side(30)
	heights := raster.Format{Width: w, Height: 1100, Type: raster.Float32, Bands: []raster.Band{{Name: "height", NoData: &none, Scale: 0.5}}}
	six := raster.Format{Width: w, Height: 1050, Type: raster.Int16, Bands: raster.Bands(0, 0, 0, 0, 0, 0)}
	meta := qtgpu.Metadata{XMP: []byte("<x/>"), ICC: []byte("profile")}
	return map[string]kind{
		"transform":  {fromImage(picture(patterns["smooth"], w, 1300, 3, 8)), qtgpu.Options{T: 10, Engine: qtgpu.Transform, Metadata: meta}},
		"alpha":      {fromImage(picture(patterns["edges"], 600, shorttest.Side(80), 4, 8)), qtgpu.Options{T: 20, Engine: qtgpu.Transform, Split: qtgpu.SplitCost, Chroma: qtgpu.Chroma444}},
		"predictive": {fromImage(picture(patterns["text"], w, 1300, 3, 16)), qtgpu.Options{}},
		"layered":    {fromImage(picture(patterns["noise"], w, 1300, 3, 8)), qtgpu.Options{T: 5, Bound: qtgpu.BoundMax, Engine: qtgpu.Layered}},
		"chosen":     {fromImage(picture(patterns["edges"], 10*w, 200, 3, 8)), qtgpu.Options{T: 5}},
		"palette":    {fromImage(mosaic(w, 1100)), qtgpu.Options{Metadata: meta}},
		"colours":    {fromImage(mosaic(w, 1100)), qtgpu.Options{T: 10, Engine: qtgpu.Transform, ColourMetadata: &meta}},
		"heights":    {rastertest.Numbers(heights, func(_, x, y int) float64 { return float64((x*x+y)/50)/4 - 1 }), qtgpu.Options{T: 0.25}},
		"six bands":  {rastertest.Numbers(six, func(b, x, y int) float64 { return float64(b*x - y*y/70) }), qtgpu.Options{}},
	}
}

// give writes a source to an encoder, in blocks of random numbers of rows and of two layouts.
func give(t testing.TB, e *qtgpu.Encoder, src raster.Source, seed uint64) error {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	f := src.Format()
	most := []int{1, 9, 700, 2000}[seed%4]
	for y := 0; y < f.Height; {
		next := min(y+1+r.IntN(most), f.Height)
		rect := image.Rect(0, y, f.Width, next)
		b := raster.NewBlock(rect, f.Type, len(f.Bands))
		if seed%2 == 1 {
			b = raster.NewInterleaved(rect, f.Type, len(f.Bands), len(f.Bands)+1)
		}
		require.NoError(t, src.ReadBlock(t.Context(), b))
		if err := e.WriteBlock(t.Context(), b); err != nil {
			return err
		}
		y = next
	}
	return e.Close(t.Context())
}

// encodeRaster encodes by EncodeRaster.
func encodeRaster(t testing.TB, src raster.Source, o qtgpu.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, qtgpu.EncodeRaster(t.Context(), &b, src, &o))
	return b.Bytes()
}

// tempFile is a file that is empty.
func tempFile(t testing.TB) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "spool"))
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// TestEncoder: rows that come in any portions make the file of EncodeRaster, in memory, by
// a file, and by a plan; statistics are the same.
func TestEncoder(t *testing.T) {
	for name, k := range kinds(t) {
		var stats qtgpu.Stats
		o := k.o
		o.Stats = &stats
		want := encodeRaster(t, k.src, o)
		plan, err := qtgpu.NewPlan(t.Context(), k.src, &k.o)
		require.NoError(t, err, name)
		byPlan := qtgpu.Options{Plan: plan, Workers: 2}
		assert.True(t, bytes.Equal(want, encodeRaster(t, k.src, byPlan)), "%s: EncodeRaster by a plan", name)
		assert.NoError(t, byPlan.Check(k.src), name)
		little := k.o
		little.Memory, little.Spool = 1, tempFile(t)
		for seed := range shorttest.Rounds(uint64(4)) {
			for way, o := range map[string]qtgpu.Options{
				"memory": k.o, "file": little, "plan": byPlan, "plan, little memory": {Plan: plan, Memory: 1},
			} {
				var b bytes.Buffer
				var s qtgpu.Stats
				o.Stats = &s
				pixels, last := int64(k.src.Format().Width)*int64(k.src.Format().Height), int64(0)
				o.Progress = func(done, total int64) {
					assert.Equal(t, pixels, total, "%s, %s", name, way)
					assert.Greater(t, done, last, "%s, %s", name, way)
					last = done
				}
				e, err := qtgpu.NewEncoder(&b, *k.src.Format(), &o)
				require.NoError(t, err, "%s, %s", name, way)
				require.NoError(t, give(t, e, k.src, seed), "%s, %s", name, way)
				require.True(t, bytes.Equal(want, b.Bytes()), "%s, %s, rows %d: other bytes", name, way, seed)
				assert.Equal(t, pixels, last, "%s, %s: pixels that are done", name, way)
				s.Stages, stats.Stages = nil, nil
				if o.Plan != nil { // which does not tell what was tried for it
					s.Tried, s.OnPilot = stats.Tried, stats.OnPilot
				}
				if s.Bound == qtgpu.BoundRMS && o.Plan != nil {
					assert.InDelta(t, stats.T, s.T, 1e-4)
					s.T = stats.T
				}
				assert.Equal(t, formatText(stats.Format), formatText(s.Format), "%s, %s", name, way)
				s.Format = stats.Format
				assert.Equal(t, stats, s, "%s, %s", name, way)
			}
		}
	}
}

// TestPlanOfAnotherSize: a plan is good for rasters of other sizes, whose promise holds.
func TestPlanOfAnotherSize(t *testing.T) {
	for _, o := range []qtgpu.Options{{T: 10}, {}, {T: 4, Bound: qtgpu.BoundMax}} {
		first, err := qtgpu.FromImage(picture(patterns["smooth"], 90, 80, 3, 8))
		require.NoError(t, err)
		plan, err := qtgpu.NewPlan(t.Context(), first, &o)
		require.NoError(t, err)
		for i, pattern := range shorttest.Cases([]string{"smooth", "text", "noise", "edges", "saturated", "flat"}) {
			m := picture(patterns[pattern], 33+500*i, 1300/(i+1), 3, 8)
			src, err := qtgpu.FromImage(m)
			require.NoError(t, err)
			data := encodeRaster(t, src, qtgpu.Options{Plan: plan, Metadata: qtgpu.Metadata{XMP: []byte(pattern)}})
			r := newReader(t, data, qtgpu.DecodeOptions{})
			require.NoError(t, r.Check(t.Context()))
			worst, err := r.Verify(t.Context(), src)
			require.NoError(t, err)
			for band, v := range worst {
				assert.LessOrEqual(t, v, o.T, "%s, T %g: band %d", pattern, o.T, band)
			}
			if o.T == 0 {
				requireSame(t, m.Std(), decode(t, r), pattern)
			}
			meta, err := r.Metadata(t.Context())
			require.NoError(t, err)
			assert.Equal(t, pattern, string(meta.XMP))
		}
	}
}

// TestPlanRefuses: a plan is for rasters of its kind, and has its own options.
func TestPlanRefuses(t *testing.T) {
	gray := rising(90, 80, raster.Bands(raster.Gray))
	plan, err := qtgpu.NewPlan(t.Context(), gray, nil)
	require.NoError(t, err)
	none := 3.0
	bands := []raster.Band{{Role: raster.Gray, NoData: &none}}
	for _, c := range []struct {
		src  raster.Source
		o    qtgpu.Options
		want string
	}{
		{gray, qtgpu.Options{Plan: plan, T: 5}, "T 5, bound auto"},
		{gray, qtgpu.Options{Plan: plan, Bound: qtgpu.BoundMax}, "beside a plan"},
		{gray, qtgpu.Options{Plan: plan, Effort: 1}, "effort 1 beside a plan"},
		{gray, qtgpu.Options{Plan: plan, Workers: -1}, "workers -1"},
		{gray, qtgpu.Options{Plan: plan, Memory: -1}, "memory of -1 bytes"},
		{gray, qtgpu.Options{Plan: &qtgpu.Plan{}}, "the plan is empty"},
		{rising(90, 80, raster.Bands(raster.Gray, raster.Alpha)), qtgpu.Options{Plan: plan}, "2 bands, expected 1"},
		{rising(90, 80, raster.Bands(raster.Data)), qtgpu.Options{Plan: plan}, "bands of other roles"},
		{rising(90, 80, bands), qtgpu.Options{Plan: plan}, "band 0 with the sample of no data 3, expected none"},
	} {
		var b bytes.Buffer
		assert.ErrorContains(t, qtgpu.EncodeRaster(t.Context(), &b, c.src, &c.o), c.want)
		assert.ErrorContains(t, c.o.Check(c.src), c.want)
		_, err := qtgpu.NewEncoder(&b, *c.src.Format(), &c.o)
		assert.ErrorContains(t, err, c.want)
		assert.Zero(t, b.Len(), c.want)
	}
	_, err = qtgpu.NewPlan(t.Context(), gray, &qtgpu.Options{Plan: plan})
	assert.ErrorContains(t, err, "a plan by another plan")
	empty := new(qtgpu.Plan)
	assert.ErrorContains(t, empty.EncodePart(t.Context(), io.Discard, gray, 0, 1, nil), "the plan is empty")
	_, err = empty.MarshalJSON()
	assert.ErrorContains(t, err, "the plan is empty")
}

// TestEncoderRefuses: rows that do not come next, and blocks of another kind, are refused
// and change nothing; missing rows are named, and may come after that.
func TestEncoderRefuses(t *testing.T) {
	src := rising(40, 30, raster.Bands(raster.Gray))
	want := encodeRaster(t, src, qtgpu.Options{})
	plan, err := qtgpu.NewPlan(t.Context(), src, nil)
	require.NoError(t, err)
	for name, o := range map[string]*qtgpu.Options{"no plan": nil, "a plan": {Plan: plan}} {
		var b bytes.Buffer
		e, err := qtgpu.NewEncoder(&b, *src.Format(), o)
		require.NoError(t, err)
		for y := 0; y < 30; y += 10 {
			next := fmt.Sprintf("expected whole rows from row %d on", y)
			for _, c := range []struct {
				b    *raster.Block
				want string
			}{
				{raster.NewBlock(image.Rect(0, y+1, 40, y+2), raster.Uint8, 1), next}, // rows are missing
				{raster.NewBlock(image.Rect(0, max(y-1, 0), 40, y+3), raster.Uint8, 1), next},
				{raster.NewBlock(image.Rect(0, y, 20, y+1), raster.Uint8, 1), next},
				{raster.NewBlock(image.Rect(0, y, 40, 31), raster.Uint8, 1), "expected one inside it"},
				{raster.NewBlock(image.Rect(0, y, 40, y+1), raster.Int8, 1), "block of 1 bands of int8, expected 1 of uint8"},
				{raster.NewBlock(image.Rect(0, y, 40, y+1), raster.Uint8, 3), "block of 3 bands"},
				{&raster.Block{}, "expected one inside it"},
			} {
				if y > 0 || c.b.Rect.Min.Y != y || c.want != next || c.b.Rect.Dx() < 40 {
					assert.ErrorContains(t, e.WriteBlock(t.Context(), c.b), c.want, "%s, row %d", name, y)
				}
			}
			assert.ErrorContains(t, e.Close(t.Context()), fmt.Sprintf("rows %d to 29 are missing, expected all 30", y), name)
			part := raster.NewBlock(image.Rect(0, y, 40, y+10), raster.Uint8, 1)
			require.NoError(t, src.ReadBlock(t.Context(), part))
			require.NoError(t, e.WriteBlock(t.Context(), part), name)
			clear(part.Planes[0]) // it keeps nothing of a block
		}
		assert.Equal(t, o != nil, b.Len() > 0, "%s: written before Close", name)
		require.NoError(t, e.Close(t.Context()), name)
		assert.True(t, bytes.Equal(want, b.Bytes()), name)
		assert.ErrorContains(t, e.Close(t.Context()), "the encoder is closed", name)
		assert.ErrorContains(t, e.WriteBlock(t.Context(), raster.NewBlock(image.Rect(0, 0, 40, 1), raster.Uint8, 1)), "the encoder is closed", name)
		assert.True(t, bytes.Equal(want, b.Bytes()), name)
	}
}

// TestNewEncoderRefuses: formats and options that EncodeRaster refuses, before anything is
// allocated, and rasters that there is no place for.
func TestNewEncoderRefuses(t *testing.T) {
	gray := func(w, h int) raster.Format {
		return raster.Format{Width: w, Height: h, Type: raster.Uint8, Bands: raster.Bands(raster.Gray)}
	}
	for _, c := range []struct {
		f    raster.Format
		o    *qtgpu.Options
		want string
	}{
		{raster.Format{}, nil, "raster of 0×0 pixels"},
		{raster.Format{Width: 1, Height: 1}, nil, "sample type 0"},
		{raster.Format{Width: 1, Height: 1, Type: raster.Uint8}, nil, "0 bands"},
		{gray(-1, 5), nil, "raster of -1×5 pixels"},
		{gray(math.MaxInt32, math.MaxInt32), nil, "raster of 4611686014132420609 bytes, expected at most 134217728, a quarter of the memory, where there is neither a plan nor a spool"},
		{raster.Format{Width: math.MaxInt32, Height: math.MaxInt32, Type: raster.Float64, Bands: make([]raster.Band, 3)}, &qtgpu.Options{Spool: tempFile(t)}, "expected less than 2^63 bytes"},
		{gray(10, 10), &qtgpu.Options{Memory: 399}, "raster of 100 bytes, expected at most 99"},
		{gray(10, 10), &qtgpu.Options{T: -1}, "threshold -1"},
		{gray(10, 10), &qtgpu.Options{Workers: -1}, "workers -1"},
	} {
		n := allocated(func() {
			_, err := qtgpu.NewEncoder(io.Discard, c.f, c.o)
			assert.ErrorContains(t, err, c.want)
		})
		assert.Less(t, n, uint64(1<<20), "%s: bytes allocated", c.want)
		assert.Error(t, qtgpu.EncodeRaster(t.Context(), io.Discard, emptySource{&c.f}, c.o), c.want)
	}
	assert.ErrorContains(t, new(qtgpu.Encoder).Close(t.Context()), "closed")
	assert.NoError(t, (*qtgpu.Options)(nil).Check(rising(9, 9, raster.Bands(raster.Gray))))
	_, err := qtgpu.NewPlan(t.Context(), emptySource{new(raster.Format)}, nil)
	assert.ErrorContains(t, err, "raster of 0×0 pixels")
}

// emptySource has no samples.
type emptySource struct{ f *raster.Format }

func (s emptySource) Format() *raster.Format { return s.f }

func (s emptySource) ReadBlock(context.Context, *raster.Block) error { return errSource }

// fullDisk is a spool that fails behind some bytes, to write or to read.
type fullDisk struct {
	*os.File
	write, read int64
}

func (f fullDisk) WriteAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.write {
		return 0, errSource
	}
	return f.File.WriteAt(p, off)
}

func (f fullDisk) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.read {
		return 0, errSource
	}
	return f.File.ReadAt(p, off)
}

// failingWriter fails behind some bytes.
type failingWriter struct{ left int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errSource
	}
	return len(p), nil
}

// TestEncoderEnds: an error of the spool, of the writer or of the context is the error of
// every call that follows.
func TestEncoderEnds(t *testing.T) {
	src := rising(40, 3000, raster.Bands(raster.Gray))
	plan, err := qtgpu.NewPlan(t.Context(), src, nil)
	require.NoError(t, err)
	one := raster.NewBlock(image.Rect(0, 0, 40, 1), raster.Uint8, 1)
	for name, c := range map[string]struct {
		w io.Writer
		o qtgpu.Options
	}{
		"write to the spool":  {io.Discard, qtgpu.Options{Memory: 1, Spool: fullDisk{tempFile(t), 400, 1 << 40}}},
		"read from the spool": {io.Discard, qtgpu.Options{Memory: 1, Spool: fullDisk{tempFile(t), 1 << 40, 400}}},
		"short spool":         {io.Discard, qtgpu.Options{Memory: 1, Spool: forgetful{tempFile(t)}}},
		"writer":              {&failingWriter{20}, qtgpu.Options{}},
		"writer, by a plan":   {&failingWriter{20}, qtgpu.Options{Plan: plan}},
	} {
		e, err := qtgpu.NewEncoder(c.w, *src.Format(), &c.o)
		require.NoError(t, err, name)
		err = give(t, e, src, 1)
		require.Error(t, err, name)
		assert.True(t, errors.Is(err, errSource) || errors.Is(err, io.ErrUnexpectedEOF), "%s: %v", name, err)
		assert.Equal(t, err, e.Close(t.Context()), name)
		assert.Equal(t, err, e.WriteBlock(t.Context(), one), name)
	}
	for name, o := range map[string]*qtgpu.Options{"no plan": nil, "a plan": {Plan: plan}} {
		ctx, cancel := context.WithCancelCause(t.Context())
		var b bytes.Buffer
		e, err := qtgpu.NewEncoder(&b, *src.Format(), o)
		require.NoError(t, err, name)
		require.NoError(t, e.WriteBlock(ctx, rastertest.All(src)), name)
		cancel(errSource)
		assert.ErrorIs(t, e.Close(ctx), errSource, name)
		assert.ErrorIs(t, e.Close(t.Context()), errSource, name)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errSource)
	e, err := qtgpu.NewEncoder(io.Discard, *src.Format(), nil)
	require.NoError(t, err)
	assert.ErrorIs(t, e.WriteBlock(ctx, one), errSource)
	assert.ErrorIs(t, qtgpu.Encode(ctx, io.Discard, image.NewGray(image.Rect(0, 0, 9, 9)), nil), errSource)
	e, err = qtgpu.NewEncoder(panicking{}, *src.Format(), nil)
	require.NoError(t, err)
	assert.PanicsWithValue(t, "writer", func() { _ = give(t, e, src, 1) })
}

// forgetful is a spool that has less than was written.
type forgetful struct{ *os.File }

func (f forgetful) WriteAt(p []byte, off int64) (int, error) { return len(p), nil }

// TestEncoderTakesADecoder: a stream is coded anew by a plan, in memory that neither the
// file's nor the raster's length counts in.
func TestEncoderTakesADecoder(t *testing.T) {
	m := picture(patterns["noise"], 30, 5000, 3, 8)
	data := encode(t, m, qtgpu.Options{})
	src, err := qtgpu.FromImage(m)
	require.NoError(t, err)
	plan, err := qtgpu.NewPlan(t.Context(), src, &qtgpu.Options{T: 10})
	require.NoError(t, err)
	want := encodeRaster(t, src, qtgpu.Options{Plan: plan})
	d := newDecoder(t, bytes.NewReader(data), qtgpu.DecodeOptions{MaxMemory: 8 << 20})
	var b bytes.Buffer
	e, err := qtgpu.NewEncoder(&b, d.Format(), &qtgpu.Options{Plan: plan, Memory: 1})
	require.NoError(t, err)
	require.NoError(t, d.Copy(t.Context(), e))
	require.NoError(t, e.Close(t.Context()))
	assert.True(t, bytes.Equal(want, b.Bytes()))
}

// TestEncoderWritesAsRowsCome: by a plan, a group is written when its rows are there.
func TestEncoderWritesAsRowsCome(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 70 million pixels, of which there are two groups")
	}
	const w, h = 140000, 520 // a row of tiles of 512 has more than half of 128 MiB
	f := raster.Format{Width: w, Height: h, Type: raster.Uint8, Bands: raster.Bands(raster.Gray)}
	plan, err := qtgpu.NewPlan(t.Context(), rising(90, 80, f.Bands), &qtgpu.Options{T: 10})
	require.NoError(t, err)
	var b bytes.Buffer
	e, err := qtgpu.NewEncoder(&b, f, &qtgpu.Options{Plan: plan, Memory: 5 << 20})
	require.NoError(t, err)
	rows := raster.NewBlock(image.Rect(0, 0, w, 40), raster.Uint8, 1)
	var sizes []int
	for y := 0; y < h; y += 40 {
		rows.Rect = image.Rect(0, y, w, y+40)
		for i := range 40 {
			raster.Row[uint8](rows, 0, y+i)[w-1] = uint8(100 + i)
		}
		require.NoError(t, e.WriteBlock(t.Context(), rows))
		sizes = append(sizes, b.Len())
	}
	require.NoError(t, e.Close(t.Context()))
	assert.Zero(t, sizes[11], "of 480 rows")
	assert.Positive(t, sizes[12], "of 520 rows, before Close")
	assert.Greater(t, b.Len(), sizes[12])
	r := newReader(t, b.Bytes(), qtgpu.DecodeOptions{})
	got := readBlock(t, r, image.Rect(w-9, 479, w, 481), 0, false)
	assert.InDelta(t, 139, got.At(0, w-1, 479), 20)
	assert.InDelta(t, 100, got.At(0, w-1, 480), 20)
}
