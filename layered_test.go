package qtgpu

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/raster"
)

// boundedPictures are images for which one of the ways is the best.
func boundedPictures(w, h int) map[string]*raster.Image {
	r := rand.New(rand.NewPCG(7, 7))
	draw := func(channels, depth int, f func(c, x, y int) int) *raster.Image {
		m := raster.New(w, h, channels, depth)
		for y := range h {
			for x := range w {
				for c := range channels {
					v := f(c, x, y)
					for i := range depth / 8 {
						m.Pix[y*m.Stride+x*m.Step+c*depth/8+i] = byte(v >> (depth - 8*i - 8))
					}
				}
			}
		}
		return m
	}
	photo := func(c, x, y int) int {
		if c == 3 {
			return 255 * (x / 300 & 1)
		}
		fx, fy := float64(x), float64(y)
		return 100 + 20*c + int(40*math.Sin(fx/7+fy/11)+30*math.Sin(fx/3.1-fy/4)) + r.IntN(6)
	}
	return map[string]*raster.Image{
		"photo":     draw(3, 8, photo),
		"alpha":     draw(4, 8, photo),
		"levels":    draw(1, 16, func(_, x, y int) int { return 1000*(r.IntN(3)+x/40) + r.IntN(4) }),
		"elevation": draw(1, 16, func(_, x, y int) int { return 9000 + (x*x+3*y*y)/40 + r.IntN(3) }),
	}
}

// TestWays: each way is the best for something.
func TestWays(t *testing.T) {
	for name, m := range boundedPictures(200, 150) {
		r := exactRoundTrip(t, m, 6)
		want := map[string][2]bool{"photo": {true, false}, "alpha": {true, false}, "levels": {false, true}, "elevation": {}}[name]
		assert.Equal(t, want, [2]bool{r.layout.Layered, r.layout.Merged}, name)
	}
}

// TestBoundedRegions: any region of any level is the crop of the whole, whatever
// the number of workers that coded and decode it.
func TestBoundedRegions(t *testing.T) {
	if testing.Short() {
		t.Skip("several tiles of each kind")
	}
	for name, m := range boundedPictures(1100, 1040) {
		var one, many bytes.Buffer
		require.NoError(t, Encode(&one, m, &Options{T: 6, Bound: BoundMax, Workers: 1}))
		require.NoError(t, Encode(&many, m, &Options{T: 6, Bound: BoundMax, Workers: 5}))
		require.True(t, bytes.Equal(one.Bytes(), many.Bytes()), "%s: other bytes of other workers", name)
		r, err := NewReader(bytes.NewReader(one.Bytes()), int64(one.Len()), nil)
		require.NoError(t, err)
		for level, region := range map[int]image.Rectangle{
			0: image.Rect(1000, 990, 1100, 1040), 2: image.Rect(250, 3, 270, 260), 3: image.Rect(120, 120, 138, 130), 5: image.Rect(2, 1, 35, 33),
		} {
			whole, err := r.DecodeRegion(image.Rectangle{Max: r.Size(level)}, level)
			require.NoError(t, err)
			part, err := r.DecodeRegion(region, level)
			require.NoError(t, err)
			for y := range region.Dy() {
				for x := range region.Dx() {
					require.Equal(t, whole.At(region.Min.X+x, region.Min.Y+y), part.At(x, y), "%s level %d x %d y %d", name, level, x, y)
				}
			}
		}
	}
}

// TestBoundedDamage: a file with any byte changed is an error or decodes, and
// its tables, which no tile's checksum covers, too.
func TestBoundedDamage(t *testing.T) {
	for name, m := range boundedPictures(60, 50) {
		var b bytes.Buffer
		require.NoError(t, Encode(&b, m, &Options{T: 6, Bound: BoundMax}))
		for i := range b.Len() {
			p := bytes.Clone(b.Bytes())
			p[i] ^= 0x15
			r, err := NewReader(bytes.NewReader(p), int64(len(p)), &DecodeOptions{MaxPixels: 1 << 20, KeepGoing: i%2 == 0})
			if err != nil {
				continue
			}
			if back, err := r.Decode(); err != nil {
				require.Nil(t, back, "%s byte %d", name, i)
			}
		}
	}
}

// TestTrial: a large image is coded in the way that is best for samples of it.
func TestTrial(t *testing.T) {
	if testing.Short() {
		t.Skip("large images")
	}
	for name, m := range boundedPictures(2048, 2049) {
		if name == "alpha" {
			continue
		}
		r := exactRoundTrip(t, m, 6)
		want := map[string][2]bool{"photo": {true, false}, "levels": {false, true}, "elevation": {}}[name]
		assert.Equal(t, want, [2]bool{r.layout.Layered, r.layout.Merged}, name)
	}
}

// TestSampled: the squares come from all over the image, to its last pixel.
func TestSampled(t *testing.T) {
	m := boundedPictures(1500, 2900)["photo"]
	s := sampled(m)
	for _, c := range []struct{ x, y, atX, atY int }{
		{0, 0, 0, 0}, {255, 255, 255, 255}, {256, 0, (1500 - 256) / 3, 0}, {700, 300, 2*(1500-256)/3 + 700 - 512, (2900-256)/3 + 300 - 256},
		{1023, 1023, 1499, 2899},
	} {
		want := m.Pix[c.atY*m.Stride+c.atX*m.Step:][:3]
		assert.Equal(t, want, s.Pix[c.y*s.Stride+c.x*s.Step:][:3], "x %d y %d", c.x, c.y)
	}
}

// TestMerge: values stand for all near them, and no two could be one.
func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, bound := range []int{1, 2, 7, 255, 70000} {
		for _, n := range []int{1, 2, 50, 3000} {
			var s valueSet
			for v := r.IntN(9); v < 1<<16 && len(s) < n; v += 1 + r.IntN(20) {
				s = append(s, uint16(v))
			}
			merged, ranks, worst := s.merge(bound, 16)
			most := 0
			first := map[int32]int{}
			for _, v := range s {
				k := ranks[v]
				off := int(v) - int(merged[k])
				require.LessOrEqual(t, max(off, -off), bound, "value %d", v)
				most = max(most, off, -off)
				if _, ok := first[k]; !ok {
					first[k] = int(v)
					if k > 0 {
						require.Greater(t, int(v)-first[k-1], 2*bound, "rank %d", k)
					}
				}
			}
			assert.Equal(t, most, worst)
			assert.Len(t, first, len(merged))
		}
	}
}
