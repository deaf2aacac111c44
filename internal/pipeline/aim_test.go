package pipeline

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/raster"
	"github.com/qtgpu/qtgpu/tree"
)

// counted is a backend that counts what it prepares.
type counted struct {
	tree.Backend
	n int
}

func (c *counted) Prepare(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	c.n++
	return c.Backend.Prepare(ctx, src, sub420)
}

// TestPreparedOnce: a search prepares planes once, of each resolution of colour, where there is
// room for them, and finds the same without.
func TestPreparedOnce(t *testing.T) {
	f := raster.Format{Width: 300, Height: 200, Type: raster.Uint8, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue)}
	src := rastertest.Draw(f, func(band, x, y int) int64 { return int64(x*x/90+y*(band+3)/5+(x*7919^y*104729)%23) & 255 })
	search := func(memory int64) (*Aimed, int) {
		e := env(2, memory)
		backend := &counted{Backend: e.Backend}
		e.Backend = backend
		target := Target{Bytes: 15000, Picture: true, Metadata: func(*engine.Params) container.Metadata { return nil }}
		a, err := Aim(context.Background(), engine.Params{Bound: engine.RMS}, nil, target, src, e)
		require.NoError(t, err)
		return a, backend.n
	}
	want, prepared := search(1 << 30)
	assert.Greater(t, want.Codings, 2)
	assert.LessOrEqual(t, prepared, 2)
	got, prepared := search(1 << 10)
	assert.GreaterOrEqual(t, prepared, want.Codings)
	assert.Equal(t, want.Encoder.Plan(), got.Encoder.Plan())
	assert.Equal(t, want.PSNR, got.PSNR)
	assert.Equal(t, want.Bytes, got.Bytes)
}
