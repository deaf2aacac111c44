//go:build !purego

package transform

// roughCost is genericRoughCost.
//
//go:noescape
func roughCost(predicted *uint16, width int, pix *uint16, stride int, reciprocal uint16, costs *roughCosts) int64
