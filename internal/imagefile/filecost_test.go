package imagefile

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// tiles are the windows of a picture of some size, row by row.
func tiles(f *raster.Format, w, h int) (list []*raster.Block) {
	for y := 0; y < f.Height; y += h {
		for x := 0; x < f.Width; x += w {
			r := image.Rect(x, y, x+w, y+h).Intersect(f.Bounds())
			list = append(list, raster.NewBlock(r, f.Type, len(f.Bands)))
		}
	}
	return list
}

// countOpens counts how often blocks are decoded from their first row.
func countOpens(f *File) *atomic.Int64 {
	d, n := decodedOf(f), new(atomic.Int64)
	open := d.open
	d.open = func(i int) (rowDecoder, error) {
		n.Add(1)
		return open(i)
	}
	return n
}

// TestWindowsCostOnePass: windows beside each other, row by row, decode each strip once,
// and a file of one block once, however its rows are divided.
func TestWindowsCostOnePass(t *testing.T) {
	m := noise(200, 150, 3, 8)
	strips := layoutOf(3)
	strips.compression, strips.w, strips.h = compressionLZW, 200, 16
	one := strips
	one.h = 150
	planar := one
	planar.planar = true
	for _, c := range []struct {
		name  string
		file  []byte
		opens int64
	}{
		{"strips", strips.file(m), 10}, {"one strip", one.file(m), 1}, {"a strip for each band", planar.file(m), 3},
		{"png", encode(t, "png", m, WriteOptions{}), 1}, {"digits", digits(m), 1},
	} {
		for _, rows := range []int{7, 1000} { // of a segment
			for _, workers := range []int{1, 4} {
				f, err := Open(bytes.NewReader(c.file), ReadOptions{})
				require.NoError(t, err)
				decodedOf(f).rows = min(decodedOf(f).rows, rows)
				n := countOpens(f)
				windows := tiles(f.Format(), 64, 32)
				require.NoError(t, parallel(context.Background(), workers, len(windows), func(i int) error {
					return f.ReadBlock(context.Background(), windows[i])
				}))
				for _, w := range windows {
					requireWindow(t, samples(m), w, c.name)
				}
				assert.Equal(t, c.opens, n.Load(), "%s, segments of %d rows, %d workers: decoders", c.name, rows, workers)
			}
		}
	}
}

// digits is a PPM file of digits.
func digits(m *Image) []byte {
	b := fmt.Appendf(nil, "P3 %d %d 255", m.W, m.H)
	for i := range m.W * m.H {
		b = fmt.Appendf(b, "\n%d %d %d", m.Pix[i*m.Step], m.Pix[i*m.Step+1], m.Pix[i*m.Step+2])
	}
	return b
}

// TestRowsCostOnePass: blocks of whole rows from the top keep nothing but the rows of a
// strip that is cut.
func TestRowsCostOnePass(t *testing.T) {
	m := noise(200, 150, 3, 8)
	l := layoutOf(3)
	l.compression, l.w, l.h = compressionDeflate, 200, 16
	for name, file := range map[string][]byte{"tif": l.file(m), "png": encode(t, "png", m, WriteOptions{})} {
		f, err := Open(bytes.NewReader(file), ReadOptions{})
		require.NoError(t, err)
		d := decodedOf(f)
		d.rows = min(d.rows, 16)
		n := countOpens(f)
		most := int64(0)
		for _, b := range tiles(f.Format(), 200, 40) {
			require.NoError(t, f.ReadBlock(context.Background(), b))
			most = max(most, d.kept.bytes)
		}
		assert.Equal(t, map[string]int64{"tif": 10, "png": 1}[name], n.Load(), "%s: decoders", name)
		assert.LessOrEqual(t, most, int64(2*16*600), "%s: bytes kept", name)
	}
}

