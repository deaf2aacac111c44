//go:build !amd64 || purego

package rans

const (
	fast       = false
	tokenGroup = 8
)

func residuals(*Decoder, *int32, *int32, int, int32, int32, *Classes, *DecTable) int {
	panic("rans: no kernels in this build")
}

func (*Classes) makeTokens([]Token, *BitWriter, int, []uint8, []int32) int {
	panic("rans: no kernels in this build")
}

func takePairs(*encSymbol, *states, *Token, int, *uint16) int {
	panic("rans: no kernels in this build")
}
