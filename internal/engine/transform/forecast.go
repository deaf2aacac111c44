package transform

import (
	_ "embed"
	"encoding/binary"

	"github.com/qtgpu/qtgpu/internal/fixlog"
	"github.com/qtgpu/qtgpu/tree"
)

// What a leaf costs is forecast from the magnitudes of its coefficients, without quantising it. With a limit below which
// a coefficient hardly ever gets a level,
//
//	J ≈ 16·Σ small² + λΔ²·bits, bits = Σ price(large/Δ) + spread·n·log2((t+1)/(n+1)) + each·t + once
//
// where n is the number of large ones, and t how many are coded if the highest group has one: what n places among t take. Weights are
// trained by least squares of what J is off by, in parts of J (docs/TRAINING.md).

// leastForecast is the least step at which leaves are forecast: 2²⁰/Δ has 16 bits.
const leastForecast = 17

// forecasts tells whether costs are forecast: not where all the rest takes far longer than to quantise a leaf.
func (e *Encoder) forecasts() bool { return !e.predicts && e.rates.step >= leastForecast }

// parts are the parts of a step by which magnitudes below it are told apart; larger ones are by whole steps.
const parts = tree.ForecastParts

// parts is 2^16 times what makes a magnitude parts of the step.
func (r *rates) parts() int64 { return parts << 16 / r.step }

// forecastWeights are the weights of leaves of a kind and size: prices of large magnitudes in 1/16 bit, by 1/16 of a step and by
// steps up to 15, the other ones in 1/256 bit, but each in 1/65536.
type forecastWeights struct {
	fine, whole        [parts]uint8 // whole[0] is 0
	spread, each, once int32
}

// forecastBytes are the weights, by kind and size, trained by internal/engine/transform/train.
//
//go:embed forecast.bin
var forecastBytes []byte

var forecastOf = func() (e [kinds][sizes]forecastWeights) {
	p := forecastBytes
	for kind := range e {
		for size := range e[kind] {
			w := &e[kind][size]
			p = p[copy(w.fine[:], p):]
			p = p[copy(w.whole[:], p):]
			for _, to := range []*int32{&w.spread, &w.each, &w.once} {
				*to, p = int32(int16(binary.LittleEndian.Uint16(p))), p[2:]
			}
		}
	}
	return e
}()

// least is the least large magnitude.
func (r *rates) least() int64 { return (r.step*worthCoding + 255) >> 8 }

// model is the weights as a device has them.
func (w *forecastWeights) model(lg int) tree.Forecast {
	f := tree.Forecast{Fine: w.fine, Whole: w.whole, Spread: w.spread, Each: w.each, Once: w.once}
	for d := range 2<<lg - 1 {
		f.Through[d] = uint16(throughOf(lg, d))
	}
	return f
}

// log256 has log2 in 1/256 of numbers up to 4^rootLog2.
var log256 = func() (t [maxN*maxN + 1]int32) {
	for i := range t[1:] {
		t[i+1] = fixlog.Log2(uint64(i+1)) >> (fixlog.Frac - 8)
	}
	return t
}()

// throughOf is how many coefficients of a leaf are coded where the highest one is in diagonal top.
func throughOf(lg, top int) int { return len(scanOf(lg).through(group(top, lg))) }

// forecastSums are what a leaf is forecast by.
type forecastSums struct {
	small int64 // squares of small magnitudes
	price int64 // of large ones, in 1/16 bit
	large int   // how many there are
}

// forecast is about what a leaf costs, but for its flag. It has a coefficient in diagonal top, that is not 0.
func (r *rates) forecast(c []int32, lg, kind, top int) int64 {
	w, s := &forecastOf[kind][lg-cellLog2], r.sums(c, lg, kind)
	through := int64(throughOf(lg, top))
	bits := s.price<<4 + (int64(w.spread)*int64(s.large)*int64(log256[through+1]-log256[s.large+1])+int64(w.each)*through)>>8 + int64(w.once)
	return s.small<<distScale + r.bit*max(bits, 0)>>8
}

// sums sums up the coefficients of a leaf. Magnitudes count up to 2^15 - 1.
func (r *rates) sums(c []int32, lg, kind int) forecastSums {
	if vector {
		return r.vectorSums(c, lg, kind)
	}
	return r.genericSums(c, lg, kind)
}

// genericSums is sums, a coefficient after the other.
func (r *rates) genericSums(c []int32, lg, kind int) (s forecastSums) {
	w := &forecastOf[kind][lg-cellLog2]
	s.small = r.eachLarge(c, lg, func(m int64) {
		s.large++
		if m < parts {
			s.price += int64(w.fine[m])
		} else {
			s.price += int64(w.whole[wholeSteps(m)])
		}
	})
	return s
}

// eachLarge visits the large magnitudes of a leaf, in parts of the step, and sums up the squares of the small ones.
func (r *rates) eachLarge(c []int32, lg int, visit func(m int64)) (small int64) {
	n, low := 1<<lg, 1<<(lg-cellLog2)
	least, unit := r.least(), r.parts()
	for u := range n {
		from := 0
		if u < low {
			from = low
		}
		for _, x := range c[u*n+from : u*n+n] {
			if a := int64(min(max(x, -x), 1<<15-1)); a < least {
				small += a * a
			} else {
				visit(a * unit >> 16)
			}
		}
	}
	return small
}

// wholeSteps are the steps of a magnitude in parts of one, up to what has a price.
func wholeSteps(m int64) int64 { return min(m/parts, parts-1) }
