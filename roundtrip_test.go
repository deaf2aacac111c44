package qtgpu_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

var sizes = []image.Point{
	{1, 1}, {1, 7}, {9, 1}, {2, 2}, {8, 8}, {31, 33}, {64, 32}, {513, 5}, {3, 1030}, {700, 530},
}

// typeOf names the type that a decode must have.
func typeOf(channels, depth int) string {
	name := [...]string{"Gray", "NRGBA", "RGBA", "NRGBA"}[channels-1]
	if depth == 16 {
		name += map[string]string{"Gray": "16", "NRGBA": "64", "RGBA": "64"}[name]
	}
	return "*image." + name
}

// TestRoundTrip: any shape comes back in its type and size, near what it was.
func TestRoundTrip(t *testing.T) {
	const threshold = 3
	for _, size := range shorttest.Cases(sizes) {
		for channels := 1; channels <= 4; channels++ {
			for _, depth := range []int{8, 16} {
				m := picture(patterns["smooth"], size.X, size.Y, channels, depth)
				for _, chroma := range []qtgpu.Chroma{qtgpu.Chroma420, qtgpu.Chroma444} {
					name := fmt.Sprintf("%v %d×%d chroma %d", size, channels, depth, chroma)
					data := encode(t, m, qtgpu.Options{T: threshold, Chroma: chroma})
					back := decode(t, newReader(t, data, qtgpu.DecodeOptions{}))
					require.Equal(t, typeOf(channels, depth), fmt.Sprintf("%T", back), name)
					require.Equal(t, image.Rectangle{Max: size}, back.Bounds(), name)
					require.LessOrEqual(t, rms(t, m.Std(), back), float64(threshold), name)
				}
			}
		}
	}
}

// TestSplits: each way to choose the leaves keeps the promise and the quality,
// at the ends of the range of T too.
func TestSplits(t *testing.T) {
	m := picture(patterns["edges"], 150, 90, 3, 8)
	for _, split := range []qtgpu.Split{qtgpu.SplitHybrid, qtgpu.SplitPyramid, qtgpu.SplitCost} {
		last := 0
		for _, threshold := range []float64{qtgpu.MaxT, 40, 8, 1, qtgpu.MinT} {
			o := qtgpu.Options{T: threshold, Engine: qtgpu.Transform, Split: split, Chroma: qtgpu.Chroma444}
			data := encode(t, m, o)
			assert.Greater(t, len(data), last, "split %d T %g: bytes", split, threshold)
			last = len(data)
			r := newReader(t, data, qtgpu.DecodeOptions{})
			assert.Equal(t, threshold, r.Info().T)
			holdPromise(t, r, m, fmt.Sprintf("split %d", split))
			if threshold <= 1 { // a leaf's error in planes, and the roundings of RGB
				assert.Less(t, rms(t, m.Std(), decode(t, r)), 2*threshold+0.4, "split %d T %g", split, threshold)
			}
		}
	}
}

// TestThreshold: what T may not be is refused before a byte is written.
func TestThreshold(t *testing.T) {
	m := picture(patterns["flat"], 3, 3, 1, 8)
	for _, threshold := range []float64{-1, 0.1, qtgpu.MinT - 1e-9, qtgpu.MaxT + 1e-9, math.Inf(1), math.NaN()} {
		err := qtgpu.Encode(context.Background(), fail{t}, m, &qtgpu.Options{T: threshold})
		assert.ErrorContains(t, err, "0.25 to 255", "T = %v", threshold)
	}
	assert.ErrorContains(t, qtgpu.Encode(context.Background(), fail{t}, image.NewGray(image.Rect(5, 5, 5, 9)), &qtgpu.Options{T: 1}), "0x4")
}

// fail is a writer that must not be called.
type fail struct{ t *testing.T }

func (f fail) Write(p []byte) (int, error) {
	f.t.Errorf("%d bytes written, expected none", len(p))
	return len(p), nil
}

// TestOffsetBounds: the bounds' origin does not matter.
func TestOffsetBounds(t *testing.T) {
	m := picture(patterns["text"], 90, 70, 3, 8).Std().(*image.RGBA)
	cut := image.Rect(13, 9, 77, 66)
	moved := image.NewRGBA(image.Rectangle{Max: cut.Size()})
	for y := range cut.Dy() {
		copy(moved.Pix[y*moved.Stride:][:moved.Stride], m.Pix[m.PixOffset(cut.Min.X, cut.Min.Y+y):])
	}
	o := qtgpu.Options{T: 4}
	assert.True(t, bytes.Equal(encode(t, moved, o), encode(t, m.SubImage(cut), o)))
}

