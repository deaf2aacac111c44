package qtgpu

import (
	"bytes"
	"context"
	"image"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// bounded are the kinds of images for which one of the ways is the best, with what the
// header says of it: layered and merged.
var bounded = map[string][2]bool{"photo": {true, false}, "alpha": {true, false}, "levels": {false, true}, "elevation": {}}

// boundedPicture draws one of them.
func boundedPicture(kind string, w, h int) *imagefile.Image {
	r := rand.New(rand.NewPCG(7, 7))
	channels, depth := 1, 16
	var sample func(c, x, y int) int
	switch kind {
	case "levels":
		sample = func(_, x, y int) int { return 1000*(r.IntN(3)+x/40) + r.IntN(4) }
	case "elevation":
		sample = func(_, x, y int) int { return 9000 + (x*x+3*y*y)/40 + r.IntN(3) }
	default:
		channels, depth = map[string]int{"photo": 3, "alpha": 4}[kind], 8
		sample = func(c, x, y int) int {
			if c == 3 {
				return 255 * (x / 300 & 1)
			}
			fx, fy := float64(x), float64(y)
			return 100 + 20*c + int(40*math.Sin(fx/7+fy/11)+30*math.Sin(fx/3.1-fy/4)) + r.IntN(6)
		}
	}
	m := imagefile.New(w, h, channels, depth)
	for y := range h {
		for x := range w {
			for c := range channels {
				put(m.Pix[y*m.Stride+x*m.Step+c*depth/8:], depth, uint64(sample(c, x, y)))
			}
		}
	}
	return m
}

// TestWays: each way is the best for something.
func TestWays(t *testing.T) {
	for kind, want := range bounded {
		r := exactRoundTrip(t, boundedPicture(kind, 200, 150), 6)
		assert.Equal(t, want, [2]bool{r.layout.Layered, r.layout.Merged}, kind)
	}
}

// TestBoundedRegions: any region of any level is the crop of the whole, whatever
// the number of workers that coded and decode it.
func TestBoundedRegions(t *testing.T) {
	for kind := range bounded {
		size := image.Pt(1100, 60) // two tiles
		if kind == "photo" && !testing.Short() {
			size = image.Pt(1060, 1040) // four
		}
		m := boundedPicture(kind, size.X, size.Y)
		var one, many bytes.Buffer
		require.NoError(t, Encode(&one, m, &Options{T: 6, Bound: BoundMax, Workers: 1}))
		require.NoError(t, Encode(&many, m, &Options{T: 6, Bound: BoundMax, Workers: 5}))
		require.True(t, bytes.Equal(one.Bytes(), many.Bytes()), "%s: other bytes of other workers", kind)
		r, err := NewReader(bytes.NewReader(one.Bytes()), int64(one.Len()), nil)
		require.NoError(t, err)
		for _, level := range []int{0, 2, 3, 5} {
			all := r.Size(level)
			part := image.Rect(all.X*9/10, all.Y*9/10, all.X, all.Y)
			requireCrop(t, r, level, image.Rectangle{part.Min.Sub(image.Pt(all.X/12, all.Y/8)), part.Max}, kind)
			requireCrop(t, r, level, image.Rect(0, 0, 1, 1).Add(all.Div(3)), kind)
		}
	}
}

// requireCrop holds a region against the whole of its level.
func requireCrop(t *testing.T, r *Reader, level int, rect image.Rectangle, name string) {
	t.Helper()
	whole, err := r.decodeRegion(context.Background(), image.Rectangle{Max: r.Size(level)}, level)
	require.NoError(t, err, name)
	part, err := r.decodeRegion(context.Background(), rect, level)
	require.NoError(t, err, name)
	n := rect.Dx() * part.Step
	for y := range rect.Dy() {
		want := whole.Pix[(rect.Min.Y+y)*whole.Stride+rect.Min.X*whole.Step:][:n]
		require.True(t, bytes.Equal(want, part.Pix[y*part.Stride:][:n]), "%s: region %v of level %d, row %d", name, rect, level, y)
	}
}

// TestBoundedDamage: a file with any byte changed is an error or decodes, and
// its tables, which no tile's checksum covers, too.
func TestBoundedDamage(t *testing.T) {
	for name := range bounded {
		m := boundedPicture(name, 60, 50)
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

// TestTrial: the way that is best for a large image is known by samples of it.
func TestTrial(t *testing.T) {
	kinds := map[string]way{"photo": (*encoder).layeredFile, "levels": (*encoder).mergedFile, "elevation": (*encoder).predictedFile}
	for kind, want := range kinds {
		m := boundedPicture(kind, sampleSide, 4*sampleSide+1)
		o := Options{T: 6, Bound: BoundMax}
		e := encoder{Options: &o, src: m, stats: new(Stats)}
		var err error
		e.values, err = usedValues(context.Background(), 0, m)
		require.NoError(t, err)
		e.layout = newExactLayout(m, &o, e.values)
		ways, err := e.likelyWays(context.Background())
		require.NoError(t, err)
		require.Len(t, ways, 1, kind)
		assert.Equal(t, nameOf(want), nameOf(ways[0]), kind)
	}
}

// nameOf names a function.
func nameOf(f any) string { return runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name() }

// TestSampled: the squares come from all over the image, to its last pixel.
func TestSampled(t *testing.T) {
	m := boundedPicture("photo", 1500, 2900)
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
