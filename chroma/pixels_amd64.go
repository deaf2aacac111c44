//go:build !purego

package chroma

import "golang.org/x/sys/cpu"

// vector tells whether pixels are made by the kernels of pixels_amd64.s.
var vector = cpu.X86.HasAVX2

// rgb8 converts up to n pixels of three bytes as inverseRGB8 does, and returns their number.
//
//go:noescape
func rgb8(dst *byte, y *uint16, c *uint32, n int) int

// rgb8Of4 converts n pixels of four bytes, a multiple of 8, of which the fourth stays as it was.
//
//go:noescape
func rgb8Of4(dst *byte, y *uint16, c *uint32, n int)

// rows444 converts n times 8 pixels of step bytes, three or four, as forward444Pairs does. It reads as
// far as rows420, and asks for the same pixels.
//
//go:noescape
func rows444(y, cb, cr *uint16, p *byte, step, n, ahead int)

// rows420 converts n times 8×2 pixels of step bytes, three or four, as forward420Pairs does. It reads
// up to four bytes behind the last pixels, and asks for what lies ahead of it by that many bytes.
//
//go:noescape
func rows420(l0, l1, cb, cr *uint16, p0, p1 *byte, step, n, ahead int)
