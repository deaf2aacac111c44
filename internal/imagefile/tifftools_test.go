package imagefile

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What libtiff's tiffcp makes of bitmaps in every form of CCITT compression
// comes back, in both meanings of white and both fill orders.
func TestCCITTOfTiffcp(t *testing.T) {
	tiffcp, err := exec.LookPath("tiffcp")
	if err != nil {
		t.Skip("no tiffcp (libtiff-tools)")
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.tif"), filepath.Join(dir, "out.tif")
	for _, w := range []int{1, 13, 64, 131, 2700} {
		m := noise(w, 23, 1, 8)
		for i := range m.Pix {
			squares := byte(255 * ((i%w/9 + i/w/5) % 2))
			if m.Pix[i] < 20 {
				squares = ^squares
			}
			m.Pix[i] = squares
		}
		for _, photometric := range []uint16{photometricWhiteIsZero, photometricBlackIsZero} {
			l := layoutOf(1)
			l.bits, l.photometric = 1, photometric
			require.NoError(t, os.WriteFile(in, l.build(t, m), 0o600))
			want := decode(t, "tif", l.build(t, m))
			for _, args := range []string{"-c g3:1d", "-c g3:2d", "-c g3:1d:fill", "-c g3:2d:fill -r 5", "-c g4", "-c g4 -r 7 -f lsb2msb", "-c g3:2d -f lsb2msb"} {
				text, err := exec.Command(tiffcp, append(strings.Fields(args), in, out)...).CombinedOutput()
				require.NoError(t, err, "%s", text)
				data, err := os.ReadFile(out)
				require.NoError(t, err)
				t.Run(args, func(t *testing.T) { requireSame(t, want, decode(t, "tif", data)) })
			}
		}
	}
}
