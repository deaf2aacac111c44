package imagefile

import (
	"bytes"
	"encoding/binary"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// bitmap is a BMP file with a header of 124 bytes, plain pixels of some bits and
// a profile behind them.
func bitmap(w, h, bits int, palette, pixels, icc string) []byte {
	le := binary.LittleEndian
	info := make([]byte, 124)
	le.PutUint32(info, 124)
	le.PutUint32(info[4:], uint32(w))
	le.PutUint32(info[8:], uint32(h))
	le.PutUint16(info[12:], 1)
	le.PutUint16(info[14:], uint16(bits))
	le.PutUint32(info[24:], 2835)
	le.PutUint32(info[28:], 2000)
	le.PutUint32(info[32:], uint32(len(palette)/4))
	le.PutUint32(info[52:], 0xff000000)
	copy(info[56:], "DEBM")
	le.PutUint32(info[112:], uint32(124+len(palette)+len(pixels)))
	le.PutUint32(info[116:], uint32(len(icc)))
	file := append([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00"), 0, 0, 0, 0)
	le.PutUint32(file[10:], uint32(14+124+len(palette)))
	return append(file, string(info)+palette+pixels+icc...)
}

// TestBMPKinds: RGB with and without alpha, palettes with their indices, density
// and profile.
func TestBMPKinds(t *testing.T) {
	icc := string(profileFor("RGB "))
	m := decode(t, "bmp", bitmap(1, 2, 24, "", "abc\x00def\x00", icc))
	require.Equal(t, []any{3, 8, "fedcba"}, []any{m.Channels, m.Depth, string(m.Pix)})
	require.Equal(t, icc, string(m.Meta.ICC))
	require.Equal(t, string(densityChunk(2835, 2000)), string(m.Meta.PNG))

	m = decode(t, "bmp", bitmap(2, 1, 32, "", "abcdefgh", icc))
	require.Equal(t, []any{4, Straight, "cbadgfeh"}, []any{m.Channels, m.Alpha, string(m.Pix)})

	m = decode(t, "bmp", bitmap(3, 1, 8, "abc\x00def\x00", "\x01\x00\x01\x00", icc))
	require.Equal(t, color.Palette{color.RGBA{'c', 'b', 'a', 255}, color.RGBA{'f', 'e', 'd', 255}}, m.Palette)
	require.Equal(t, "\x01\x00\x01", string(m.Index))
	require.Equal(t, color.RGBA{'f', 'e', 'd', 255}, m.At(0, 0))

	m = decode(t, "bmp", bitmap(3, 1, 8, "aaa\x00ddd\x00", "\x01\x07\x01\x00", icc[:0]))
	require.Equal(t, []any{1, "d\x00d"}, []any{m.Channels, string(m.Pix)})
	require.Equal(t, []string{"palette index 7 of 2 colours taken as black"}, m.Notes)
	require.Equal(t, []string{"damaged colour profile"}, m.Lost)
}

// TestBMPLimits: pixels beyond the limit, and runs of little data for many.
func TestBMPLimits(t *testing.T) {
	file := bitmap(20, 10, 24, "", string(make([]byte, 600)), "")
	_, _, err := Read(bytes.NewReader(file), ReadOptions{MaxPixels: 199})
	require.ErrorContains(t, err, "image of 20x10 pixels, expected at most 199 in all")
	file = bitmap(18000, 18000, 8, "abc\x00", "\x00\x01", "")
	file[14+16] = 1 // RLE8
	_, _, err = Read(bytes.NewReader(file), ReadOptions{})
	require.ErrorContains(t, err, "18000x18000 pixels of 1 bytes, expected at most")
}

// TestBMPCorpus: the files that x/image/bmp refuses are read.
func TestBMPCorpus(t *testing.T) {
	dir := filepath.Join(corpus(t), "faults")
	for name, want := range map[string][3]int{
		"b-565.bmp": {120, 180, 3}, "b-rle8.bmp": {120, 180, 3}, "reports/rgb565.bmp": {53, 37, 3}, "reports/rle8.bmp": {80, 60, 3},
	} {
		file, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		require.NoError(t, err)
		m := decode(t, "bmp", file)
		require.Equal(t, want, [3]int{m.W, m.H, m.Channels}, name)
	}
}
