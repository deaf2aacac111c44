//go:build !purego

package transform

import (
	"sync"
	"unsafe"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// The kernel looks costs up by class, in bytes, for the four histories at once and both banks side by side, long before it is known
// which history a path has: what each coefficient waits for is no more than a choice among four numbers, a sum and two comparisons.

// classCosts are the costs of a symbol of states 0 and 1, and behind them of one of states 2 and 3, by class, in bytes, low ones first.
type classCosts [3][2][16]uint8

// trellisCosts are the costs of a class of frequencies: of 0, and of the levels of pairs of multiples that stand beside each other: m0 and
// m3 of multiples for even levels, m2 and m1 for odd ones, of which those of escape are the last.
type trellisCosts struct {
	zero classCosts
	even [lastEven + 1]classCosts
	odd  [lastOdd + 1]classCosts
}

// evenPair is the number of the pair of even levels at a floor, and oddPair of odd ones: how often they have changed up to it.
func evenPair(floor int) int { return min((floor+2)>>2+(floor+3)>>2, lastEven) }

func oddPair(floor int) int { return min(floor>>2+(floor+1)>>2, lastOdd) }

// At the numbers of the last pairs, and beyond, all levels are escaped.
const (
	lastEven = escape + 1
	lastOdd  = escape - 1
)

// trellisPrices are the costs of leaves of one kind and size.
type trellisPrices struct {
	once        sync.Once
	fits        bool // whether they have 24 bits
	frequencies *[frequencyClasses]trellisCosts
}

// trellisRates are rates as the kernel has them, made when they are asked for first.
type trellisRates [kinds][sizes]trellisPrices

// trellisOf are the costs of leaves of a kind and size, nil where the kernel cannot take them.
func (r *rates) trellisOf(kind, lg int) *trellisPrices {
	p := &r.trellises[kind][lg-cellLog2]
	p.once.Do(func() { p.make(r, kind, lg) })
	if !p.fits {
		return nil
	}
	return p
}

// make lays out the costs of tokens.
func (p *trellisPrices) make(r *rates, kind, lg int) {
	p.fits, p.frequencies = true, new([frequencyClasses]trellisCosts)
	for f := range p.frequencies {
		c := &p.frequencies[f]
		lay := func(to *classCosts, symbols ...int64) {
			for bank, k := range symbols {
				context := dependentContext(kind, lg, uint8(2*bank)) + f*magnitudeClasses
				for class := range magnitudeClasses {
					cost := r.symbol[(context+class)*rans.Symbols+int(min(k, escape))]
					p.fits = p.fits && cost>>24 == 0
					for b := range to {
						to[b][bank][class] = uint8(cost >> (8 * b))
					}
				}
			}
		}
		lay(&c.zero, 0, 0)
		for floor := range 2 * (escape + 1) {
			m0, m1, m2, m3 := multiples(int64(floor))
			if floor == 0 || evenPair(floor) != evenPair(floor-1) {
				lay(&c.even[evenPair(floor)], (m0+1)>>1, (m3+1)>>1)
			}
			if floor == 0 || oddPair(floor) != oddPair(floor-1) {
				lay(&c.odd[oddPair(floor)], (m2+1)>>1, (m1+1)>>1)
			}
		}
	}
}

// trellisStep is what becomes of a coefficient by its floor.
type trellisStep struct {
	multiples  [4]int32
	magnitudes [4]uint8 // of their levels
	even, odd  uint16   // offsets of the costs of levels
	_          [8]uint8
}

// trellisSteps are the ones of floors beside which no level is escaped.
var trellisSteps = func() (t [leastEscaped]trellisStep) {
	for f := range t {
		m0, m1, m2, m3 := multiples(int64(f))
		s := &t[f]
		for i, m := range []int64{m0, m1, m2, m3} {
			s.multiples[i], s.magnitudes[i] = int32(m), capped((m+1)>>1)
		}
		s.even, s.odd = uint16(evenCosts+evenPair(f)*pairBytes), uint16(oddCosts+oddPair(f)*pairBytes)
	}
	return t
}()

// Where costs lie.
const (
	pairBytes = int(unsafe.Sizeof(classCosts{}))
	evenCosts = int(unsafe.Offsetof(trellisCosts{}.even))
	oddCosts  = int(unsafe.Offsetof(trellisCosts{}.odd))
)

// trellisKernel is what trellisLeaf works on, besides the trellis.
type trellisKernel struct {
	pos     *scanPos
	rows    *trellisRow
	count   int // of the rows
	coefs   *int32
	costs   *trellisCosts
	last    *int32 // costs of the last group
	before  *[states]uint8
	most    int64
	packed  int64 // most, as paths are
	bit     int64
	history int      // bytes of one
	unit    [4]int32 // the same four times
	divisor uint64   // the reciprocal of the unit
	steps   *trellisStep
	group   int32
	done    bool
	//lint:ignore U1000 the kernel counts
	token int32 // the first of the diagonal
}

// run is trellis.run where the kernel can do it.
func (k *trellisKernel) run(t *trellis, last []int32, most int64) (done, ok bool) {
	r := t.rates
	p := r.trellisOf(t.kind, t.lg)
	if p == nil {
		return false, false
	}
	u := int32(r.unit)
	*k = trellisKernel{
		pos: &t.pos[0], rows: &t.rows[0], count: len(t.rows), coefs: &t.coefs[0], costs: &p.frequencies[0], last: &last[0], before: &t.before[0],
		most: most, packed: min(most, unreachable) << costShift, bit: r.bit, history: (1<<t.lg + cell) * states,
		unit: [4]int32{u, u, u, u}, divisor: r.units.reciprocal, steps: &trellisSteps[0], group: groups,
	}
	trellisLeaf(t)
	return k.done, true
}

// trellisLeaf goes over a leaf as trellis.run does.
//
//go:noescape
func trellisLeaf(t *trellis)
