//go:build !amd64

package rans

// Residuals decodes a row as Residual does, tables beginning with the first of its
// pass: the magnitude of each adds side times itself to the expectation of the
// next.
func (d *Decoder) Residuals(q, expect []int32, side int32, classes *Classes, tables []DecTable) {
	d.residuals(q, expect, 0, side, classes, tables)
}
