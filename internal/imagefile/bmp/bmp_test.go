package bmp

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const limit = 1 << 28

// Image is a bitmap with its pixels from top to bottom, without padding.
type Image struct {
	*Reader
	Pix []byte
}

func decode(file []byte) (*Image, error) { return decodeFrom(bytes.NewReader(file), len(file), limit) }

// decodeFrom reads rows by their places, and runs.
func decodeFrom(src io.ReaderAt, size int, limit int64) (*Image, error) {
	r, err := NewReader(src, int64(size), limit)
	if err != nil {
		return nil, err
	}
	m := &Image{r, make([]byte, r.W*r.H*r.Channels)}
	rows, packed := r.Rows()
	if !packed {
		if err := r.Runs(m.Pix); err != nil {
			return nil, err
		}
		return m, nil
	}
	row := make([]byte, (r.W*rows.Bits+7)/8)
	for y := range r.H {
		if n, err := src.ReadAt(row, rows.First+int64(y)*rows.Stride); n < len(row) {
			return nil, err
		}
		rows.Unpack(m.Pix[y*r.W*r.Channels:][:r.W*r.Channels], row)
	}
	return m, nil
}

func requireDecode(t *testing.T, file []byte) *Image {
	t.Helper()
	m, err := decode(file)
	require.NoError(t, err)
	require.Len(t, m.Pix, m.W*m.H*m.Channels)
	return m
}

// TestGood: every header, depth and mask gives the pixels that were put in.
func TestGood(t *testing.T) {
	for _, f := range good() {
		t.Run(f.String(), func(t *testing.T) {
			m := requireDecode(t, f.bytes())
			require.Equal(t, []int{f.w, f.h}, []int{m.W, m.H})
			require.Len(t, m.Palette, f.paletteLen())
			for i, c := range m.Palette {
				p := colour(i)
				require.Equal(t, color.RGBA{R: p[0], G: p[1], B: p[2], A: 255}, c, "colour %d", i)
			}
			for y := range m.H {
				for x := range m.W {
					got := m.Pix[(y*m.W+x)*m.Channels:][:m.Channels]
					require.Equal(t, f.want(x, y), got, "pixel %d,%d", x, y)
				}
			}
			require.Empty(t, m.Lost)
			if f.header >= 40 {
				require.Equal(t, []uint32{2835, 5669}, []uint32{m.XDensity, m.YDensity})
			}
		})
	}
}

// TestWideFieldsAreNoted: more than 8 bits are not kept, and that is said.
func TestWideFieldsAreNoted(t *testing.T) {
	f := made{header: 40, w: 2, h: 2, bits: 32, compression: bitFields, masks: [4]uint32{0x3ff00000, 0xffc00, 0x3ff}}
	require.Equal(t, []string{"samples of 10 bits brought to 8"}, requireDecode(t, f.bytes()).Notes)
	f.masks = [4]uint32{0xff0000, 0xff00, 0xff}
	require.Empty(t, requireDecode(t, f.bytes()).Notes)
}

// TestRuns: runs, escapes and pixels as they are, as pictures of digits from
// the top row down.
func TestRuns(t *testing.T) {
	cases := []struct {
		name        string
		compression uint32
		data        string
		want        string
	}{
		{"runs", rle8, "\x03\x01\x01\x02\x00\x00\x04\x03\x00\x01", "3333 1112"},
		{"no end of bitmap", rle8, "\x04\x01\x00\x00\x04\x02", "2222 1111"},
		{"literal", rle8, "\x00\x03\x01\x02\x03\x00\x01\x04\x00\x00\x00\x04\x04\x03\x02\x01\x00\x01", "4321 1234"},
		{"delta", rle8, "\x01\x01\x00\x02\x01\x01\x02\x05\x00\x01", "0055 1000"},
		{"delta past the row", rle8, "\x00\x02\xff\x00\x01\x07\x00\x00\x04\x01\x00\x01", "1111 0000"},
		{"delta past the picture", rle8, "\x01\x01\x00\x02\x00\xff\x04\x01\x00\x01", "0000 1000"},
		{"short rows", rle8, "\x02\x01\x00\x00\x01\x02\x00\x01", "2000 1100"},
		{"nothing", rle8, "\x00\x01", "0000 0000"},
		{"too long a run", rle8, "\x09\x01\x00\x00\x04\x02\x00\x01", "2222 1111"},
		{"too many rows", rle8, "\x04\x01\x00\x00\x04\x02\x00\x00\x04\x03\x00\x01", "2222 1111"},
		{"halves", rle4, "\x04\x12\x00\x00\x03\x34\x01\x50\x00\x01", "3435 1212"},
		{"literal halves", rle4, "\x00\x03\x12\x30\x01\x40\x00\x00\x00\x04\x43\x21\x00\x01", "4321 1234"},
		{"even number", rle4, "\x06\x12\x00\x00\x04\x34\x00\x01", "3434 1212"},
	}
	for _, c := range cases {
		for _, header := range []int{40, 64, 124} {
			f := made{header: header, w: 4, h: 2, bits: 8, compression: c.compression, pixels: []byte(c.data)}
			if c.compression == rle4 {
				f.bits = 4
			}
			var got []byte
			for i, v := range requireDecode(t, f.bytes()).Pix {
				if i == f.w {
					got = append(got, ' ')
				}
				got = append(got, '0'+v)
			}
			require.Equal(t, c.want, string(got), "%s: %v", c.name, f)
			f.topDown = true
			want := strings.Fields(c.want)
			got = nil
			for _, v := range requireDecode(t, f.bytes()).Pix {
				got = append(got, '0'+v)
			}
			require.Equal(t, want[1]+want[0], string(got), "%s: %v", c.name, f)
		}
	}
}

