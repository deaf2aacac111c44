package qtgpu_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// rectangle is a random one inside a size; small ones and such that end at the
// edge are frequent.
func rectangle(rng *rand.Rand, size image.Point) image.Rectangle {
	side := func(n int) (int, int) {
		from := rng.IntN(n)
		switch rng.IntN(3) {
		case 0:
			return from, from + 1 + rng.IntN(min(9, n-from))
		case 1:
			return from, n
		}
		return from, from + 1 + rng.IntN(n-from)
	}
	x0, x1 := side(size.X)
	y0, y1 := side(size.Y)
	return image.Rect(x0, y0, x1, y1)
}

// TestRegionIsCrop: every region of every level is the crop of the whole level,
// byte for byte.
func TestRegionIsCrop(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range shorttest.Cases([]struct {
		pattern               string
		w, h, channels, depth int
		chroma                qtgpu.Chroma
		threshold             float64
	}{
		{"saturated", 521, 67, 2, 8, qtgpu.ChromaAuto, 20},
		{"edges", 1130, 600, 3, 8, qtgpu.Chroma420, 10},
		{"noise", 1110, 530, 3, 8, qtgpu.Chroma444, 30},
		{"smooth", 530, 1101, 4, 16, qtgpu.Chroma420, 30},
		{"sky", 1115, 520, 3, 8, qtgpu.Chroma420, 15},
		{"text", 1101, 515, 1, 16, qtgpu.ChromaAuto, 5},
		{"saturated", 37, 29, 3, 8, qtgpu.Chroma420, 20},
		{"gradient", 1, 1, 3, 16, qtgpu.Chroma420, 20},
	}) {
		m := picture(patterns[c.pattern], c.w, c.h, c.channels, c.depth)
		r := newReader(t, encode(t, m, qtgpu.Options{T: c.threshold, Chroma: c.chroma}), qtgpu.DecodeOptions{})
		for level := range r.Levels() {
			size := r.Size(level)
			whole := region(t, r, image.Rectangle{Max: size}, level)
			require.Equal(t, size, whole.Bounds().Size(), "%v level %d", c, level)
			for range shorttest.Rounds(12) {
				rect := rectangle(rng, size)
				part := region(t, r, rect, level)
				require.Equal(t, rect.Size(), part.Bounds().Size(), "%v level %d", c, level)
				require.Empty(t, difference(t, whole, part, rect.Min), "%v level %d region %v", c, level, rect)
			}
		}
	}
}

// TestRegionAtTileBorder: what filters across the border of tiles is there,
// at distances from it that end in any column of a cell.
func TestRegionAtTileBorder(t *testing.T) {
	for name, threshold := range map[string]float64{"smooth": 40, "sky": 10} {
		m := picture(patterns[name], 570, 570, 3, 8)
		r := newReader(t, encode(t, m, qtgpu.Options{T: threshold}), qtgpu.DecodeOptions{CacheBytes: 64 << 20})
		whole := decode(t, r)
		for d := -48; d <= 48; d += 5 * shorttest.Step() {
			for _, rect := range []image.Rectangle{
				image.Rect(0, 460, 512+d, 512-d), image.Rect(512+d, 0, 570, 20), image.Rect(500, 512+d, 530, 570), image.Rect(512+d, 512-d, 513+d, 513-d),
			} {
				require.Empty(t, difference(t, whole, region(t, r, rect, 0), rect.Min), "%s: region %v", name, rect)
			}
		}
	}
}

func TestLevels(t *testing.T) {
	for _, c := range []struct{ w, h, levels int }{{1, 1, 1}, {2, 1, 2}, {3, 9, 5}, {1024, 3, 11}, {1025, 3, 12}} {
		r := newReader(t, encode(t, picture(patterns["flat"], c.w, c.h, 1, 8), qtgpu.Options{T: 9}), qtgpu.DecodeOptions{})
		require.Equal(t, c.levels, r.Levels(), "%d×%d", c.w, c.h)
		assert.Equal(t, image.Pt(1, 1), r.Size(c.levels-1), "%d×%d", c.w, c.h)
		for level := range c.levels {
			side := 1 << level
			assert.Equal(t, image.Pt((c.w+side-1)/side, (c.h+side-1)/side), r.Size(level), "%d×%d level %d", c.w, c.h, level)
		}
	}
}

