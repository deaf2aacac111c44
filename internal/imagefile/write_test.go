package imagefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

var background = context.Background()

// formatOf is the format of bands of some roles; indices have a palette of 9 colours.
func formatOf(w, h int, t raster.Type, roles ...raster.Role) *raster.Format {
	f := &raster.Format{Width: w, Height: h, Type: t, Bands: raster.Bands(roles...)}
	if roles[0] == raster.Index {
		f.Palette = paletted(3, 3, 9, true).Palette
	}
	return f
}

// noisy fills a block with bytes of any value, or indices of the palette.
func noisy(f *raster.Format, b *raster.Block) *raster.Block {
	rng := rand.New(rand.NewPCG(uint64(f.Width), uint64(len(f.Bands))))
	size := f.Type.Size()
	for c := range f.Bands {
		for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
			row := b.RowBytes(c, y)
			for i := 0; i < len(row); i += b.Step * size {
				s := row[i:][:size]
				for k := range s {
					s[k] = byte(rng.Uint32())
				}
				switch v := rng.IntN(max(1, len(f.Palette))); {
				case f.Palette != nil && size == 1:
					s[0] = byte(v)
				case f.Palette != nil:
					nativeEndian.PutUint16(s, uint16(v))
				}
			}
		}
	}
	return b
}

// createIn writes the rows of a block in blocks of some height.
func createIn(t testing.TB, w io.Writer, format string, f *raster.Format, b *raster.Block, height int, opt WriteOptions) {
	t.Helper()
	out, err := Create(w, format, f, sampleMeta(), opt)
	require.NoError(t, err)
	for y := 0; y < f.Height; y += height {
		rows := b.Sub(image.Rect(0, y, f.Width, min(f.Height, y+height)))
		require.NoError(t, out.WriteBlock(background, rows))
	}
	require.NoError(t, out.Close())
}

// created is the file of a block that is written at once.
func created(t testing.TB, format string, f *raster.Format, b *raster.Block, opt WriteOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	createIn(t, &out, format, f, b, f.Height, opt)
	return out.Bytes()
}

// TestBlocksOfAnyHeight: the file does not depend on the height of the blocks nor on how
// their samples lie, and is the same in a file as in a pipe.
func TestBlocksOfAnyHeight(t *testing.T) {
	const h = 1030 // more strips than a batch has on two cores
	w := shorttest.Side(300)
	cases := []struct {
		format string
		opt    WriteOptions
		f      *raster.Format
	}{
		{"png", WriteOptions{}, formatOf(w, h, raster.Uint8, raster.Red, raster.Green, raster.Blue, raster.Premultiplied)},
		{"png", WriteOptions{}, formatOf(w, h, raster.Uint16, raster.Gray)},
		{"png", WriteOptions{}, formatOf(w, h, raster.Uint16, raster.Index)},
		{"tif", WriteOptions{}, formatOf(w, h, raster.Uint16, raster.Red, raster.Green, raster.Blue)},
		{"tif", WriteOptions{Uncompressed: true}, formatOf(w, h, raster.Uint8, raster.Gray, raster.Alpha)},
		{"tif", WriteOptions{}, formatOf(w, h, raster.Float32, raster.Data, raster.Data, raster.Label)},
		{"tif", WriteOptions{}, formatOf(w, h, raster.Uint8, raster.Index)},
		{"ppm", WriteOptions{}, formatOf(w, h, raster.Uint16, raster.Red, raster.Green, raster.Blue)},
		{"pgm", WriteOptions{}, formatOf(w, h, raster.Uint8, raster.Gray)},
		{"jpg", WriteOptions{}, formatOf(w, h, raster.Uint8, raster.Red, raster.Green, raster.Blue)},
		{"jpg", WriteOptions{}, formatOf(w, h, raster.Uint16, raster.Gray)},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s of %d×%v", c.format, len(c.f.Bands), c.f.Type), func(t *testing.T) {
			planar := noisy(c.f, raster.NewBlock(c.f.Bounds(), c.f.Type, len(c.f.Bands)))
			beside := raster.NewInterleaved(c.f.Bounds(), c.f.Type, len(c.f.Bands), len(c.f.Bands)+1)
			raster.Copy(beside, planar)
			want := created(t, c.format, c.f, planar, c.opt)
			for _, height := range []int{1, 7, 512, h} {
				var got bytes.Buffer
				createIn(t, &got, c.format, c.f, beside, height, c.opt)
				require.True(t, bytes.Equal(want, got.Bytes()), "blocks of %d rows: want %d bytes, got %d", height, len(want), got.Len())
			}
			file, err := os.Create(filepath.Join(t.TempDir(), "file"))
			require.NoError(t, err)
			defer file.Close()
			createIn(t, file, c.format, c.f, planar, 100, c.opt)
			_, err = file.WriteString("behind")
			require.NoError(t, err)
			got, err := os.ReadFile(file.Name())
			require.NoError(t, err)
			require.True(t, bytes.Equal(append(want, "behind"...), got), "in a file: want %d bytes, got %d", len(want)+6, len(got))
		})
	}
}