// held is what the heap holds more than before f.
func held(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// TestWindowOfALargeFile: a window of 512² of a picture of 17 MB takes the strips or
// tiles that it touches, and the file keeps no more than MaxMemory says.
func TestWindowOfALargeFile(t *testing.T) {
	const side, limit = 2400, 8 << 20
	m := newPacked(side, side, 3, 8, 3)
	for i := range m.Pix {
		m.Pix[i] = byte(i >> 12)
	}
	var rows strings.Builder
	for y := range side {
		rows.WriteByte(filterNone)
		rows.Write(m.Pix[y*m.Stride:][:m.Stride])
	}
	png := pngFile(ihdr(side, side, 8, pngRGB)+chunk("IDAT", deflated(rows.String())), "")
	strips := layoutOf(3)
	strips.compression, strips.w, strips.h = compressionPackBits, side, 64
	tiled := strips
	tiled.tiled, tiled.w, tiled.h = true, 256, 256
	for _, c := range shorttest.Cases([]struct {
		name string
		file []byte
		most uint64 // bytes for one window
	}{
		{"strips", strips.file(m), 10 * 64 * rgbRow(side)}, {"tiles", tiled.file(m), 10 * 256 * rgbRow(256)}, {"png", png, 700 * rgbRow(side)},
	}) {
		var f *File
		var err error
		n := held(func() {
			f, err = Open(bytes.NewReader(c.file), ReadOptions{MaxMemory: limit})
			require.NoError(t, err, c.name)
			b := raster.NewBlock(image.Rect(700, 100, 1212, 612), raster.Uint8, 3)
			used := allocated(func() { err = f.ReadBlock(context.Background(), b) })
			require.NoError(t, err, c.name)
			assert.Less(t, used, c.most+1<<20, "%s: bytes for a window", c.name)
			for range 3 {
				b.Rect = b.Rect.Add(image.Pt(100, 400))
				require.NoError(t, f.ReadBlock(context.Background(), b), c.name)
			}
		})
		assert.Less(t, n, int64(limit), "%s: bytes held", c.name)
		_, err = f.Image(context.Background())
		assert.ErrorContains(t, err, "of memory, expected at most 8388608", c.name)
		runtime.KeepAlive(f)
	}
}

// rgbRow is the bytes of a row of RGB.
func rgbRow(w int) uint64 { return 3 * uint64(w) }

// sparseFile is a file of zeros but for what it begins with.
func sparseFile(t *testing.T, head []byte, size int64) *os.File {
	f, err := os.Create(filepath.Join(t.TempDir(), "sparse"))
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	_, err = f.Write(head)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(size))
	return f
}

// TestWindowsBeyond32Bits: places and sizes past 2³¹ and 2³² are right, and cost no more
// than the window. The four bytes at the end of each file are found.
func TestWindowsBeyond32Bits(t *testing.T) {
	const side = 65000
	bmpHead := bitmap(side/3, side, 24, "", "", "")
	tif := tiffFile(nil, []field{
		longs(tagImageWidth, side), longs(tagImageLength, side), shorts(tagBitsPerSample, 8), shorts(tagPhotometric, photometricBlackIsZero),
		longs(tagStripOffsets, 512), longs(tagStripByteCounts, side*side),
	})
	pgm := fmt.Appendf(nil, "P5 %d %d 65535\n", side, side)
	for _, c := range []struct {
		name  string
		head  []byte
		size  int64
		w, at int // the pixel at the end, from the right
	}{
		{"tif", tif, 512 + side*side, side, side - 1},
		{"pnm", pgm, int64(len(pgm)) + 2*side*side, side, side - 1},
		{"bmp", bmpHead, int64(len(bmpHead)) + 65000*side, side / 3, 0},
	} {
		file := sparseFile(t, c.head, c.size)
		end := []byte{1, 2, 3, 4}
		if c.name == "bmp" { // the padding of its rows is at the end
			_, err := file.WriteAt(end, int64(len(bmpHead)))
			require.NoError(t, err)
		} else {
			_, err := file.WriteAt(end, c.size-4)
			require.NoError(t, err)
		}
		_, err := file.Seek(0, 0)
		require.NoError(t, err)
		f, err := Open(file, ReadOptions{MaxPixels: 1 << 40})
		require.NoError(t, err, c.name)
		b := raster.NewBlock(image.Rect(c.w-100, side-100, c.w, side), f.format.Type, len(f.format.Bands))
		if c.name == "bmp" {
			b.Rect = image.Rect(0, side-100, 100, side)
		}
		used := allocated(func() { err = f.ReadBlock(context.Background(), b) })
		require.NoError(t, err, c.name)
		assert.Less(t, used, uint64(1<<20), c.name)
		want := map[string]float64{"tif": 4, "pnm": float64(binary.BigEndian.Uint16(end[2:])), "bmp": 3}[c.name]
		x := c.at
		assert.Equal(t, want, b.At(0, x, side-1), c.name)
	}
}

