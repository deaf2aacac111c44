//go:build !purego

package transform

// energyScan is what energyOf knows of a size of leaves. It takes 32 coefficients at a time, 16 of them as words in the order of
// energyWords.
type energyScan struct {
	diagonals [2][16]uint16 // of the first 32
	further   uint64        // from them to the next ones
	ac        [2][16]uint16 // 0xFFFF of what is not in the low block
	low       int           // how often this goes on so
	units     int           // of 32 coefficients

	wide   [32]uint16 // diagonals of the first 32 in the order of the wide kernel
	wideAC uint32     // which are not in the low block, as bits
}

// energyWords are numbers of coefficients as two registers of 8 are packed into one.
var energyWords = [16]int{0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15}

var energyScans = [sizes]energyScan{makeEnergyScan(3), makeEnergyScan(4), makeEnergyScan(5)}

func makeEnergyScan(lg int) energyScan {
	n, low := 1<<lg, 1<<(lg-cellLog2)
	s := energyScan{further: 32 >> lg, low: max(1, low*n/32), units: n * n / 32}
	for half := range s.diagonals {
		for i, at := range energyWords {
			u, v := (16*half+at)>>lg, (16*half+at)&(n-1)
			s.diagonals[half][i] = uint16(u + v)
			if u >= low || v >= low {
				s.ac[half][i] = 1<<16 - 1
			}
		}
	}
	for i := range s.wide {
		at := i&3 | i>>3<<2 | i>>2&1<<4 // 4 of the first 16, 4 of the others, by turns
		u, v := at>>lg, at&(n-1)
		s.wide[i] = uint16(u + v)
		if u >= low || v >= low {
			s.wideAC |= 1 << i
		}
	}
	return s
}

// vectorAnalyse is genericAnalyse of magnitudes below 2^15 - 1, and tells whether they are: what a transform makes of samples of 12
// bits is.
func vectorAnalyse(c []int32, lg int, limit int32) (energy int64, top int, ok bool) {
	scan, first := &energyScans[lg-cellLog2], &c[:1<<(2*lg)][0]
	if wide && lg > cellLog2 {
		if energy, top, most := wideEnergyOf(scan, first, limit); most < mostWide {
			return energy, top, true
		}
	}
	energy, top, most := energyOf(scan, first, limit)
	return energy, top, most < 1<<15-1
}

// mostWide bounds what the wide kernel takes: it sums up 64 squares in 32 bits. Of leaves of 8 it would take 1.1 of the time.
const mostWide = 1 << 13

// wideEnergyOf is energyOf of magnitudes below mostWide.
//
//go:noescape
func wideEnergyOf(s *energyScan, c *int32, limit int32) (energy int64, top, most int)

// energyOf gives the sum of squares of the coefficients of a leaf but for its low block, the highest diagonal with a magnitude
// that reaches a limit, 0 where there is none, and the largest magnitude up to 2^15. Of larger ones than 2^15 - 1 it sums up less.
//
//go:noescape
func energyOf(s *energyScan, c *int32, limit int32) (energy int64, top, most int)
