package sample

import (
	"math"
	"math/bits"
	"slices"

	"github.com/qtgpu/qtgpu/raster"
)

// dyadic is the coarsest step of which floats are multiples: n·2^e, n odd.
type dyadic struct {
	n uint64 // 0 where all were 0
	e int
}

func (g *dyadic) add(m uint64, e int) {
	if m == 0 {
		return
	}
	z := bits.TrailingZeros64(m)
	m, e = m>>z, e+z
	if g.n == 0 {
		g.n, g.e = m, e
		return
	}
	g.e = min(g.e, e)
	if m%g.n != 0 {
		g.n = gcd(g.n, m)
	}
}

// family is a grid of n/d and its tenths, hundredths and so on: those of 10^−power are
// the coarsest that all values fit, whatever their order, for each fits the next. divisor
// is that of all lanes there.
type family struct {
	format
	n, d        uint64
	power, last int
	grid        *scaledFloat // nil where no power will do
	divisor     uint64
}

// newFamilies are the decimal grids, and those of the international foot and of the one of
// the US survey in metres.
func newFamilies(t raster.Type) []*family {
	if !t.Float() {
		return nil
	}
	f := *formatOf(t)
	all := []*family{{format: f, n: 1, d: 1, last: 9}, {format: f, n: 381, d: 1250, last: 2}, {format: f, n: 1200, d: 3937, last: 2}}
	for _, g := range all {
		g.grid = newScaledFloat(g.mapping(1), &g.format)
	}
	return all
}

// mapping is the grid of every divisor-th lane.
func (g *family) mapping(divisor uint64) Mapping {
	n, d := g.n*max(divisor, 1), g.d
	for range g.power {
		d *= 10
	}
	common := gcd(n, d)
	return Mapping{Kind: Scaled, N: n / common, D: d / common}
}

func (g *family) add(word uint64) {
	for g.grid != nil {
		if lane, _, ok := g.grid.split(word); ok {
			k, _ := magnitude(lane)
			g.divisor = gcd(g.divisor, k)
			return
		}
		g.divisor *= 10
		if g.power++; g.power > g.last {
			g.grid = nil
			return
		}
		g.grid = newScaledFloat(g.mapping(1), &g.format)
	}
}

// grid is the coarsest grid that has been proven, if there is one.
func (d *Detector) grid() (best Mapping, found bool) {
	shared := len(d.values.counts) >= enough
	candidates := []Mapping{{Kind: Scaled, N: 1, D: 1}}
	if d.dyadic.n != 0 {
		candidates[0].E = d.dyadic.e
		if shared {
			candidates[0].N = d.dyadic.n
		}
	}
	for _, g := range d.families {
		// A grid finer than floats has all of them, in several lanes. One whose own lanes do
		// not reach would fit or not by the order of values.
		if g.grid == nil || g.mapping(1).float() < d.ulp() || !d.reaches(g.mapping(1)) {
			continue
		}
		divisor := uint64(1)
		if shared {
			divisor = g.divisor
		}
		candidates = append(candidates, g.mapping(divisor))
	}
	for _, m := range candidates {
		if m.Validate(d.t) == nil && d.reaches(m) && (!found || m.float() > best.float()) {
			best, found = m, true
		}
	}
	return best, found
}

// float is the step, for comparisons.
func (m Mapping) float() float64 { return math.Ldexp(float64(m.N)/float64(m.D), m.E) }

// ulp is the distance of floats at the largest magnitude.
func (d *Detector) ulp() float64 {
	_, e := formatOf(d.t).number(d.magnitude)
	return math.Ldexp(1, e)
}

// reaches tells whether the lanes reach to the largest magnitude.
func (d *Detector) reaches(m Mapping) bool {
	_, _, ok := m.converter(d.t).split(formatOf(d.t).word(d.magnitude, d.negative))
	return ok
}

// A factor is worth its search where it is coarser than the grid by more than what a
// float32 next to 0.1 differs from it, and than what floats can hide: two values are 4
// ulps apart.
const (
	coarser = 1 + 1.0/1024
	apart   = 4
)