// TestCreateKinds: what pictures hold comes back from every format that takes it.
func TestCreateKinds(t *testing.T) {
	roles := [][]raster.Role{
		{raster.Gray}, {raster.Gray, raster.Alpha}, {raster.Gray, raster.Premultiplied}, {raster.Gray, raster.Data},
		{raster.Red, raster.Green, raster.Blue}, {raster.Red, raster.Green, raster.Blue, raster.Alpha},
		{raster.Red, raster.Green, raster.Blue, raster.Premultiplied}, {raster.Red, raster.Green, raster.Blue, raster.Data},
		{raster.Index}, {raster.Data}, {raster.Label},
	}
	takes := func(format string, r []raster.Role) bool {
		switch beside := r[len(r)-1]; format {
		case "png":
			return len(r)%2 == 1 || beside == raster.Alpha
		case "pgm":
			return len(r) == 1 && r[0] != raster.Index
		case "ppm":
			return len(r) == 3
		}
		return true
	}
	for _, r := range roles {
		for _, typ := range []raster.Type{raster.Uint8, raster.Uint16} {
			f := formatOf(23, 17, typ, r...)
			b := noisy(f, raster.NewInterleaved(f.Bounds(), typ, len(r), len(r)))
			for name, format := range map[string]string{"tif": "tif", "png": "png", "pgm": "pnm", "ppm": "pnm"} {
				if !takes(name, r) {
					continue
				}
				m := decode(t, format, created(t, name, f, b, WriteOptions{}))
				what := fmt.Sprintf("%s of %v, %s", name, typ, roleNames(f))
				require.Equal(t, f.Palette != nil, m.Palette != nil, what)
				for y := range f.Height {
					for x := range f.Width {
						for c := range r {
							got := m.raw(x, y, c)
							if m.Palette != nil {
								got = float64(m.Index[y*m.W+x])
							}
							require.Equal(t, b.At(c, x, y), got, "%s: band %d, x %d, y %d", what, c, x, y)
						}
					}
				}
				if name == "tif" && len(r)%2 == 0 {
					require.Equal(t, alphaOf(r[len(r)-1]), m.Alpha, what)
				}
			}
		}
	}
}

// TestCreateRefuses: what a format cannot hold, by name.
func TestCreateRefuses(t *testing.T) {
	five := []raster.Role{raster.Red, raster.Green, raster.Blue, raster.Data, raster.Data, raster.Alpha}
	cases := []struct {
		format string
		f      *raster.Format
		want   string
	}{
		{"png", formatOf(1, 1, raster.Int16, raster.Gray), "png holds unsigned samples of 8 and 16 bits, expected uint8 or uint16, found int16: write tif instead"},
		{"jpg", formatOf(1, 1, raster.Float32, raster.Data), "jpg holds unsigned samples of 8 and 16 bits, expected uint8 or uint16, found float32: write tif instead"},
		{"ppm", formatOf(1, 1, raster.Uint32, raster.Data), "ppm holds unsigned samples of 8 and 16 bits, expected uint8 or uint16, found uint32: write tif instead"},
		{"png", formatOf(1, 1, raster.Uint8, five...), "png holds gray or red, green and blue, and at most one band beside them, found red, green, blue, data, data, 1 more: write tif instead"},
		{"ppm", formatOf(1, 1, raster.Uint8, raster.Data, raster.Data, raster.Data), "ppm holds gray or red, green and blue, and at most one band beside them, found data, data, data: write tif instead"},
		{"pgm", formatOf(1, 1, raster.Uint8, raster.Red), "pgm holds gray or red, green and blue, and at most one band beside them, found red: write tif instead"},
		{"png", formatOf(1, 1, raster.Uint8, raster.Gray, raster.Data), "png holds no band beside colours and alpha: write .tif instead"},
		{"tif", formatOf(0, 1, raster.Uint8, raster.Gray), "raster of 0×1 pixels, expected sides of 1 to 2147483647"},
		{"tif", formatOf(1<<28, 1, raster.Float64, raster.Data), "image file with rows of 2147483648 bytes, expected at most 1073741824"},
		{"pgm", formatOf(1<<30+1, 1, raster.Uint8, raster.Gray), "image file with rows of 1073741825 bytes, expected at most 1073741824"},
		{"bmp", formatOf(1, 1, raster.Uint8, raster.Gray), `format "bmp": expected png, tif, ppm, pgm, pbm or jpg`},
	}
	for _, c := range cases {
		var out bytes.Buffer
		_, err := Create(&out, c.format, c.f, Meta{}, WriteOptions{})
		assert.EqualError(t, err, c.want)
		assert.Zero(t, out.Len(), c.want)
	}
}

