//go:build !amd64 || purego

package cpufallback

const vector = false

func reducePairs(_, _ *uint64, _, _, _ *uint16, _, _ int) int {
	panic("cpufallback: no kernels in this build")
}
