//go:build !purego

package transform

// forecastScan is what forecastSumsOf knows of leaves and of a step. It takes 32 coefficients at a time.
type forecastScan struct {
	ac          *[2][16]uint16 // energyScan's
	low         int            // how many of the first units have a part of the low block
	units       int            // of 32 coefficients
	below       uint16         // the largest small magnitude
	unit        uint16         // makes magnitudes parts of the step
	fine, whole [parts]uint8
}

// forecastScans are by kind and size, made once: what is written in other pieces than it is read in has to be waited for.
type forecastScans [kinds][sizes]forecastScan

// foretells makes the scans of rates.
func (r *rates) foretells() {
	for kind := range r.scans {
		for size := range r.scans[kind] {
			e, w := &energyScans[size], &forecastOf[kind][size]
			r.scans[kind][size] = forecastScan{&e.ac, e.low, e.units, uint16(r.least() - 1), uint16(r.parts()), w.fine, w.whole}
		}
	}
}

// vectorSums is genericSums.
func (r *rates) vectorSums(c []int32, lg, kind int) (s forecastSums) {
	s.small, s.price, s.large = forecastSumsOf(&r.scans[kind][lg-cellLog2], &c[:1<<(2*lg)][0])
	return s
}

// forecastSumsOf sums up the coefficients of a leaf.
//
//go:noescape
func forecastSumsOf(s *forecastScan, c *int32) (small, price int64, large int)
