package jpeg

// lookBits is how many bits one look-up of a Huffman code sees. Of the codes of
// photographs, with the bits of the coefficient that follow, nearly all are shorter.
const lookBits = 10

// huffTable is a table of DHT, T.81 B.2.4.2, and what decoding derives of it.
type huffTable struct {
	counts  [17]byte // number of codes of each length
	symbols [256]byte
	derived bool
	// look gives for the next bits the entry of the code that they begin with, 0
	// where the code is longer.
	look [1 << lookBits]lookEntry
	// maxCode is the last code of each length, -1 where there is none, and the
	// symbol of a code is symbols[code+offset].
	maxCode [17]int32
	offset  [17]int32
}

// lookEntry holds in its bits
//
//	 0…3  the length of the code
//	 4…7  the length of the code and the coefficient together, if look sees both, or 0
//	 8…15 the symbol
//	16…31 the coefficient
type lookEntry uint32

// huffmanTables reads a DHT segment. What a table holds is checked where it is used.
func (d *decoder) huffmanTables(b []byte) error {
	for len(b) > 0 {
		if len(b) < 17 {
			return d.badf("Huffman table of %d bytes: expected at least 17", len(b))
		}
		class, id := b[0]>>4, b[0]&15
		if class > 1 || id > 3 {
			return d.badf("Huffman table %d of class %d: expected table 0 to 3 and class 0 or 1", id, class)
		}
		t := new(huffTable)
		n := 0
		for i := 1; i <= 16; i++ {
			t.counts[i] = b[i]
			n += int(b[i])
		}
		if n > 256 || n > len(b)-17 {
			return d.badf("Huffman table %d of class %d of %d codes: expected at most %d", id, class, n, min(256, len(b)-17))
		}
		copy(t.symbols[:n], b[17:])
		d.huff[class][id] = t
		b = b[17+n:]
	}
	return nil
}

// table returns a table with all that decoding needs.
func (d *decoder) table(class, id byte) (*huffTable, error) {
	name := [...]string{"DC", "AC"}[class]
	if id > 3 || d.huff[class][id] == nil {
		return nil, d.badf("%s Huffman table %d is not defined", name, id)
	}
	t := d.huff[class][id]
	if !t.derived && !t.derive(class == 0) {
		return nil, d.badf("%s Huffman table %d is not a prefix code of the allowed symbols", name, id)
	}
	return t, nil
}

// derive assigns the codes, T.81 annex C, and reports whether that is possible:
// each length has room for its codes and leaves the code of all ones unused, and
// the differences of DC coefficients have at most 15 bits.
func (t *huffTable) derive(dc bool) bool {
	code, p := 0, 0
	for n := 1; n <= 16; n++ {
		t.maxCode[n] = -1
		t.offset[n] = int32(p - code)
		for range t.counts[n] {
			if dc && t.symbols[p] > 15 {
				return false
			}
			t.enter(code, n, t.symbols[p])
			t.maxCode[n] = int32(code)
			code++
			p++
		}
		if t.counts[n] > 0 && code >= 1<<n {
			return false
		}
		code <<= 1
	}
	t.derived = true
	return true
}

// enter sets the entries of look that begin with a code of n bits.
func (t *huffTable) enter(code, n int, symbol byte) {
	if n > lookBits || code >= 1<<n {
		return
	}
	size := int(symbol & 15)
	for i := range 1 << (lookBits - n) {
		e := lookEntry(n) | lookEntry(symbol)<<8
		if rest := lookBits - n; size > 0 && size <= rest {
			v := extend(uint32(i>>(rest-size)), size)
			e |= lookEntry(n+size)<<4 | lookEntry(uint16(v))<<16
		}
		t.look[code<<(lookBits-n)|i] = e
	}
}

// extend gives the number that size bits stand for, T.81 figure F.12: those with
// first bit 0 are negative.
func extend(v uint32, size int) int32 {
	if v < 1<<(size-1) {
		return int32(v) + 1 - 1<<size
	}
	return int32(v)
}

// badCode is the length of what is no code.
const badCode = 17

// long decodes a code of more than lookBits bits at the top of acc. Like libjpeg, it
// takes what is no code for 17 bits that give symbol 0.
func (t *huffTable) long(acc uint64) (symbol byte, length int) {
	for n := lookBits + 1; n <= 16; n++ {
		if code := int32(acc >> (64 - n)); code <= t.maxCode[n] {
			return t.symbols[code+t.offset[n]], n
		}
	}
	return 0, badCode
}
