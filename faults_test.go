package qtgpu_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/containertest"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// TestOptionsAreLeftAlone: options can be used again, whatever the image before.
func TestOptionsAreLeftAlone(t *testing.T) {
	far := picture(func(x, y, _ int) float64 { return float64((x ^ y) & 1) }, 90, 60, 1, 8) // nothing to merge within 9
	near := picture(patterns["noise"], 90, 60, 1, 8)
	o := qtgpu.Options{T: 9, Bound: qtgpu.BoundMax}
	was := o
	want := encode(t, near, o)
	var b bytes.Buffer
	for _, m := range []*imagefile.Image{far, near} {
		b.Reset()
		require.NoError(t, qtgpu.Encode(context.Background(), &b, m, &o))
		assert.Equal(t, was, o)
	}
	assert.Equal(t, want, b.Bytes())
}

// TestStatsTellThePromise: where a bound gains nothing the file is lossless, and says so.
func TestStatsTellThePromise(t *testing.T) {
	far := picture(func(x, y, _ int) float64 { return float64((x ^ y) & 1) }, 90, 60, 1, 8)
	near := picture(patterns["noise"], 90, 60, 1, 8)
	for _, c := range []struct {
		m    *imagefile.Image
		o    qtgpu.Options
		want qtgpu.Stats
	}{
		{far, qtgpu.Options{T: 9, Bound: qtgpu.BoundMax}, qtgpu.Stats{Bound: qtgpu.BoundMax}},
		{near, qtgpu.Options{T: 9, Bound: qtgpu.BoundMax}, qtgpu.Stats{Bound: qtgpu.BoundMax, T: 9}},
		{near, qtgpu.Options{}, qtgpu.Stats{Bound: qtgpu.BoundMax}},
		{near, qtgpu.Options{T: 9}, qtgpu.Stats{Bound: qtgpu.BoundRMS, T: 9}},
	} {
		var s qtgpu.Stats
		c.o.Stats = &s
		r := newReader(t, encode(t, c.m, c.o), qtgpu.DecodeOptions{})
		assert.Equal(t, []any{c.want.Bound, c.want.T, c.want.T}, []any{s.Bound, s.T, r.Info().T}, "%+v", c.o)
	}
}

// TestOptionsOutOfRange: what means nothing is refused before anything is written.
func TestOptionsOutOfRange(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 4, 4))
	for _, c := range []struct {
		o    qtgpu.Options
		want string
	}{
		{qtgpu.Options{T: 5, Bound: 7}, "bound 7, expected 0 to 2"},
		{qtgpu.Options{T: 5, Split: 9}, "split 9, expected 0 to 2"},
		{qtgpu.Options{T: 5, Split: -1}, "split -1"},
		{qtgpu.Options{T: 5, Chroma: 9}, "chroma 9, expected 0 to 2"},
		{qtgpu.Options{T: 5, Workers: -5}, "workers -5, expected 0"},
		{qtgpu.Options{Effort: 5}, "effort 5, expected 0 to 4"},
		{qtgpu.Options{T: math.NaN()}, "threshold NaN"},
		{qtgpu.Options{T: math.Inf(1)}, "threshold +Inf"},
		{qtgpu.Options{T: -1}, "threshold -1"},
		{qtgpu.Options{T: 256, Bound: qtgpu.BoundMax}, "expected a whole number of 0 to 255"},
		{qtgpu.Options{Metadata: qtgpu.Metadata{XMP: make([]byte, container.MaxMetadata+1)}}, "metadata of 67108865 bytes, expected at most 67108864"},
	} {
		var b bytes.Buffer
		assert.ErrorContains(t, qtgpu.Encode(context.Background(), &b, m, &c.o), c.want)
		assert.Zero(t, b.Len(), c.want)
	}
}

// TestMostMetadata: as much as Encode takes, Decode takes too.
func TestMostMetadata(t *testing.T) {
	icc := make([]byte, container.MaxMetadata)
	data := encode(t, image.NewGray(image.Rect(0, 0, 4, 4)), qtgpu.Options{Metadata: qtgpu.Metadata{ICC: icc}})
	_, err := qtgpu.Decode(bytes.NewReader(data))
	require.NoError(t, err)
}

