//go:build !purego

package transform

// symbolsLog2 is of the bytes of the costs of a context.
//
//lint:ignore U1000 the kernel knows it
const symbolsLog2 = 6

// trellisDiagonal goes on over n coefficients of a diagonal as genericDiagonal does, up to one whose levels may be escaped,
// and says how many it has done. It knows the layouts of scanPos and choice.
//
//go:noescape
func trellisDiagonal(k *trellisKernel, n int)

// trellisClasses is history.findClasses of all places.
//
//go:noescape
func trellisClasses(classes *[maxN]uint8, h *history)

// trellisRemember is trellis.rememberLevels of n coefficients.
//
//go:noescape
func trellisRemember(after *[states + 1]history, choices *choice, pos *scanPos, n, lg int)
