//go:build !amd64

package cm

const vector = false

func codeBit(*Mixer, *[Inputs]uint32, *[Inputs]int32, *[Inputs]int32, int) int {
	panic("cm: no kernels for this architecture")
}

func codeLength(*Mixer, *[Inputs]uint32, *[Bins][Inputs]int32, *[Bins][Inputs]int32, int, int, int) int {
	panic("cm: no kernels for this architecture")
}
