//go:build !amd64 || purego

package transform

import "testing"

func setVector(bool) bool { return vector }

func eachPath(t *testing.T, _ func(t *testing.T)) { t.Skip("no vector kernels in this build") }
