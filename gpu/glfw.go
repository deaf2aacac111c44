//go:build cgo && linux && gpu && egl && glfw

package gpu

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/go-gl/glfw/v3.3/glfw"
)

// glfwProviders is a hidden window on the desktop.
func glfwProviders() []provider {
	return []provider{{name: "GLFW hidden window", open: openGLFW}}
}

// initGLFW runs once for the process: other windows may be open when one is
// closed, so GLFW is never terminated. Without a display Init returns nil, and
// the next call panics.
var initGLFW = sync.OnceValue(func() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("initialising GLFW: %v", p)
		}
	}()
	if err := glfw.Init(); err != nil {
		return fmt.Errorf("initialising GLFW: %w", err)
	}
	glfw.GetTime()
	return nil
})

// glfwCurrent is the context of a hidden window, current on its thread.
type glfwCurrent struct{ window *glfw.Window }

func openGLFW(debug bool) (current, error) {
	loading.Lock()
	defer loading.Unlock()
	if err := initGLFW(); err != nil {
		return nil, err
	}
	glfw.DefaultWindowHints()
	glfw.WindowHint(glfw.Visible, glfw.False)
	glfw.WindowHint(glfw.ContextVersionMajor, 4)
	glfw.WindowHint(glfw.ContextVersionMinor, 3)
	glfw.WindowHint(glfw.OpenGLProfile, glfw.OpenGLCoreProfile)
	if debug {
		glfw.WindowHint(glfw.OpenGLDebugContext, glfw.True)
	}
	w, err := glfw.CreateWindow(1, 1, "qtgpu", nil, nil)
	switch {
	case err != nil:
		return nil, fmt.Errorf("creating a window with OpenGL 4.3 core: %w", err)
	case w == nil:
		return nil, errors.New("creating a window with OpenGL 4.3 core: no window and no error")
	}
	w.MakeContextCurrent()
	return &glfwCurrent{w}, nil
}

func (c *glfwCurrent) procAddress(name string) unsafe.Pointer { return glfw.GetProcAddress(name) }

func (c *glfwCurrent) close() {
	loading.Lock()
	defer loading.Unlock()
	glfw.DetachCurrentContext()
	c.window.Destroy()
}
