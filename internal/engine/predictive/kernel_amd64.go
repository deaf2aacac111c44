//go:build amd64 && !purego

package predictive

import (
	"golang.org/x/sys/cpu"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// avx2 tells whether the kernel of kernel_amd64.s is used.
var avx2 = cpu.X86.HasAVX2

// What the kernel knows of rans.
const (
	firstOctave  = rans.FirstOctave
	magnitudeCap = rans.MaxMagnitude
)

// vectorLen is the number of samples that the kernel finds at once.
const vectorLen = 8

// find is findPlain of the whole row.
func (r *exactRow) find() {
	whole := 0
	if avx2 && r.n >= vectorLen {
		whole = r.n &^ (vectorLen - 1)
		a := findArgs{
			v: &r.v[0], q: &r.q[0], class: &r.class[0], pred: &r.pred[0], expect: &r.expect[0],
			n: whole, side: r.side, left: r.left, lo: r.limits.Lo, hi: r.limits.Hi,
		}
		if r.limits.Known {
			a.known = 1
		}
		findExact(&a)
		r.left = a.left
	}
	r.findPlain(whole)
}

// findArgs is what findExact reads and, of left, writes. It reads and writes back what lies between samples and one
// more behind the last.
type findArgs struct {
	v, q         *int32
	class        *uint8
	pred, expect *int32
	n            int // a multiple of vectorLen
	side, left   int32
	lo, hi       int32
	known        int32
}

//go:noescape
func findExact(a *findArgs)

// place is placePlain of the whole row.
func (r *codedRow) place() {
	whole := 0
	if avx2 && r.n >= vectorLen {
		whole = r.n &^ (vectorLen - 1)
		a := placeArgs{
			v: &r.v[0], q: &r.q[0], code: &r.code[0], pred: &r.pred[0],
			n: whole, step: r.step, lo: r.limits.Lo, hi: r.limits.Hi,
		}
		if r.limits.Known {
			a.known = 1
		}
		placeCoded(&a)
	}
	r.placePlain(whole)
}

// placeArgs is what placeCoded reads; samples and residuals are as in findArgs.
type placeArgs struct {
	v, q       *int32
	code, pred *int32
	n          int // a multiple of vectorLen
	step       int32
	lo, hi     int32
	known      int32
}

//go:noescape
func placeCoded(a *placeArgs)

// clamp moves numbers to the nearest of a range.
func clamp(pix []int32, least, most int32) {
	whole := 0
	if avx2 && len(pix) >= vectorLen {
		whole = len(pix) &^ (vectorLen - 1)
		clampRange(&pix[0], whole, least, most)
	}
	clampPlain(pix[whole:], least, most)
}

//go:noescape
func clampRange(pix *int32, n int, least, most int32)
