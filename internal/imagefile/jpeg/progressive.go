package jpeg

import "math/bits"

// progression checks the bits and coefficients that a progressive scan gives, T.81
// G.1.1.1, sets its decoder of blocks and notes what is known of the coefficients
// then. Scans in a wrong order are damage, but decoded.
func (s *scan) progression(high int) error {
	d := s.d
	dc := s.from == 0
	if dc && s.to != 0 || s.to > 63 || s.from > s.to || !dc && len(s.comps) > 1 {
		return d.badf("scan of coefficients %d to %d of %s", s.from, s.to, plural(len(s.comps), "component"))
	}
	if s.low > 13 || high != 0 && s.low != high-1 {
		return d.badf("scan that gives bit %d after bit %d", s.low, high)
	}
	s.decode = [2][2]func(*scan, *scanComponent, *block){{acFirst, acRefine}, {dcFirst, dcRefine}}[index(dc)][index(s.refine)]
	for i := range s.comps {
		c := s.comps[i].component
		for k := min(s.from, 1); k <= max(s.to, 9) && d.scans > 0; k++ {
			c.before[k] = c.precision[k]
		}
		if !dc && c.precision[0] < 0 {
			d.damagef(d.pos, 0, "AC coefficients before the DC coefficients")
		}
		for k := s.from; k <= s.to; k++ {
			if high != max(0, int(c.precision[k])) {
				d.damagef(d.pos, 0, "bit %d of coefficient %d follows bit %d", s.low, k, c.precision[k])
			}
			c.precision[k] = int8(s.low)
		}
	}
	return nil
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

// dcFirst decodes the high bits of a DC coefficient, T.81 G.1.2.1.
func dcFirst(s *scan, c *scanComponent, b *block) {
	r := &s.bits
	if r.n < 32 {
		r.acc, r.n = r.fill(r.acc, r.n)
	}
	size, length := s.symbol(c.dc, c.dc.look[r.acc>>(64-lookBits)], r.acc)
	r.acc <<= length
	r.n -= length
	if size > 0 {
		c.pred += leading(r.acc, int(size))
		r.acc <<= size
		r.n -= int(size)
	}
	b.coef[0] = int16(c.pred << s.low)
}

// dcRefine decodes the next bit of a DC coefficient.
func dcRefine(s *scan, _ *scanComponent, b *block) {
	if s.bits.bit() {
		b.coef[0] |= 1 << s.low
	}
}

// acFirst decodes the high bits of a band of AC coefficients, T.81 G.1.2.2.
func acFirst(s *scan, c *scanComponent, b *block) {
	if s.eobRun > 0 {
		s.eobRun--
		return
	}
	r := &s.bits
	acc, n := r.acc, r.n
	for k := s.from; k <= s.to; k++ {
		if n < 32 {
			acc, n = r.fill(acc, n)
		}
		symbol, length := s.symbol(c.ac, c.ac.look[acc>>(64-lookBits)], acc)
		acc <<= length & 63
		n -= length
		run, size := int(symbol>>4), int(symbol&15)
		if size == 0 {
			if run != 15 {
				s.eobRun = 1<<run + int(acc>>1>>(63-run)) - 1
				acc <<= run
				n -= run
				break
			}
			k += run
			continue
		}
		k = min(k+run, 63) // damaged data leads beyond
		b.set(k, leading(acc, size)<<s.low)
		acc <<= size
		n -= size
	}
	r.acc, r.n = acc, n
}

// set sets an AC coefficient. Damaged data may shift all bits out of it.
func (b *block) set(k int, v int32) {
	b.coef[k] = int16(v)
	b.nonzero &^= 1 << k
	if int16(v) != 0 {
		b.nonzero |= 1 << k
	}
}

// acRefine decodes the next bit of a band of AC coefficients, T.81 G.1.2.3: each
// code leads over a run of coefficients that stay 0 to one that becomes 1 or -1 in
// that bit; those on the way that are not 0 get a bit of correction.
func acRefine(s *scan, c *scanComponent, b *block) {
	band := ^uint64(0) << s.from & (^uint64(0) >> (63 - s.to))
	if s.eobRun > 0 {
		s.eobRun--
		s.correct(b, b.nonzero&band)
		return
	}
	r := &s.bits
	for band != 0 {
		if r.n < 32 {
			r.acc, r.n = r.fill(r.acc, r.n)
		}
		symbol, length := s.symbol(c.ac, c.ac.look[r.acc>>(64-lookBits)], r.acc)
		r.acc <<= length
		r.n -= length
		run, size := int(symbol>>4), symbol&15
		v := int32(0)
		switch {
		case size > 0:
			if size > 1 {
				s.damagef("new coefficient of %d bits in a scan that refines", size)
			}
			v = -1 << s.low
			if r.bit() {
				v = 1 << s.low
			}
		case run != 15:
			s.eobRun = 1<<run + int(r.acc>>1>>(63-run)) - 1
			r.acc <<= run
			r.n -= run
			s.correct(b, b.nonzero&band)
			return
		}
		zeros := band &^ b.nonzero
		for ; run > 0; run-- {
			zeros &= zeros - 1
		}
		at := s.to + 1
		if zeros != 0 {
			at = bits.TrailingZeros64(zeros)
		}
		before := uint64(1)<<at - 1
		s.correct(b, b.nonzero&band&before)
		band &^= before | 1<<at
		if v != 0 {
			b.set(min(at, 63), v) // damaged data leads beyond
		}
	}
}

// correct reads a bit for each of the coefficients in mask, and where it is 1 adds
// one to the magnitude in the bit of the scan, unless the bit is set.
func (s *scan) correct(b *block, mask uint64) {
	one := int16(1) << s.low
	r := &s.bits
	acc, n := r.acc, r.n
	for ; mask != 0; mask &= mask - 1 {
		if n == 0 {
			acc, n = r.fill(acc, n)
		}
		bit := acc >> 63
		acc <<= 1
		n--
		if bit == 0 {
			continue
		}
		v := &b.coef[bits.TrailingZeros64(mask)&63]
		switch {
		case *v&one != 0:
		case *v >= 0:
			*v += one
		default:
			*v -= one
		}
	}
	r.acc, r.n = acc, n
}
