package exact

// filter predicts, by normalised least mean squares, what the weights of the
// file leave of a sample: one for each plane, level and pass.
type filter struct {
	w [filterTaps]int64 // in 1/2^16 of 1/weightOne
	x [filterTaps]int32
	n int64 // sum of the squares of x
}

const (
	filterTaps  = neighbours + 10 + 2*2 + 1
	filterBits  = 16
	filterInput = 1 << 16 // the largest input
	filterLimit = 1 << 26 // the largest weight
)

// predict gives the correction in 1/weightOne.
func (f *filter) predict() int32 {
	sum, n := int64(0), int64(filterTaps)
	for i, x := range &f.x {
		v := int64(x)
		sum += f.w[i] * v
		n += v * v
	}
	f.n = n
	return int32(max(min(sum>>filterBits, filterInput<<weightBits), -filterInput<<weightBits))
}

// learn moves the weights by a 128th of the error of the prediction, which is in
// 1/weightOne. The gain has 8 bits more than the weights.
func (f *filter) learn(err int64) {
	err = max(min(err, filterInput<<weightBits), -filterInput<<weightBits)
	gain := err << (filterBits + 8 - 7) / (f.n + 8*filterTaps)
	for i, x := range &f.x {
		f.w[i] = max(min(f.w[i]+gain*int64(x)>>8, filterLimit), -filterLimit)
	}
}

// limit makes v an input of a filter.
func limit(v int32) int32 { return max(min(v, filterInput), -filterInput) }
