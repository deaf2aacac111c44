//go:build !purego

package transform

// roughCost is genericRoughCost.
//
//go:noescape
func roughCost(predicted *uint16, width int, pix *uint16, stride int, reciprocal uint16, costs *roughCosts) int64

// squaredDifferences sums up the squares of the differences of n times 8 samples in each of some rows, 4 times at most.
//
//go:noescape
func squaredDifferences(a *uint16, strideA int, b *uint16, strideB int, n, rows int) uint64
