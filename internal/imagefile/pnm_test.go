package imagefile

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadPNM: samples stay as they are, beside the maximum; bits become black
// and white.
func TestReadPNM(t *testing.T) {
	cases := []struct {
		name, file           string
		channels, depth, max int
		pix                  string
	}{
		{"P1", "P1\n# a comment\n3 2\n101\n0 # one\n11", 1, 8, 0, "\x00\xff\x00\xff\x00\x00"},
		{"P2", "P2 2 1 255 7\t200", 1, 8, 0, "\x07\xc8"},
		{"P2 of 0 to 4", "P2 3 1 4\n0 1 4", 1, 8, 4, "\x00\x01\x04"},
		{"P2 with comments", "P2 # gray\n3 # wide\n1 200\n0 # first\n#\n1# second\n200#", 1, 8, 200, "\x00\x01\xc8"},
		{"P2 of bits", "P2 2 1 1\n0 1", 1, 8, 0, "\x00\xff"},
		{"P2 16 bit", "P2 2 1 65535\n258 65535 ", 1, 16, 0, "\x01\x02\xff\xff"},
		{"P2 of 0 to 256", "P2 2 1 256\n256 7", 1, 16, 256, "\x01\x00\x00\x07"},
		{"P3", "P3 1 2 255 1 2 3 4 5 6\n", 3, 8, 0, "\x01\x02\x03\x04\x05\x06"},
		{"P4", "P4 9 2\n\x80\x00\x7f\x80", 1, 8, 0, "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"P5", "P5 2 1 255\n\n ", 1, 8, 0, "\n "},
		{"P5 12 bit", "P5 2 1 4095\n\x0f\xff\x08\x00", 1, 16, 4095, "\x0f\xff\x08\x00"},
		{"P6", "P6 1 1 255\nabc", 3, 8, 0, "abc"},
		{"P6 of 0 to 254", "P6 1 1 254\nabc", 3, 8, 254, "abc"},
		{"P6 16 bit", "P6 1 1 65535\nabcdef", 3, 16, 0, "abcdef"},
		{"P7 gray", "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n\x00\x01", 1, 8, 0, "\x00\xff"},
		{"P7 rgba", "P7\n# x\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\nabcd", 4, 8, 0, "abcd"},
		{"P7 rgba of 0 to 100", "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 100\nENDHDR\nabcd", 4, 8, 100, "abcd"},
		{"P7 gray alpha", "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 65535\nENDHDR\nabcd", 2, 16, 0, "abcd"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := decode(t, "pnm", []byte(c.file))
			require.Equal(t, []int{c.channels, c.depth, c.max}, []int{got.Channels, got.Depth, got.Max})
			require.Equal(t, []byte(c.pix), got.Pix)
			require.Empty(t, got.Lost)
		})
	}
}

// TestFurtherPNM: images behind the first are counted, without reading what is
// between; where their length is not known they are named.
func TestFurtherPNM(t *testing.T) {
	gray := "P5 2 1 255\nab"
	large := "P5 1000 200 255\n" + strings.Repeat("P5 1 1 255\nx", 20000)[:200000]
	cases := []struct{ name, file, lost string }{
		{"none", gray, ""},
		{"space", gray + " \n\t", ""},
		{"one", gray + gray, "1 further image"},
		{"of other kinds", gray + "P6 1 1 255\nabc" + "\nP4 9 1\nab" + "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 9\nENDHDR\n\x01", "3 further images"},
		{"large ones", large + large + gray + large, "3 further images"},
		{"after digits", "P2 1 1 9\n7\n" + gray, "1 further image"},
		{"digits", gray + "P2 1 1 9\n7\n", "further images"},
		{"cut", gray + gray + "P5 2 1 255\na", "further images"},
		{"cut far away", gray + "P5 300 300 255\n" + strings.Repeat("a", 89999), "further images"},
		{"huge", gray + "P6 2147483647 2147483647 65535\n", "further images"},
		{"header cut", gray + "P5 2", "further images"},
		{"something else", gray + "garbage", ""},
		{"nearly", gray + "P8 1 1 1\n", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.lost, strings.Join(decode(t, "pnm", []byte(c.file)).Lost, ", "))
		})
	}
}

// TestMaximumRoundTrip: what was read with a maximum is written with it, byte for
// byte.
func TestMaximumRoundTrip(t *testing.T) {
	for _, largest := range []int{2, 100, 254, 255, 256, 1023, 4095, 65534, 65535} {
		for format, head := range map[string]string{"pgm": "P5\n6 1\n", "ppm": "P6\n2 1\n"} {
			file := fmt.Appendf(nil, "%s%d\n", head, largest)
			for i := range 6 { // samples
				if v := largest * i / 5; largest > 255 {
					file = binary.BigEndian.AppendUint16(file, uint16(v))
				} else {
					file = append(file, byte(v))
				}
			}
			require.Equal(t, file, encode(t, format, decode(t, "pnm", file), WriteOptions{}))
		}
	}
}

// TestReportedMaximum: the samples of reported files, as netpbm has them.
func TestReportedMaximum(t *testing.T) {
	dir := filepath.Join(corpus(t), "faults")
	for name, largest := range map[string]int{"n-pgm1023.pgm": 1023, "reports/maxval4095.pgm": 4095} {
		file, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		require.NoError(t, err)
		m := decode(t, "pnm", file)
		require.Equal(t, largest, m.Max, name)
		if largest == 4095 {
			little := bytes.Clone(m.Pix)
			for i := 0; i < len(little); i += 2 {
				little[i], little[i+1] = little[i+1], little[i]
			}
			require.Equal(t, "799c07d40a8b2574cf6335734487b93e", fmt.Sprintf("%x", md5.Sum(little)))
		}
		again := decode(t, "pnm", encode(t, "pgm", m, WriteOptions{}))
		requireSame(t, m, again)
		require.Equal(t, largest, again.Max, name)
	}
}
