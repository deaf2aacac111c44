//go:build !amd64 || purego

package chroma

const vector, wide = false, false

func rgb8(*byte, *uint16, *uint32, int) int { panic("chroma: no kernels in this build") }

func rgb8Of4(*byte, *uint16, *uint32, int) { panic("chroma: no kernels in this build") }

func rows444(_, _, _ *uint16, _ *byte, _, _, _ int) { panic("chroma: no kernels in this build") }

func rows420(_, _, _, _ *uint16, _, _ *byte, _, _, _ int) { panic("chroma: no kernels in this build") }

func wideRows444(_, _, _ *uint16, _ *byte, _, _, _ int) { panic("chroma: no kernels in this build") }

func wideRows420(_, _, _, _ *uint16, _, _ *byte, _, _, _ int) {
	panic("chroma: no kernels in this build")
}

func blend(_ *uint32, _, _, _, _ *uint16, _ int) { panic("chroma: no kernels in this build") }

func midpoints(_, _ *uint32, _ int) { panic("chroma: no kernels in this build") }

func follow(_ *uint32, _ *uint16, _, _ *uint32, _ int) { panic("chroma: no kernels in this build") }

func lowRows(_, _, _ *uint16, _ int) { panic("chroma: no kernels in this build") }

func (*Guide) vectorRows(int, int) bool { return false }

// sumKernel is of kernels alone.
type sumKernel struct{}

func (*Guide) vectorSum(*[2]GuideSums, []Plane, int) bool { return false }
