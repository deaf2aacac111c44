//go:build !amd64 || purego

package transform

// forwardKernel and inverseKernel are of builds that have kernels.
type (
	forwardKernel struct{}
	inverseKernel struct{}
)

func (*forwardKernel) forward([]int32, []uint16, int, int) {
	panic("transform: no kernels in this build")
}

func (*inverseKernel) inverse([]uint16, int, []int32, int, extent, []uint16) bool { return false }
