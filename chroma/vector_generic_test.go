//go:build !amd64 || purego

package chroma

import "testing"

func eachPath(t *testing.T, _ func(t *testing.T)) { t.Skip("no vector kernels in this build") }
