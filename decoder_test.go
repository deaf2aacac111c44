package qtgpu_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// vectors are the files of testdata/conformance, by name.
func vectors(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/conformance/*.qtg")
	require.NoError(t, err)
	require.Greater(t, len(names), 100)
	all := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		all[filepath.Base(name)] = data
	}
	return all
}

// newDecoder begins a stream.
func newDecoder(t testing.TB, r io.Reader, o qtgpu.DecodeOptions) *qtgpu.Decoder {
	t.Helper()
	d, err := qtgpu.NewDecoder(t.Context(), r, &o)
	require.NoError(t, err)
	return d
}

// readRows decodes all rows of a stream, some at a time.
func readRows(t testing.TB, d *qtgpu.Decoder, rows int) (*raster.Block, error) {
	t.Helper()
	f := d.Format()
	all := raster.NewBlock(f.Bounds(), f.Type, len(f.Bands))
	for y := 0; y < f.Height; y += rows {
		if err := d.ReadBlock(t.Context(), all.Sub(image.Rect(0, y, f.Width, min(y+rows, f.Height)))); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// formatText is all that a format says, the same for every NaN.
func formatText(f raster.Format) string {
	text := fmt.Sprintf("%d×%d %v %d %v", f.Width, f.Height, f.Type, f.Max, f.Palette)
	for _, b := range f.Bands {
		text += fmt.Sprintf(", %v %q %g %g", b.Role, b.Name, b.Scale, b.Offset)
		if b.NoData != nil {
			text += fmt.Sprintf(" %g", *b.NoData)
		}
	}
	return text
}

// requireDecoder holds what a Decoder gives of a file, in every way, to be what a Reader
// gives, and the stream to be read to the file's end and no further.
func requireDecoder(t *testing.T, data []byte, o qtgpu.DecodeOptions, name string) {
	t.Helper()
	r := newReader(t, data, o)
	want := readLevel(t, r, 0)
	meta, err := r.Metadata(t.Context())
	require.NoError(t, err, name)
	in := bytes.NewReader(append(slices.Clone(data), "more"...))
	again := func() *qtgpu.Decoder {
		in.Seek(0, io.SeekStart)
		return newDecoder(t, iotest.HalfReader(in), o)
	}
	for _, rows := range shorttest.Cases([]int{7, 1, 64, 1 << 20}) {
		d := again()
		got, err := readRows(t, d, rows)
		require.NoError(t, err, "%s: %d rows", name, rows)
		require.Empty(t, rastertest.Difference(want, got), "%s: %d rows", name, rows)
		require.Equal(t, 4, in.Len(), "%s: bytes left behind %d rows", name, rows)
		require.Equal(t, formatText(r.Format()), formatText(d.Format()), name)
		require.Equal(t, r.Config(), d.Config(), name)
		m, err := d.Metadata()
		require.NoError(t, err, name)
		require.Equal(t, meta, m, name)
	}
	s := newBands(t, r, want.Rect)
	require.NoError(t, again().Copy(t.Context(), s), name)
	require.Empty(t, rastertest.Difference(want, s.all), "%s: Copy", name)
	require.Equal(t, 4, in.Len(), "%s: bytes left behind Copy", name)
	wantImage, wantErr := r.Decode(t.Context())
	m, err := again().Decode(t.Context())
	if wantErr != nil {
		require.EqualError(t, err, wantErr.Error(), name)
		return
	}
	require.NoError(t, err, name)
	require.Equal(t, wantImage, m, name)
	require.Equal(t, 4, in.Len(), "%s: bytes left behind Decode", name)
}

// TestDecoderOfVectors: of every kind of file.
func TestDecoderOfVectors(t *testing.T) {
	all := vectors(t)
	for _, name := range shorttest.Names(all) {
		requireDecoder(t, all[name], qtgpu.DecodeOptions{}, name)
	}
}

// TestDecoderOfBands: at any memory, with any number of workers.
func TestDecoderOfBands(t *testing.T) {
	width := shorttest.Side(30)
	for engine, o := range map[string]qtgpu.Options{"transform": {T: 20}, "predictive": {}, "layered": {T: 5, Bound: qtgpu.BoundMax}} {
		m := picture(patterns["noise"], width, 2600, 3, 8)
		data := encode(t, m, o)
		for name, data := range map[string][]byte{"one group": data, "groups": grouped(t, data, 1, 6), "groups of two": grouped(t, data, 2)} {
			want, done := readLevel(t, newReader(t, data, qtgpu.DecodeOptions{}), 0), 0
			for limit := int64(64 << 20); limit > 1<<18; limit /= 3 {
				d := qtgpu.DecodeOptions{MaxMemory: limit, Workers: 1 + done%3}
				if copied(t, newReader(t, data, d), image.Rect(0, 0, width, 2600), 0) == nil {
					break
				}
				dec := newDecoder(t, bytes.NewReader(data), d)
				got, err := readRows(t, dec, 100)
				if errors.Is(err, qtgpu.ErrTooLarge) { // what is held compressed counts
					break
				}
				require.NoError(t, err, "%s, %s, %d bytes", engine, name, limit)
				require.Empty(t, rastertest.Difference(want, got), "%s, %s, %d bytes", engine, name, limit)
				done++
			}
			require.Greater(t, done, 1, "%s, %s: limits", engine, name)
		}
	}
}

// flow notes how far a stream has been read.
type flow struct {
	io.Reader
	n int
}

func (f *flow) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	f.n += n
	return n, err
}

// TestDecoderGivesRowsAsTheyCome: rows are there before the stream has come further than to the end of the four rows of
// tiles that are decoded at once, but for the last 64, which filters reach from the next ones.
func TestDecoderGivesRowsAsTheyCome(t *testing.T) {
	for _, o := range []qtgpu.Options{{T: 10}, {}} {
		side := 512
		if o.T == 0 {
			side = 1024
		}
		data := grouped(t, encode(t, picture(patterns["noise"], 20, 12*side, 3, 8), o), 1)
		f := &flow{Reader: bytes.NewReader(data)}
		d := newDecoder(t, f, qtgpu.DecodeOptions{Workers: 1})
		const reach = 64
		for y := range 11 {
			b := raster.NewBlock(image.Rect(0, max(y*side-reach, 0), 20, (y+1)*side-reach), raster.Uint8, 3)
			require.NoError(t, d.ReadBlock(t.Context(), b))
			require.Less(t, f.n, len(data)*(y/4*4+4+1)/12, "T %g: read for row of tiles %d of 12", o.T, y)
		}
	}
}

// TestDecoderOfDamage: with KeepGoing a stream gives what a Reader gives, of files that are
// cut and of damaged tiles, and loses the same tiles; without it, it ends with an error of
// the same kind.
func TestDecoderOfDamage(t *testing.T) {
	for _, o := range []qtgpu.Options{{T: 10}, {}} {
		data := encode(t, picture(patterns["noise"], 20, 2600, 3, 8), o)
		files := map[string][]byte{"one group": data, "groups": grouped(t, data, 2, 6)}
		for name, data := range files {
			fronts, bodies := segments(t, data)
			cases := map[string][]byte{
				"front": flipped(data, fronts[1].from, 1), "body": flipped(data, bodies[1].to-1, 1), "metadata and end": flipped(data, int64(len(data))-2, 1),
				"cut in a front": data[:fronts[1].to-1], "cut in a body": data[:bodies[1].to-1], "cut behind": data[:bodies[len(bodies)-1].to],
			}
			if name == "groups" {
				cases["index"] = flipped(data, bodies[1].to+9, 1)
			}
			for what, damaged := range cases {
				name := fmt.Sprintf("T %g, %s, %s", o.T, name, what)
				requireSameLoss(t, damaged, name)
			}
		}
	}
}

// requireSameLoss holds a damaged file to be the same to a Decoder and a Reader.
func requireSameLoss(t *testing.T, damaged []byte, name string) {
	t.Helper()
	o := qtgpu.DecodeOptions{KeepGoing: true}
	r := newReader(t, damaged, o)
	want := readLevel(t, r, 0)
	d := newDecoder(t, bytes.NewReader(damaged), o)
	got, err := readRows(t, d, 100)
	require.NoError(t, err, name)
	require.Empty(t, rastertest.Difference(want, got), name)
	require.Equal(t, r.LostTiles(), d.LostTiles(), name)
	_, wantErr := decodeAll(damaged)
	d, err = qtgpu.NewDecoder(t.Context(), bytes.NewReader(damaged), nil)
	if err == nil {
		_, err = readRows(t, d, 100)
	}
	require.Equal(t, wantErr == nil, err == nil, "%s: %v, a Reader says %v", name, err, wantErr)
	if err != nil {
		require.True(t, documented(err), "%s: %T %v", name, err, err)
		require.Equal(t, errors.Is(wantErr, io.ErrUnexpectedEOF), errors.Is(err, io.ErrUnexpectedEOF), "%s: %v, a Reader says %v", name, err, wantErr)
	}
}

// decodeAll decodes a file by a Reader, into a block.
func decodeAll(data []byte) (*raster.Block, error) {
	r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		return nil, err
	}
	f := r.Format()
	s, err := raster.NewMemory(f)
	if err != nil {
		return nil, err
	}
	return s.View(f.Bounds()), r.Copy(context.Background(), s, f.Bounds(), 0)
}

// TestDecoderRefuses: what does not fit is refused, and changes nothing.
func TestDecoderRefuses(t *testing.T) {
	data := encode(t, picture(patterns["smooth"], 40, 30, 3, 8), qtgpu.Options{T: 5})
	d := newDecoder(t, bytes.NewReader(data), qtgpu.DecodeOptions{})
	block := func(x0, y0, x1, y1 int) *raster.Block {
		return raster.NewBlock(image.Rect(x0, y0, x1, y1), raster.Uint8, 3)
	}
	want := readLevel(t, newReader(t, data, qtgpu.DecodeOptions{}), 0)
	got := raster.NewBlock(want.Rect, raster.Uint8, 3)
	for y := 0; y < 30; y += 10 {
		next := fmt.Sprintf("expected whole rows from row %d on", y)
		for _, c := range []struct {
			b    *raster.Block
			want string
		}{
			{block(0, y, 39, y+1), next},
			{block(1, y, 40, y+1), next},
			{block(0, y+1, 40, y+2), next},
			{block(0, y, 40, 31), "expected one inside it"},
			{block(0, y, 40, y), "expected one inside it"},
			{&raster.Block{}, "expected one inside it"},
			{raster.NewBlock(image.Rect(0, y, 40, y+1), raster.Uint16, 3), "block of 3 bands of uint16, expected 3 of uint8"},
			{raster.NewBlock(image.Rect(0, y, 40, y+1), raster.Uint8, 4), "block of 4 bands of uint8, expected 3 of uint8"},
		} {
			assert.ErrorContains(t, d.ReadBlock(t.Context(), c.b), c.want, "row %d", y)
		}
		for _, c := range []struct {
			m    draw.Image
			want string
		}{
			{image.NewNRGBA(image.Rect(0, y, 40, y+1)), "image of type *image.NRGBA, expected *image.RGBA"},
			{image.NewRGBA(image.Rect(0, y, 41, y+1)), "expected some inside it"},
			{image.NewRGBA(image.Rectangle{}), "expected some inside it"},
			{image.NewRGBA(image.Rect(0, y, 30, y+1)), next},
			{&image.RGBA{Rect: image.Rect(0, y, 40, y+2), Stride: 160, Pix: make([]byte, 319)}, "with 319 bytes in rows of 160, expected 320 in rows of at least 160"},
			{&image.RGBA{Rect: image.Rect(0, y, 40, y+2), Stride: 159, Pix: make([]byte, 400)}, "in rows of 159, expected 319 in rows of at least 160"},
			{&image.RGBA{Rect: image.Rect(0, y, 40, y+2), Stride: -160, Pix: make([]byte, 400)}, "in rows of -160"},
		} {
			assert.ErrorContains(t, d.ReadImage(t.Context(), c.m), c.want, "row %d", y)
		}
		if y > 0 {
			_, err := d.Decode(t.Context())
			assert.ErrorContains(t, err, fmt.Sprintf("%d rows have been read, expected none", y))
		}
		require.NoError(t, d.ReadBlock(t.Context(), got.Sub(image.Rect(0, y, 40, y+10))))
	}
	assert.Empty(t, rastertest.Difference(want, got))
	assert.ErrorContains(t, d.ReadBlock(t.Context(), block(0, 0, 40, 1)), "expected whole rows from row 30 on")
	assert.NoError(t, d.Copy(t.Context(), newBands(t, newReader(t, data, qtgpu.DecodeOptions{}), want.Rect)), "of no rows")
	for _, o := range []qtgpu.DecodeOptions{{Workers: -1}, {MaxPixels: -1}, {MaxMemory: -1}} {
		_, err := qtgpu.NewDecoder(t.Context(), bytes.NewReader(data), &o)
		assert.ErrorContains(t, err, "expected 0 or more", "%+v", o)
	}
	_, err := qtgpu.NewDecoder(t.Context(), bytes.NewReader(data), &qtgpu.DecodeOptions{MaxPixels: 1199})
	assert.ErrorIs(t, err, qtgpu.ErrTooLarge)
}

// TestDecoderEnds: an error of the stream, of a sink or of the context is the error of
// every call that follows.
func TestDecoderEnds(t *testing.T) {
	data := grouped(t, encode(t, picture(patterns["noise"], 20, 2600, 3, 8), qtgpu.Options{T: 10}), 1)
	_, bodies := segments(t, data)
	rows := func(y int) *raster.Block { return raster.NewBlock(image.Rect(0, y, 20, y+512), raster.Uint8, 3) }
	one := qtgpu.DecodeOptions{Workers: 1, KeepGoing: true, MaxMemory: 4 << 20}

	d := newDecoder(t, io.MultiReader(bytes.NewReader(data[:bodies[3].from]), iotest.ErrReader(errSource)), one)
	_, err := readRows(t, d, 512)
	assert.ErrorIs(t, err, errSource, "no damage")
	assert.ErrorAs(t, err, new(*qtgpu.ReadError))
	assert.Equal(t, err, d.Copy(t.Context(), nil))
	_, again := d.Decode(t.Context())
	assert.Equal(t, err, again)

	ctx, cancel := context.WithCancelCause(t.Context())
	d = newDecoder(t, bytes.NewReader(data), one)
	require.NoError(t, d.ReadBlock(ctx, rows(0)))
	cancel(errSource)
	for range 2 {
		assert.ErrorIs(t, d.Copy(ctx, nil), errSource)
	}
	assert.ErrorIs(t, d.ReadBlock(t.Context(), rows(512)), errSource)
	_, err = qtgpu.NewDecoder(ctx, bytes.NewReader(data), nil)
	assert.ErrorIs(t, err, errSource)

	d = newDecoder(t, bytes.NewReader(data), qtgpu.DecodeOptions{Workers: 1})
	s := newBands(t, newReader(t, data, qtgpu.DecodeOptions{}), image.Rect(0, 0, 20, 2600))
	s.fail = io.ErrShortWrite
	assert.ErrorIs(t, d.Copy(t.Context(), s), io.ErrShortWrite)
	assert.Equal(t, 2, s.n)

	assert.PanicsWithValue(t, "reader", func() {
		_, _ = qtgpu.NewDecoder(t.Context(), readerFunc(func([]byte) (int, error) { panic("reader") }), nil)
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestDecoderProgress: in pixels, from the first to all.
func TestDecoderProgress(t *testing.T) {
	data := encode(t, picture(patterns["noise"], 20, 2600, 3, 8), qtgpu.Options{T: 10})
	var last, calls int64
	d := newDecoder(t, bytes.NewReader(data), qtgpu.DecodeOptions{Progress: func(done, total int64) {
		assert.Equal(t, int64(20*2600), total)
		assert.GreaterOrEqual(t, done, last)
		last, calls = done, calls+1
	}})
	_, err := readRows(t, d, 33)
	require.NoError(t, err)
	assert.Equal(t, int64(20*2600), last)
	assert.Equal(t, int64(6), calls, "one for each tile")
}

// TestReadImage: an image of the caller's gets the pixels of its bounds, and no others, in
// the type that DecodeRegion gives.
func TestReadImage(t *testing.T) {
	types := map[string]bool{}
	all := vectors(t)
	for _, name := range shorttest.Names(all) {
		data := all[name]
		r := newReader(t, data, qtgpu.DecodeOptions{})
		for level := range min(r.Levels(), shorttest.Rounds(2)) {
			all := image.Rectangle{Max: r.Size(level)}
			whole, err := r.DecodeRegion(t.Context(), all, level)
			if err != nil {
				continue
			}
			rect := image.Rect(all.Max.X/3, all.Max.Y/4, all.Max.X-all.Max.X/5, all.Max.Y)
			dst := blank(whole, all)
			if dst == nil {
				require.ErrorAs(t, r.ReadImage(t.Context(), image.NewGray(all), level), new(*qtgpu.UnsupportedError), name)
				continue
			}
			require.NoError(t, r.ReadImage(t.Context(), part(dst, rect), level), name)
			want, expected := region(t, r, rect, level), view(t, blank(whole, all))
			from := view(t, want)
			for y := range from.h {
				copy(expected.row(rect.Min.X, rect.Min.Y+y, from.w), from.row(0, y, from.w))
			}
			got := view(t, dst)
			require.True(t, bytes.Equal(expected.pix, got.pix), "%s: %v of level %d", name, rect, level)
			types[fmt.Sprintf("%T", dst)] = true
			if level > 0 {
				continue
			}
			d := newDecoder(t, bytes.NewReader(data), qtgpu.DecodeOptions{})
			dst = blank(whole, all)
			for y := 0; y < all.Max.Y; y += 9 {
				require.NoError(t, d.ReadImage(t.Context(), part(dst, image.Rect(0, y, all.Max.X, min(y+9, all.Max.Y)))), name)
			}
			require.Equal(t, view(t, whole).pix, view(t, dst).pix, "%s: by rows", name)
		}
	}
	assert.GreaterOrEqual(t, len(types), shorttest.Rounds(7), "%v", types)
}

// part is a part of an image, of the same type.
func part(m draw.Image, r image.Rectangle) draw.Image {
	return m.(interface {
		SubImage(image.Rectangle) image.Image
	}).SubImage(r).(draw.Image)
}

// blank is an image of the type of another one, of bytes that no pixel has; nil where package
// image has no such type.
func blank(like image.Image, r image.Rectangle) draw.Image {
	var m draw.Image
	var pix []byte
	switch like := like.(type) {
	case *image.Gray:
		n := image.NewGray(r)
		m, pix = n, n.Pix
	case *image.Gray16:
		n := image.NewGray16(r)
		m, pix = n, n.Pix
	case *image.RGBA:
		n := image.NewRGBA(r)
		m, pix = n, n.Pix
	case *image.RGBA64:
		n := image.NewRGBA64(r)
		m, pix = n, n.Pix
	case *image.NRGBA:
		n := image.NewNRGBA(r)
		m, pix = n, n.Pix
	case *image.NRGBA64:
		n := image.NewNRGBA64(r)
		m, pix = n, n.Pix
	case *image.Paletted:
		n := image.NewPaletted(r, like.Palette)
		m, pix = n, n.Pix
	}
	for i := range pix {
		pix[i] = 0x5a
	}
	return m
}

// FuzzDecoder holds a Decoder against a Reader: what it takes a Reader takes of the bytes that
// it has read, with the same samples; what it refuses a Reader refuses too.
func FuzzDecoder(f *testing.F) {
	all := vectors(f)
	for _, name := range shorttest.Names(all) {
		if len(all[name]) < 4000 {
			f.Add(all[name])
		}
	}
	f.Add(grouped(f, encode(f, picture(patterns["smooth"], 20, 1100, 3, 8), qtgpu.Options{T: 40}), 1, 6, 9))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := qtgpu.DecodeOptions{MaxPixels: 1 << 16, MaxMemory: 64 << 20}
		in := bytes.NewReader(data)
		var got *raster.Block
		d, err := qtgpu.NewDecoder(t.Context(), in, &o)
		if err == nil {
			got, err = readRows(t, d, 50)
		}
		if err != nil {
			require.True(t, documented(err), "%T %v", err, err)
			if !errors.Is(err, qtgpu.ErrTooLarge) {
				_, err := decodeAll(data)
				require.Error(t, err, "a Reader takes it")
			}
		} else {
			want, err := decodeAll(data[:len(data)-in.Len()])
			require.NoError(t, err, "a Reader refuses it")
			require.Empty(t, rastertest.Difference(want, got))
		}
		o.KeepGoing = true
		if d, err := qtgpu.NewDecoder(t.Context(), bytes.NewReader(data), &o); err == nil {
			_, _ = readRows(t, d, 50) // whatever it gives, without a panic
		}
	})
}
