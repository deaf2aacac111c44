//go:build !amd64 || purego

package transform

const extracts = false

func (*overviewEncoder) vectorRow(*segment, *refinement, int) int {
	panic("transform: no kernels in this build")
}