// TestPaletteLengths: a palette ends where the header says, where the pixels
// begin or where there can be no more; indices past it stay.
func TestPaletteLengths(t *testing.T) {
	const colours, used, offset = 5, 14 + 32, 10
	f := made{header: 40, w: 5, h: 1, bits: 8, colours: colours, pixels: []byte{0, 1, 2, 3, 4, 0, 0, 0}}
	cases := []struct {
		name    string
		used    uint32
		offset  int // of the pixels, added
		palette int
	}{
		{"as it is", colours, 0, 5},
		{"up to the pixels", 0, 0, 5},
		{"more than there can be", 1 << 31, 0, 5},
		{"into the pixels", 99, 0, 5},
		{"no offset", colours, -f.offset(), 5},
		{"offset into the header", colours, 20 - f.offset(), 5},
		{"offset into the palette", colours, -4, 5},
		{"fewer than used", 3, 0, 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			file := f.bytes()
			binary.LittleEndian.PutUint32(file[used:], c.used)
			binary.LittleEndian.PutUint32(file[offset:], uint32(f.offset()+c.offset))
			m := requireDecode(t, file)
			if c.name != "offset into the palette" { // whose last colour is a pixel
				require.Len(t, m.Palette, c.palette)
				require.Equal(t, f.pixels[:5], m.Pix)
			}
		})
	}
}

// offset is where the pixels begin.
func (f made) offset() int { return int(binary.LittleEndian.Uint32(f.bytes()[10:])) }

// TestColourSpaces: an embedded profile comes back, what else there is of
// colours is named.
func TestColourSpaces(t *testing.T) {
	icc := []byte("a colour profile")
	f := made{header: 124, w: 3, h: 2, bits: 24, profile: icc, colourSpace: embedded}
	file := f.bytes()
	m := requireDecode(t, file)
	require.Equal(t, icc, m.ICC)
	require.Empty(t, m.Lost)

	m = requireDecode(t, file[:len(file)-1])
	require.Nil(t, m.ICC)
	require.Equal(t, []string{"damaged colour profile"}, m.Lost)

	f.colourSpace = linked
	require.Equal(t, []string{"name of a colour profile"}, requireDecode(t, f.bytes()).Lost)

	f.colourSpace, f.profile = calibrated, nil
	file = f.bytes()
	require.Empty(t, requireDecode(t, file).Lost)
	file[14+64] = 1
	require.Equal(t, []string{"primaries and gamma"}, requireDecode(t, file).Lost)
}

// with returns the file with a byte, or a little-endian number of 4, changed.
func with(f made, at int, v uint32) []byte {
	file := f.bytes()
	binary.LittleEndian.PutUint32(file[at:], v)
	return file
}

