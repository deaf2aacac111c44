//go:build !amd64 || purego

package cm

const vector = false

func codeBit(*Mixer, *[Inputs]uint32, *weights, *weights, int) int {
	panic("cm: no kernels in this build")
}

func codeLength(*Mixer, *[Inputs]uint32, *[Bins]weights, *[Bins]weights, int, int, int) int {
	panic("cm: no kernels in this build")
}

// Prefetch does nothing in this build.
func (m *Mixer) Prefetch(a, b uint32) {}
