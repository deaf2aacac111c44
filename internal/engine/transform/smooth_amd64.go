//go:build !purego

package transform

// smoothCell makes the samples of a calm cell, in rows stride bytes apart, of means of up to mostSmooth: three of the row
// of cells above, three of its own, with it in the middle, and three of the row below.
//
//go:noescape
func smoothCell(dst *uint16, stride int, above, here, below *int32)
