// Package linear predicts samples as weighted sums of their neighbours
// (FORMAT.md, "Prediction"), row by row of a pass, and fits the weights to
// images.
package linear

import (
	"encoding/binary"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// The terms of a prediction: the taps, which are Neighbours and on level Base-1 the
// mean of the cells around; the residuals at the same place of the plane before and
// the one before that; three sums of the plane's own residuals, above, at the upper
// corners and of earlier passes near; and a constant.
const (
	Neighbours = 12
	taps       = Neighbours + 1
	cross      = taps      // two terms
	own        = cross + 2 // three terms
	constant   = own + 3
	terms      = constant + 1
)

// Weights are in 1/WeightOne.
const (
	WeightBits = 7
	WeightOne  = 1 << WeightBits
)

// FineBits is the number of bits that weights of wide planes have more.
const FineBits = 4

// maxWeight bounds a weight, so that predictions of 32-bit samples fit 64 bits.
const maxWeight = 8 * WeightOne

// weights of one class, of which the taps' have the sum WeightOne.
type weights [terms]int32

// WeightSet is the weights of one plane, by level, pass and texture.
type WeightSet [interlace.Base][interlace.Passes][textures]weights

// each visits the weights of all classes in the order of the file.
func (s *WeightSet) each(f func(*weights)) {
	for l := range s {
		for ps := range s[l] {
			for d := range s[l][ps] {
				f(&s[l][ps][d])
			}
		}
	}
}

// Fine is a set with more bits of weights.
func (s *WeightSet) Fine() WeightSet {
	f := *s
	f.each(func(w *weights) {
		for i := range w {
			w[i] <<= FineBits
		}
	})
	return f
}

// Append appends a set in 16 bits a weight, little-endian.
func (s *WeightSet) Append(p []byte) []byte {
	s.each(func(w *weights) {
		for _, v := range w {
			p = binary.LittleEndian.AppendUint16(p, uint16(v))
		}
	})
	return p
}

// ParseWeights reads what Append wrote, and returns the bytes after it.
func ParseWeights(p []byte) (s WeightSet, rest []byte) {
	s.each(func(w *weights) {
		for i := range w {
			w[i] = int32(int16(binary.LittleEndian.Uint16(p)))
			p = p[2:]
		}
	})
	return s, p
}

// weightLow is the number of low bits of a weight's difference that are raw, of weights
// without more bits.
const weightLow = 2

// Put writes the weights, which have some bits more, as differences from base; the first of
// each class follows from the others.
func (s *WeightSet) Put(w *rans.BitWriter, base *WeightSet, more int) {
	low := uint(weightLow + more)
	var bases []*weights
	base.each(func(b *weights) { bases = append(bases, b) })
	s.each(func(v *weights) {
		b := bases[0]
		bases = bases[1:]
		if *v == *b {
			w.Put(0, 1)
			return
		}
		w.Put(1, 1)
		for j := 1; j < terms; j++ {
			z := rans.Zigzag(int(v[j] - b[j]))
			w.PutExpGolomb(z >> low)
			w.Put(z&(1<<low-1), low)
		}
	})
}

// bits is the length of what Put writes for weights that differ from base.
func (w *weights) bits(base *weights, more int) int {
	n, low := 1, weightLow+more
	for j := 1; j < terms; j++ {
		n += low + rans.ExpGolombBits(rans.Zigzag(int(w[j]-base[j]))>>low)
	}
	return n
}

// Read is the inverse of Put for a set that holds its base. The error is
// rans.ErrCorrupt.
func (s *WeightSet) Read(r *rans.BitReader, more int) (err error) {
	low, most := weightLow+more, int32(2*maxWeight<<more)
	s.each(func(v *weights) {
		if err != nil || r.Bits(1) == 0 {
			return
		}
		for j := 1; j < terms; j++ {
			z := r.ExpGolomb() << low
			d := int32(rans.Unzigzag(z | r.Bits(low)))
			if v[j] += d; d < -2*most || d > 2*most || v[j] < -most || v[j] > most {
				err = rans.ErrCorrupt
				return
			}
		}
		v.close(more)
	})
	return err
}

// close sets the first weight so that the sum of the taps is WeightOne, of more bits.
func (w *weights) close(more int) {
	w[0] = WeightOne << more
	for _, v := range w[1:taps] {
		w[0] -= v
	}
}
