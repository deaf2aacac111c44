package qtgpu_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// mosaic is a paletted image.
func mosaic(w, h int) *image.Paletted {
	m := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{
		color.NRGBA{10, 20, 30, 255}, color.NRGBA{200, 0, 0, 255}, color.NRGBA{}, color.NRGBA{9, 9, 9, 77},
	})
	for i := range m.Pix {
		m.Pix[i] = byte((i%w/7 + i/w/5*(i/w)/40) % 4)
	}
	return m
}

// files are files of all engines, of samples of all kinds, of two tiles and more. Their
// metadata keep the tiles out of what opening a file holds.
var files = sync.OnceValue(func() map[string][]byte {
	smooth := patterns["smooth"]
	all := map[string][]byte{}
	for name, c := range map[string]struct {
		m image.Image
		o qtgpu.Options
	}{
		"lossy, colours under alpha": {picture(smooth, 530, shorttest.Side(600), 4, 8), qtgpu.Options{T: 10}},
		"lossy, gray of 16 bits":     {picture(smooth, 1100, 40, 1, 16), qtgpu.Options{T: 5 * 257, Bound: qtgpu.BoundRMS}},
		"lossless, 8 bits":           {picture(smooth, 30, 1100, 3, 8), qtgpu.Options{}},
		"lossless, 16 bits":          {picture(smooth, 1100, 30, 4, 16), qtgpu.Options{}},
		"layered":                    {boundedPicture("photo", 1100, shorttest.Side(60)), withinSix},
		"indices":                    {mosaic(shorttest.Side(60), 2100), qtgpu.Options{}},
	} {
		var b bytes.Buffer
		c.o.Metadata.ICC = make([]byte, 20000)
		if err := qtgpu.Encode(context.Background(), &b, c.m, &c.o); err != nil {
			panic(err)
		}
		all[name] = b.Bytes()
	}
	return all
})

// samplesOf are the samples of an image that the package decodes, beside each other in
// the bytes of package image, as a block at a rectangle.
func samplesOf(t *testing.T, m image.Image, f raster.Format, at image.Rectangle) *raster.Block {
	t.Helper()
	b := raster.NewBlock(at, f.Type, len(f.Bands))
	if p, ok := m.(*image.Paletted); ok {
		assert.Equal(t, f.Palette, p.Palette)
		for y := range at.Dy() {
			copy(b.RowBytes(0, at.Min.Y+y), p.Pix[y*p.Stride:])
		}
		return b
	}
	p, err := imagefile.FromImage(m)
	require.NoError(t, err)
	for y := range p.H {
		for x := range p.W {
			for band := range f.Bands {
				q := p.Pix[y*p.Stride+x*p.Step+band*p.Depth/8:]
				v := int64(q[0])
				if p.Depth == 16 {
					v = v<<8 | int64(q[1])
				}
				rastertest.Set(b, band, at.Min.X+x, at.Min.Y+y, v)
			}
		}
	}
	return b
}

// TestReadBlock: blocks of either layout, and blocks of a level as a Source, hold what
// DecodeRegion gives, at every level, with a cache and without.
func TestReadBlock(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for name, data := range files() {
		for _, cache := range shorttest.Cases([]int64{1 << 30, 0}) {
			r := newReader(t, data, qtgpu.DecodeOptions{CacheBytes: cache})
			for level := range r.Levels() {
				size := r.Size(level)
				src := r.Level(level)
				require.Equal(t, size, src.Format().Bounds().Size(), "%s: level %d", name, level)
				for i := range shorttest.Rounds(4) {
					rect := image.Rectangle{Max: size}
					switch i {
					case 1:
						rect.Min = size.Sub(image.Pt(1, 1))
					case 2, 3:
						rect = rectangle(rng, size)
					}
					about := fmt.Sprintf("%s: %v of level %d", name, rect, level)
					want := samplesOf(t, region(t, r, rect, level), r.Format(), rect)
					require.Empty(t, rastertest.Difference(want, readBlock(t, r, rect, level, false)), about)
					require.Empty(t, rastertest.Difference(want, readBlock(t, r, rect, level, true)), about)
					b := raster.NewBlock(rect, want.Type, len(want.Planes))
					require.NoError(t, src.ReadBlock(context.Background(), b), about)
					require.Empty(t, rastertest.Difference(want, b), about)
				}
			}
		}
	}
}

// TestReadBlockSpares: what lies between the samples of a block stays as it was.
func TestReadBlockSpares(t *testing.T) {
	for name, data := range files() {
		r := newReader(t, data, qtgpu.DecodeOptions{})
		f := r.Format()
		for level := range 5 {
			size := r.Size(level)
			rect := image.Rect(size.X/2, size.Y/3, size.X, size.Y)
			n := len(f.Bands)
			b := raster.NewInterleaved(rect, f.Type, n+1, n+1)
			spare := b.Planes[n]
			b.Planes = b.Planes[:n]
			for i := range b.Planes[0] {
				b.Planes[0][i] = 0xa5
			}
			require.NoError(t, r.ReadBlock(context.Background(), b, level), name)
			b.Planes[0] = spare
			for y := rect.Min.Y; y < rect.Max.Y; y++ {
				row := b.RowBytes(0, y)
				for x := range rect.Dx() {
					for _, v := range row[x*b.Step*f.Type.Size():][:f.Type.Size()] {
						if v != 0xa5 {
							t.Fatalf("%s: level %d x %d y %d: %#x, expected 0xa5", name, level, rect.Min.X+x, y, v)
						}
					}
				}
			}
		}
	}
}

