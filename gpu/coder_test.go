//go:build cgo && linux && gpu && egl

package gpu

import (
	"testing"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/reducetest"
)

// TestCoder: the stages below the pyramid, with the planes on the device, and with little room for
// all.
func TestCoder(t *testing.T) {
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			b.block = min(b.block, block)
			reducetest.RunCoder(t, b, cpufallback.New(0))
		})
	}
}