func TestRegionOutside(t *testing.T) {
	r := newReader(t, encode(t, picture(patterns["flat"], 50, 30, 1, 8), qtgpu.Options{T: 9}), qtgpu.DecodeOptions{})
	for _, c := range []struct {
		rect  image.Rectangle
		level int
		want  string
	}{
		{image.Rect(0, 0, 1, 1), -1, "level -1, expected 0 to 6"},
		{image.Rect(0, 0, 1, 1), 7, "level 7, expected 0 to 6"},
		{image.Rect(0, 0, 51, 1), 0, "expected one inside (0,0)-(50,30)"},
		{image.Rect(-1, 0, 5, 5), 0, "expected one inside (0,0)-(50,30)"},
		{image.Rect(0, 0, 26, 1), 1, "expected one inside (0,0)-(25,15)"},
		{image.Rect(3, 3, 3, 9), 0, "not empty"},
	} {
		m, err := r.DecodeRegion(context.Background(), c.rect, c.level)
		assert.ErrorContains(t, err, c.want, "%v level %d", c.rect, c.level)
		assert.Nil(t, m)
	}
}

// boxMean averages blocks of 2^level pixels of a decoded image, in floats.
func boxMean(a *samples, level, x, y, c int) float64 {
	side := 1 << level
	sum, n := 0.0, 0
	for j := y * side; j < min((y+1)*side, a.h); j++ {
		for i := x * side; i < min((x+1)*side, a.w); i++ {
			sum += a.at(i, j, c)
			n++
		}
	}
	return sum / float64(n)
}

// meanError is the RMS and the largest difference of a level from the means of
// an image.
func meanError(t *testing.T, of, m image.Image, level int) (rms, largest float64) {
	t.Helper()
	a, b := view(t, of), view(t, m)
	sum := 0.0
	for y := range b.h {
		for x := range b.w {
			for c := range b.channels() {
				d := boxMean(&a, level, x, y, c) - b.at(x, y, c)
				sum += d * d
				largest = max(largest, math.Abs(d))
			}
		}
	}
	return math.Sqrt(sum / float64(b.w*b.h*b.channels())), largest
}

// TestLevelsAreMeans: levels 1 and 2 are the means of level 0, and levels above 3 of
// the last level before them that a file of version 5 can hold as its own, every third
// one, to the rounding.
func TestLevelsAreMeans(t *testing.T) {
	for _, depth := range []int{8, 16} {
		m := picture(patterns["smooth"], 203, 91, 3, depth)
		r := newReader(t, encode(t, m, qtgpu.Options{T: 6}), qtgpu.DecodeOptions{})
		for level := range r.Levels() {
			base := max(level-1, 0) / 3 * 3
			if level == 3 {
				base = 3 // the front image
			}
			of := region(t, r, image.Rectangle{Max: r.Size(base)}, base)
			got := region(t, r, image.Rectangle{Max: r.Size(level)}, level)
			_, largest := meanError(t, of, got, level-base)
			assert.LessOrEqual(t, largest, 0.5+1e-9, "depth %d level %d", depth, level)
		}
	}
}

