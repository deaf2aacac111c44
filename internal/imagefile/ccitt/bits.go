package ccitt

import "io"

// bitReader reads bits, the highest of each byte first. Behind the end it reads
// zeros and tells by overrun that they have been taken.
type bitReader struct {
	r   io.ByteReader
	acc uint64
	n   int // bits in acc
	pad int // of them that lie behind the end
	err error
}

// peek returns the next k bits, at most 24.
func (b *bitReader) peek(k int) int {
	for b.n < k {
		c, err := b.r.ReadByte()
		if err != nil {
			c = 0
			b.pad += 8
			if err != io.EOF {
				b.err = err
			}
		}
		b.acc = b.acc<<8 | uint64(c)
		b.n += 8
	}
	return int(b.acc>>(b.n-k)) & (1<<k - 1)
}

// skip takes bits that peek has shown.
func (b *bitReader) skip(k int) { b.n -= k }

// left is how many bits there are, as far as peek has looked: below what was
// asked for only at the end, and below 0 where zeros behind it have been taken.
func (b *bitReader) left() int { return b.n - b.pad }

// align skips to the next byte.
func (b *bitReader) align() { b.n &^= 7 }
