//go:build !amd64 || purego

package transform

func (*rates) vectorSums([]int32, int, int) forecastSums {
	panic("transform: no kernels in this build")
}

// forecastScans are of builds that have kernels.
//
//lint:ignore U1000 memory of the kernel
type forecastScans struct{}

func (*rates) foretells() {}