// TestOverview: levels from 3 on are near the means of the original: within a
// step of the front image where the picture is smooth; where it is not, within
// what a leaf's lowest frequencies and the means of its 8×8 differ by.
func TestOverview(t *testing.T) {
	slow := func(x, y, c int) float64 { return patterns["smooth"](x/4, y/4, c) }
	for name, c := range map[string]struct {
		pattern
		chroma qtgpu.Chroma
		detail float64 // beyond the steps, at level 3
	}{
		"slow 4:2:0": {slow, qtgpu.Chroma420, 0.6},
		"slow 4:4:4": {slow, qtgpu.Chroma444, 0.6},
		"text":       {patterns["text"], qtgpu.Chroma444, 8},
		"noise":      {patterns["noise"], qtgpu.Chroma444, 5},
		"edges":      {patterns["edges"], qtgpu.Chroma444, 5},
	} {
		m := picture(c.pattern, 600, 328, 3, 8)
		for _, threshold := range shorttest.Cases([]float64{1, 10, 40}) {
			r := newReader(t, encode(t, m, qtgpu.Options{T: threshold, Engine: qtgpu.Transform, Chroma: c.chroma}), qtgpu.DecodeOptions{})
			for level := 3; level < 7; level++ {
				got := region(t, r, image.Rectangle{Max: r.Size(level)}, level)
				rms, _ := meanError(t, m.Std(), got, level)
				assert.LessOrEqual(t, rms, c.detail+0.1*threshold, "%s T %g level %d", name, threshold, level)
			}
		}
	}
}

// span is a range of bytes of a file.
type span struct{ from, to int64 }

// counter notes what is read.
type counter struct {
	io.ReaderAt
	mu    sync.Mutex
	reads []span
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads = append(c.reads, span{off, off + int64(len(p))})
	return c.ReaderAt.ReadAt(p, off)
}

func (c *counter) bytes() (n int64) {
	for _, s := range c.reads {
		n += s.to - s.from
	}
	return n
}

// remote is a counter that reads many ranges in one round trip.
type remote struct {
	counter
	trips int
}

func (r *remote) ReadRanges(_ context.Context, ranges []qtgpu.Range) ([][]byte, error) {
	r.trips++
	out := make([][]byte, len(ranges))
	for i, at := range ranges {
		out[i] = make([]byte, at.Length)
		n, err := r.ReadAt(out[i], at.Offset)
		if err != nil && err != io.EOF {
			return nil, err
		}
		out[i] = out[i][:n]
	}
	return out, nil
}

// reset forgets what has been read.
func (r *remote) reset() { r.reads, r.trips = nil, 0 }

// segments are the places of the segments of every tile of a file.
func segments(t *testing.T, data []byte) (fronts, bodies []span) {
	t.Helper()
	r, err := container.Open(t.Context(), bytes.NewReader(data), int64(len(data)), container.Options{})
	require.NoError(t, err)
	place := func(tile int, part container.Part) span {
		var at *container.TileError
		require.ErrorAs(t, r.TileError(t.Context(), tile, part, nil), &at)
		size, err := r.Size(t.Context(), tile, part)
		require.NoError(t, err)
		return span{at.Offset, at.Offset + size}
	}
	for i := range r.Header().Tiles() {
		fronts, bodies = append(fronts, place(i, container.Front)), append(bodies, place(i, container.Body))
	}
	return fronts, bodies
}

// TestReads: what a request reads is what it needs, in one round trip, and what lies
// beside each other in one range. Metadata keeps the segments out of what opening holds.
func TestReads(t *testing.T) {
	o := qtgpu.Options{T: 5, Metadata: qtgpu.Metadata{ICC: make([]byte, 20000)}}
	data := encode(t, picture(patterns["noise"], 1100, 1060, 3, 8), o) // 3×3 tiles
	fronts, bodies := segments(t, data)
	require.Len(t, fronts, 9)
	c := remote{counter: counter{ReaderAt: bytes.NewReader(data)}}
	r, err := qtgpu.NewReader(context.Background(), &c, int64(len(data)), nil)
	require.NoError(t, err)
	assert.Equal(t, 2, c.trips, "opening: both ends of the file, and what is behind the metadata")
	assert.Less(t, c.bytes(), int64(90000), "opening a file of %d bytes", len(data))

	run := func(list []span, first, n int) span { return span{list[first].from, list[first+n-1].to} }
	for _, tc := range []struct {
		rect  image.Rectangle
		level int
		want  []span
	}{
		{image.Rect(568, 568, 968, 968), 0, []span{fronts[4], bodies[4]}},
		{image.Rect(284, 300, 294, 310), 1, []span{fronts[4], bodies[4]}},
		{image.Rect(142, 10, 242, 114), 2, []span{fronts[1], bodies[1]}},
		{image.Rect(500, 20, 520, 30), 0, []span{{fronts[0].from, bodies[1].to}}}, // less than 16 KiB apart
		{image.Rect(500, 500, 520, 520), 0, []span{{fronts[0].from, bodies[1].to}, run(bodies, 3, 2)}},
		{image.Rect(66, 66, 126, 126), 3, []span{fronts[4]}},
		{image.Rect(0, 0, 138, 10), 3, []span{run(fronts, 0, 3)}},
		{image.Rect(0, 0, 138, 133), 3, []span{run(fronts, 0, 9)}},
		{image.Rect(0, 0, 1, 1), r.Levels() - 1, []span{run(fronts, 0, 9)}},
	} {
		c.reset()
		region(t, r, tc.rect, tc.level)
		assert.ElementsMatch(t, tc.want, c.reads, "region %v of level %d", tc.rect, tc.level)
		assert.Equal(t, 1, c.trips, "region %v of level %d: round trips", tc.rect, tc.level)
	}
}

