package imagefile

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// samples is a picture as a raster with every sample found by its definition.
func samples(m *Image) *raster.Block {
	format := m.format()
	b := raster.NewBlock(m.Bounds(), format.Type, len(format.Bands))
	for c := range b.Planes {
		for y := range m.H {
			for x := range m.W {
				at := (y*m.W + x) * b.Type.Size()
				switch {
				case m.Palette != nil:
					b.Planes[c][at] = m.Index[y*m.W+x]
				case m.Depth == 8:
					b.Planes[c][at] = byte(m.raw(x, y, c))
				default:
					storeSample(b.Planes[c][at:at+2], int(m.raw(x, y, c)))
				}
			}
		}
	}
	return b
}

// requireWindow holds a block of a file against the samples of the whole.
func requireWindow(t *testing.T, want, got *raster.Block, name string) {
	crop := want.Sub(got.Rect)
	for c := range want.Planes {
		for y := got.Rect.Min.Y; y < got.Rect.Max.Y; y++ {
			row, size := got.RowBytes(c, y), got.Type.Size()
			if got.Step == 1 && bytes.Equal(row, crop.RowBytes(c, y)) {
				continue
			}
			for x := got.Rect.Min.X; x < got.Rect.Max.X; x++ {
				p, q := crop.RowBytes(c, y)[(x-got.Rect.Min.X)*size:][:size], row[(x-got.Rect.Min.X)*got.Step*size:][:size]
				if !bytes.Equal(p, q) {
					require.Equal(t, p, q, "%s: window %v, band %d, pixel %d,%d", name, got.Rect, c, x, y)
				}
			}
		}
	}
}

// someWindow is a window of a picture, of one of the layouts of samples.
func someWindow(rng *rand.Rand, f *raster.Format) *raster.Block {
	x, y := rng.IntN(f.Width), rng.IntN(f.Height)
	r := image.Rect(x, y, x+1+rng.IntN(f.Width-x), y+1+rng.IntN(f.Height-y))
	n := len(f.Bands)
	switch rng.IntN(5) {
	case 0:
		return raster.NewInterleaved(r, f.Type, n, n)
	case 1:
		return raster.NewInterleaved(r, f.Type, n, n+1)
	case 2: // a part of more
		return raster.NewInterleaved(f.Bounds(), f.Type, n, n).Sub(r)
	}
	return raster.NewBlock(r, f.Type, n)
}

// decodedOf is what keeps rows of a file, nil where nothing does.
func decodedOf(f *File) *decoded {
	switch p := f.pixels.(type) {
	case *tiffPixels:
		return p.decoded
	case sequence:
		return p.decoded
	}
	return nil
}

// shrink makes segments of 3 rows and keeps a few, so that small files meet what large
// ones do.
func shrink(f *File) {
	if d := decodedOf(f); d != nil {
		d.rows = 3
		d.kept = segments{limit: int64(4 * d.rows * d.rowBytes)}
		d.streams = nil
	}
}

// requireFile holds Open against Read: windows in any order, by several goroutines, and
// all that is said of the file.
func requireFile(t *testing.T, data []byte, opt ReadOptions, windows int, name string) {
	t.Helper()
	m, format, wantErr := Read(bytes.NewReader(data), opt)
	f, err := Open(bytes.NewReader(data), opt)
	if wantErr != nil {
		if err == nil {
			err = f.ReadBlock(context.Background(), raster.NewBlock(f.format.Bounds(), f.format.Type, len(f.format.Bands)))
		}
		if err == nil { // no picture
			_, err = f.Image(context.Background())
		}
		require.EqualError(t, err, wantErr.Error(), name)
		return
	}
	require.NoError(t, err, name)
	if windows%2 == 0 {
		shrink(f)
	}
	want := samples(m)
	require.Equal(t, m.format(), pictured(f.Format()), name)
	var wg sync.WaitGroup
	for k := range 3 {
		rng := rand.New(rand.NewPCG(uint64(len(data)), uint64(k)))
		wg.Go(func() {
			for range windows {
				b := someWindow(rng, f.Format())
				if !assert.NoError(t, f.ReadBlock(context.Background(), b), name) {
					return
				}
				requireWindow(t, want, b, name)
			}
		})
	}
	wg.Wait()
	got, err := f.Image(context.Background())
	require.NoError(t, err, name)
	require.Equal(t, format, f.Name, name)
	requirePicture(t, m, got, name)
	require.Equal(t, []any{m.Meta, m.Damage}, []any{f.Meta, f.Damage}, name)
	require.Equal(t, slices.Concat(f.Lost, m.Lost[len(f.Lost):]), m.Lost, name)
	require.Equal(t, len(m.Notes), len(f.Notes), name)
}

