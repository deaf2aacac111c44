package transform

import "github.com/qtgpu/qtgpu/internal/rans"

// Kind of a plane: luma statistics (Y, gray, alpha) or chroma.
const (
	kindLuma = iota
	kindChroma
	kinds
)

// Classes of contexts (FORMAT.md, "Transform contexts").
const (
	smallerClasses   = 3 // of the leaves on the left and above
	lastClasses      = 4
	gradientClasses  = 11
	frequencyClasses = 6
	magnitudeClasses = 13
)

// Contexts, in the order of their numbers. Each begins with the kind.
const (
	ctxSplit    = 0                                         // × {32, 16} × smaller neighbours
	ctxLast     = ctxSplit + kinds*(sizes-1)*smallerClasses // × size × class of neighbours
	ctxOverview = ctxLast + kinds*sizes*lastClasses         // × class of the gradient
	ctxAC       = ctxOverview + kinds*gradientClasses       // × size × class of the frequency × of magnitudes
	nContexts   = ctxAC + kinds*sizes*frequencyClasses*magnitudeClasses
	ctxClass    = nPredicted // × {leaf of 32, of 16, split} × mean of the neighbours' or none

	classContexts = 3 * (stepClasses + 1)
	allContexts   = nPredicted + classContexts
)

// escape is the symbol of whatever has none of its own.
const escape = rans.Symbols - 1

// alphabet is the number of symbols of a context.
func alphabet(ctx int) int {
	switch {
	case ctx < ctxLast:
		return 2
	case ctx >= ctxMode && ctx < ctxModeChroma:
		return modeAlphabet
	case ctx >= ctxModeChroma && ctx < ctxAlpha:
		return modeAlphabetC
	case ctx >= ctxSign && ctx < ctxDependent:
		return 2
	case ctx >= ctxClass:
		return stepClasses
	}
	return rans.Symbols
}

// isAC tells whether a context is one of AC levels.
func isAC(ctx int) bool {
	return ctx >= ctxAC && ctx < nContexts || ctx >= ctxDependent && ctx < nPredicted
}

func splitContext(kind, lg, smaller int) int {
	return ctxSplit + (kind*(sizes-1)+rootLog2-lg)*smallerClasses + smaller
}

// lastContext takes the sum of the last groups of the leaves on the left and above, one of
// them doubled where the other lies outside the tile, -1 where both do.
func lastContext(kind, lg, sum int) int {
	class := 2
	switch {
	case sum < 0:
	case sum == 0:
		class = 0
	case sum <= 6:
		class = 1
	case sum > 14:
		class = 3
	}
	return ctxLast + (kind*sizes+lg-cellLog2)*lastClasses + class
}

// gradientBounds divide the gradients |L−TL|+|TL−T|+|T−TR| into classes.
var gradientBounds = [gradientClasses - 1]int32{1, 2, 3, 5, 8, 12, 18, 27, 40, largestBound}

// gradientClass gives the class of each gradient up to the last bound; a kernel reads three more.
var gradientClass = func() (t [largestBound + 1 + 3]uint8) {
	class := uint8(0)
	for i := range t {
		if int(class) < len(gradientBounds) && int32(i) >= gradientBounds[class] {
			class++
		}
		t[i] = class
	}
	return t
}()

const largestBound = 70

// classOfGradient is the class of a gradient.
func classOfGradient(gradient int32) int { return int(gradientClass[min(gradient, largestBound)]) }

// overviewContext is the context of residuals whose gradient has a class.
func overviewContext(kind, class int) int { return ctxOverview + kind*gradientClasses + class }

// acContext is the first context of AC levels in leaves of a size.
func acContext(kind, lg int) int {
	return ctxAC + (kind*sizes+lg-cellLog2)*frequencyClasses*magnitudeClasses
}

// frequencyClass is the class of diagonal d.
func frequencyClass(d, lg int) int {
	switch f := 8 * d >> lg; {
	case f <= 1:
		return 0
	case f <= 2:
		return 1
	case f <= 4:
		return 2
	case f <= 7:
		return 3
	case f <= 10:
		return 4
	}
	return 5
}

