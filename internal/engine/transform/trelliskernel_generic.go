//go:build !amd64 || purego

package transform

// trellisKernel is of builds that have kernels, as trellisRates are.
type (
	trellisKernel struct{}
	//lint:ignore U1000 memory of the kernel
	trellisRates struct{}
)

func (*trellisKernel) run(*trellis, []int32, int64) (done, ok bool) { return false, false }
