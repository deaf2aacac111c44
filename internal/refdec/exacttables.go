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

// readExact reads the lists of values, the weights and the tables of the predictive engine.
func (f *File) readExact(data []byte) error {
	r := &rawBits{data: data}
	for i := range f.NumBands() {
		values, err := readValues(r, min(f.Depth(), 32))
		if err != nil {
			return fmt.Errorf("Predictive plan: plane %d: %w", i, err)
		}
		f.Values = append(f.Values, values)
	}
	for i, kind := range f.kinds() {
		weights, fitted, err := readWeights(r, kind, f.fine(i))
		if err != nil {
			return fmt.Errorf("Predictive plan: plane %d: %w", i, err)
		}
		f.weights, f.Fitted = append(f.weights, weights), append(f.Fitted, fitted)
	}
	f.tables = frequencies(exactTables[2*nTerms*3*nClasses:], PredictiveContexts)
	return replaceTables(f.tables, r, PredictiveAlphabet)
}

// readValues reads the values of a plane.
func readValues(r *rawBits, depth int) (values []int64, err error) {
	n, most, limit := r.ExpGolomb(), uint32(1)<<min(depth, 16), int64(1)<<depth
	if n > most {
		return nil, fmt.Errorf("%d values, expected at most %d", n, most)
	}
	if depth == 32 {
		limit = 1 << 31
	}
	next := int64(0)
	for i := range n {
		v := next
		if i == 0 && depth == 32 {
			v = int64(int32(r.Raw(32)))
		} else {
			v += int64(r.ExpGolomb())
		}
		if v >= limit {
			return nil, fmt.Errorf("value %d, expected less than %d", v, limit)
		}
		values = append(values, v)
		next = v + 1
	}
	return values, nil
}

// readWeights reads the weights of a plane; fitted is false of the defaults.
func readWeights(r *rawBits, kind int, fine bool) (weights [nClasses][nTerms]int32, fitted bool, err error) {
	more := 0
	if fine {
		more = 4
	}
	defaults := exactTables[2*nTerms*nClasses*kind:]
	for class := range weights {
		w := &weights[class]
		for i := range w {
			w[i] = int32(int16(binary.LittleEndian.Uint16(defaults[2*(nTerms*class+i):]))) << more
		}
		if r.Raw(1) == 0 {
			continue
		}
		fitted = true
		w[0] = 128 << more
		for i := 1; i < len(w); i++ {
			d, most := unzigzag(r.ExpGolomb()<<(2+more)|uint32(r.Raw(2+more))), int32(2048)<<more
			if w[i] += d; d < -2*most || d > 2*most || w[i] < -most || w[i] > most {
				return weights, fitted, fmt.Errorf("class %d: term %d differs by %d and is %d, expected ±%d and ±%d at most", class, i, d, w[i], 2*most, most)
			}
			if i <= 12 {
				w[0] -= w[i]
			}
		}
	}
	return weights, fitted, nil
}