// TestBlockOrder: blocks that are no rows of the raster, or not the next ones, are an
// error, which stays; so is a file that is closed too early, or twice.
func TestBlockOrder(t *testing.T) {
	f := formatOf(10, 6, raster.Uint8, raster.Gray)
	block := func(x0, y0, x1, y1 int, typ raster.Type, bands int) *raster.Block {
		return raster.NewBlock(image.Rect(x0, y0, x1, y1), typ, bands)
	}
	first := block(0, 0, 10, 2, raster.Uint8, 1)
	cases := []struct {
		b    *raster.Block
		want string
	}{
		{block(0, 3, 10, 5, raster.Uint8, 1), "block (0,3)-(10,5) of an image file of 10×6, expected whole rows from row 2 on"},
		{block(0, 0, 10, 2, raster.Uint8, 1), "block (0,0)-(10,2) of an image file of 10×6, expected whole rows from row 2 on"},
		{block(0, 2, 9, 4, raster.Uint8, 1), "block (0,2)-(9,4) of an image file of 10×6, expected whole rows from row 2 on"},
		{block(0, 2, 10, 7, raster.Uint8, 1), "block (0,2)-(10,7) of a raster of 10×6, expected one inside it"},
		{block(0, 2, 10, 4, raster.Int8, 1), "block of 1 bands of int8, expected 1 of uint8"},
		{block(0, 2, 10, 4, raster.Uint8, 2), "block of 2 bands of uint8, expected 1 of uint8"},
	}
	for _, format := range []string{"png", "tif", "pgm", "jpg"} {
		for _, c := range cases {
			w, err := Create(io.Discard, format, f, Meta{}, WriteOptions{})
			require.NoError(t, err)
			require.NoError(t, w.WriteBlock(background, first))
			require.EqualError(t, w.WriteBlock(background, c.b), c.want)
			require.EqualError(t, w.WriteBlock(background, block(0, 2, 10, 6, raster.Uint8, 1)), c.want, "the error stays")
			require.EqualError(t, w.Close(), c.want)
		}
		w, err := Create(io.Discard, format, f, Meta{}, WriteOptions{})
		require.NoError(t, err)
		require.NoError(t, w.WriteBlock(background, first))
		require.EqualError(t, w.Close(), "image file of 2 rows, expected 6")

		w, err = Create(io.Discard, format, f, Meta{}, WriteOptions{})
		require.NoError(t, err)
		require.NoError(t, w.WriteBlock(background, block(0, 0, 10, 6, raster.Uint8, 1)))
		require.NoError(t, w.Close())
		require.ErrorIs(t, w.Close(), fs.ErrClosed)
		require.ErrorIs(t, w.WriteBlock(background, first), fs.ErrClosed)
	}
}

// TestCreateCancelled: a context that ends stops a writer between two rows.
func TestCreateCancelled(t *testing.T) {
	why := errors.New("no longer wanted")
	ctx, cancel := context.WithCancelCause(background)
	cancel(why)
	f := formatOf(10, 6, raster.Uint8, raster.Gray)
	for _, format := range []string{"png", "tif", "pgm", "jpg"} {
		w, err := Create(io.Discard, format, f, Meta{}, WriteOptions{})
		require.NoError(t, err)
		require.ErrorIs(t, w.WriteBlock(ctx, raster.NewBlock(f.Bounds(), f.Type, 1)), why)
		require.ErrorIs(t, w.Close(), why)
	}
}

