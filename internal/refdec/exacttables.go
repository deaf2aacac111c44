//lint:file-ignore ST1005 errors begin with the title of a section of docs/FORMAT.md

package refdec

import (
	"encoding/binary"
	"fmt"
)

// Constants of FORMAT.md, "Predictive plan".
const (
	nClasses = 72 // of weights of a kind of planes
	nTerms   = 19
)

// PredictiveContexts is the number of contexts of the predictive engine.
const PredictiveContexts = 828

// PredictiveAlphabet is the number of symbols of a context of the predictive engine.
func PredictiveAlphabet(context int) int {
	if context < 792 {
		return 16
	}
	return 2
}

// kindOf is the kind of a band's plane.
func (h *Header) kindOf(band int) int {
	if h.NumBands() >= 3 && band < 3 {
		return band
	}
	return 0
}

// readExact reads the lists of values, the weights and the tables of the predictive engine.
func (f *File) readExact(data []byte) error {
	r := &rawBits{data: data}
	for i := range f.NumBands() {
		values, err := readValues(r, f.Depth())
		if err != nil {
			return fmt.Errorf("Predictive plan: band %d: %w", i, err)
		}
		f.Values = append(f.Values, values)
	}
	for i := range f.NumBands() {
		weights, fitted, err := readWeights(r, f.kindOf(i))
		if err != nil {
			return fmt.Errorf("Predictive plan: band %d: %w", i, err)
		}
		f.weights, f.Fitted = append(f.weights, weights), append(f.Fitted, fitted)
	}
	f.tables = frequencies(exactTables[2*nTerms*3*nClasses:], PredictiveContexts)
	return replaceTables(f.tables, r, PredictiveAlphabet)
}

// readValues reads the values of a band.
func readValues(r *rawBits, depth int) (values []int, err error) {
	n := r.ExpGolomb()
	if n > 1<<depth {
		return nil, fmt.Errorf("%d values, expected at most %d", n, 1<<depth)
	}
	next := int64(0)
	for range n {
		v := next + int64(r.ExpGolomb())
		if v >= 1<<depth {
			return nil, fmt.Errorf("value %d, expected less than %d", v, 1<<depth)
		}
		values = append(values, int(v))
		next = v + 1
	}
	return values, nil
}

// readWeights reads the weights of a plane; fitted is false of the defaults.
func readWeights(r *rawBits, kind int) (weights [nClasses][nTerms]int32, fitted bool, err error) {
	defaults := exactTables[2*nTerms*nClasses*kind:]
	for class := range weights {
		w := &weights[class]
		for i := range w {
			w[i] = int32(int16(binary.LittleEndian.Uint16(defaults[2*(nTerms*class+i):])))
		}
		if r.Raw(1) == 0 {
			continue
		}
		fitted = true
		w[0] = 128
		for i := 1; i < len(w); i++ {
			d := unzigzag(r.ExpGolomb()<<2 | uint32(r.Raw(2)))
			if w[i] += d; d < -4096 || d > 4096 || w[i] < -2048 || w[i] > 2048 {
				return weights, fitted, fmt.Errorf("class %d: term %d differs by %d and is %d, expected ±4096 and ±2048 at most", class, i, d, w[i])
			}
			if i <= 12 {
				w[0] -= w[i]
			}
		}
	}
	return weights, fitted, nil
}