// TestConcurrentRegions: a Reader of either engine serves many goroutines, at every level,
// coarse ones of the file included.
func TestConcurrentRegions(t *testing.T) {
	edges, width := patterns["edges"], 530
	if testing.Short() {
		width = 130
	}
	for engine, data := range map[string][]byte{
		"transform":  encode(t, picture(edges, width, 1040, 3, 8), qtgpu.Options{T: 5, Engine: qtgpu.Transform}), // 2×3 tiles, or 1×3
		"predictive": encode(t, picture(edges, 70, 1040, 3, 8), qtgpu.Options{}),                                 // 2
	} {
		data := grouped(t, data, 1, 6, 9)
		one := newReader(t, data, qtgpu.DecodeOptions{})
		var whole []image.Image // levels
		for level := range one.Levels() {
			whole = append(whole, region(t, one, image.Rectangle{Max: one.Size(level)}, level))
		}
		for _, cache := range []int64{0, 1 << 20} {
			r := newReader(t, data, qtgpu.DecodeOptions{Workers: 2, CacheBytes: cache})
			assert.Equal(t, make([]string, 32), sideBySide(t, r, whole), "%s, cache of %d bytes", engine, cache)
		}
	}
}

// sideBySide decodes regions of all levels, each on a goroutine of its own, and tells what is
// wrong with them.
func sideBySide(t *testing.T, r *qtgpu.Reader, whole []image.Image) []string {
	found := make([]string, 32)
	var wg sync.WaitGroup
	for i := range found {
		wg.Go(func() {
			level := i % r.Levels()
			size := r.Size(level)
			rect := image.Rect(size.X*i/64, size.Y*i/64, size.X*i/64+(size.X+7)/8, size.Y*i/64+(size.Y+7)/8)
			part, err := r.DecodeRegion(context.Background(), rect, level)
			if err != nil {
				found[i] = err.Error()
				return
			}
			if d := difference(t, whole[level], part, rect.Min); d != "" {
				found[i] = fmt.Sprint(level, rect, d)
			}
		})
	}
	wg.Wait()
	return found
}

// TestManyWorkers: more goroutines than the memory allows for decode what fewer do.
func TestManyWorkers(t *testing.T) {
	for _, o := range []qtgpu.Options{{}, {T: 9}, {T: 4, Bound: qtgpu.BoundMax}} {
		data := encode(t, picture(patterns["smooth"], 1100, shorttest.Side(300), 3, 8), o)
		want := decode(t, newReader(t, data, qtgpu.DecodeOptions{}))
		for _, workers := range []int{64, math.MaxInt32} {
			r := newReader(t, data, qtgpu.DecodeOptions{Workers: workers, MaxMemory: 24 << 20})
			assert.Empty(t, difference(t, want, decode(t, r), image.Point{}), "%d workers, %+v", workers, o)
			dst, err := raster.NewMemory(r.Format())
			require.NoError(t, err)
			assert.NoError(t, r.Copy(t.Context(), dst, image.Rectangle{Max: r.Size(0)}, 0), "%d workers, %+v", workers, o)
		}
	}
}
