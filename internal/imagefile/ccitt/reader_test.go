package ccitt

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// bitmaps are of kinds that use all modes: sparse and dense noise, strokes that
// lean, one colour, and single columns.
func bitmaps() (list []bitmap) {
	rng := rand.New(rand.NewPCG(4, 6))
	for _, w := range []int{1, 2, 7, 8, 9, 31, 64, 131, 1728, 5301} {
		for _, share := range []float64{0, 0.01, 0.2, 0.5, 0.95, 1} {
			list = append(list, newBitmap(w, 9, func(x, y int) bool { return rng.Float64() < share }))
		}
		list = append(list,
			newBitmap(w, 20, func(x, y int) bool { return (x+y*y/3)%23 < 5 }),
			newBitmap(w, 20, func(x, y int) bool { return (x-2*y+400)%17 < 3 && y%7 != 0 }),
			newBitmap(w, 6, func(x, y int) bool { return (x+y)%2 == 0 }))
	}
	return list
}

func codings() map[string]coding {
	return map[string]coding{
		"RLE":             {Options: Options{Mode: RLE}},
		"G3":              {Options: Options{Mode: Group3}, eol: true},
		"G3 fill":         {Options: Options{Mode: Group3}, eol: true, fill: true},
		"G3 no EOL":       {Options: Options{Mode: Group3}},
		"G3 no first EOL": {Options: Options{Mode: Group3}, eol: true, noHead: true},
		"G3 2D":           {Options: Options{Mode: Group3, TwoDimensional: true}, eol: true, k: 4},
		"G3 2D fill":      {Options: Options{Mode: Group3, TwoDimensional: true}, eol: true, fill: true, k: 2},
		"G3 2D no first":  {Options: Options{Mode: Group3, TwoDimensional: true}, eol: true, noHead: true, k: 1000},
		"G3 2D no EOL":    {Options: Options{Mode: Group3, TwoDimensional: true}, k: 3},
		"G4":              {Options: Options{Mode: Group4}},
	}
}

// Every coding of every bitmap is decoded to it, and nothing comes after.
func TestDecode(t *testing.T) {
	for name, c := range codings() {
		t.Run(name, func(t *testing.T) {
			for _, m := range bitmaps() {
				c.Width, c.Rows = m.w, m.h
				got, err := io.ReadAll(NewReader(bytes.NewReader(c.encode(m)), c.Options))
				require.NoError(t, err, "%dx%d", m.w, m.h)
				requireRows(t, m.w, m.packed(), got)
			}
		})
	}
}

func requireRows(t *testing.T, w int, want, got []byte) {
	t.Helper()
	require.Len(t, got, len(want))
	stride := (w + 7) / 8
	for i := range want {
		if want[i] != got[i] {
			require.Equal(t, fmt.Sprintf("%08b", want[i]), fmt.Sprintf("%08b", got[i]), "pixels from %d,%d, width %d", i%stride*8, i/stride, w)
		}
	}
}

// The codes are libtiff's: its rows of k white, k black and else white pixels
// have this sum, each beginning a byte, for every k up to 2640.
func TestCodes(t *testing.T) {
	m := newBitmap(5300, 2641, func(x, y int) bool { return y <= x && x < 2*y })
	s := md5.Sum(coding{Options: Options{Mode: RLE}}.encode(m))
	require.Equal(t, "2c29506ee37d791f3fd3b5e5c40eb3fa", hex.EncodeToString(s[:]))
}

// No code starts another, so that the tables are full where codes are.
func TestCodesAreAPrefixCode(t *testing.T) {
	for _, codes := range [][]string{
		append(append([]string{"000000000001"}, terminatingCodes[0]...), makeUpCodes[0]...),
		append(append([]string{"000000000001"}, terminatingCodes[1]...), makeUpCodes[1]...),
		append([]string{"000000000001", "0000001"}, modeNames...),
	} {
		for i, a := range codes {
			for j, b := range codes {
				require.False(t, i != j && len(a) <= len(b) && a == b[:len(a)], "%s starts %s", a, b)
			}
		}
	}
}

