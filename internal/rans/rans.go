// Package rans is the entropy coder of both engines: static-table rANS with
// two interleaved 32-bit states, 11-bit probabilities and 16-bit
// renormalisation, and a stream of raw bits that grows from the other end of
// the same segment (FORMAT.md, "Entropy coding"; J. Duda, "Asymmetric numeral
// systems", arXiv:1311.2540).
package rans

import "errors"

const (
	// ProbBits is the precision of a table: frequencies sum to 1<<ProbBits.
	ProbBits = 11
	Scale    = 1 << ProbBits
	// Symbols is the largest alphabet.
	Symbols = 16

	lower = 1 << 15 // states live in [lower, lower<<16)
)

// ErrCorrupt reports a segment that does not decode to its end.
var ErrCorrupt = errors.New("entropy-coded segment is damaged")

// Freqs is the static distribution of one context. Frequencies sum to Scale;
// a symbol of frequency 0 cannot be coded.
type Freqs [Symbols]uint16

// Valid tells whether the frequencies sum to Scale.
func (f *Freqs) Valid() bool {
	sum := 0
	for _, v := range f {
		sum += int(v)
	}
	return sum == Scale
}

// Normalise turns counts into frequencies that sum to Scale, giving each of
// the first n symbols at least 1. Counts are below 2^48. All-zero counts give a flat distribution.
func Normalise(counts *[Symbols]uint64, n int) Freqs {
	var total uint64
	for _, c := range counts[:n] {
		total += c
	}
	var f Freqs
	sum, largest := 0, 0
	for i := range n {
		v := uint64(Scale / n)
		if total > 0 {
			v = max(1, (counts[i]*Scale+total/2)/total)
		}
		f[i] = uint16(v)
		sum += int(v)
		if f[i] > f[largest] {
			largest = i
		}
	}
	for sum > Scale { // take from the largest, again and again: at most n-1 above 1
		take := min(sum-Scale, int(f[largest])-1)
		f[largest] -= uint16(take)
		sum -= take
		for i := range n {
			if f[i] > f[largest] {
				largest = i
			}
		}
	}
	f[largest] += uint16(Scale - sum)
	return f
}
