// Package fixlog is the base 2 logarithm in fixed point, in integers, the same
// on every machine.
package fixlog

import "math/bits"

const (
	// Frac is the number of fractional bits of Log2.
	Frac = 12

	tableBits = 8  // intervals of the mantissa: 2^tableBits
	tableFrac = 24 // fractional bits of a table entry
)

// log2Table holds log2(1 + i/2^tableBits), i = 0 … 2^tableBits.
var log2Table = makeLog2Table()

// makeLog2Table finds each bit by squaring, in integers: the same table on
// every machine.
func makeLog2Table() (table [1<<tableBits + 1]uint32) {
	for i := range table[:1<<tableBits] {
		m := uint64(i)<<(63-tableBits) | 1<<63
		var log uint32
		for range tableFrac {
			hi, lo := bits.Mul64(m, m)
			bit := hi >> 63
			log = log<<1 | uint32(bit)
			m = hi<<(1-bit) | lo>>63&(1-bit)
		}
		table[i] = log
	}
	table[1<<tableBits] = 1 << tableFrac
	return table
}

// Log2 returns log2(v) in units of 2^-Frac, rounded to nearest with an
// error of at most 0.52 units. It is monotone, exact at powers of two, and the
// same on every machine. Log2(0) is 0, as Log2(1) is, so that a flat node ranks
// with the least ones.
func Log2(v uint64) int32 {
	if v == 0 {
		return 0
	}
	exp := bits.Len64(v) - 1
	m := v << (63 - exp) << 1 // the mantissa's fraction in 64 bits
	i := m >> (64 - tableBits)
	frac := m << tableBits >> (64 - 31)
	a, b := uint64(log2Table[i]), uint64(log2Table[i+1])
	log := a<<31 + (b-a)*frac
	const drop = tableFrac + 31 - Frac
	return int32(exp)<<Frac + int32((log+1<<(drop-1))>>drop)
}
