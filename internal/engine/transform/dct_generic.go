//go:build !amd64 || purego

package transform

func inversePairs(*inverseKernel, *uint16, int, *uint16) {
	panic("transform: no kernels in this build")
}

func forwardPairs(*forwardKernel, *int32, *uint16, int) {
	panic("transform: no kernels in this build")
}