// TestErrors: what is wrong is named with what was expected.
func TestErrors(t *testing.T) {
	f := made{header: 40, w: 9, h: 6, bits: 8}
	deep := made{header: 40, w: 9, h: 6, bits: 32}
	file, deepFile := f.bytes(), deep.bytes()
	masks := func(m ...uint32) []byte {
		f := made{header: 40, w: 2, h: 2, bits: 16, compression: bitFields}
		copy(f.masks[:], m)
		return f.bytes()
	}
	os2 := made{header: 64, w: 8, h: 8, bits: 1}
	cases := []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "header of 18 bytes at byte 0: the file ends at 0"},
		{"no magic", append([]byte("PM"), file[2:]...), "found bytes 50 4d, expected BM"},
		{"header 15", with(f, 14, 15), "header of 15 bytes: expected 12, 16 to 64, 108 or 124"},
		{"header 65", with(f, 14, 65), "header of 65 bytes: expected 12, 16 to 64, 108 or 124"},
		{"header cut", file[:50], "header of 40 bytes at byte 14: the file ends at 50"},
		{"no width", with(f, 18, 0), "image of 0x6 pixels, expected at least 1x1"},
		{"negative width", with(f, 18, 1<<31), "image of -2147483648x6 pixels"},
		{"least height", with(f, 22, 1<<31), "image of 9x-2147483648 pixels"},
		{"planes", with(f, 26, 2|8<<16), "2 planes, expected 1"},
		{"3 bits", with(f, 26, 1|3<<16), "3 bits a pixel with compression 0: expected 1, 2, 4, 8, 16, 24 or 32"},
		{"64 bits", with(f, 26, 1|64<<16), "64 bits a pixel with compression 0"},
		{"RLE4 of 8 bits", with(f, 30, rle4), "8 bits a pixel with compression 2: expected"},
		{"JPEG", with(f, 30, 4), "compression 4 (JPEG) is not supported"},
		{"PNG", with(f, 30, 5), "compression 5 (PNG) is not supported"},
		{"CMYK", with(f, 30, 11), "compression 11 (CMYK) is not supported"},
		{"compression", with(f, 30, 99), "compression 99: expected 0 to 3 or 6"},
		{"Huffman", with(os2, 30, 3), "compression 3 of OS/2 (Huffman) is not supported: expected none, RLE4 or RLE8"},
		{"RLE24", with(os2, 30, 4), "compression 4 of OS/2 (RLE24) is not supported"},
		{"fields in OS/2", with(os2, 30, 6), "compression 6 of OS/2 is not supported"},
		{"gap in a mask", masks(0xf0f0, 0x0f00, 0x000f), "mask of red: 0xf0f0: expected bits side by side in a pixel of 16"},
		{"mask too high", masks(0x7c00, 0x3e0, 0x1f0000), "mask of blue: 0x1f0000: expected bits side by side in a pixel of 16"},
		{"no masks", masks(0, 0, 0), "masks of red, green and blue are 0"},
		{"masks cut", masks(1, 2, 4)[:60], "masks of 12 bytes at byte 54: the file ends at 60"},
		{"no palette", with(f, 10, 54), "palette at byte 54: no colours before byte 54"},
		{"palette cut", file[:99], "palette of 1024 bytes at byte 54: the file ends at 99"},
		{"pixels past the end", with(f, 10, 1<<20), "pixels at byte 1048576, the file ends at 1150"},
		{"truncated", deepFile[:len(deepFile)-1-2*36], "pixels at byte 54: found 3 rows of 36 bytes, expected 6"},
		{"one byte missing", deepFile[:len(deepFile)-1], "found 5 rows of 36 bytes, expected 6"},
		{"huge", with(deep, 18, 1<<30), "pixels of 3 bytes, expected at most 268435456 bytes for a file of 270"},
		{"runs cut", made{header: 40, w: 4, h: 4, bits: 8, compression: rle8, pixels: []byte("\x04\x01\x00\x00\x02\x01\x00")}.bytes(),
			"runs of pixels end early: found 1 rows, expected 4"},
		{"literal cut", made{header: 40, w: 4, h: 4, bits: 4, compression: rle4, pixels: []byte("\x00\x09\x00\x00")}.bytes(),
			"runs of pixels end early: found 0 rows, expected 4"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, err := decode(c.file)
			require.Nil(t, m)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// TestLastRowWithoutPadding: the padding of the last row may be missing.
func TestLastRowWithoutPadding(t *testing.T) {
	f := made{header: 40, w: 9, h: 3, bits: 8}
	file := f.bytes()
	want := requireDecode(t, file)
	require.Equal(t, want.Pix, requireDecode(t, file[:len(file)-3]).Pix)
	_, err := decode(file[:len(file)-4])
	require.ErrorContains(t, err, "found 2 rows of 12 bytes, expected 3")
}

// broken fails once the header is read.
type broken struct{ *bytes.Reader }

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off >= 54 {
		return 0, errBroken
	}
	return b.Reader.ReadAt(p, off)
}

var errBroken = errors.New("disk failed")

// TestReadErrors: an error of the input is passed on.
func TestReadErrors(t *testing.T) {
	for _, f := range []made{
		{header: 40, w: 9, h: 6, bits: 8},
		{header: 40, w: 9, h: 6, bits: 24},
		{header: 40, w: 9, h: 6, bits: 16, compression: bitFields},
	} {
		file := f.bytes()
		_, err := decodeFrom(broken{bytes.NewReader(file)}, len(file), limit)
		require.ErrorIs(t, err, errBroken, f)
	}
}

