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

// judgePlain adds the errors of a row of blocks of luma, as chooser.judge does.
//
//go:noescape
func judgePlain(k *judging)

// judgeGuided is judgePlain of chroma, and keeps sums.
//
//go:noescape
func judgeGuided(k *judging)

// restoreKept adds the sums of n blocks to the samples of an area, in rows stride bytes apart, as addSums does.
//
//go:noescape
func restoreKept(kept *keptSums, n int, pix *uint16, stride int, strength int32)
