//go:build !purego

package chroma

// blend sets n packed samples as blendRows does, 16 at least.
//
//go:noescape
func blend(t *uint32, cbNear, crNear, cbFar, crFar *uint16, n int)

// midpoints interpolates n samples of t, 8 at least, which begins with the one before them and ends with the
// one behind, as interpolate does.
//
//go:noescape
func midpoints(dst, t *uint32, n int)

// follow adds to n packed pixels, a multiple of 8, as addSlopes does.
//
//go:noescape
func follow(c *uint32, luma *uint16, low, slopes *uint32, n int)
