package transform

// differenceMask is of a difference with its bias.
const differenceMask = 2*differenceBias - 1

// sums are the weighted sums of a block, in 1/1024 of a sample. |sum| is at most 2^26: no class
// has weights of more than 2^13 together (TestWeights). Kernels, which check no index, have them of many blocks at once: all
// that a block reads lies in its window.
func (w *window) sums(dst *[block * block]int32, weights []weighted, bx, by int) {
	r := w.by[by][bx]
	for j := range block {
		at, out := w.at(block*bx, block*by+j), (*[block]int32)(dst[block*j:])
		if w.kind == kindChroma {
			r.guidedSums(out, w, weights, at)
		} else {
			r.plainSums(out, w, weights, at)
		}
	}
}

// plainSums are the sums of four samples of luma. Differences of each of them lie in 16 bits of
// a word, biased, so that none borrows from the next.
func (r *restoration) plainSums(dst *[block]int32, w *window, weights []weighted, at int) {
	own := ones*differenceBias - word(&w.pix, at)
	var s0, s1, s2, s3 int64
	for i := range weights {
		v := &weights[i]
		a, b := word(&w.pix, at+v.step)+own, word(&w.pix, at-v.step)+own
		s0 += (r.clips[a&differenceMask] + r.clips[b&differenceMask]) * v.both
		s1 += (r.clips[a>>16&differenceMask] + r.clips[b>>16&differenceMask]) * v.both
		s2 += (r.clips[a>>32&differenceMask] + r.clips[b>>32&differenceMask]) * v.both
		s3 += (r.clips[a>>48&differenceMask] + r.clips[b>>48&differenceMask]) * v.both
	}
	dst[0], dst[1], dst[2], dst[3] = total(s0, 0), total(s1, 0), total(s2, 0), total(s3, 0)
}

// total is what the high half of a sum says, in units of 2^shift.
func total(s int64, shift uint) int32 {
	high := (s + 1<<31) >> 32
	return int32((high + 1<<shift>>1) >> shift)
}

// guidedSums are the sums of four samples of chroma.
func (r *restoration) guidedSums(dst *[block]int32, w *window, weights []weighted, at int) {
	own := ones*differenceBias - word(&w.pix, at)
	luma := ones*differenceBias - word(&w.guide, at)
	var s0, s1, s2, s3 int64
	for i := range weights {
		v := &weights[i]
		a, b := word(&w.pix, at+v.step)+own, word(&w.pix, at-v.step)+own
		la, lb := word(&w.guide, at+v.step)+luma, word(&w.guide, at-v.step)+luma
		s0 += r.guided(v, a, b, la, lb)
		s1 += r.guided(v, a>>16, b>>16, la>>16, lb>>16)
		s2 += r.guided(v, a>>32, b>>32, la>>32, lb>>32)
		s3 += r.guided(v, a>>48, b>>48, la>>48, lb>>48)
	}
	dst[0], dst[1], dst[2], dst[3] = total(s0, guidedBits), total(s1, guidedBits), total(s2, guidedBits), total(s3, guidedBits)
}

// guided is what a pair adds to a sample of chroma.
func (r *restoration) guided(v *weighted, a, b, la, lb uint64) int64 {
	ca, cb := r.clips[a&differenceMask], r.clips[b&differenceMask]
	return (ca+cb)*v.both + (ca*r.near[la&differenceMask]+cb*r.near[lb&differenceMask])*v.guided
}