// TestMemory: no more than the image, a buffer and small change.
func TestMemory(t *testing.T) {
	for _, f := range []made{
		{header: 40, w: 1000, h: 700, bits: 1},
		{header: 40, w: 1000, h: 700, bits: 8},
		{header: 40, w: 1000, h: 700, bits: 24},
		{header: 124, w: 1000, h: 700, bits: 32, masks: [4]uint32{3: 0xff000000}},
	} {
		file := f.bytes()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m := requireDecode(t, file)
		runtime.ReadMemStats(&after)
		require.LessOrEqual(t, after.TotalAlloc-before.TotalAlloc, uint64(len(m.Pix)+1<<17), f)
	}
}

// TestReported: files that x/image/bmp refuses, by their right pixels.
func TestReported(t *testing.T) {
	dir := os.Getenv("QTGPU_CORPUS")
	if dir == "" {
		dir = "../../../../shared/corpus"
	}
	for name, want := range map[string]string{
		"reports/rgb565.bmp": "278caa2d4e2e73c71a6b6956e69ea6b7",
		"reports/rle8.bmp":   "5bb68094ad832200b9692c9d1dd746eb",
		"b-rle8.bmp":         "91252193513f8e42a97472bb55dafc2b",
	} {
		file, err := os.ReadFile(filepath.Join(dir, "faults", filepath.FromSlash(name)))
		if err != nil {
			t.Skipf("no corpus: %v (QTGPU_CORPUS names its folder)", err)
		}
		sum := md5.Sum(requireDecode(t, file).colours())
		require.Equal(t, want, hex.EncodeToString(sum[:]), name)
	}
}

// byMagick tells whether ImageMagick 6 reads a bitmap, and as it is meant: it
// has no 2 bits, takes three bytes a colour behind a header of 64 bytes, and the
// fourth byte of plain 32 bits for alpha.
func (f made) byMagick() bool {
	fields := f.compression != bitFields || f.header != v2Header
	for _, m := range f.fieldsOf() {
		fields = fields && (f.bits <= 8 || bits.OnesCount32(m) >= 5 || m == 0)
	}
	plain32 := f.bits == 32 && f.compression == rgb
	return fields && f.bits != 2 && !plain32 && f.compression != alphaBitFields && f.header != 16 &&
		(f.header != os2Header || f.shortColours)
}

// TestAgainstImageMagick: another reader finds the same pixels, to within the
// level by which readers scale differently.
func TestAgainstImageMagick(t *testing.T) {
	convert, err := exec.LookPath("convert")
	if err != nil {
		t.Skip("no ImageMagick")
	}
	dir := t.TempDir()
	var args []string
	var list []made
	for i, f := range good() {
		if f.byMagick() {
			name := filepath.Join(dir, fmt.Sprintf("%d.bmp", i))
			require.NoError(t, os.WriteFile(name, f.bytes(), 0o600))
			args, list = append(args, name), append(list, f)
		}
	}
	out, err := exec.Command(convert, append(args, "-depth", "8", "rgb:-")...).Output()
	require.NoError(t, err)
	for _, f := range list {
		want := requireDecode(t, f.bytes()).colours()
		require.GreaterOrEqual(t, len(out), len(want), f)
		for i, v := range want {
			require.InDelta(t, out[i], v, 1, "%v: pixel %d,%d channel %d", f, i/3%f.w, i/3/f.w, i%3)
		}
		out = out[len(want):]
	}
	require.Empty(t, out)
}

// colours are red, green and blue of all pixels.
func (m *Image) colours() (out []byte) {
	if m.Palette == nil {
		for i, v := range m.Pix {
			if i%m.Channels < 3 {
				out = append(out, v)
			}
		}
		return out
	}
	for _, v := range m.Pix {
		c := m.Palette[v].(color.RGBA)
		out = append(out, c.R, c.G, c.B)
	}
	return out
}

func FuzzDecode(f *testing.F) {
	for i, m := range good() {
		if i%5 == 0 {
			f.Add(m.bytes())
		}
	}
	f.Add(made{header: 40, w: 4, h: 2, bits: 8, compression: rle8, pixels: []byte("\x00\x03\x01\x02\x03\x00\x00\x02\x01\x01\x01\x02\x00\x01")}.bytes())
	f.Add(made{header: 40, w: 4, h: 2, bits: 4, compression: rle4, pixels: []byte("\x04\x12\x00\x00\x03\x34\x01\x50\x00\x01")}.bytes())
	f.Add(made{header: 124, w: 3, h: 2, bits: 24, profile: []byte("icc"), colourSpace: embedded}.bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := decodeFrom(bytes.NewReader(file), len(file), 1<<20)
		require.Equal(t, err == nil, m != nil)
		if err != nil {
			return
		}
		require.Len(t, m.Pix, m.W*m.H*m.Channels) // indices past the palette are imagefile's to judge
	})
}
