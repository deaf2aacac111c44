package jpeg

// sequential decodes a block of a sequential scan, T.81 F.2.2. Zeros are not
// written: the block is clear, or holds an earlier scan of a damaged file.
func sequential(s *scan, c *scanComponent, b *block) {
	r := &s.bits
	acc, n := r.acc, r.n
	if n < 32 {
		acc, n = r.fill(acc, n)
	}
	e := c.dc.look[acc>>(64-lookBits)]
	if whole := int(e >> 4 & 15); whole != 0 {
		acc <<= whole
		n -= whole
		c.pred += int32(e) >> 16
	} else {
		size, length := s.symbol(c.dc, e, acc)
		acc <<= length & 63
		n -= length
		if size > 0 {
			c.pred += leading(acc, int(size))
			acc <<= size & 63
			n -= int(size)
		}
	}
	b.coef[0] = int16(c.pred)
	ac, nonzero := c.ac, b.nonzero
	for k := 1; k < 64; k++ {
		if n < 32 {
			acc, n = r.fill(acc, n)
		}
		e := ac.look[acc>>(64-lookBits)]
		if whole := int(e >> 4 & 15); whole != 0 {
			acc <<= whole
			n -= whole
			k = min(k+int(e>>12&15), 63) // damaged data leads beyond
			b.coef[k] = int16(e >> 16)
			nonzero |= 1 << k
			continue
		}
		symbol, length := s.symbol(ac, e, acc)
		acc <<= length & 63
		n -= length
		run, size := int(symbol>>4), int(symbol&15)
		if size == 0 {
			if run != 15 {
				break // end of block
			}
			k += run
			continue
		}
		k = min(k+run, 63)
		b.coef[k] = int16(leading(acc, size))
		nonzero |= 1 << k
		acc <<= size
		n -= size
	}
	b.nonzero = nonzero
	r.acc, r.n = acc, n
}

// symbol decodes the code at the top of acc; e is its entry of the look-up.
func (s *scan) symbol(t *huffTable, e lookEntry, acc uint64) (symbol byte, length int) {
	if e != 0 {
		return byte(e >> 8), int(e & 15)
	}
	symbol, length = t.long(acc)
	if length == badCode {
		s.damagef("bits that are no Huffman code")
	}
	return symbol, length
}

// leading gives the number that the first size bits of acc stand for, as extend does.
func leading(acc uint64, size int) int32 {
	negative := ^(int64(acc) >> 63)
	return int32(acc>>((64-size)&63)) + int32(negative)&(1-1<<size)
}