func TestDamage(t *testing.T) {
	const eol = "000000000001"
	g3, g4 := Options{Width: 8, Rows: 3, Mode: Group3}, Options{Width: 8, Rows: 3, Mode: Group4}
	rle := Options{Width: 8, Rows: 3, Mode: RLE}
	wide := Options{Width: 100, Rows: 2, Mode: RLE}
	cases := []struct {
		name string
		opt  Options
		bits string
		want string
	}{
		{"empty", g4, "", "row 0 of 3: the data ends"},
		{"zeros", g3, "0000000000000000000000000000000000000000000000000000000000000000", "row 0 of 3: the data ends"},
		{"zeros in G4", g4, "0000000000000000000000000000000000000000000000000000000000000000", "row 0 of 3: bits 0000000 at column 0: expected a mode"},
		{"zeros in RLE", rle, "00000000000000000000000000000000", "row 0 of 3: bits 0000000000000 at column 0: expected the code of a white run"},
		{"rows missing", rle, "10011000 10011000", "row 2 of 3: the data ends"},
		{"a code cut", rle, "10011000 10011000 10110000", "row 2 of 3: the data ends"},
		{"long run", rle, "10100 000", "row 0 of 3: a white run of 9 from column 0: expected at most 8"},
		{"long make-up", rle, "11011 000", "row 0 of 3: a white run of 64 from column 0: expected at most 8"},
		{"make-up without end", wide, "11011 11011 11011", "row 0 of 2: a white run of 128 from column 0"},
		{"short row", g3, eol + "1011" + eol + "10011", "row 0 of 3: end of line at column 4: expected it at 8"},
		{"rows missing before RTC", g3, eol + "10011" + eol + eol + eol + eol, "row 1 of 3: end of line at column 0: expected it at 8"},
		{"uncompressed 1D", rle, "000000001 111 0000", "row 0 of 3: uncompressed mode at column 0 is not supported"},
		{"uncompressed 2D", g4, "1 0000001 111 00000", "row 1 of 3: uncompressed mode at column 0 is not supported"},
		{"another extension", g4, "1 0000001 001 00000", "row 1 of 3: extension 1 at column 0 is not supported"},
		{"EOFB too early", g4, "1 1" + eol + eol, "row 2 of 3: end of the block or line at column 0"},
		{"right of the image", g4, "000011 00000000", "row 0 of 3: a change at column 10: expected 0 to 8"},
		{"left of a0", g4, "001 1000 011 0000010 00000000", "row 0 of 3: a change at column 5: expected 7 to 8"},
		{"mode", Options{Width: 8, Rows: 1, Mode: 1}, "", "row 0 of 1: mode 1: expected 2, 3 or 4"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := io.ReadAll(NewReader(bytes.NewReader(pack(c.bits)), c.opt))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// What a reader of the code fails with is passed on with the row.
func TestReadError(t *testing.T) {
	_, err := io.ReadAll(NewReader(iotest.ErrReader(io.ErrClosedPipe), Options{Width: 8, Rows: 1, Mode: Group4}))
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.ErrorContains(t, err, "row 0 of 1")
}

// Bits between a row and its EOL are fill, whatever they are: libtiff reads such
// files without a word.
func TestFillOfOnes(t *testing.T) {
	bits := "000000000001 10011 1101 000000000001 0111 10 1000 000000000001 10011"
	got, err := io.ReadAll(NewReader(bytes.NewReader(pack(bits)), Options{Width: 8, Rows: 3, Mode: Group3}))
	require.NoError(t, err)
	requireRows(t, 8, []byte{0, 0b00111000, 0}, got)
}

// Any input gives rows or an error, in memory and time that it and the size of
// the image bound; what is decoded in whole is so again when it is coded anew.
func FuzzReader(f *testing.F) {
	for _, m := range bitmaps()[:40] {
		for _, c := range codings() {
			f.Add(c.encode(m), uint16(m.w), uint8(m.h), uint8(c.Mode), c.TwoDimensional)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, w uint16, h, mode uint8, twoDimensional bool) {
		opt := Options{Width: max(1, int(w)), Rows: max(1, int(h)), Mode: 2 + Mode(mode)%3, TwoDimensional: twoDimensional}
		d := NewReader(bytes.NewReader(data), opt)
		got, err := io.ReadAll(d)
		stride := (opt.Width + 7) / 8
		require.LessOrEqual(t, len(got), stride*opt.Rows)
		require.Zero(t, len(got)%stride)
		require.LessOrEqual(t, len(d.cur)+len(d.above), 16*len(data)+16)
		if err != nil {
			return
		}
		require.Len(t, got, stride*opt.Rows)
		m := newBitmap(opt.Width, opt.Rows, func(x, y int) bool { return got[y*stride+x/8]<<(x%8)&0x80 != 0 })
		requireRows(t, m.w, m.packed(), got)
		c := coding{Options: opt, k: 2}
		again, err := io.ReadAll(NewReader(bytes.NewReader(c.encode(m)), opt))
		require.NoError(t, err)
		requireRows(t, m.w, got, again)
	})
}

func BenchmarkRead(b *testing.B) {
	m := newBitmap(2480, 3508, func(x, y int) bool { return (x/3*7+y/5*11)%37 < 5 && y%40 < 28 })
	for name, c := range codings() {
		c.Width, c.Rows = m.w, m.h
		data := c.encode(m)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(m.w * m.h / 8))
			for b.Loop() {
				if _, err := io.Copy(io.Discard, NewReader(bytes.NewReader(data), c.Options)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
