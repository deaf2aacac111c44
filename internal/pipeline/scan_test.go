package pipeline

import (
	"bytes"
	"context"
	"errors"
	"image"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/raster"
)

// openStream opens a file that comes as a stream.
func openStream(t *testing.T, data []byte, o Options) *Reader {
	t.Helper()
	file, err := container.NewStream(context.Background(), bytes.NewReader(data), container.StreamOptions{})
	require.NoError(t, err)
	r, err := NewStream(file, o)
	require.NoError(t, err)
	return r
}

// scanned decodes a file band by band.
func scanned(t *testing.T, r *Reader) (all *raster.Block, bands []image.Rectangle, err error) {
	t.Helper()
	f := &r.plan.Format
	all = raster.NewBlock(f.Bounds(), f.Type, len(f.Bands))
	s := r.Scan()
	for !s.Rest().Empty() {
		g, err := s.Begin(context.Background())
		if err != nil {
			return nil, bands, err
		}
		require.Equal(t, image.Pt(0, all.Rect.Max.Y-s.Rest().Dy()-g.Rect().Dy()), g.Rect().Min)
		require.NoError(t, g.Decode(context.Background(), all, func(int64) {}))
		bands = append(bands, g.Rect())
	}
	return all, bands, nil
}

// TestScan: a stream that is decoded band by band gives what is decoded at once, at every
// budget of memory; bands are low, and where there is memory for what they share each tile
// is decoded once.
func TestScan(t *testing.T) {
	for _, e := range examples() {
		data := e.file(t)
		whole := open(t, data, Options{Workers: 2})
		want := block(t, whole, e.params.Format.Bounds(), 0)
		limits := append([]int64{0}, budgets(t, data, e.params.Format.Bounds(), 0)...)
		done := 0
		for _, limit := range limits {
			r := openStream(t, data, Options{Workers: 2, Memory: limit})
			c := count(r)
			got, bands, err := scanned(t, r)
			if errors.Is(err, ErrTooLarge) { // a cache takes its share whatever the bands
				require.Less(t, limit, limits[1]*2, "%s: %v", e.name, err)
				continue
			}
			done++
			require.NoError(t, err, e.name)
			require.Empty(t, rastertest.Difference(want, got), "%s: %d bytes, %d bands", e.name, limit, len(bands))
			rows := engine.BandRows(r.grid, 2)
			for _, b := range bands {
				require.LessOrEqual(t, b.Dy(), rows<<r.grid.Log2, "%s: %d bytes: %v", e.name, limit, b)
			}
			for tile, n := range c.counts {
				require.True(t, n == 1 || n <= 3 && limit > 0, "%s: %d bytes: tile %d is decoded %d times in %d bands", e.name, limit, tile, n, len(bands))
			}
		}
		require.Greater(t, done, 2, e.name)
	}
}
