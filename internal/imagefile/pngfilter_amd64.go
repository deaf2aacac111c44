//go:build !purego

package imagefile

import "golang.org/x/sys/cpu"

// vector tells whether rows are filtered by the kernel of pngfilter_amd64.s.
var vector = cpu.X86.HasAVX2

// filterKernel is what filterRow works on: n times 32 bytes of a row, of those on the left of them, above and between,
// and where the differences of each filter go, of which sums are made.
type filterKernel struct {
	x, a, b, c *byte
	lines      [filterTypes]*byte
	sums       [filterTypes]int64
	n          int
}

//go:noescape
func filterRow(k *filterKernel)

// vectors filters as much of the row by all filters as makes whole vectors: how many bytes, and the sums of the
// differences.
func (f *pngFilter) vectors() (done int, sums [filterTypes]int64) {
	n := f.n / 32
	if !vector || n == 0 {
		return 0, sums
	}
	k := filterKernel{x: &f.row[f.pixel:][:f.n][0], a: &f.row[0], b: &f.prev[f.pixel:][:f.n][0], c: &f.prev[0], n: n}
	for i := range k.lines {
		k.lines[i] = &f.lines[i][1:][:f.n][0]
	}
	filterRow(&k)
	return 32 * n, k.sums
}