// TestLargePalettes: colours that no index can reach do not spoil a file.
func TestLargePalettes(t *testing.T) {
	for _, n := range []int{1, 2, 255, 256, 257, 300, 512} {
		m := image.NewPaletted(image.Rect(0, 0, 40, 30), nil)
		for i := range n {
			m.Palette = append(m.Palette, color.NRGBA{R: uint8(i), G: uint8(i * 7), B: uint8(i / 2), A: 255})
		}
		for i := range m.Pix {
			m.Pix[i] = uint8(i % min(n, 256))
		}
		back := decode(t, newReader(t, encode(t, m, qtgpu.Options{}), qtgpu.DecodeOptions{})).(*image.Paletted)
		assert.Equal(t, m.Pix, back.Pix, "%d colours", n)
		assert.Equal(t, m.Palette[:min(n, 256)], back.Palette, "%d colours", n)
	}
}

// TestImagesWithoutPixels: none, or more than any memory holds, is an error.
func TestImagesWithoutPixels(t *testing.T) {
	for want, m := range map[string]image.Image{
		"image of 2000000000×2000000000 pixels, expected at most ": image.NewUniform(color.Black),
		"image of 2147483647×2147483647 pixels, expected at most ": &image.Gray{Rect: image.Rect(0, 0, 1<<31-1, 1<<31-1)},
		"image of 0x0 pixels":       image.NewGray(image.Rectangle{}),
		"whose size exceeds an int": &image.Gray{Rect: image.Rect(math.MinInt, 0, math.MaxInt, 1)},
	} {
		assert.ErrorContains(t, qtgpu.Encode(context.Background(), io.Discard, m, nil), want)
	}
}

// TestArguments: out of range they are errors, or nothing.
func TestArguments(t *testing.T) {
	m := picture(patterns["smooth"], 70, 50, 3, 8)
	lossy := newReader(t, encode(t, m, qtgpu.Options{T: 5}), qtgpu.DecodeOptions{})
	exact := newReader(t, encode(t, m, qtgpu.Options{}), qtgpu.DecodeOptions{})
	for _, plane := range []int{-1, 3, 7} {
		_, err := lossy.Leaves(context.Background(), plane)
		assert.ErrorContains(t, err, "expected 0 to 2", "plane %d", plane)
	}
	for _, level := range []int{-1, lossy.Levels(), 99} {
		assert.Zero(t, lossy.Size(level), "level %d", level)
		_, err := lossy.DecodeRegion(context.Background(), image.Rect(0, 0, 1, 1), level)
		assert.ErrorContains(t, err, "level", "level %d", level)
	}
	_, err := qtgpu.NewReader(context.Background(), bytes.NewReader(nil), -1, nil)
	assert.ErrorContains(t, err, "file of -1 bytes")
	_, err = exact.Leaves(context.Background(), 0)
	assert.ErrorAs(t, err, new(*qtgpu.UnsupportedError))
}

// panicking panics wherever it is called.
type panicking struct{}

func (p panicking) ReadAt([]byte, int64) (int, error) { panic("reader") }
func (p panicking) Write([]byte) (int, error)         { panic("writer") }

// late reads from a file until its bodies are asked for.
type late struct {
	io.ReaderAt
	from int64
}

func (l late) ReadAt(p []byte, off int64) (int, error) {
	if off >= l.from {
		panic("reader")
	}
	return l.ReaderAt.ReadAt(p, off)
}

// TestPanicsReachTheCaller: what a callback panics with on any goroutine can be
// recovered by the caller.
func TestPanicsReachTheCaller(t *testing.T) {
	m := picture(patterns["noise"], 1100, 24, 3, 8)
	progress := func(int64, int64) { panic("progress") }
	for _, o := range []qtgpu.Options{{T: 5, Workers: 3}, {Workers: 3}, {T: 3, Bound: qtgpu.BoundMax, Workers: 3}} {
		data := encode(t, m, o)
		name := fmt.Sprintf("T %g, bound %d", o.T, o.Bound)
		assert.PanicsWithValue(t, "writer", func() { _ = qtgpu.Encode(context.Background(), panicking{}, m, &o) }, name)
		_, bodies := segments(t, data)
		for what, r := range map[string]*qtgpu.Reader{
			"progress": newReader(t, data, qtgpu.DecodeOptions{Workers: 3, Progress: progress}),
			"reader":   openAt(t, late{bytes.NewReader(data), bodies[0].from}, int64(len(data))),
		} {
			assert.PanicsWithValue(t, what, func() { _, _ = r.Decode(context.Background()) }, "%s: decode", name)
		}
		o.Progress = progress
		assert.PanicsWithValue(t, "progress", func() { _ = qtgpu.Encode(context.Background(), io.Discard, m, &o) }, name)
	}
}

