//go:build cgo && linux && gpu && egl

// EGL by dlopen, so that the program runs where no driver is installed.

#define EGL_NO_X11
#include <EGL/egl.h>
#include <EGL/eglext.h>

// What makes up one current context.
typedef struct {
	EGLDisplay display;
	EGLContext context;
	EGLSurface surface;
} qt_egl;

// Loads the library once; returns NULL, or what is wrong.
const char *qt_egl_load(void);

// Writes up to max devices, with the extensions of each; returns how many.
int qt_egl_devices(EGLDeviceEXT *device, const char **extensions, int max);

// Makes a core context of version 4.3 current on this thread. Returns NULL, or
// the step that failed, with its EGL error in *code.
const char *qt_egl_open(qt_egl *e, EGLenum platform, void *native, int debug, EGLint *code);

// Destroys the context and what EGL keeps for this thread, not the display:
// every caller of a platform shares it.
void qt_egl_close(qt_egl *e);
