//go:build !amd64 || purego

package transform

// diagonals and vectorRates are of builds that have kernels.
type (
	diagonals   struct{}
	vectorRates struct{}
)

func (*diagonals) quantise(*rates, []int32, int, int, int, int) (quantised, bool) {
	panic("transform: no kernels in this build")
}

func (*diagonals) name(*levelTokens, *quantised, *rates, []int32, int, int) {
	panic("transform: no kernels in this build")
}
