//go:build !purego

package transform

// setVector says whether there are kernels, and gives what was said before.
func setVector(v bool) bool {
	vector, v = v, vector
	return v
}
