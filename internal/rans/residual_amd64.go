//go:build !purego

package rans

import "golang.org/x/sys/cpu"

// fast tells whether rows are decoded by residuals.
var fast = cpu.X86.HasAVX2 && cpu.X86.HasBMI2

// residuals decodes up to n residuals, left being the magnitude of the one
// before, and returns their number: it stops before an escape and near the end
// of the words. It knows the layout of DecTable and Classes.
//
//go:noescape
func residuals(d *Decoder, q, expect *int32, n int, side, left int32, classes *Classes, tables *DecTable) int
