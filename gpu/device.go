package gpu

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/qtgpu/qtgpu/tree"
)

// Backend is a tree.Backend and tree.Reducer on an open device. It holds one GL context, which one
// goroutine owns; calls from several goroutines take turns.
type Backend interface {
	tree.Backend
	tree.Reducer
	// Device tells what was opened.
	Device() Candidate
	// Trace has f called with the time that each dispatch took on the device, in
	// order, by its own clock; nil ends it. Not to be called during a Prepare.
	Trace(f func(dispatch string, took time.Duration))
	// Close frees the context and all its buffers. Calls after it fail.
	Close() error
}

// Candidate is an OpenGL implementation that was tried.
type Candidate struct {
	Provider string // how it was reached: "EGL device 0", "GLFW hidden window"
	Name     string // GL_RENDERER
	Driver   string // GL_VENDOR
	Version  string // GL_VERSION
	Limits   Limits
	Software bool  // it runs on the CPU, slower than package cpufallback
	Refused  bool  // it is a device in hardware, but gave no context
	Err      error // why it cannot be used; the fields above may then be empty
}

// Limits of a device that the backend keeps, whether or not the driver checks them.
type Limits struct {
	BlockBytes  int64  // of a storage block
	Blocks      int    // storage blocks of a compute shader
	Groups      [2]int // of a dispatch in x and y
	Invocations int    // of a group
}

// check reports a limit that is below what OpenGL 4.3 guarantees.
func (l *Limits) check() error {
	if l.BlockBytes < 1<<24 || l.Blocks < 8 || min(l.Groups[0], l.Groups[1]) < 65535 || l.Invocations < 1024 {
		return fmt.Errorf("limits %+v, below those of OpenGL 4.3", *l)
	}
	return nil
}

func (c Candidate) String() string {
	if c.Name == "" {
		return c.Provider
	}
	return fmt.Sprintf("%s, OpenGL %s (%s)", c.Name, c.Version, c.Provider)
}

// ErrUnavailable reports a build without GPU support.
var ErrUnavailable = errors.New("built without GPU support: rebuild with -tags gpu,egl")

// errSoftware refuses a software device that was not asked for.
var errSoftware = errors.New("a software renderer, taken only on request")

// NoDeviceError reports that none of the candidates can be used.
type NoDeviceError struct{ Candidates []Candidate }

// Refused tells whether there is a device in hardware that gave no context.
func (e *NoDeviceError) Refused() bool {
	return slices.ContainsFunc(e.Candidates, func(c Candidate) bool { return c.Refused })
}

func (e *NoDeviceError) Error() string {
	if len(e.Candidates) == 0 {
		return "no OpenGL device"
	}
	tried := make([]string, len(e.Candidates))
	for i, c := range e.Candidates {
		tried[i] = fmt.Sprintf("%v: %v", c, c.Err)
	}
	return "no OpenGL device can be used; tried " + strings.Join(tried, "; ")
}
