//go:build !amd64 || purego

package transform

// diagonals, diagonalLevels and vectorRates are of builds that have kernels.
type (
	diagonals      struct{ levels diagonalLevels }
	diagonalLevels struct{ known bool }
	//lint:ignore U1000 memory of the kernel
	vectorRates struct{}
)

func (*diagonals) quantise(*rates, []int32, int, int, int, int, *diagonalLevels) (quantised, bool) {
	panic("transform: no kernels in this build")
}

func (*diagonalLevels) again(*rates, int) (quantised, bool) { return quantised{}, false }

func (*diagonalLevels) name(*levelTokens, *quantised, *rates, []int32, int, int) {
	panic("transform: no kernels in this build")
}
