package qtgpu_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/raster"
)

// TestUses: an option that no engine uses is told, for every kind of samples and promise.
func TestUses(t *testing.T) {
	rgb := raster.Bands(raster.Red, raster.Green, raster.Blue)
	gray, data := raster.Bands(raster.Gray), raster.Bands(raster.Data)
	lossy := qtgpu.Uses{Chroma: true, Split: true, Tune: true, Effort: true, Backend: true} // which may be flat
	for name, c := range map[string]struct {
		typ   raster.Type
		bands []raster.Band
		o     qtgpu.Options
		want  qtgpu.Uses
	}{
		"photograph":               {raster.Uint8, rgb, qtgpu.Options{T: 5}, lossy},
		"photograph of 16 bits":    {raster.Uint16, rgb, qtgpu.Options{T: 500, Bound: qtgpu.BoundRMS}, lossy},
		"gray":                     {raster.Uint8, gray, qtgpu.Options{T: 5}, qtgpu.Uses{Split: true, Tune: true, Effort: true, Backend: true}},
		"by the transform engine":  {raster.Uint8, rgb, qtgpu.Options{T: 5, Engine: qtgpu.Transform}, qtgpu.Uses{Chroma: true, Split: true, Tune: true, Effort: true, Backend: true}},
		"by the predictive engine": {raster.Uint8, rgb, qtgpu.Options{T: 5, Engine: qtgpu.Predictive}, qtgpu.Uses{Effort: true}},
		"lossless":                 {raster.Uint8, rgb, qtgpu.Options{}, qtgpu.Uses{Effort: true}},
		"bounded photograph":       {raster.Uint8, rgb, qtgpu.Options{T: 5, Bound: qtgpu.BoundMax}, qtgpu.Uses{Split: true, Effort: true}},
		"bounded raster of floats": {raster.Float32, data, qtgpu.Options{T: 0.5}, qtgpu.Uses{Effort: true}},
		"bounded raster of bytes":  {raster.Uint8, data, qtgpu.Options{T: 5}, qtgpu.Uses{Effort: true}},
	} {
		m := noise(t, c.typ, c.bands)
		got, err := c.o.Uses(m)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, got, name)
		plain := encodedRaster(t, m, c.o)
		for option, set := range map[string]struct {
			used bool
			to   func(*qtgpu.Options)
		}{
			"chroma": {got.Chroma, func(o *qtgpu.Options) { o.Chroma = qtgpu.Chroma444 }},
			"split":  {got.Split, func(o *qtgpu.Options) { o.Split = qtgpu.SplitPyramid }},
			"tune":   {got.Tune, func(o *qtgpu.Options) { o.Tune = qtgpu.TuneVisual }},
			"effort": {got.Effort, func(o *qtgpu.Options) { o.Effort = 4 }},
		} {
			o := c.o
			set.to(&o)
			if !set.used {
				assert.True(t, bytes.Equal(plain, encodedRaster(t, m, o)), "%s of a %s changes the file", option, name)
			}
		}
	}
	_, err := (&qtgpu.Options{T: -1}).Uses(noise(t, raster.Uint8, rgb))
	assert.ErrorAs(t, err, new(*qtgpu.ThresholdError))
}

// noise is a small raster of smooth noise.
func noise(t *testing.T, typ raster.Type, bands []raster.Band) *raster.Memory {
	t.Helper()
	f := raster.Format{Width: 80, Height: 70, Type: typ, Bands: bands}
	m, err := raster.NewMemory(f)
	require.NoError(t, err)
	b := raster.NewBlock(f.Bounds(), typ, len(bands))
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range bands {
		for y := range f.Height {
			for x := range f.Width {
				v := 2*x + y + rnd.IntN(20)
				switch typ {
				case raster.Uint8:
					raster.Row[uint8](b, i, y)[x] = uint8(v)
				case raster.Uint16:
					raster.Row[uint16](b, i, y)[x] = uint16(v * 200)
				case raster.Float32:
					raster.Row[float32](b, i, y)[x] = float32(v) / 7
				}
			}
		}
	}
	require.NoError(t, m.WriteBlock(context.Background(), b))
	return m
}

func encodedRaster(t *testing.T, m *raster.Memory, o qtgpu.Options) []byte {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, qtgpu.EncodeRaster(context.Background(), &file, m, &o))
	return file.Bytes()
}
