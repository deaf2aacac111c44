package transform

import "github.com/qtgpu/qtgpu/internal/rans"

// Kind of a plane: luma statistics (Y, gray, alpha) or chroma.
const (
	kindLuma = iota
	kindChroma
	kinds
)

// Contexts, numbered as in FORMAT.md, "Transform contexts".
const (
	ctxSplit  = 0                        // kind × {32, 16} × smaller neighbours 0..2
	ctxLast   = ctxSplit + kinds*2*3     // kind × size × neighbour class
	ctxFront  = ctxLast + kinds*sizes*4  // kind × gradient class
	ctxAC     = ctxFront + kinds*11      // kind × size × frequency class × magnitude class
	nContexts = ctxAC + kinds*sizes*6*13 //

	sizes = 3 // leaves of 8, 16, 32 samples
)

// alphabet is the number of symbols of a context.
func alphabet(ctx int) int {
	if ctx < ctxLast {
		return 2
	}
	return rans.Symbols
}

func splitContext(kind, lg, smaller int) int { return ctxSplit + (kind*2+5-lg)*3 + smaller }

// lastContext takes the sum of the left and top leaves' last groups, one of
// them doubled where the other lies outside the tile, -1 where both do.
func lastContext(kind, lg, sum int) int {
	c := 2
	switch {
	case sum < 0:
	case sum == 0:
		c = 0
	case sum <= 6:
		c = 1
	case sum > 14:
		c = 3
	}
	return ctxLast + (kind*sizes+lg-3)*4 + c
}

// frontClass is the class of a gradient |L−TL|+|TL−T|+|T−TR|.
var frontBounds = [10]int32{1, 2, 3, 5, 8, 12, 18, 27, 40, 70}

func frontContext(kind int, gradient int32) int {
	c := 0
	for c < len(frontBounds) && gradient >= frontBounds[c] {
		c++
	}
	return ctxFront + kind*11 + c
}

func acContext(kind, lg int) int { return ctxAC + (kind*sizes+lg-3)*6*13 }

// magnitudeClass maps the weighted sum T of decided magnitudes to 0..12.
var magnitudeClass = makeMagnitudeClass()

func makeMagnitudeClass() (t [9*magCap + 1]uint8) {
	c := uint8(0)
	bounds := []int{1, 2, 3, 4, 5, 7, 9, 12, 16, 23, 33, 48}
	for i := range t {
		if int(c) < len(bounds) && i >= bounds[c] {
			c++
		}
		t[i] = c
	}
	return t
}

// Magnitudes of a leaf lie in an array with a margin, so that every neighbour
// of the context exists: index (u+1)·magStride + v+1.
const (
	magStride = 40
	magCap    = 40
	magSize   = (maxN + 3) * magStride
)

// neighbourhood is T of FORMAT.md: twice the two nearest, once five more, all
// on later diagonals, so that a diagonal's contexts do not depend on itself.
func neighbourhood(m *[magSize]uint8, i int) int {
	n := m[i+1 : i+2*magStride+1 : i+2*magStride+1]
	near := int(n[magStride-1]) + int(n[0])
	return 2*near + int(n[magStride]) + int(n[2*magStride-1]) + int(n[1]) +
		int(m[i-magStride+2]) + int(n[2*magStride-2])
}

// scanPos is one coefficient of a leaf in coding order.
type scanPos struct {
	coef uint16 // u*n + v
	mag  uint16 // (u+1)*magStride + v+1
	ctx  uint8  // 13 × frequency class
}

// scan is the order of a leaf's AC coefficients, highest diagonal first, u
// ascending within one; the low block that the front image gives is left out.
type scan struct {
	pos   []scanPos
	start [groups + 1]int // start[g] is the first position whose group is ≤ g
}

// groups is the number of values that a leaf's last group can take, 0..15.
const groups = 16

var scans = [sizes]scan{makeScan(3), makeScan(4), makeScan(5)}

// group is ceil(8d/n) up to 15 for diagonal d.
func group(d, lg int) int { return min(groups-1, (8*d+1<<lg-1)>>lg) }

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

func makeScan(lg int) scan {
	var s scan
	n, low := 1<<lg, 1<<(lg-3)
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
				mag:  uint16((u+1)*magStride + v + 1),
				ctx:  uint8(13 * frequencyClass(d, lg)),
			})
		}
	}
	s.start[0] = len(s.pos)
	s.start[groups] = 0
	return s
}
