//go:build !amd64 || purego

package transform

import "github.com/qtgpu/qtgpu/internal/rans"

// diagonals, diagonalLevels and vectorRates are of builds that have kernels.
type (
	diagonals      struct{ levels diagonalLevels }
	diagonalLevels struct{ known, ahead bool }
	//lint:ignore U1000 memory of the kernel
	vectorRates struct{}
)

func (*diagonals) quantise(*rates, []int32, int, int, int, int, *diagonalLevels) (outcome, bool) {
	panic("transform: no kernels in this build")
}

func widen(*rans.Token, *uint8, *rans.Token, int, rans.Token) {
	panic("transform: no kernels in this build")
}

func (*levelTokens) ahead(*rates, []besideLeaf, int, int) {}

func (*diagonalLevels) takeAhead(*rates, int, int) (outcome, bool) { return outcome{}, false }

func (*diagonalLevels) again(*rates, int) (outcome, bool) { return outcome{}, false }

func (*diagonalLevels) name(*levelTokens, outcome, *rates, []int32, int) *quantised {
	panic("transform: no kernels in this build")
}
