package imagefile

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tool runs a program on files in a folder, or skips the test where it is missing.
func tool(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("no %s", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
}

// blobs draws soft blobs of strong colours, of which chroma has much to say.
func blobs(w, h, channels int) *Image {
	rng := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	m := New(w, h, channels, 8)
	for y := range h {
		for x := range w {
			for c := range channels {
				v := 128 + (x*(7+c)+y*(5-3*c))%97 - 48 + rng.IntN(40)
				if (x/5+y/3+c)%4 == 0 {
					v = 255 * ((x/5 + c) & 1)
				}
				m.Pix[y*m.Stride+x*m.Step+c] = byte(min(max(v, 0), 255))
			}
		}
	}
	return m
}

// TestLossyWebPAgainstDwebp: every pixel is the one of libwebp, at any size, with alpha
// and without.
func TestLossyWebPAgainstDwebp(t *testing.T) {
	dir := t.TempDir()
	for _, size := range []image.Point{{1, 1}, {2, 1}, {1, 2}, {2, 2}, {3, 5}, {16, 16}, {17, 33}, {40, 31}, {63, 64}} {
		for _, channels := range []int{3, 4} {
			name := fmt.Sprintf("%v, %d channels", size, channels)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "in.png"), encode(t, "png", blobs(size.X, size.Y, channels), WriteOptions{}), 0o666))
			tool(t, dir, "cwebp", "-quiet", "-exact", "-q", "80", "in.png", "-o", "x.webp")
			tool(t, dir, "dwebp", "-quiet", "x.webp", "-o", "want.png")
			got := decode(t, "webp", read(t, filepath.Join(dir, "x.webp")))
			want := decode(t, "png", read(t, filepath.Join(dir, "want.png")))
			requireSame(t, want, got)
			require.Equal(t, channels, got.Channels, name)
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	p, err := os.ReadFile(name)
	require.NoError(t, err)
	return p
}

// bars is a lossy WebP of three bars: black, mid gray and white.
const bars = "RIFF6\x00\x00\x00WEBPVP8 *\x00\x00\x00\x90\x02\x00\x9d\x01*0\x00 \x00" +
	">\x15\x06\x82A!\x07T\x04\x00Q- \x00\x19\x19{ @\x00\xfe\xff\x8f\xd7\xb5/\xfe\xfc\x00\x00\x00\x00"

// TestLossyWebPRange: black and white come out as such.
func TestLossyWebPRange(t *testing.T) {
	m := decode(t, "webp", []byte(bars))
	for x, want := range map[int]byte{4: 0, 24: 128, 44: 255} {
		p := m.Pix[16*m.Stride+x*m.Step:]
		assert.Equal(t, []byte{want, want, want}, p[:3], "x %d", x)
	}
}

// TestWebPBudget: an image of no bits takes no more memory than its length justifies.
func TestWebPBudget(t *testing.T) {
	file := []byte(webpLossless)
	copy(file[21:], "\xff\xff\xff\x0f") // 16384 pixels a side
	n := allocated(func() {
		_, _, err := Read(bytes.NewReader(file), ReadOptions{})
		assert.ErrorContains(t, err, "--max-expansion")
	})
	assert.Less(t, n, uint64(1<<20))
}

// TestFromImageOfWebP: planes that are not WebP's keep the conversion of package color.
func TestFromImageOfWebP(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 1, 1), image.YCbCrSubsampleRatio420)
	m.Y[0], m.Cb[0], m.Cr[0] = 16, 128, 128
	got, err := FromImage(m)
	require.NoError(t, err)
	assert.Equal(t, color.RGBA{16, 16, 16, 255}, got.At(0, 0))
}
