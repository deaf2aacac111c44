//go:build !purego

package transform

import (
	"golang.org/x/sys/cpu"

	"github.com/qtgpu/qtgpu/internal/simd"
)

// vector tells whether blocks are restored by the kernels of restorekernel_amd64.s.
var vector = cpu.X86.HasAVX2

// wide tells whether there are kernels for AVX-512 in the place of some of these.
var wide = simd.Wide

// restorePlain restores n blocks of luma, whose window begins at pix, in rows stride bytes apart.
//
//go:noescape
func restorePlain(blocks *restoredBlock, n int, pix *byte, stride int)

// restoreGuided restores n blocks of chroma, with luma at guide.
//
//go:noescape
func restoreGuided(blocks *restoredBlock, n int, pix *byte, stride int, guide *byte)

// judgePlain adds the errors of n blocks of luma, and keeps their sums, as chooser.judge does; rows of what they should be are
// stride bytes apart.
//
//go:noescape
func judgePlain(blocks *judgedBlock, n int, pix *byte, errors *strengthErrors, stride int)

// judgeGuided is judgePlain of chroma, with luma at guide.
//
//go:noescape
func judgeGuided(blocks *judgedBlock, n int, pix *byte, errors *strengthErrors, stride int, guide *byte)

// restoreKept adds the sums of n blocks to the samples of an area, in rows stride bytes apart, as addSums does.
//
//go:noescape
func restoreKept(kept *keptSums, n int, pix *uint16, stride int, strength int32)
