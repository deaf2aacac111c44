package qtgpu_test

import (
	"bytes"
	"context"
	"image"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// TestSmallestWins: no file takes more than one of a single engine does, but for what samples
// without loss are worth; its promise keeps the one that was asked for; Stats tells what was tried;
// and the choice depends on no memory and no number of workers.
func TestSmallestWins(t *testing.T) {
	chosen := map[qtgpu.Engine]int{}
	type kind struct {
		pattern   string
		channels  int
		bound     qtgpu.Bound
		threshold float64
	}
	var all []kind
	for _, name := range slices.Sorted(maps.Keys(patterns)) {
		for _, channels := range []int{1, 3, 4} {
			for _, bound := range []qtgpu.Bound{qtgpu.BoundRMS, qtgpu.BoundMax} {
				all = append(all, kind{name, channels, bound, 1}, kind{name, channels, bound, 10})
			}
		}
	}
	for _, k := range shorttest.Cases(all) {
		m := picture(patterns[k.pattern], 130, shorttest.Side(150), k.channels, 8)
		var stats qtgpu.Stats
		o := qtgpu.Options{T: k.threshold, Bound: k.bound, Stats: &stats}
		data := encode(t, m, o)
		chosen[stats.Engine]++
		o.Stats = nil
		for _, e := range []qtgpu.Engine{qtgpu.Transform, qtgpu.Predictive, qtgpu.Layered} {
			o.Engine = e
			var own bytes.Buffer
			if qtgpu.Encode(context.Background(), &own, m, &o) == nil && len(stats.Tried) > 1 {
				assert.LessOrEqual(t, len(data)-len(data)/16, own.Len()+len(data)/64, "%+v: %v", k, e)
			}
		}
		o.Engine, o.Workers, o.Memory = qtgpu.AnyEngine, 1, 1<<20
		var again bytes.Buffer
		require.NoError(t, qtgpu.EncodeRaster(context.Background(), &again, m.Source(), &o))
		assert.True(t, bytes.Equal(data, again.Bytes()), "%+v", k)
		r := newReader(t, data, qtgpu.DecodeOptions{})
		assert.Equal(t, stats.Bound, r.Info().Bound, "%+v", k)
		assert.LessOrEqual(t, r.Info().T, k.threshold, "%+v", k)
		worst, err := r.Verify(context.Background(), m.Source())
		require.NoError(t, err, "%+v", k)
		for _, v := range worst {
			assert.LessOrEqual(t, v, k.threshold, "%+v", k)
		}
	}
	assert.Len(t, chosen, 3, "engines that were chosen: %v", chosen)
}

// TestEffortOfThinImages: where most of a leaf is padding, which prediction has for nothing, what leaves cost without it tells
// nothing of what they cost with it.
func TestEffortOfThinImages(t *testing.T) {
	whole := readImage(t, "testdata/images/dandelion.png")
	for _, r := range []image.Rectangle{image.Rect(200, 0, 203, whole.H), image.Rect(0, 200, whole.W, 203), image.Rect(100, 100, 140, 140)} {
		m := &imagefile.Image{Interleaved: whole.Sub(r)}
		size := func(effort int) int {
			return len(bytesOf(t, m, qtgpu.Options{T: 5, Bound: qtgpu.BoundRMS, Engine: qtgpu.Transform, Effort: effort}))
		}
		assert.Less(t, size(3), size(2), "%v", r)
		assert.Less(t, float64(size(3)), 1.03*float64(size(4)), "%v", r)
	}
}