// TestCreateReportsAFullDisk: a write that fails is an error of the WriteBlock that made
// it, and of Close.
func TestCreateReportsAFullDisk(t *testing.T) {
	f := formatOf(1000, 6000, raster.Uint16, raster.Gray)
	b := noisy(f, raster.NewBlock(image.Rect(0, 0, 1000, 100), f.Type, 1))
	for _, format := range []string{"png", "tif", "pgm"} {
		w, err := Create(&place{w: &full{1 << 20}}, format, f, Meta{}, WriteOptions{})
		require.NoError(t, err)
		rows := 0
		for err == nil && rows < f.Height {
			b.Rect = image.Rect(0, rows, 1000, rows+100)
			err = w.WriteBlock(background, b)
			rows += 100
		}
		require.ErrorIs(t, err, errFull, format)
		require.Less(t, rows, 5000, "%s: rows until the error", format)
		require.ErrorIs(t, w.Close(), errFull, format)
	}
}

// place is a file that can go back, as far as its writer is concerned.
type place struct {
	w  io.Writer
	at int64
}

func (s *place) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.at += int64(n)
	return n, err
}

func (s *place) Seek(off int64, whence int) (int64, error) {
	if whence == io.SeekCurrent {
		off += s.at
	}
	s.at = off
	return off, nil
}

// TestWriterMemory: a tall raster takes no more memory than a short one, and a row
// none. Strips that are the same compress to a few bytes, so that their list is all that
// grows.
func TestWriterMemory(t *testing.T) {
	for _, format := range shorttest.Cases([]string{"png", "tif", "ppm"}) {
		used := func(height int) uint64 {
			f := formatOf(500, height, raster.Uint16, raster.Red, raster.Green, raster.Blue)
			b := noisy(f, raster.NewBlock(image.Rect(0, 0, f.Width, 1), f.Type, 3))
			return allocated(func() {
				w, err := Create(&place{w: io.Discard}, format, f, Meta{}, WriteOptions{})
				require.NoError(t, err)
				for y := range height {
					b.Rect = image.Rect(0, y, f.Width, y+1)
					require.NoError(t, w.WriteBlock(background, b))
				}
				require.NoError(t, w.Close())
			})
		}
		short, tall := used(3000), used(6000) // 9 and 18 MB
		require.Less(t, tall, short+100_000, "%s: %d bytes for 3000 rows, %d for 6000", format, short, tall)
		require.Less(t, tall, uint64(12<<20), format)
	}
}

// FuzzCreate: whatever a format says, it is refused or becomes a whole file; Unsaid says
// nothing that fails.
func FuzzCreate(f *testing.F) {
	f.Add(byte(0), byte(1), byte(5), byte(3), uint16(0), []byte{1}, uint16(0))
	f.Add(byte(1), byte(8), byte(5), byte(3), uint16(0), []byte{2, 3, 4, 0, 5, 8}, uint16(3))
	f.Add(byte(1), byte(2), byte(9), byte(9), uint16(0), []byte{7, 6}, uint16(300))
	f.Add(byte(2), byte(2), byte(9), byte(9), uint16(100), []byte{1}, uint16(0))
	f.Add(byte(4), byte(2), byte(9), byte(9), uint16(1023), []byte{2, 3, 4}, uint16(0))
	f.Fuzz(func(t *testing.T, kind, typ, w, h byte, largest uint16, roles []byte, colours uint16) {
		if len(roles)*int(w)*int(h) > 1<<16 {
			t.Skip("more samples show nothing new")
		}
		format := []string{"png", "tif", "ppm", "pgm", "jpg"}[kind%5]
		r := &raster.Format{Width: int(w), Height: int(h), Type: raster.Type(typ), Max: int64(largest), Bands: make([]raster.Band, len(roles))}
		for i, role := range roles {
			r.Bands[i].Role = raster.Role(role)
		}
		for i := range int(colours) % 1000 {
			r.Palette = append(r.Palette, color.NRGBA{byte(i), byte(i >> 8), 7, byte(255 - i/500)})
		}
		var out bytes.Buffer
		sink, err := Create(&out, format, r, Meta{}, WriteOptions{Uncompressed: largest%2 == 0})
		if err != nil {
			require.Zero(t, out.Len())
			return
		}
		Unsaid(format, r, Meta{}, WriteOptions{})
		require.NoError(t, sink.WriteBlock(background, noisy(r, raster.NewBlock(r.Bounds(), r.Type, len(roles)))))
		require.NoError(t, sink.Close())
		if format == "tif" {
			_, err = openDirectory(section(out.Bytes()))
		} else {
			_, _, err = Read(&out, ReadOptions{})
		}
		require.NoError(t, err)
	})
}
