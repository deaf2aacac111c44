//go:build cgo && linux && gpu && egl && glfw

package gpu

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGLFW: a hidden window gives the same integers, and is no panic without a
// display. CI runs it under xvfb-run.
func TestGLFW(t *testing.T) {
	c, candidate := openContext(glfwProviders()[0])
	if os.Getenv("DISPLAY") == "" {
		assert.Nil(t, c)
		assert.ErrorContains(t, candidate.Err, "GLFW")
		t.Skipf("no DISPLAY: %v", candidate.Err)
	}
	require.NoError(t, candidate.Err)
	b := newBackend(c)
	require.NoError(t, sameAsCPU(t, b, somePicture(), true), b.Device())
	other, candidate := openContext(glfwProviders()[0])
	require.NoError(t, candidate.Err, "a second window")
	other.close()
	require.NoError(t, sameAsCPU(t, b, somePicture(), false), "after the second window is closed")
	require.NoError(t, b.Close())
}
