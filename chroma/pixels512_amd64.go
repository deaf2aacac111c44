//go:build !purego

package chroma

import "github.com/qtgpu/qtgpu/internal/simd"

// wide tells whether pixels are taken by the kernels of pixels512_amd64.s.
var wide = simd.Wide

// widePlaces are the bytes of 16 pixels of three and of four bytes, as pairs of words: of red and green, green and blue, red and blue.
//
//lint:ignore U1000 memory of the kernels
var widePlaces = func() (t [2][3][64]uint8) {
	for extra := range t {
		for p, of := range [3][2]int{{0, 1}, {1, 2}, {0, 2}} {
			for i := range 16 {
				t[extra][p][4*i], t[extra][p][4*i+2] = uint8((3+extra)*i+of[0]), uint8((3+extra)*i+of[1])
			}
		}
	}
	return t
}()

// wideRows444 is rows444 of n times 16 pixels. It reads no further.
//
//go:noescape
func wideRows444(y, cb, cr *uint16, p *byte, step, n, ahead int)

// wideRows420 is rows420 of n times 16×2 pixels. It reads no further.
//
//go:noescape
func wideRows420(l0, l1, cb, cr *uint16, p0, p1 *byte, step, n, ahead int)
