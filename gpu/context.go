//go:build cgo && linux && gpu && egl

package gpu

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// provider is a way to an OpenGL context.
type provider struct {
	name   string
	device bool // whether it is a device in hardware
	open   func(debug bool) (current, error)
}

// current is a context that is current on the calling thread.
type current interface {
	procAddress(name string) unsafe.Pointer
	close()
}

// loading guards what is one for the process: the entry points of package gl, the
// EGL library and GLFW.
var loading sync.Mutex

// errClosed reports the use of a closed context.
var errClosed = errors.New("the OpenGL context is closed")

// glContext is an OpenGL context on a goroutine and a thread of its own. Without
// one, calls of OpenGL do nothing and say nothing: they are made inside Do alone.
type glContext struct {
	device Candidate
	debug  bool
	jobs   chan func()
	done   chan struct{} // closed when the owner has left
	close  func()
	cur    current       // the owner's
	reset  func() uint32 // the status of the context, nil if it has none
	lost   error         // set by the owner when the device is gone
}

// openContext opens the context of a provider. The error is in the candidate too.
func openContext(p provider) (*glContext, Candidate) {
	c := &glContext{
		device: Candidate{Provider: p.name}, debug: os.Getenv("QTGPU_GPU_DEBUG") == "1",
		jobs: make(chan func()), done: make(chan struct{}),
	}
	quit := make(chan struct{})
	c.close = sync.OnceFunc(func() { close(quit); <-c.done })
	opened := make(chan error)
	go c.own(p, opened, quit)
	if c.device.Err = <-opened; c.device.Err != nil {
		c.device.Refused = p.device
		return nil, c.device
	}
	return c, c.device
}

// own is the owning goroutine. It stays on its thread, which ends with it.
func (c *glContext) own(p provider, opened chan<- error, quit <-chan struct{}) {
	runtime.LockOSThread()
	defer close(c.done)
	var err error
	if c.cur, err = p.open(c.debug); err != nil {
		opened <- err
		return
	}
	defer c.cur.close()
	if err := c.start(); err != nil {
		opened <- err
		return
	}
	opened <- nil
	for {
		select {
		case job := <-c.jobs:
			job()
		case <-quit:
			return
		}
	}
}

// start loads OpenGL and describes the device.
func (c *glContext) start() error {
	if err := loadGL(c.cur); err != nil {
		return err
	}
	d := &c.device
	d.Name, d.Driver, d.Version = text(gl.RENDERER), text(gl.VENDOR), text(gl.VERSION)
	d.Software = isSoftware(d.Name)
	d.Limits = readLimits()
	c.reset = findReset()
	if c.debug {
		debugOn()
	}
	return errors.Join(d.Limits.check(), c.errors("opening"))
}

// loadGL loads the entry points of package gl, which are one set for the process.
// Every name may resolve, so it is the version that tells.
func loadGL(cur current) error {
	loading.Lock()
	defer loading.Unlock()
	if err := gl.InitWithProcAddrFunc(cur.procAddress); err != nil {
		return fmt.Errorf("loading OpenGL: %w", err)
	}
	var major, minor int32
	gl.GetIntegerv(gl.MAJOR_VERSION, &major)
	gl.GetIntegerv(gl.MINOR_VERSION, &minor)
	if major < 4 || major == 4 && minor < 3 {
		return fmt.Errorf("OpenGL %d.%d, want at least 4.3", major, minor)
	}
	return nil
}

func text(name uint32) string {
	if s := gl.GetString(name); s != nil {
		return gl.GoStr(s)
	}
	return ""
}

// isSoftware knows the renderers that run on the CPU.
func isSoftware(renderer string) bool {
	r := strings.ToLower(renderer)
	for _, name := range []string{"llvmpipe", "softpipe", "swrast", "software", "swiftshader"} {
		if strings.Contains(r, name) {
			return true
		}
	}
	return false
}

func readLimits() (l Limits) {
	var v int32
	gl.GetInteger64v(gl.MAX_SHADER_STORAGE_BLOCK_SIZE, &l.BlockBytes)
	gl.GetIntegerv(gl.MAX_COMPUTE_SHADER_STORAGE_BLOCKS, &v)
	l.Blocks = int(v)
	for i := range l.Groups {
		gl.GetIntegeri_v(gl.MAX_COMPUTE_WORK_GROUP_COUNT, uint32(i), &v)
		l.Groups[i] = int(v)
	}
	gl.GetIntegerv(gl.MAX_COMPUTE_WORK_GROUP_INVOCATIONS, &v)
	l.Invocations = int(v)
	return l
}

// Do runs f on the owning goroutine and returns its error, or what OpenGL has to
// say of it. After a lost device every Do fails.
func (c *glContext) Do(f func() error) error {
	result := make(chan error, 1)
	job := func() {
		if c.lost != nil {
			result <- c.lost
			return
		}
		err := f()
		if glErr := c.errors("running"); err == nil {
			err = glErr
		}
		result <- err
	}
	select {
	case c.jobs <- job:
		return <-result
	case <-c.done:
		return errClosed
	}
}

// errors returns what OpenGL reports of the calls since the last time.
func (c *glContext) errors(doing string) error {
	var errs []error
	if c.reset != nil {
		if status := c.reset(); status != gl.NO_ERROR {
			c.lost = fmt.Errorf("the device was lost (reset status %#x)", status)
			return c.lost
		}
	}
	const most = 8 // a context that is gone may report for ever
	for range most {
		code := gl.GetError()
		if code == gl.NO_ERROR {
			break
		}
		errs = append(errs, fmt.Errorf("OpenGL error %s while %s", errorName(code), doing))
	}
	for _, message := range debugMessages() {
		errs = append(errs, errors.New(message))
	}
	return errors.Join(errs...)
}

// findReset returns the entry point that tells a lost device, nil where the
// context has none.
func findReset() func() uint32 {
	var n int32
	gl.GetIntegerv(gl.NUM_EXTENSIONS, &n)
	for i := range uint32(n) {
		switch gl.GoStr(gl.GetStringi(gl.EXTENSIONS, i)) {
		case "GL_KHR_robustness":
			return gl.GetGraphicsResetStatusKHR
		case "GL_ARB_robustness":
			return gl.GetGraphicsResetStatusARB
		}
	}
	return nil
}

func errorName(code uint32) string {
	switch code {
	case gl.OUT_OF_MEMORY:
		return "OUT_OF_MEMORY"
	case gl.INVALID_ENUM:
		return "INVALID_ENUM"
	case gl.INVALID_VALUE:
		return "INVALID_VALUE"
	case gl.INVALID_OPERATION:
		return "INVALID_OPERATION"
	case gl.CONTEXT_LOST:
		return "CONTEXT_LOST"
	}
	return fmt.Sprintf("%#x", code)
}