// magnitudeBounds divide the weighted sums T of magnitudes into classes, and
// magnitudeClass gives the class of each.
var (
	magnitudeBounds = [magnitudeClasses - 1]int{1, 2, 3, 4, 5, 7, 9, 12, 16, 23, 33, 48}
	magnitudeClass  = makeMagnitudeClass()
)

func makeMagnitudeClass() (t [weights*magnitudeCap + 1]uint8) {
	class := uint8(0)
	for i := range t {
		if int(class) < len(magnitudeBounds) && i >= magnitudeBounds[class] {
			class++
		}
		t[i] = class
	}
	return t
}

// magnitudes are the capped magnitudes of the levels of a leaf that are decided. A margin of
// zeros, one on the left and above and two beyond, makes every neighbour of a context exist.
type magnitudes [(maxN + 3) * magnitudeStride]uint8

const (
	magnitudeStride = 40 // maxN + 3 or more
	magnitudeCap    = 40
	weights         = 2*2 + 5 // in a neighbourhood
)

// begin clears what a leaf needs.
func (m *magnitudes) begin(lg int) { clear(m[:(1<<lg+3)*magnitudeStride]) }

func magnitudeIndex(u, v int) int { return (u+1)*magnitudeStride + v + 1 }

// class is the class of the neighbourhood of index i: T of FORMAT.md, twice the two
// nearest and once five more, all on later diagonals, so that a diagonal's contexts do
// not depend on itself.
func (m *magnitudes) class(i int) int { return int(magnitudeClass[m.neighbourhood(i)]) }

func (m *magnitudes) neighbourhood(i int) int {
	n := m[i+1 : i+2*magnitudeStride+1 : i+2*magnitudeStride+1]
	near := int(n[magnitudeStride-1]) + int(n[0])
	return 2*near + int(n[magnitudeStride]) + int(n[2*magnitudeStride-1]) + int(n[1]) +
		int(m[i-magnitudeStride+2]) + int(n[2*magnitudeStride-2])
}

// scanPos is one coefficient of a leaf in coding order.
type scanPos struct {
	coef uint16 // u*n + v
	mag  uint16 // its index among magnitudes
	ctx  uint8  // the first context of its frequency class, from acContext on
}

// scan is the order of a leaf's AC coefficients, highest diagonal first, u ascending within
// one; the low block, which the overview gives, is left out.
type scan struct {
	pos   []scanPos
	start [groups + 1]int // start[g] is the first position whose group is ≤ g
}

// groups is the number of values that a leaf's last group can take, 0 to 15.
const groups = 16

var scans = [sizes]scan{makeScan(3), makeScan(4), makeScan(5)}

// scanOf is the scan of leaves of a size.
func scanOf(lg int) *scan { return &scans[lg-cellLog2] }

// through are the coefficients of a leaf up to a last group.
func (s *scan) through(last int) []scanPos { return s.pos[s.start[last]:] }

// group is ⌈8d/n⌉ up to 15 for diagonal d.
func group(d, lg int) int { return min(groups-1, (8*d+1<<lg-1)>>lg) }

// diagonal is u + v of a coefficient.
func diagonal(coef uint16, lg int) int { return int(coef)>>lg + int(coef)&(1<<lg-1) }

// frequencies are the ones of a coefficient, across and down.
func frequencies(coef uint16, lg int) (u, v int) { return int(coef) >> lg, int(coef) & (1<<lg - 1) }

func makeScan(lg int) scan {
	var s scan
	n, low := 1<<lg, 1<<(lg-cellLog2)
	last := groups
	for d := 2*n - 2; d >= 1; d-- {
		for g := group(d, lg); last > g; last-- {
			s.start[last-1] = len(s.pos)
		}
		for u := max(0, d-n+1); u <= min(d, n-1); u++ {
			v := d - u
			if u < low && v < low {
				continue
			}
			s.pos = append(s.pos, scanPos{
				coef: uint16(u<<lg + v),
				mag:  uint16(magnitudeIndex(u, v)),
				ctx:  uint8(magnitudeClasses * frequencyClass(d, lg)),
			})
		}
	}
	s.start[0] = len(s.pos)
	s.start[groups] = 0
	return s
}
