package pipeline

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// told is how far a piece of work came, from call to call, in parts of a million.
type told struct {
	calls         int
	last, largest int64
}

func (s *told) work() *progress.Work {
	return progress.New(1e6, func(done, _ int64) {
		s.largest = max(s.largest, done-s.last)
		s.last = done
		s.calls++
	})
}

// TestWorkOfEngines: training and writing are told of from their beginning to their end,
// tile by tile.
func TestWorkOfEngines(t *testing.T) {
	for _, e := range shorttest.Cases(examples()) {
		var train, rest told
		e1 := env(1, 1<<30).With(train.work())
		enc, err := e.engine.Train(context.Background(), e.params, e.source(), e1)
		require.NoError(t, err, e.name)
		assert.EqualValues(t, 1e6, train.last, "%s: training", e.name)
		assert.LessOrEqual(t, train.largest, int64(3e5), "%s: a step of training", e.name)
		var b bytes.Buffer
		_, err = Write(context.Background(), &b, enc, e.source(), &Job{Env: env(1, 1<<30).With(rest.work())})
		require.NoError(t, err, e.name)
		assert.EqualValues(t, 1e6, rest.last, "%s: writing", e.name)
		assert.GreaterOrEqual(t, rest.calls, enc.Plan().Grid().N(), "%s: steps of writing", e.name)
		assert.Equal(t, e.file(t), b.Bytes(), "%s: whoever is told of it", e.name)
	}
}

// TestWorkOfChoose: so it is where several engines are tried, on a pilot or on all of a
// raster.
func TestWorkOfChoose(t *testing.T) {
	for name, d := range bounded {
		all := []*drawn{d.sized(200, 150)}
		if name == "predicted" && !testing.Short() {
			all = append(all, d.sized(1024, 4097))
		}
		for _, src := range all {
			var s told
			p := boundedParams
			p.Format = src.format
			cost := CostOf(&p, nil)
			work := s.work().Of(cost.Choose + cost.Write)
			c, err := Choose(context.Background(), boundedParams, nil, src, env(2, 1<<30).With(work.Part(cost.Choose)))
			require.NoError(t, err, name)
			assert.EqualValues(t, 1e6*cost.Choose/(cost.Choose+cost.Write), s.last, "%s of %d rows: chosen", name, src.format.Height)
			_, err = Write(context.Background(), new(bytes.Buffer), c.Encoder, c.Source, &Job{Env: env(2, 1<<30).With(work.Part(cost.Write))})
			require.NoError(t, err, name)
			assert.EqualValues(t, 1e6, s.last, "%s of %d rows", name, src.format.Height)
			if worthPilot(&src.format) {
				assert.LessOrEqual(t, s.largest, int64(3e5), "%s of %d rows: a step", name, src.format.Height)
			}
		}
	}
}

// TestWorkOfCoarseLevels: they have a part of it.
func TestWorkOfCoarseLevels(t *testing.T) {
	d := &drawn{raster.Format{Width: 16400, Height: 8200, Type: raster.Uint8, Bands: raster.Bands(raster.Gray)}, func(_, x, y int) int64 { return int64(x>>9+y>>9) & 63 }}
	p := engine.Params{Format: d.format, Bound: engine.Max, Effort: 1}
	ways, _ := waysOf(&p)
	first := ways[0]
	require.Positive(t, coarseCost(&p.Format))
	require.Equal(t, CostOf(&p, nil).Write, codeCost(first.cost(&p.Format), pixelsOf(&p.Format))+coarseCost(&p.Format))
	p.Format.Height /= 2
	require.Equal(t, CostOf(&p, nil).Write, codeCost(first.cost(&p.Format), pixelsOf(&p.Format)))
}