func openAt(t *testing.T, r io.ReaderAt, size int64) *qtgpu.Reader {
	t.Helper()
	q, err := qtgpu.NewReader(context.Background(), r, size, &qtgpu.DecodeOptions{Workers: 3})
	require.NoError(t, err)
	return q
}

// TestKeepGoingIsNotForSources: input that cannot be read is an error, not damage.
func TestKeepGoingIsNotForSources(t *testing.T) {
	m := picture(patterns["noise"], 600, 80, 3, 8)
	for _, o := range []qtgpu.Options{{T: 5}, {}} {
		data := encode(t, m, o)
		fronts, bodies := segments(t, data)
		for _, limit := range []int64{fronts[0].from, bodies[0].from} {
			r, err := qtgpu.NewReader(context.Background(), &failing{bytes.NewReader(data), limit}, int64(len(data)), &qtgpu.DecodeOptions{KeepGoing: true})
			if err == nil {
				_, err = r.Decode(context.Background())
			}
			assert.ErrorIs(t, err, errSource, "T %g, limit %d", o.T, limit)
		}
	}
}

// TestCutFiles: a file cut anywhere is io.ErrUnexpectedEOF. With KeepGoing, one that is
// cut behind its index gives all that is left, and names what is not.
func TestCutFiles(t *testing.T) {
	m := picture(patterns["noise"], 2100, 30, 3, 8)
	for _, o := range []qtgpu.Options{{T: 10}, {}, {T: 5, Bound: qtgpu.BoundMax}} {
		o.Metadata.ICC = []byte("profile")
		data := encode(t, m, o)
		fronts, bodies := segments(t, data)
		whole := newReader(t, data, qtgpu.DecodeOptions{})
		all := image.Rectangle{Max: whole.Size(3)}
		for _, c := range []struct {
			name string
			at   int64
			kept int // tiles at level 0
		}{
			{"before the fronts", fronts[0].from, 0}, {"in a front", fronts[1].to - 1, 0},
			{"before the bodies", bodies[0].from, 0}, {"in a body", bodies[1].to - 1, 1},
		} {
			cut := data[:c.at]
			name := fmt.Sprintf("T %g, bound %d: %s", o.T, o.Bound, c.name)
			_, err := qtgpu.NewReader(context.Background(), bytes.NewReader(cut), c.at, nil)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, name)
			_, err = qtgpu.Decode(bytes.NewReader(cut))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, name)

			r := newReader(t, cut, qtgpu.DecodeOptions{KeepGoing: true})
			overview := region(t, r, all, 3)
			if c.at >= bodies[0].from {
				assert.Empty(t, difference(t, region(t, whole, all, 3), overview, image.Point{}), name)
				assert.Empty(t, r.LostTiles(), name)
			}
			decode(t, r)
			assert.Len(t, r.LostTiles(), len(fronts)-c.kept, name)
		}
	}
}

// TestPaletteIndexIsDamage: an index beyond the palette is an error of its tile, which
// KeepGoing fills and names.
func TestPaletteIndexIsDamage(t *testing.T) {
	m := image.NewPaletted(image.Rect(0, 0, 90, 70), nil)
	for i := range 20 {
		m.Palette = append(m.Palette, color.NRGBA{R: uint8(9 * i), A: 255})
	}
	for i := range m.Pix {
		m.Pix[i] = uint8(i / 7 % 20)
	}
	f := containertest.Take(t, encode(t, m, qtgpu.Options{}))
	f.Header.Palette = f.Header.Palette[:16]
	data := f.Bytes(t)
	for _, level := range []int{0, 3} {
		r := newReader(t, data, qtgpu.DecodeOptions{})
		_, err := r.DecodeRegion(context.Background(), image.Rectangle{Max: r.Size(level)}, level)
		tile := new(qtgpu.TileError)
		require.ErrorAs(t, err, &tile, "level %d", level)
		assert.ErrorContains(t, err, "expected less than 16")
		r = newReader(t, data, qtgpu.DecodeOptions{KeepGoing: true})
		region(t, r, image.Rectangle{Max: r.Size(level)}, level)
		assert.Len(t, r.LostTiles(), 1, "level %d", level)
	}
	assert.ErrorContains(t, newReader(t, data, qtgpu.DecodeOptions{}).Check(context.Background()), "expected less than 16")
}

