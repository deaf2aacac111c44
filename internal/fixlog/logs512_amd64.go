//go:build !purego

package fixlog

import "github.com/qtgpu/qtgpu/internal/simd"

// wide tells whether there is a kernel for this machine.
var wide = simd.Wide

// intervals has log2Table by twos, the difference in the upper half.
var intervals = func() (t [1 << tableBits]uint64) {
	for i := range t {
		t[i] = uint64(log2Table[i]) | uint64(log2Table[i+1]-log2Table[i])<<32
	}
	return t
}()

// wideLogs is Logs of a multiple of 8 numbers.
func wideLogs(dst []int32, v []uint64) {
	if len(v) > 0 {
		logsOf(&dst[0], &v[0], len(v), &intervals[0])
	}
}

// logsOf is Logs of n numbers, a multiple of 8.
//
//go:noescape
func logsOf(dst *int32, v *uint64, n int, intervals *uint64)
