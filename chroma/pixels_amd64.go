//go:build !purego

package chroma

import "golang.org/x/sys/cpu"

// vector tells whether pixels are made by the kernels of pixels_amd64.s.
var vector = cpu.X86.HasAVX2

// rgb8 converts up to n pixels of three bytes as inverseRGB8 does, and returns their number.
//
//go:noescape
func rgb8(dst *byte, y *uint16, c *uint32, n int) int

// rows420 converts n times 8×2 pixels of step bytes, three or four, as forward420Pairs does. It reads
// up to four bytes behind the last pixels.
//
//go:noescape
func rows420(l0, l1, cb, cr *uint16, p0, p1 *byte, step, n int)
