//go:build !purego

package cpufallback

import "golang.org/x/sys/cpu"

// vector tells whether nodes are reduced by the kernel of reduce_amd64.s.
var vector = cpu.X86.HasAVX2

// reducePairs reduces n pairs of whole nodes side by side, in rows stride bytes apart, up to one with a sample of more
// than 12 bits, and gives the number of pairs.
//
//go:noescape
func reducePairs(sum, sumSq *uint64, lo, hi *uint16, pix *uint16, stride, n int) int
