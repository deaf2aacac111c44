//go:build !amd64 || purego

package transform

func roughCost(*uint16, int, *uint16, int, uint16, *roughCosts) int64 {
	panic("transform: no kernels in this build")
}
