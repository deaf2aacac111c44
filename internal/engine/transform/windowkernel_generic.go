//go:build !amd64 || purego

package transform

func copySamples(*byte, *uint16, int) { panic("transform: no kernels in this build") }

func takeWholeRows(*byte, *uint16, int, int) { panic("transform: no kernels in this build") }

func takeWholeMeans(*byte, *uint16, int, int) { panic("transform: no kernels in this build") }

func meansOfRows(_ *byte, _, _ *uint16, _ int) { panic("transform: no kernels in this build") }

func bendsOfRow(*[4]int32, *byte, int) { panic("transform: no kernels in this build") }

func classesOfRow(_ *int8, _, _ *[4]int32, _ *int32, _ int, _ *[activities - 1]int32) {
	panic("transform: no kernels in this build")
}

func vectorAnalyse([]int32, int, int32) (int64, int, bool) {
	panic("transform: no kernels in this build")
}

func estimateSums(_, _ *int32, _ int, _ *[256]int32, _ uint32) int64 {
	panic("transform: no kernels in this build")
}

func subtract(_, _, _ *int32, _ int) { panic("transform: no kernels in this build") }
