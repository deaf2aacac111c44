//go:build cgo && linux && gpu && egl

package gpu

/*
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "egl.h"
*/
import "C"

import (
	"fmt"
	"strings"
	"unsafe"
)

// maxDevices is the most EGL devices that are listed.
const maxDevices = 16

// eglProviders are the devices of EGL, then Mesa's platform without any; the
// devices that are software come apart.
func eglProviders() (hardware, software []provider, err error) {
	loading.Lock()
	defer loading.Unlock()
	if failed := C.qt_egl_load(); failed != nil {
		return nil, nil, fmt.Errorf("loading EGL: %s", C.GoString(failed))
	}
	var device [maxDevices]C.EGLDeviceEXT
	var extensions [maxDevices]*C.char
	n := C.qt_egl_devices(&device[0], &extensions[0], maxDevices)
	for i := range int(n) {
		p := provider{name: fmt.Sprintf("EGL device %d", i), open: openEGL(C.EGL_PLATFORM_DEVICE_EXT, unsafe.Pointer(device[i]))}
		if strings.Contains(C.GoString(extensions[i]), "EGL_MESA_device_software") {
			software = append(software, p)
		} else {
			p.device = true
			hardware = append(hardware, p)
		}
	}
	surfaceless := provider{name: "EGL surfaceless", open: openEGL(C.EGL_PLATFORM_SURFACELESS_MESA, nil)}
	return append(hardware, surfaceless), software, nil
}

// eglCurrent is a context of EGL, current on the thread that opened it.
type eglCurrent struct{ e C.qt_egl }

func openEGL(platform C.EGLenum, native unsafe.Pointer) func(debug bool) (current, error) {
	return func(debug bool) (current, error) {
		c := new(eglCurrent)
		var code C.EGLint
		want := C.int(0)
		if debug {
			want = 1
		}
		if failed := C.qt_egl_open(&c.e, platform, native, want, &code); failed != nil {
			return nil, fmt.Errorf("%s: EGL error %#x", C.GoString(failed), int(code))
		}
		return c, nil
	}
}

func (c *eglCurrent) procAddress(name string) unsafe.Pointer {
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	return unsafe.Pointer(C.eglGetProcAddress(s))
}

func (c *eglCurrent) close() { C.qt_egl_close(&c.e) }
