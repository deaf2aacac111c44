//go:build !purego

package chroma

import (
	"testing"

	"github.com/qtgpu/qtgpu/internal/simdtest"
)

// eachPath runs a test of kernels on each path.
func eachPath(t *testing.T, test func(t *testing.T)) { simdtest.EachPath(t, vector, &wide, test) }
