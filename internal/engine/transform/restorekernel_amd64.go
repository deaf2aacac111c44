//go:build !purego

package transform

import "golang.org/x/sys/cpu"

// vector tells whether blocks are restored by the kernels of restorekernel_amd64.s.
var vector = cpu.X86.HasAVX2

// blockSums are the plainSums of a block whose first sample is at pix, of n weights.
//
//go:noescape
func blockSums(dst *[block * block]int32, pix *byte, weights *weighted, n int, wide, narrow int32)

// guidedBlockSums are the guidedSums of a block whose first sample is at pix, and of luma at guide.
//
//go:noescape
func guidedBlockSums(dst *[block * block]int32, pix *byte, weights *weighted, n int, wide, narrow int32, guide *byte, slope int32)

// restorePlain restores n blocks of luma, whose window begins at pix, in rows stride bytes apart.
//
//go:noescape
func restorePlain(blocks *restoredBlock, n int, pix *byte, stride int)

// restoreGuided restores n blocks of chroma, with luma at guide.
//
//go:noescape
func restoreGuided(blocks *restoredBlock, n int, pix *byte, stride int, guide *byte)
