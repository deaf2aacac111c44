//go:build amd64 && !purego

package mixing

import "golang.org/x/sys/cpu"

// avx2 tells whether the kernels of kernel_amd64.s are used.
var avx2 = cpu.X86.HasAVX2

// gather sets the inputs of the filter and weighs them.
func (n *neighbourhood) gather() {
	if avx2 {
		gather(n)
	} else {
		n.gatherPlain()
	}
}

// move moves the weights by gain·x/2^gainBits; gain has 32 bits.
func (f *filter) move(gain int64) {
	if avx2 {
		moveWeights(f, gain)
	} else {
		f.movePlain(gain)
	}
}

// prefetch is prefetchLines where the rest is fast enough to wait for memory.
func (c *Coder) prefetch(n *neighbourhood, kind, k int, pred int32) {
	if avx2 {
		c.prefetchLines(n, kind, k, pred)
	}
}

// gather is neighbourhood.gatherPlain.
//
//go:noescape
func gather(n *neighbourhood)

// moveWeights is filter.movePlain for a gain of 32 bits.
//
//go:noescape
func moveWeights(f *filter, gain int64)
