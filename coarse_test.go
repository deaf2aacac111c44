package qtgpu_test

import (
	"bytes"
	"context"
	"image"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/containertest"
)

// gigapixel is a file of 64×64 tiles that are all the same, in groups of 4 rows, with a
// photo for its coarse levels.
func gigapixel(t *testing.T) []byte {
	t.Helper()
	const across = 64
	f := containertest.Take(t, encode(t, picture(patterns["smooth"], 512, 512, 3, 8), qtgpu.Options{T: 10}))
	f.Header.Width, f.Header.Height, f.Header.GroupRows = across*512, across*512, 4
	f.Fronts, f.Bodies = slices.Repeat(f.Fronts, across*across), slices.Repeat(f.Bodies, across*across)
	photo := readImage(t, "testdata/images/dandelion.png")
	for level, side := range map[int]int{6: 512, 9: 64} {
		m := cropped(photo, side, side)
		f.Overviews = append(f.Overviews, container.Overview{Level: level, File: encode(t, m, qtgpu.Options{})})
	}
	slices.SortFunc(f.Overviews, func(a, b container.Overview) int { return a.Level - b.Level })
	return f.Bytes(t)
}

// TestReadsOfGigapixel: looking at all of a file of 2^30 pixels takes three round trips at
// most, opening included. The first look, at the last coarse level, takes one, of less
// than 128 KB, since that level lies in the end of the file, which is read to open it.
func TestReadsOfGigapixel(t *testing.T) {
	data := gigapixel(t)
	finest := int64(len(containertest.Take(t, data).Overviews[0].File))
	const ends = (16 + 64) << 10 // that opening reads
	for _, c := range []struct {
		level, trips int
		bytes        int64
	}{
		{6, 3, 2*ends + finest}, {8, 3, 2*ends + finest}, {9, 1, ends}, {11, 1, ends}, {15, 1, ends},
	} {
		src := remote{counter: counter{ReaderAt: bytes.NewReader(data)}}
		r, err := qtgpu.NewReader(context.Background(), &src, int64(len(data)), nil)
		require.NoError(t, err)
		assert.Equal(t, 1, src.trips, "round trips of opening")
		all := image.Rectangle{Max: r.Size(c.level)}
		region(t, r, all, c.level)
		assert.LessOrEqual(t, src.trips, c.trips, "level %d: round trips for %v", c.level, src.reads)
		assert.LessOrEqual(t, src.bytes(), c.bytes, "level %d: bytes of %d in %v", c.level, len(data), src.reads)
	}
}

// TestEncodeOfSeveralGroups: what is too much for one group comes in several, with the
// coarse levels that its tiles make; in one group it is the same image.
func TestEncodeOfSeveralGroups(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	m := image.NewNRGBA64(image.Rect(0, 0, 4096, 4608)) // 151 MB
	for y := range 4608 {
		row := m.Pix[y*m.Stride:][:m.Stride]
		for i := range row {
			row[i] = byte(y/16 + i>>10)
		}
	}
	data := encode(t, m, qtgpu.Options{T: 50 * 257, Bound: qtgpu.BoundRMS, Split: qtgpu.SplitPyramid})
	f := containertest.Take(t, data)
	require.Equal(t, []int{8, 2}, []int{f.Header.GroupRows, f.Header.Groups()}, "rows in a group, groups")
	require.Len(t, f.Overviews, 1)
	require.Equal(t, 6, f.Overviews[0].Level)
	f.Header.GroupRows, f.Overviews = 9, nil
	r, one := newReader(t, data, qtgpu.DecodeOptions{}), newReader(t, f.Bytes(t), qtgpu.DecodeOptions{})
	for level := 3; level < r.Levels(); level++ {
		all := image.Rectangle{Max: r.Size(level)}
		require.Empty(t, difference(t, region(t, one, all, level), region(t, r, all, level), image.Point{}), "level %d", level)
	}
	part := image.Rect(1000, 4000, 1700, 4200) // of both groups
	require.Empty(t, difference(t, region(t, one, part, 0), region(t, r, part, 0), image.Point{}))
}
