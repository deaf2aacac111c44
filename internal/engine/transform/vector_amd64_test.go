//go:build !purego

package transform

import "testing"

// setVector says whether there are kernels, and gives what was said before.
func setVector(v bool) bool {
	vector, v = v, vector
	return v
}

// eachPath runs a test of kernels with the ones for AVX2 alone, and with the ones for AVX-512, where this machine has them.
func eachPath(t *testing.T, test func(t *testing.T)) {
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
	for _, path := range []struct {
		name string
		wide bool
	}{{"AVX2", false}, {"AVX-512", true}} {
		t.Run(path.name, func(t *testing.T) {
			if path.wide && !wide {
				t.Skip("no AVX-512 on this machine")
			}
			defer func(was bool) { wide = was }(wide)
			wide = path.wide
			test(t)
		})
	}
}