// factor looks for a grid of a float32, or of any float64 for samples of that type, that
// all kept values fit. These are sorted; what is known of the step is an interval, first
// from the smallest gap, then from larger and larger differences to the values there,
// then from the values. Each gives a whole number of steps, and so narrows it.
func (d *Detector) factor(grid Mapping, found bool) (m Mapping, ok bool) {
	if len(d.values.counts) < enough {
		return Mapping{}, false
	}
	s := search{ulp: func(v float64) float64 {
		_, e := formatOf(d.t).number(wordOf(d.t, v) &^ formatOf(d.t).sign)
		return math.Ldexp(1, e)
	}}
	for word := range d.values.counts {
		s.values = append(s.values, Number(d.t, word))
	}
	slices.Sort(s.values)
	base, gap := s.gap()
	for part := 1.0; part <= 4; part++ {
		if gap/part < apart*d.ulp() || found && gap/part < coarser*grid.float() {
			return Mapping{}, false
		}
		if s.narrow(base, gap, part) {
			for _, m := range s.factors(d.t) {
				if (!found || m.float() > coarser*grid.float()) && d.fits(m) {
					return m, true
				}
			}
		}
	}
	return Mapping{}, false
}

// fits tells whether all kept values are of the grid, and lanes reach the largest.
func (d *Detector) fits(m Mapping) bool {
	c := m.converter(d.t)
	for word := range d.values.counts {
		if _, _, ok := c.split(word); !ok {
			return false
		}
	}
	return d.reaches(m)
}

func wordOf(t raster.Type, v float64) uint64 {
	if t == raster.Float32 {
		return uint64(math.Float32bits(float32(v)))
	}
	return math.Float64bits(v)
}

// search is an interval of steps that values are rounded multiples of. Products are
// rounded before they are added, so that no machine fuses the two.
type search struct {
	values    []float64 // sorted
	ulp       func(v float64) float64
	low, high float64
}

// gap is the smallest difference of neighbours, and the lower one.
func (s *search) gap() (base, gap float64) {
	gap = math.Inf(1)
	for i, v := range s.values[1:] {
		if d := v - s.values[i]; d < gap {
			base, gap = s.values[i], d
		}
	}
	return base, gap
}

// err is what rounding may have done to v, here too.
func (s *search) err(v float64) float64 { return s.ulp(v)/2 + float64(math.Abs(v)*0x1p-51) }

// narrow sets the interval, starting from part of a gap; false where a value is at odds.
func (s *search) narrow(base, gap, part float64) bool {
	e := s.err(base) + s.err(base+gap)
	s.low, s.high = (gap-e)/part, (gap+e)/part
	order := slices.Clone(s.values)
	distance := func(from float64) {
		slices.SortStableFunc(order, func(a, b float64) int {
			a, b = math.Abs(a-from), math.Abs(b-from)
			switch {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return 0
		})
	}
	for _, from := range []float64{base, base, 0, 0} { // twice, for what was ambiguous
		distance(from)
		e := 0.0
		if from != 0 {
			e = s.err(from)
		}
		for _, v := range order {
			if !s.take(math.Abs(v-from), e+s.err(v)) {
				return false
			}
		}
	}
	return true
}

// take narrows the interval by a multiple of the step and its error, unless it may be of
// two.
func (s *search) take(v, e float64) bool {
	least, most := math.Ceil((v-e)/s.high), math.Floor((v+e)/s.low)
	if least > most {
		return false
	}
	if least == most && least > 0 {
		s.low, s.high = max(s.low, (v-e)/least), min(s.high, (v+e)/least)
	}
	return s.low <= s.high
}

// factors are the floats next to the middle of the interval, the nearest first.
func (s *search) factors(t raster.Type) (m []Mapping) {
	middle := s.low + (s.high-s.low)/2
	add := func(f *format, word uint64) {
		n, e := f.number(word)
		z := bits.TrailingZeros64(n)
		m = append(m, Mapping{Kind: Scaled, N: n >> z, D: 1, E: e + z})
	}
	formats := []raster.Type{raster.Float32}
	if t == raster.Float64 {
		formats = append(formats, raster.Float64)
	}
	for _, t := range formats {
		f := formatOf(t)
		word := wordOf(t, middle)
		for _, i := range []uint64{0, 1, ^uint64(0), 2, ^uint64(1), 3, ^uint64(2)} {
			if w := word + i; w > 0 && w < f.inf {
				add(f, w)
			}
		}
	}
	return m
}
