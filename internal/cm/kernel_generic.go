//go:build !amd64

package cm

const vector = false

func codeBit(*Mixer, *[Inputs]uint32, *weights, *weights, int) int {
	panic("cm: no kernels for this architecture")
}

func codeLength(*Mixer, *[Inputs]uint32, *[Bins]weights, *[Bins]weights, int, int, int) int {
	panic("cm: no kernels for this architecture")
}

// Prefetch does nothing on this architecture.
func (m *Mixer) Prefetch(a, b uint32) {}
