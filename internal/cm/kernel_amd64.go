//go:build !purego

package cm

import "golang.org/x/sys/cpu"

// vector tells whether bits are coded by the kernels of kernel_amd64.s, which
// check no index and write code without looking for room.
var vector = cpu.X86.HasAVX2

// codeBit is Mixer.mix.
//
//go:noescape
func codeBit(m *Mixer, at *[Inputs]uint32, w, u *weights, b int) int

// codeLength is Mixer.length.
//
//go:noescape
func codeLength(m *Mixer, at *[Inputs]uint32, w, u *[Bins]weights, n, most, sign int) int

//go:noescape
func prefetch(slots *uint32, a, b uint32)

// Prefetch asks for the cache lines of two slots.
func (m *Mixer) Prefetch(a, b uint32) { prefetch(&m.slots[0], a, b) }
