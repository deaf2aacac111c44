//go:build !purego

package transform

// deblockLeft filters across n pairs of vertical borders, eight rows stride bytes apart. pix is four samples left of
// the first border, and betas has −1 where there is none.
//
//go:noescape
func deblockLeft(pix *uint16, stride int, betas *int16, n int)

// deblockAbove filters across horizontal borders below the third of six rows stride bytes apart, of n pairs of
// cells.
//
//go:noescape
func deblockAbove(pix *uint16, stride int, betas *int16, n int)