// TestReadBlockRefuses: a block that is none of the level is an error that says what is
// expected, and a level that there is not is a panic of Level.
func TestReadBlockRefuses(t *testing.T) {
	r := newReader(t, encode(t, picture(patterns["flat"], 50, 30, 3, 8), qtgpu.Options{T: 9}), qtgpu.DecodeOptions{})
	for _, c := range []struct {
		rect  image.Rectangle
		typ   raster.Type
		bands int
		level int
		want  string
	}{
		{image.Rect(0, 0, 1, 1), raster.Uint8, 3, 7, "level 7, expected 0 to 6"},
		{image.Rect(0, 0, 26, 1), raster.Uint8, 3, 1, "expected one inside (0,0)-(25,15) and not empty"},
		{image.Rect(5, 5, 5, 9), raster.Uint8, 3, 0, "not empty"},
		{image.Rect(0, 0, 9, 9), raster.Uint16, 3, 0, "block of 3 bands of uint16, expected 3 of uint8"},
		{image.Rect(0, 0, 9, 9), raster.Uint8, 1, 0, "block of 1 bands of uint8, expected 3 of uint8"},
	} {
		err := r.ReadBlock(context.Background(), raster.NewBlock(c.rect, c.typ, c.bands), c.level)
		assert.ErrorContains(t, err, c.want, "%+v", c)
	}
	short := raster.NewBlock(image.Rect(0, 0, 9, 9), raster.Uint8, 3)
	short.Planes[2] = short.Planes[2][:80]
	assert.ErrorContains(t, r.ReadBlock(context.Background(), short, 0), "band 2 has 80 bytes, expected at least 81")
	assert.ErrorContains(t, r.ReadBlock(context.Background(), &raster.Block{}, 0), "not empty")
	assert.Panics(t, func() { r.Level(7) })
	assert.Panics(t, func() { r.Level(-1) })
}

// ending is an input that ends a context as it is read.
type ending struct {
	io.ReaderAt
	end func()
}

func (e *ending) ReadAt(p []byte, off int64) (int, error) {
	e.end()
	return e.ReaderAt.ReadAt(p, off)
}

// TestReadBlockEnds: a context that has ended, or that ends while the file is read, ends
// ReadBlock with its cause, of every level, and the next call is as if it had not been.
func TestReadBlockEnds(t *testing.T) {
	errEnd := errors.New("no longer wanted")
	for name, data := range files() {
		input := &ending{bytes.NewReader(data), func() {}}
		r, err := qtgpu.NewReader(context.Background(), input, int64(len(data)), &qtgpu.DecodeOptions{CacheBytes: 1 << 30, KeepGoing: true})
		require.NoError(t, err)
		f := r.Format()
		for level := range r.Levels() {
			b := raster.NewBlock(image.Rectangle{Max: r.Size(level)}, f.Type, len(f.Bands))
			for _, before := range []bool{true, false} {
				ctx, cancel := context.WithCancelCause(context.Background())
				input.end = func() { cancel(errEnd) }
				if before {
					input.end()
				}
				require.ErrorIs(t, r.ReadBlock(ctx, b, level), errEnd, "%s: level %d, before %t", name, level, before)
			}
		}
		input.end = func() {}
		want := readLevel(t, newReader(t, data, qtgpu.DecodeOptions{}), 0)
		require.Empty(t, rastertest.Difference(want, readLevel(t, r, 0)), name)
		require.Empty(t, r.LostTiles(), name)
	}
}

// TestCacheBytes: what a cache has room for is read once and is right at all levels that
// are made of it; what it has no room for is read again.
func TestCacheBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for name, data := range files() {
		var whole []*raster.Block // levels
		for level := range 3 {
			whole = append(whole, readLevel(t, newReader(t, data, qtgpu.DecodeOptions{}), level))
		}
		for _, limit := range []int64{0, 1, 200_000, 1 << 30} {
			input := &counter{ReaderAt: bytes.NewReader(data)}
			r, err := qtgpu.NewReader(context.Background(), input, int64(len(data)), &qtgpu.DecodeOptions{CacheBytes: limit})
			require.NoError(t, err)
			readLevel(t, r, 0)
			input.reads = nil
			for level, want := range whole {
				for range shorttest.Rounds(4) {
					rect := rectangle(rng, r.Size(level))
					require.Empty(t, rastertest.Difference(want, readBlock(t, r, rect, level, false)), "%s: %v of level %d with %d bytes", name, rect, level, limit)
				}
			}
			if limit == 1<<30 {
				assert.Empty(t, input.reads, "%s: read again", name)
			} else if limit <= 1 {
				assert.GreaterOrEqual(t, len(input.reads), 3*shorttest.Rounds(4), "%s: a cache of %d bytes that holds a tile", name, limit)
			}
		}
	}
}
