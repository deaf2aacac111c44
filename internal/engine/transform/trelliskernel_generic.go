//go:build !amd64 || purego

package transform

func trellisDiagonal(*trellisKernel, int) { panic("transform: no kernels in this build") }

func trellisClasses(*[maxN]uint8, *history) { panic("transform: no kernels in this build") }

func trellisRemember(*[states + 1]history, *choice, *scanPos, int, int) {
	panic("transform: no kernels in this build")
}
