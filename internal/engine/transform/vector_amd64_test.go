//go:build !purego

package transform

import (
	"testing"

	"github.com/qtgpu/qtgpu/internal/simdtest"
)

// setVector says whether there are kernels, and gives what was said before.
func setVector(v bool) bool {
	vector, v = v, vector
	return v
}

// eachPath runs a test of kernels on each path.
func eachPath(t *testing.T, test func(t *testing.T)) { simdtest.EachPath(t, vector, &wide, test) }
