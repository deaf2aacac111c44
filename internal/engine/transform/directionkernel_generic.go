//go:build !amd64 || purego

package transform

func continueRows(*uint16, int, *uint16, int) { panic("transform: no kernels in this build") }

func transpose(_, _ *uint16, _ int) { panic("transform: no kernels in this build") }

func smoothOutline(_, _ *uint16, _ int) { panic("transform: no kernels in this build") }

func planarRows(_ *uint16, _ int, _, _ *uint16, _, _ int32) {
	panic("transform: no kernels in this build")
}

func meansOfSquares(_, _, _ *uint16, _ int) { panic("transform: no kernels in this build") }

func edgeCosines(*int32, *int16, *uint32, int) { panic("transform: no kernels in this build") }

func countSlopes(*[nAngles]int32, *uint16, int) { panic("transform: no kernels in this build") }
