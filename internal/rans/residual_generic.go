//go:build !amd64 || purego

package rans

const fast = false

func residuals(*Decoder, *int32, *int32, int, int32, int32, *Classes, *DecTable) int {
	panic("rans: no kernels in this build")
}