// TestCheckDecodesOverviews: an overview that does not decode, of a tile that does, is
// found.
func TestCheckDecodesOverviews(t *testing.T) {
	m := picture(patterns["text"], 150, 110, 3, 8)
	f := containertest.Take(t, encode(t, m, qtgpu.Options{}))
	const overviewApart, overviewOfBody = 17, 18
	require.EqualValues(t, overviewOfBody, f.Fronts[0][0])
	f.Fronts[0] = []byte{overviewApart, 1, 2, 3, 4, 5}
	data := f.Bytes(t)
	r := newReader(t, data, qtgpu.DecodeOptions{})
	decode(t, r)
	assert.ErrorContains(t, r.Check(context.Background()), "tile 0, front")
}

// TestLittleForNothing: files of a few bytes that ask for much are errors of their tile
// before memory or time is spent.
func TestLittleForNothing(t *testing.T) {
	source := containertest.Take(t, encode(t, picture(patterns["smooth"], 64, 64, 3, 16), qtgpu.Options{Effort: 1}))
	header := *source.Header
	header.Width, header.Height, header.TileLog2, header.GroupRows = 8192, 8192, 10, 8
	for name, c := range map[string]struct {
		front, body []byte
		want        string
	}{
		"empty":      {nil, nil, "tile 0, front at byte"},
		"prediction": {source.Fronts[0], source.Bodies[0][:40], "tile 0, body at byte"},
		"mixing":     {slices.Concat([]byte{32}, source.Fronts[0][1:]), make([]byte, 1000), "tile 0, body at byte"},
	} {
		f := &containertest.File{Header: &header, Plan: source.Plan}
		for range 64 {
			f.Fronts, f.Bodies = append(f.Fronts, c.front), append(f.Bodies, c.body)
		}
		data := f.Bytes(t)
		var err error
		n := allocated(func() { _, err = qtgpu.Decode(bytes.NewReader(data)) })
		assert.ErrorContains(t, err, c.want, name)
		assert.Less(t, n, uint64(8<<20), "%s: bytes allocated for a file of %d", name, len(data))
	}
}

// TestMaxMemory: a region that takes more memory than allowed is refused before it is
// taken, and one of less is not.
func TestMaxMemory(t *testing.T) {
	m := picture(patterns["smooth"], 1100, 400, 3, 8)
	for _, o := range []qtgpu.Options{{T: 10}, {}} {
		data := encode(t, m, o)
		r := newReader(t, data, qtgpu.DecodeOptions{MaxMemory: 1 << 20, Workers: 1})
		var err error
		n := allocated(func() { _, err = r.Decode(context.Background()) })
		assert.ErrorIs(t, err, qtgpu.ErrTooLarge, "T %g", o.T)
		assert.Less(t, n, uint64(1<<19), "T %g: bytes allocated", o.T)
		_, err = r.DecodeRegion(context.Background(), image.Rectangle{Max: r.Size(3)}, 3)
		assert.NoError(t, err, "T %g: the overview", o.T)
		_, err = newReader(t, data, qtgpu.DecodeOptions{MaxMemory: 256 << 20, Workers: 1}).Decode(context.Background())
		assert.NoError(t, err, "T %g", o.T)
	}
	require.False(t, errors.Is(io.EOF, qtgpu.ErrTooLarge))
}

// TestMaxMemoryOfWholeFiles: what looks at every tile is refused where not even one fits.
func TestMaxMemoryOfWholeFiles(t *testing.T) {
	ctx := context.Background()
	m := picture(patterns["smooth"], 1100, 400, 3, 8)
	src, err := qtgpu.FromImage(m)
	require.NoError(t, err)
	lossless, lossy := encode(t, m, qtgpu.Options{}), encode(t, m, qtgpu.Options{T: 10})
	for call, f := range map[string]func(r *qtgpu.Reader) error{
		"check":  func(r *qtgpu.Reader) error { return r.Check(ctx) },
		"verify": func(r *qtgpu.Reader) error { _, err := r.Verify(ctx, src); return err },
		"leaves": func(r *qtgpu.Reader) error { _, err := r.Leaves(ctx, 0); return err },
	} {
		for threshold, data := range map[int][]byte{0: lossless, 10: lossy} {
			if call == "leaves" && threshold == 0 {
				continue // of the other engine
			}
			err := f(newReader(t, data, qtgpu.DecodeOptions{MaxMemory: 100_000, Workers: 8}))
			assert.ErrorIs(t, err, qtgpu.ErrTooLarge, "%s, T %d", call, threshold)
			assert.NoError(t, f(newReader(t, data, qtgpu.DecodeOptions{MaxMemory: 64 << 20, Workers: 8})), "%s, T %d", call, threshold)
		}
	}
}
