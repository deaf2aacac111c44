//go:build !amd64 || purego

package transform

func roughCost(*uint16, int, *uint16, int, uint16, *roughCosts) int64 {
	panic("transform: no kernels in this build")
}

func squaredDifferences(*uint16, int, *uint16, int, int, int) uint64 {
	panic("transform: no kernels in this build")
}
