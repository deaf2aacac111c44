//go:build !amd64 || purego

package transform

const vector = false

func restorePlain(*restoredBlock, int, *byte, int) { panic("transform: no kernels in this build") }

func restoreGuided(*restoredBlock, int, *byte, int, *byte) {
	panic("transform: no kernels in this build")
}

func judgePlain(*judging) { panic("transform: no kernels in this build") }

func judgeGuided(*judging) { panic("transform: no kernels in this build") }

func restoreKept(*keptSums, int, *uint16, int, int32) { panic("transform: no kernels in this build") }
