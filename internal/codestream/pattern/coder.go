package pattern

// coder is a binary range coder in both directions: 32 bits of range and
// probabilities of 16 bits.
type coder struct {
	decoding bool
	rng      uint32
	value    uint32 // encoder: low end of the range; decoder: code less it

	out []byte // encoder
	in  []byte // decoder
	pos int    // decoder: bytes taken, of which those past the end are 0
}

func newEncoder() coder { return coder{rng: 1<<32 - 1} }

func newDecoder(in []byte) coder {
	c := coder{decoding: true, rng: 1<<32 - 1, in: in}
	for range 4 {
		c.shiftByte()
	}
	return c
}

// bit codes b, or decodes and returns it; p/65536 is the probability of 1,
// 1 ≤ p ≤ 65535.
func (c *coder) bit(p uint32, b int) int {
	bound := uint32(uint64(c.rng) * uint64(p) >> 16)
	if c.decoding {
		b = 0
		if c.value < bound {
			b = 1
		} else {
			c.value -= bound
		}
	} else if b == 0 {
		c.add(bound)
	}
	if b == 1 {
		c.rng = bound
	} else {
		c.rng -= bound
	}
	for c.rng < 1<<24 {
		c.rng <<= 8
		c.shiftByte()
	}
	return b
}

// add raises the low end of the range and carries into the bytes written.
func (c *coder) add(v uint32) {
	c.value += v
	if c.value < v {
		i := len(c.out) - 1
		for ; c.out[i] == 0xFF; i-- {
			c.out[i] = 0
		}
		c.out[i]++
	}
}

func (c *coder) shiftByte() {
	if !c.decoding {
		c.out = append(c.out, byte(c.value>>24))
		c.value <<= 8
		return
	}
	c.value <<= 8
	if c.pos < len(c.in) {
		c.value |= uint32(c.in[c.pos])
	}
	c.pos++
}

// slack is the number of zero bytes at the end that the encoder may omit.
const slack = 4

// finish returns the code: of the values in the final range the one that ends
// in the most zero bits, without its last zero bytes.
func (c *coder) finish() []byte {
	for n := 31; n >= 0; n-- {
		up := -c.value & (1<<n - 1) // to the next multiple of 2^n
		if up < c.rng {
			c.add(up)
			break
		}
	}
	for range slack {
		if c.value == 0 {
			break
		}
		c.shiftByte()
	}
	return c.out
}

// ended tells whether the code was decoded to its end and no further.
func (c *coder) ended() bool {
	return len(c.in) <= c.pos && c.pos <= len(c.in)+slack
}
