package main

import (
	"encoding/binary"
	"math"
	"os"

	"github.com/qtgpu/qtgpu/internal/engine/transform"
)

// forecastThresholds span what costs are forecast for.
var forecastThresholds = []float64{2, 4, 8, 16, 30}

func trainForecast(out string, paths []string) error {
	if out == "" {
		return nil
	}
	f := new(forecasts)
	for _, path := range paths {
		s, err := load(path, true)
		if err != nil {
			return err
		}
		for _, t := range forecastThresholds {
			transform.LeafTrainees(stepFor(t), s.planes, s.prepared.Planes, s.prepared.Pyramids, s.rects, f.add)
		}
	}
	return os.WriteFile(out, f.weights(), 0o644)
}

// forecasts fit the weights of forecasts by least squares of what is wrong by parts of the cost, by kind and size.
type forecasts [2][3]equations

// What weights are of: the prices, and then the others.
const (
	ofWhole  = transform.ForecastParts
	ofPlaces = 2*transform.ForecastParts + iota - 1
	ofEach
	ofOnce
	forecastWeights
)

// add adds a leaf. Costs are in bits; a few more keep empty leaves from counting most.
func (f *forecasts) add(t *transform.LeafTrainee) {
	const more = 4
	e, weight := &f[t.Kind][t.Size], 1/(more+float64(t.All)/256)
	var x [forecastWeights]float64
	for k := range transform.ForecastParts {
		x[k], x[ofWhole+k] = float64(t.Fine[k]), float64(t.Whole[k])
	}
	large := float64(t.Large)
	x[ofPlaces] = large * math.Log2(float64(t.Through+1)/(large+1))
	x[ofEach], x[ofOnce] = float64(t.Through), 1
	for i := range x {
		x[i] *= weight
		e.b[i] += x[i] * weight * float64(t.Bits) / 256
		for j := range i + 1 {
			e.a[i][j] += x[i] * x[j]
		}
	}
}

// weights solves the equations: the content of forecast.bin.
func (f *forecasts) weights() (p []byte) {
	var all []int
	for i := range forecastWeights {
		all = append(all, i)
	}
	for kind := range f {
		for size := range f[kind] {
			w := f[kind][size].solve(all, 1e-4)
			for _, price := range w[:2*transform.ForecastParts] {
				p = append(p, uint8(math.RoundToEven(min(max(16*price, 0), math.MaxUint8))))
			}
			for i, unit := range []float64{1 << 8, 1 << 16, 1 << 8} {
				p = binary.LittleEndian.AppendUint16(p, uint16(int16(math.RoundToEven(unit*w[ofPlaces+i]))))
			}
		}
	}
	return p
}
