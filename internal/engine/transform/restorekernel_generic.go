//go:build !amd64 || purego

package transform

const vector = false

func blockSums(*[block * block]int32, *byte, *weighted, int, int32, int32) {
	panic("transform: no kernels in this build")
}

func guidedBlockSums(*[block * block]int32, *byte, *weighted, int, int32, int32, *byte, int32) {
	panic("transform: no kernels in this build")
}

func restorePlain(*restoredBlock, int, *byte, int) { panic("transform: no kernels in this build") }

func restoreGuided(*restoredBlock, int, *byte, int, *byte) {
	panic("transform: no kernels in this build")
}