// TestRowsBeyondMemory: a file whose rows take more than MaxMemory is refused where they
// are decoded, and read by parts where they are not.
func TestRowsBeyondMemory(t *testing.T) {
	m := noise(100000, 1, 1, 8)
	opt := ReadOptions{MaxMemory: 1000}
	for name, file := range map[string][]byte{"png": encode(t, "png", m, WriteOptions{}), "tif": encode(t, "tif", m, WriteOptions{}), "digits": []byte("P2 100000 1 255" + strings.Repeat(" 1", 100000))} {
		_, err := Open(bytes.NewReader(file), opt)
		require.ErrorContains(t, err, "4 rows of 100000 pixels take 400000 bytes of memory, expected at most 1000", name)
	}
	for name, file := range map[string][]byte{"pnm": encode(t, "pgm", m, WriteOptions{}), "tif": encode(t, "tif", m, WriteOptions{Uncompressed: true})} {
		f, err := Open(bytes.NewReader(file), opt)
		require.NoError(t, err, name)
		b := raster.NewBlock(image.Rect(99990, 0, 100000, 1), raster.Uint8, 1)
		require.NoError(t, f.ReadBlock(context.Background(), b), name)
		requireWindow(t, samples(m), b, name)
	}
}

// TestParallel: all are called, and the error is the one of the lowest number, whatever
// the order in which they end.
func TestParallel(t *testing.T) {
	var calls atomic.Int64
	require.NoError(t, parallel(context.Background(), 4, 100, func(int) error {
		calls.Add(1)
		return nil
	}))
	require.EqualValues(t, 100, calls.Load())
	for range 50 {
		err := parallel(context.Background(), 4, 100, func(i int) error {
			if i == 7 {
				runtime.Gosched()
			}
			if i >= 7 {
				return fmt.Errorf("number %d", i)
			}
			return nil
		})
		require.EqualError(t, err, "number 7")
	}
	err := parallel(context.Background(), 2, 2, func(int) error { panic("index out of range") })
	require.ErrorContains(t, err, "the decoder failed: index out of range")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(io.ErrClosedPipe)
	require.ErrorIs(t, parallel(ctx, 2, 9, func(int) error { return nil }), io.ErrClosedPipe)
}

// BenchmarkOpen reads files whole, and by tiles of 512².
func BenchmarkOpen(b *testing.B) {
	dir := os.Getenv("QTGPU_BENCH_FILES")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if dir == "" || err != nil {
		b.Skip("QTGPU_BENCH_FILES names no folder of files")
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(b, err)
		f, err := Open(bytes.NewReader(data), ReadOptions{})
		require.NoError(b, err)
		b.Run("read/"+filepath.Base(name), func(b *testing.B) {
			b.SetBytes(f.Format().Bytes())
			for b.Loop() {
				_, _, err := Read(bytes.NewReader(data), ReadOptions{})
				require.NoError(b, err)
			}
		})
		b.Run("tiles/"+filepath.Base(name), func(b *testing.B) {
			b.SetBytes(f.Format().Bytes())
			windows := tiles(f.Format(), 512, 512)
			for b.Loop() {
				f, err := Open(bytes.NewReader(data), ReadOptions{})
				require.NoError(b, err)
				require.NoError(b, parallel(context.Background(), 2, len(windows), func(i int) error {
					return f.ReadBlock(context.Background(), windows[i])
				}))
			}
		})
	}
}
