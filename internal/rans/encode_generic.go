//go:build !amd64 || purego

package rans

const fastPairs = false

func (EncTable) takePairs([]Token, []uint16, int, uint32, uint32) (int, int, uint32, uint32) {
	panic("rans: no kernels in this build")
}
