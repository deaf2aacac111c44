//go:build !purego

package transform

// copySamples writes n times 8 samples.
//
//go:noescape
func copySamples(dst *byte, row *uint16, n int)

// takeWholeRows writes n rows of a window, each of a row of width samples, a multiple of 16, as takeRow does.
//
//go:noescape
func takeWholeRows(dst *byte, rows *uint16, width, n int)

// takeWholeMeans writes n rows of means, each of two rows of twice the width, a multiple of 16, as takeMeans does.
//
//go:noescape
func takeWholeMeans(dst *byte, rows *uint16, width, n int)

// meansOfRows writes n times 8 means of the squares of two rows.
//
//go:noescape
func meansOfRows(dst *byte, above, below *uint16, n int)

// bendsOfRow sums up, as bends does, around n times four corners of blocks: pix is the first sample of the
// first.
//
//go:noescape
func bendsOfRow(dst *[4]int32, pix *byte, n int)

// classesOfRow finds, as classOf does, the classes of n times eight blocks of a row, whose corners begin at upper and
// lower, by the bounds of a step of 1.
//
//go:noescape
func classesOfRow(dst *int8, upper, lower *[4]int32, steps *int32, n int, bounds *[activities - 1]int32)

// estimateSums sums up what n times 8 differences cost by estimates: cost has a number for each eighth of a
// step, reciprocal divides by that, below 2^32.
//
//go:noescape
func estimateSums(coefs, predicted *int32, n int, cost *[256]int32, reciprocal uint32) int64

// subtract writes n times 8 differences of a and b.
//
//go:noescape
func subtract(dst, a, b *int32, n int)
