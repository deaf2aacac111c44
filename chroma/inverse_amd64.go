//go:build !purego

package chroma

import "golang.org/x/sys/cpu"

// vector tells whether pixels are made by the kernel of inverse_amd64.s.
var vector = cpu.X86.HasAVX2

// rgb8 converts up to n pixels of three bytes as inverseRGB8 does, and returns their number.
//
//go:noescape
func rgb8(dst *byte, y *uint16, c *uint32, n int) int
