package qtgpu_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// TestVisual: tuned for the eye, a photograph promises less of its texture than of its sky, and says
// so; what is promised without is T of all leaves. Samples of 16 bits have leaves, too.
func TestVisual(t *testing.T) {
	m := readImage(t, "testdata/images/dandelion.png")
	for _, o := range []qtgpu.Options{{T: 8}, {T: 8, Tune: qtgpu.TuneVisual}, {T: 8, Tune: qtgpu.TuneVisual, Chroma: qtgpu.Chroma444}} {
		r := newReader(t, encode(t, m, o), qtgpu.DecodeOptions{})
		info := r.Info()
		assert.Equal(t, o.Tune, info.Tune)
		assert.Equal(t, qtgpu.BoundRMS, info.Bound)
		for plane := range 3 {
			leaves, err := r.Leaves(context.Background(), plane)
			require.NoError(t, err)
			least, most := math.Inf(1), 0.0
			for _, l := range leaves {
				least, most = min(least, l.T), max(most, l.T)
			}
			assert.Equal(t, o.Tune == qtgpu.TuneVisual, least < most, "plane %d: %g to %g", plane, least, most)
			assert.LessOrEqual(t, most, 2*o.T)
			assert.GreaterOrEqual(t, least, o.T/2)
		}
	}
	deep := picture(patterns["smooth"], 90, 80, 3, 16)
	r := newReader(t, encode(t, deep, qtgpu.Options{T: 5 * 257, Tune: qtgpu.TuneVisual}), qtgpu.DecodeOptions{})
	assert.Equal(t, qtgpu.TuneVisual, r.Info().Tune)
	assert.Equal(t, qtgpu.BoundRMS, r.Info().Bound)
	err := qtgpu.Encode(t.Context(), io.Discard, m, &qtgpu.Options{T: 0.9, Tune: qtgpu.TuneVisual})
	assert.ErrorAs(t, err, new(*qtgpu.ThresholdError))
	assert.ErrorContains(t, err, "tune visual, expected 0 for lossless or 1 to 255")
}

// TestVisualRegions: regions and levels of files tuned for the eye are crops, and files and pixels do not
// depend on the number of workers.
func TestVisualRegions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range shorttest.Cases([]struct {
		pattern               string
		w, h, channels, depth int
		o                     qtgpu.Options
	}{
		{"edges", 1130, shorttest.Side(600), 3, 8, qtgpu.Options{T: 10}},
		{"noise", 1110, 530, 4, 8, qtgpu.Options{T: 30, Effort: 1}},
		{"smooth", 530, 1101, 3, 16, qtgpu.Options{T: 8 * 257, Chroma: qtgpu.Chroma444}},
		{"sky", 1115, 520, 1, 8, qtgpu.Options{T: 15}},
	}) {
		m := picture(patterns[c.pattern], c.w, c.h, c.channels, c.depth)
		c.o.Tune, c.o.Engine = qtgpu.TuneVisual, qtgpu.Transform
		data := encode(t, m, c.o)
		c.o.Workers, c.o.Memory = 3, 1
		require.True(t, bytes.Equal(data, encode(t, m, c.o)), "%v", c)
		r := newReader(t, data, qtgpu.DecodeOptions{})
		for level := range r.Levels() {
			size := r.Size(level)
			whole := region(t, r, image.Rectangle{Max: size}, level)
			for range shorttest.Rounds(6) {
				rect := rectangle(rng, size)
				require.Empty(t, difference(t, whole, region(t, r, rect, level), rect.Min), "%v level %d region %v", c, level, rect)
			}
		}
	}
}

// TestVisualParts: parts by a stored plan make the file that one encode makes, and the plan tells what
// it is tuned for.
func TestVisualParts(t *testing.T) {
	src := rising(90, 1300, raster.Bands(raster.Gray))
	o := qtgpu.Options{T: 6, Tune: qtgpu.TuneVisual, Engine: qtgpu.Transform}
	var want bytes.Buffer
	require.NoError(t, qtgpu.EncodeRaster(t.Context(), &want, src, &o))
	p, err := qtgpu.NewPlan(t.Context(), src, &o)
	require.NoError(t, err)
	stored, err := json.Marshal(p)
	require.NoError(t, err)
	p = new(qtgpu.Plan)
	require.NoError(t, json.Unmarshal(stored, p))
	var parts []*qtgpu.Reader
	for row := range p.Rows() {
		var part bytes.Buffer
		require.NoError(t, p.EncodePart(t.Context(), &part, src, row, row+1, nil))
		parts = append(parts, newReader(t, part.Bytes(), qtgpu.DecodeOptions{}))
	}
	var got bytes.Buffer
	require.NoError(t, qtgpu.Merge(t.Context(), &got, parts, nil))
	assert.True(t, bytes.Equal(want.Bytes(), got.Bytes()))
	var stats qtgpu.Stats
	var again bytes.Buffer
	require.NoError(t, qtgpu.EncodeRaster(t.Context(), &again, src, &qtgpu.Options{Plan: p, Stats: &stats}))
	assert.True(t, bytes.Equal(want.Bytes(), again.Bytes()))
	assert.Equal(t, qtgpu.TuneVisual, stats.Tune)
	err = qtgpu.EncodeRaster(t.Context(), io.Discard, src, &qtgpu.Options{Plan: p, Tune: qtgpu.TuneVisual})
	assert.ErrorContains(t, err, "tune visual")
}
