package imagefile

import (
	"bytes"
	"fmt"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// pngRaw is a file of random filter types and bytes, which are some picture.
func pngRaw(rng *rand.Rand, w, h, depth, colour int, interlaced bool, more string) []byte {
	passes := adam7[:]
	if !interlaced {
		passes = []struct{ x, y, stepX, stepY int }{{0, 0, 1, 1}}
	}
	samples := map[int]int{pngGray: 1, pngRGB: 3, pngPalette: 1, pngGrayAlpha: 2, pngRGBA: 4}[colour]
	var data []byte
	for _, p := range passes {
		n := (w - p.x + p.stepX - 1) / p.stepX
		for y := p.y; y < h && n > 0; y += p.stepY {
			data = append(data, byte(rng.IntN(filterTypes)))
			for range (n*samples*depth + 7) / 8 {
				data = append(data, byte(rng.IntN(3)*rng.IntN(128)))
			}
		}
	}
	head := []byte(ihdr(w, h, depth, colour))
	if interlaced {
		head[20] = 1
		head = []byte(chunk("IHDR", string(head[8:21])))
	}
	z := deflated(string(data))
	cut := len(z) / 3
	return pngFile(string(head)+more+chunk("IDAT", z[:cut])+chunk("IDAT", "")+chunk("IDAT", z[cut:])+chunk("IDAT", "behind"), "")
}

// TestPNGPixelsAgainstImagePNG: pixels of all types, depths and filters, with tRNS and without,
// interlaced or not, are those of image/png; so are windows of them.
func TestPNGPixelsAgainstImagePNG(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for colour, depths := range map[int][]int{pngGray: {1, 2, 4, 8, 16}, pngRGB: {8, 16}, pngPalette: {1, 2, 4, 8}, pngGrayAlpha: {8, 16}, pngRGBA: {8, 16}} {
		for _, depth := range depths {
			for _, interlaced := range []bool{false, true} {
				for _, size := range [][2]int{{1, 1}, {2, 5}, {5, 3}, {33, 19}} {
					mores := []string{""}
					switch colour {
					case pngPalette:
						plte := chunk("PLTE", string(bytes.Repeat([]byte("abc\x10\x80\xff"), 1<<depth/2)))
						mores = []string{plte, plte + chunk("tRNS", "\x80\xff")}
					case pngGray, pngRGB:
						key := make([]byte, 2+2*colour)
						mores = append(mores, chunk("tRNS", string(key)))
					}
					for i, more := range mores {
						name := fmt.Sprintf("type %d of %d bits, %v, interlaced %v, tRNS %d", colour, depth, size, interlaced, i)
						file := pngRaw(rng, size[0], size[1], depth, colour, interlaced, more)
						std, err := png.Decode(bytes.NewReader(file))
						require.NoError(t, err, name)
						m := decode(t, "png", file)
						require.Equal(t, std.Bounds(), m.Bounds(), name)
						for y := range m.H {
							for x := range m.W {
								r, g, b, a := std.At(x, y).RGBA()
								r2, g2, b2, a2 := m.At(x, y).RGBA()
								if [4]uint32{r, g, b, a} != [4]uint32{r2, g2, b2, a2} {
									require.Equal(t, [4]uint32{r, g, b, a}, [4]uint32{r2, g2, b2, a2}, "%s: pixel %d,%d", name, x, y)
								}
							}
						}
						requireFile(t, file, ReadOptions{}, 2, name)
					}
				}
			}
		}
	}
}

// TestPNGBehindThePixels: what lies between the last row and IEND is held against its
// checksum, and data of pixels that are too many are refused.
func TestPNGBehindThePixels(t *testing.T) {
	z := deflated("\x00\x07")
	bad := []byte(chunk("IDAT", "behind"))
	bad[len(bad)-1] ^= 1
	for _, c := range []struct{ idat, want string }{
		{chunk("IDAT", z) + string(bad), "IDAT: invalid checksum: found"},
		{chunk("IDAT", deflated("\x00\x07\x08")), "too much pixel data"},
		{chunk("IDAT", deflated("\x00")), "row 0 of 1: expected 2 bytes, found 1: unexpected EOF"},
		{chunk("IDAT", deflated("")), "row 0 of 1: expected 2 bytes, found 0: unexpected EOF"},
		{chunk("IDAT", deflated("\x05\x07")), "row 0 of 1: filter type 5: expected 0 to 4"},
		{chunk("IDAT", z[:len(z)-1]+"\x00"), "behind the last row: zlib: invalid checksum"},
		{chunk("IDAT", z[:len(z)-1]), "behind the last row: unexpected EOF"},
	} {
		_, _, err := Read(bytes.NewReader(pngFile(c.idat, "")), ReadOptions{})
		require.ErrorContains(t, err, c.want)
	}
}