// pictured is a format as an Image has it: bands have no names, and three of data are
// colours.
func pictured(f *raster.Format) raster.Format {
	to := *f
	to.Bands = slices.Clone(f.Bands)
	for i, b := range f.Bands {
		to.Bands[i] = raster.Band{Role: b.Role}
	}
	if n := len(to.Bands); n > 2 && to.Bands[0].Role == raster.Data {
		copy(to.Bands, bandsOf(3, NoAlpha))
	}
	return to
}

// requirePicture compares all of two pictures.
func requirePicture(t *testing.T, want, got *Image, name string) {
	x, y := *want, *got
	x.Pix, y.Pix, x.Index, y.Index = nil, nil, nil, nil
	require.Equal(t, x, y, name)
	if !bytes.Equal(want.Pix, got.Pix) {
		requireSame(t, want, got)
	}
	require.True(t, bytes.Equal(want.Pix, got.Pix), "%s: padding", name)
	require.True(t, bytes.Equal(want.Index, got.Index), "%s: indices", name)
}

// TestFilesOfTheCorpus: windows of every file that Read takes are those of the whole,
// and every other is refused in the same words.
func TestFilesOfTheCorpus(t *testing.T) {
	dir := corpus(t)
	var names []string
	for _, sub := range []string{"tiff-variants", "hostile", "faults"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(dir, sub), func(name string, e fs.DirEntry, err error) error {
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.Size() < 1<<18 {
				names = append(names, name)
			}
			return err
		}))
	}
	require.NotEmpty(t, names)
	for _, name := range shorttest.Cases(names) {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		requireFile(t, data, ReadOptions{MaxPixels: 1 << 20, KeepGoing: true}, 4, name)
	}
}

// madeFiles are files of all formats that are read by windows, by their names.
func madeFiles(t testing.TB) map[string][]byte {
	files := map[string][]byte{}
	for channels := 1; channels <= 4; channels++ {
		for _, depth := range []int{8, 16} {
			m := noise(61, 43, channels, depth)
			name := fmt.Sprintf("%d channels of %d bits", channels, depth)
			files["png of "+name] = encode(t, "png", m, WriteOptions{})
			files["tif of "+name] = encode(t, "tif", m, WriteOptions{})
			if channels%2 == 1 {
				files["pnm of "+name] = encode(t, map[int]string{1: "pgm", 3: "ppm"}[channels], m, WriteOptions{})
			}
			for _, compression := range []uint16{compressionNone, compressionLZW, compressionDeflate, compressionPackBits} {
				for _, planar := range []bool{false, true} {
					l := layoutOf(channels)
					l.compression, l.planar, l.w, l.h = compression, planar, 61, 10
					l.predict = compression == compressionLZW
					files[fmt.Sprintf("strips %v of %s", l, name)] = l.file(m)
					l.tiled, l.w, l.h = true, 16, 16
					l.sparse = func(x, y int) bool { return x == 32 && y == 16 }
					l.more = []field{ascii(tagGDALNodata, "7")}
					files[fmt.Sprintf("tiles %v of %s", l, name)] = l.file(m)
				}
			}
		}
	}
	for _, bits := range []int{1, 2, 4} {
		for _, photometric := range []uint16{photometricBlackIsZero, photometricWhiteIsZero} {
			l := layoutOf(1)
			l.bits, l.w, l.h, l.photometric, l.fillOrder = bits, 61, 7, photometric, 2
			files[fmt.Sprintf("strips %v", l)] = l.file(noise(61, 43, 1, 8))
		}
	}
	opaque := noise(61, 43, 4, 8)
	for i := 3; i < len(opaque.Pix); i += 4 {
		opaque.Pix[i] = 255
	}
	files["opaque png"] = encode(t, "png", opaque, WriteOptions{})
	files["png of a palette"] = encode(t, "png", paletted(61, 43, 7, false), WriteOptions{})
	files["png past its palette"] = pngFile(ihdr(2, 1, 8, pngPalette)+chunk("PLTE", "abcdef")+chunk("IDAT", deflated("\x00\x01\x05")), "")
	files["jpg"] = append(encode(t, "jpg", blobs(61, 43, 3), WriteOptions{}), "behind"...)
	files["cut jpg"] = files["jpg"][:1200]
	files["lossless webp"], files["webp"] = []byte(webpLossless), []byte(bars)
	for i, s := range []string{
		"P1 3 2\n1010 11", "P2 2 2 9 3 1 4 1 P2 1 1 1 0", "P3 1 2 300 1 2 3 300 5 6", "P4 9 2\nabcd", "P5 2 2 9\n\x01\x02\x03\x04", "P6 1 2 999\n\x01\x00\x02\x00\x03\x00abcdef",
		"P2 2 2 9 3 1 4 10", "P5 2 2 9\n\x01\x02\x03\x0a", "P4 9 2\nabc", "P7\nWIDTH 1\nHEIGHT 2\nDEPTH 2\nMAXVAL 1\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n\x01\x00\x01\x01P5 1 1 1\n0",
	} {
		files[fmt.Sprintf("pnm %d", i)] = []byte(s)
	}
	files["bmp"] = bitmap(3, 3, 24, "", "abcdefghi\x00\x00\x00jklmnopqr\x00\x00\x00stuvwxyz.\x00\x00\x00", "icc")
	files["bmp of a palette"] = bitmap(3, 2, 4, "abc\x00def\x00ghi\x00", "\x01\x20\x00\x00\x12\x70\x00\x00", "")
	files["bmp of a palette, whole"] = bitmap(3, 2, 8, "abc\x00def\x00ghi\x00", "\x03\x01\x00\x00\x01\x09\x00\x01", "")
	files["bmp of a palette, whole"][14+16] = 1 // RLE8
	return files
}

