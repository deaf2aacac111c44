//go:build !purego

package transform

// continueRows writes n rows of n samples, n being a multiple of 8: sample i of row j lies (j+1)·a/32 behind
// sample i of from, of 12 bits. It reads one more than that needs.
//
//go:noescape
func continueRows(dst *uint16, n int, from *uint16, a int)

// transpose writes n columns of src, of n samples, as rows, n being a multiple of 8.
//
//go:noescape
func transpose(dst, src *uint16, n int)

// planarRows writes what predictor.planar does of n samples in n rows, n being 2^lg and a multiple of 8: above
// is the first sample above, left the topmost beside, which others precede.
//
//go:noescape
func planarRows(dst *uint16, lg int, above, left *uint16, right, below int32)

// smoothOutline writes n times 16 means of three samples of 12 bits, of which the middle one counts twice: the first one of src lies before
// the first one of dst.
//
//go:noescape
func smoothOutline(dst, src *uint16, n int)

// meansOfSquares is meansOfRows of samples.
//
//go:noescape
func meansOfSquares(dst, above, below *uint16, n int)

// edgeCosines is boundary.transform of n samples, by cosinePairs.
//
//go:noescape
func edgeCosines(out *int32, samples *int16, cosines *uint32, n int)

// countSlopes is directionsOf.
//
//go:noescape
func countSlopes(counts *[nAngles]int32, pix *uint16, stride int)