// TestStats: they describe the run, and only the last one.
func TestStats(t *testing.T) {
	m := picture(patterns["edges"], 530, 40, 4, 16)
	var s qtgpu.Stats
	calls, last := 0, int64(0)
	o := qtgpu.Options{T: 5 * 257, Bound: qtgpu.BoundRMS, Engine: qtgpu.Transform, Stats: &s, Progress: func(done, total int64) {
		calls++
		assert.Greater(t, done, last)
		assert.EqualValues(t, 530*40, total)
		last = done
	}}
	encode(t, m, o)
	assert.EqualValues(t, 530*40, last)
	calls, last = 0, 0
	data := encode(t, m, o)
	assert.Greater(t, calls, 4, "reading, planning and coding of two tiles")
	assert.Equal(t, raster.Format{Width: 530, Height: 40, Type: raster.Uint16, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue, raster.Alpha)}, s.Format)
	assert.EqualValues(t, 530*40*8, s.InputBytes)
	assert.EqualValues(t, len(data), s.OutputBytes)
	assert.Equal(t, "cpu", s.Backend)
	var stages []string
	for _, stage := range s.Stages {
		stages = append(stages, stage.Name)
	}
	assert.Equal(t, []string{"colour", "pyramid", "split", "transform", "entropy", "write"}, stages)

	r := newReader(t, data, qtgpu.DecodeOptions{})
	assert.Equal(t, s.MaxLeafRMS, r.Info().MaxLeafRMS)
	bySize, leaves := map[int]int{}, 0
	for plane := range s.Format.Bands {
		list, err := r.Leaves(context.Background(), plane)
		require.NoError(t, err)
		for _, l := range list {
			bySize[l.Size]++
		}
		leaves += len(list)
	}
	assert.Equal(t, bySize, s.LeavesBySize)
	assert.Equal(t, leaves, s.Leaves)
	roots := 2*(544/32*2) + 2*(288/32) // of two planes and two of half the size
	assert.Equal(t, roots+(s.Leaves-roots)/3*4, s.Nodes, "each split adds four nodes and takes a leaf")
}

// TestLeavesCover: the leaves of a plane tile it without gap or overlap.
func TestLeavesCover(t *testing.T) {
	r := newReader(t, encode(t, picture(patterns["saturated"], 600, 70, 3, 8), qtgpu.Options{T: 6, Engine: qtgpu.Transform}), qtgpu.DecodeOptions{})
	for plane, size := range []image.Point{{608, 96}, {320, 64}, {320, 64}} {
		leaves, err := r.Leaves(context.Background(), plane)
		require.NoError(t, err)
		seen := map[image.Point]bool{}
		for _, l := range leaves {
			require.Contains(t, []int{8, 16, 32}, l.Size)
			require.True(t, l.X%l.Size == 0 && l.Y%l.Size == 0, "plane %d leaf %v", plane, l)
			for i := range l.Size * l.Size / 64 {
				cell := image.Pt(l.X/8+i%(l.Size/8), l.Y/8+i/(l.Size/8))
				require.False(t, seen[cell], "plane %d cell %v covered twice", plane, cell)
				seen[cell] = true
			}
		}
		assert.Len(t, seen, size.X/8*size.Y/8, "plane %d", plane)
	}
}

// TestMetadata: it comes back as it was, from the options or the image.
func TestMetadata(t *testing.T) {
	m := picture(patterns["flat"], 9, 9, 3, 8)
	want := qtgpu.Metadata{ICC: []byte("a profile"), EXIF: []byte("II*\x00"), XMP: []byte("<x/>"), TIFF: make([]byte, 6)}
	m.Meta = imagefile.Meta{XMP: []byte("of the image")}
	for _, c := range []struct{ give, want qtgpu.Metadata }{{want, want}, {qtgpu.Metadata{}, qtgpu.Metadata{XMP: m.Meta.XMP}}} {
		got, err := newReader(t, encode(t, m, qtgpu.Options{T: 2, Metadata: c.give}), qtgpu.DecodeOptions{}).Metadata(context.Background())
		require.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
}