// TestFilesOfAllKinds is TestFilesOfTheCorpus of files that are made here.
func TestFilesOfAllKinds(t *testing.T) {
	for name, data := range madeFiles(t) {
		for _, keepGoing := range []bool{false, true} {
			requireFile(t, data, ReadOptions{KeepGoing: keepGoing}, 2*shorttest.Rounds(3), name)
			requireFile(t, data, ReadOptions{KeepGoing: keepGoing}, shorttest.Rounds(3), name)
		}
	}
}

// TestReadBlockRefuses blocks that are not of the file, and goes no further when its
// context ends.
func TestReadBlockRefuses(t *testing.T) {
	for name, data := range madeFiles(t) {
		f, err := Open(bytes.NewReader(data), ReadOptions{KeepGoing: true})
		if err != nil {
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		r, n := f.Format().Bounds(), len(f.Format().Bands)
		assert.ErrorContains(t, f.ReadBlock(ctx, raster.NewBlock(r.Add(image.Pt(1, 0)), f.format.Type, n)), "expected one inside it", name)
		assert.ErrorContains(t, f.ReadBlock(ctx, raster.NewBlock(r, f.format.Type, n+1)), "bands", name)
		cancel()
		assert.ErrorIs(t, f.ReadBlock(ctx, raster.NewBlock(r, f.format.Type, n)), context.Canceled, name)
	}
}

// TestPaletteIndexOfABlock: an index without a colour is an error in the block that has
// it, of formats that do not take it for black.
func TestPaletteIndexOfABlock(t *testing.T) {
	m := newPacked(40, 30, 1, 8, 1)
	m.Pix[20*40+30] = 9
	l := layoutOf(1)
	l.photometric, l.w, l.h, l.more = photometricPalette, 40, 5, []field{shorts(tagColorMap, make([]uint16, 3*9)...)}
	f, err := Open(bytes.NewReader(l.file(m)), ReadOptions{})
	require.NoError(t, err)
	b := raster.NewInterleaved(image.Rect(0, 10, 40, 20), raster.Uint8, 1, 1)
	require.NoError(t, f.ReadBlock(context.Background(), b))
	b = raster.NewInterleaved(image.Rect(25, 18, 40, 23), raster.Uint8, 1, 2)
	require.EqualError(t, f.ReadBlock(context.Background(), b), "reading TIFF: pixel 30,20: palette index 9, expected less than 9")
}

// FuzzFile: whatever the file, windows are those of Read, or there is an error.
func FuzzFile(f *testing.F) {
	for _, data := range madeFiles(f) {
		f.Add(data, uint64(len(data)))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		if len(data) > 1<<16 {
			t.Skip("a longer input shows nothing new")
		}
		opt := ReadOptions{MaxPixels: 1 << 16, KeepGoing: true}
		file, err := Open(bytes.NewReader(data), opt)
		if err != nil {
			require.NotContains(t, err.Error(), "runtime error")
			return
		}
		m, _, wantErr := Read(bytes.NewReader(data), opt)
		rng := rand.New(rand.NewPCG(seed, 1))
		for range 3 {
			b := someWindow(rng, file.Format())
			err := file.ReadBlock(context.Background(), b)
			if wantErr == nil {
				require.NoError(t, err)
				requireWindow(t, samples(m), b, "")
			} else if err != nil {
				require.NotContains(t, err.Error(), "runtime error")
			}
		}
	})
}
