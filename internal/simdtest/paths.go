// Package simdtest runs tests of kernels on each path that a machine has.
package simdtest

import "testing"

// EachPath runs a test of kernels with the ones for AVX2 alone, and with the ones for AVX-512, as wide tells, where there are such. It is
// skipped where there are no kernels.
func EachPath(t *testing.T, vector bool, wide *bool, test func(t *testing.T)) {
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
	was := *wide
	for _, path := range []struct {
		name string
		wide bool
	}{{"AVX2", false}, {"AVX-512", true}} {
		t.Run(path.name, func(t *testing.T) {
			if path.wide && !was {
				t.Skip("no AVX-512 on this machine")
			}
			defer func() { *wide = was }()
			*wide = path.wide
			test(t)
		})
	}
}
