package rans

import "golang.org/x/sys/cpu"

// fast tells whether rows are decoded by residuals.
var fast = cpu.X86.HasAVX2 && cpu.X86.HasBMI2

// residuals decodes up to n residuals, left being the magnitude of the one
// before, and returns their number: it stops before an escape and near the end
// of the words. It knows the layout of DecTable and Classes.
//
//go:noescape
func residuals(d *Decoder, q, expect *int32, n int, side, left int32, packed *uint32, tables *DecTable) int

// Residuals decodes a row as Residual does, tables beginning with the first of its
// pass: the magnitude of each adds side times itself to the expectation of the
// next.
func (d *Decoder) Residuals(q, expect []int32, side int32, classes *Classes, tables []DecTable) {
	if !fast {
		d.residuals(q, expect, 0, side, classes, tables)
		return
	}
	left := int32(0)
	tables = tables[:classes.contexts]
	for len(expect) > 0 {
		n := residuals(d, &q[0], &expect[0], len(expect), side, left, &classes.packed[0], &tables[0])
		if n == len(expect) {
			return
		}
		if n > 0 {
			left = Magnitude(q[n-1])
		}
		left = d.residuals(q[n:n+1], expect[n:n+1], left, side, classes, tables)
		q, expect = q[n+1:], expect[n+1:]
	}
}
