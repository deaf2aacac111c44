package pipeline

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/raster"
)

// falling draws values that fall along n places, in steps and jumps, and a cheaper likeness.
func falling(r *rand.Rand, n int) (values, like []int64) {
	v, steps := r.Int64N(30*octave), 1+r.IntN(4)
	offset := r.Int64N(octave)
	for range n {
		if r.IntN(steps) == 0 {
			v -= r.Int64N(octave / 8)
		}
		if r.IntN(n) == 0 {
			v -= r.Int64N(3 * octave)
		}
		values = append(values, v)
		offset += r.Int64N(41) - 20
		like = append(like, v-offset)
	}
	return values, like
}

// along is a descent along values, to a goal, that counts what it reads.
func along(values []int64, goal int64, reads *int) *descent {
	return &descent{
		n: int64(len(values)), start: int64(len(values)) / 3, axis: func(place int64) int64 { return log2(place + 1) }, slope: octave,
		read: func(_ context.Context, place int64) (reading, error) {
			*reads++
			return reading{value: values[place], enough: values[place] <= goal}, nil
		},
	}
}

// requireFound: a place is good enough, by looking at all of them.
func requireFound(t *testing.T, d *descent, values []int64, place, goal, near int64) {
	t.Helper()
	if place == d.n {
		require.Greater(t, values[d.n-1], goal, "there is one")
		return
	}
	require.LessOrEqual(t, values[place], goal, "place %d", place)
	if goal-values[place] > near && place > 0 && values[place-1] <= goal {
		first := place
		for first > 0 && values[first-1] <= goal {
			first--
		}
		require.LessOrEqual(t, d.axis(place)-d.axis(first), int64(fine), "place %d, and %d is the first", place, first)
	}
}

func TestDescent(t *testing.T) {
	const near = octave / 70
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		values, like := falling(r, 1+r.IntN(1<<r.IntN(12)))
		goal := values[r.IntN(len(values))] + r.Int64N(3*octave) - octave
		reads, cheap := 0, 0
		d := along(values, goal, &reads)
		place, err := d.find(context.Background(), goal, near, isEnough)
		require.NoError(t, err)
		requireFound(t, d, values, place, goal, near)
		require.LessOrEqual(t, reads, 30, "seed %d: reads of %d places", seed, len(values))

		reads = 0
		d = along(values, goal, &reads)
		place, err = d.guided(context.Background(), along(like, 0, &cheap), 0, goal, near)
		require.NoError(t, err)
		if place == d.n {
			require.Greater(t, values[d.n-1], goal, "seed %d: there is one", seed)
		} else {
			require.LessOrEqual(t, values[place], goal, "seed %d: place %d", seed, place)
		}
		require.LessOrEqual(t, reads, 20, "seed %d: reads of %d places by another descent", seed, len(values))
	}
}

// TestDescentIsGuided: where the other descent is true but for a distance, few places are read.
func TestDescentIsGuided(t *testing.T) {
	sum, n := 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		values, like := make([]int64, 4000), make([]int64, 4000)
		for i := range values {
			values[i] = 20*octave - log2(int64(i)+1)*7/8
			like[i] = values[i] - octave/3 - int64(i)/50
		}
		reads, cheap := 0, 0
		goal := values[r.IntN(len(values))]
		d := along(values, goal, &reads)
		place, err := d.guided(context.Background(), along(like, 0, &cheap), 0, goal, octave/70)
		require.NoError(t, err)
		requireFound(t, d, values, place, goal, octave/35)
		sum, n = sum+reads, n+1
	}
	assert.LessOrEqual(t, sum, 3*n, "places read, of %d searches", n)
}

// TestDescentFails: the error of a place ends it.
func TestDescentFails(t *testing.T) {
	broken := errors.New("broken")
	d := &descent{n: 9, axis: log2, slope: 1, read: func(context.Context, int64) (reading, error) { return reading{}, broken }}
	_, err := d.find(context.Background(), 0, 0, isEnough)
	require.ErrorIs(t, err, broken)
	_, err = d.guided(context.Background(), d, 0, 0, 0)
	require.ErrorIs(t, err, broken)
}

// TestRungs: they ascend to the last promise there is, and each step of the quantiser has one.
func TestRungs(t *testing.T) {
	picture := raster.Format{Width: 9, Height: 9, Type: raster.Uint8, Bands: raster.Bands(raster.Gray)}
	data := func(typ raster.Type) raster.Format {
		return raster.Format{Width: 9, Height: 9, Type: typ, Bands: raster.Bands(raster.Data)}
	}
	transformID := engine.Transform
	for _, c := range []struct {
		name               string
		p                  engine.Params
		id                 *engine.ID
		first, last, least int64 // T of the last and of rung 1
	}{
		{"leaves", engine.Params{Format: picture, Bound: engine.RMS}, nil, 0, transform.MaxT, engine.ErrorUnit / 4},
		{"leaves of one engine", engine.Params{Format: picture, Bound: engine.RMS}, &transformID, 1, transform.MaxT, engine.ErrorUnit / 4},
		{"samples", engine.Params{Format: picture, Bound: engine.Max}, nil, 0, 255, 1},
		{"int32", engine.Params{Format: data(raster.Int32), Bound: engine.Max}, nil, 0, 1<<32 - 1, 1},
		{"float32", engine.Params{Format: data(raster.Float32), Bound: engine.Max}, nil, 0, int64(0x4038) << 48, 1 << floatShift}, // 24, twice the span
	} {
		r, err := rungsOf(&c.p, c.id, 12)
		require.NoError(t, err, c.name)
		assert.Equal(t, c.first, r.first, c.name)
		assert.Equal(t, c.last, r.of(r.last), "%s: the last promise", c.name)
		assert.Equal(t, c.least, r.of(1), "%s: the first promise", c.name)
		assert.True(t, r.first <= r.start && r.start <= r.last, "%s: start at %d", c.name, r.start)
		step := max((r.last-1)/1000, 1)
		for rung := int64(1); rung+step <= r.last; rung += step {
			require.Less(t, r.of(rung), r.of(rung+step), "%s: rung %d", c.name, rung)
			require.LessOrEqual(t, r.axis(rung-1), r.axis(rung), "%s: axis at rung %d", c.name, rung)
			if p := r.params(&c.p, rung); p.Bound == engine.RMS {
				require.EqualValues(t, rung+transform.MinStep-1, transform.StepFor(p.T), "step of rung %d", rung)
				require.EqualValues(t, rung+transform.MinStep-2, transform.StepFor(p.T-1), "step below rung %d", rung)
			}
		}
	}
	labels := raster.Format{Width: 9, Height: 9, Type: raster.Uint8, Bands: raster.Bands(raster.Label)}
	r, err := rungsOf(&engine.Params{Format: labels, Bound: engine.Max}, nil, 0)
	require.NoError(t, err)
	assert.EqualValues(t, 0, r.last, "labels are coded without loss alone")
}
