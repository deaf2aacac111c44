//go:build cgo && linux && gpu && egl

#include "egl.h"

#include <dlfcn.h>
#include <stddef.h>

static struct {
	PFNEGLGETPROCADDRESSPROC getProcAddress;
	PFNEGLINITIALIZEPROC initialize;
	PFNEGLBINDAPIPROC bindAPI;
	PFNEGLCHOOSECONFIGPROC chooseConfig;
	PFNEGLCREATECONTEXTPROC createContext;
	PFNEGLCREATEPBUFFERSURFACEPROC createPbufferSurface;
	PFNEGLMAKECURRENTPROC makeCurrent;
	PFNEGLDESTROYCONTEXTPROC destroyContext;
	PFNEGLDESTROYSURFACEPROC destroySurface;
	PFNEGLRELEASETHREADPROC releaseThread;
	PFNEGLGETERRORPROC getError;
	PFNEGLGETPLATFORMDISPLAYEXTPROC getPlatformDisplay;
	PFNEGLQUERYDEVICESEXTPROC queryDevices;
	PFNEGLQUERYDEVICESTRINGEXTPROC queryDeviceString;
} egl;

// The one symbol that package gl links against. Hidden, or libEGL's own calls
// could resolve to it.
__attribute__((visibility("hidden")))
__eglMustCastToProperFunctionPointerType eglGetProcAddress(const char *name)
{
	return egl.getProcAddress == NULL ? NULL : egl.getProcAddress(name);
}

#define LOAD(field, name) \
	if ((*(void **)&egl.field = dlsym(lib, name)) == NULL) return "libEGL.so.1 lacks " name
#define EXTENSION(field, name) egl.field = (void *)egl.getProcAddress(name)

const char *qt_egl_load(void)
{
	if (egl.getPlatformDisplay != NULL) return NULL;
	void *lib = dlopen("libEGL.so.1", RTLD_NOW | RTLD_LOCAL);
	if (lib == NULL) return dlerror();
	LOAD(getProcAddress, "eglGetProcAddress");
	LOAD(initialize, "eglInitialize");
	LOAD(bindAPI, "eglBindAPI");
	LOAD(chooseConfig, "eglChooseConfig");
	LOAD(createContext, "eglCreateContext");
	LOAD(createPbufferSurface, "eglCreatePbufferSurface");
	LOAD(makeCurrent, "eglMakeCurrent");
	LOAD(destroyContext, "eglDestroyContext");
	LOAD(destroySurface, "eglDestroySurface");
	LOAD(releaseThread, "eglReleaseThread");
	LOAD(getError, "eglGetError");
	EXTENSION(queryDevices, "eglQueryDevicesEXT");
	EXTENSION(queryDeviceString, "eglQueryDeviceStringEXT");
	EXTENSION(getPlatformDisplay, "eglGetPlatformDisplayEXT");
	return egl.getPlatformDisplay == NULL ? "libEGL.so.1 lacks eglGetPlatformDisplayEXT" : NULL;
}

int qt_egl_devices(EGLDeviceEXT *device, const char **extensions, int max)
{
	EGLint n = 0;
	if (egl.queryDevices == NULL || !egl.queryDevices(max, device, &n)) return 0;
	for (int i = 0; i < n; i++) {
		const char *s = egl.queryDeviceString == NULL ? NULL : egl.queryDeviceString(device[i], EGL_EXTENSIONS);
		extensions[i] = s == NULL ? "" : s;
	}
	return n;
}

// A context that tells when the device is lost, or else a plain one.
static EGLContext create(EGLDisplay display, EGLConfig config, int debug)
{
	const EGLint attributes[] = {
		EGL_CONTEXT_MAJOR_VERSION, 4, EGL_CONTEXT_MINOR_VERSION, 3,
		EGL_CONTEXT_OPENGL_PROFILE_MASK, EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
		EGL_CONTEXT_OPENGL_DEBUG, debug ? EGL_TRUE : EGL_FALSE,
		EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY, EGL_LOSE_CONTEXT_ON_RESET,
		EGL_NONE,
	};
	EGLContext context = egl.createContext(display, config, EGL_NO_CONTEXT, attributes);
	if (context != EGL_NO_CONTEXT) return context;
	const EGLint plain[] = {
		EGL_CONTEXT_MAJOR_VERSION, 4, EGL_CONTEXT_MINOR_VERSION, 3,
		EGL_CONTEXT_OPENGL_PROFILE_MASK, EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
		EGL_NONE,
	};
	return egl.createContext(display, config, EGL_NO_CONTEXT, plain);
}

static void destroy(qt_egl *e)
{
	egl.makeCurrent(e->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
	if (e->surface != EGL_NO_SURFACE) egl.destroySurface(e->display, e->surface);
	if (e->context != EGL_NO_CONTEXT) egl.destroyContext(e->display, e->context);
	e->surface = EGL_NO_SURFACE;
	e->context = EGL_NO_CONTEXT;
}

// With a config there is a surface of one pixel besides.
static const char *make(qt_egl *e, EGLConfig config, int debug)
{
	const EGLint pixel[] = { EGL_WIDTH, 1, EGL_HEIGHT, 1, EGL_NONE };
	e->context = create(e->display, config, debug);
	if (e->context == EGL_NO_CONTEXT) return "eglCreateContext for OpenGL 4.3 core";
	if (config != EGL_NO_CONFIG_KHR) {
		e->surface = egl.createPbufferSurface(e->display, config, pixel);
		if (e->surface == EGL_NO_SURFACE) return "eglCreatePbufferSurface";
	}
	if (!egl.makeCurrent(e->display, e->surface, e->surface, e->context)) return "eglMakeCurrent";
	return NULL;
}

const char *qt_egl_open(qt_egl *e, EGLenum platform, void *native, int debug, EGLint *code)
{
	const EGLint want[] = { EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE };
	EGLConfig config;
	EGLint n = 0;
	const char *failed = "eglGetPlatformDisplay";

	e->surface = EGL_NO_SURFACE;
	e->context = EGL_NO_CONTEXT;
	e->display = egl.getPlatformDisplay(platform, native, NULL);
	if (e->display == EGL_NO_DISPLAY) goto fail;
	failed = "eglInitialize";
	if (!egl.initialize(e->display, NULL, NULL)) goto fail;
	failed = "eglBindAPI";
	if (!egl.bindAPI(EGL_OPENGL_API)) goto fail;
	failed = make(e, EGL_NO_CONFIG_KHR, debug);
	if (failed == NULL) return NULL;
	*code = egl.getError();
	destroy(e);
	if (!egl.chooseConfig(e->display, want, &config, 1, &n) || n == 0) return failed;
	failed = make(e, config, debug);
	if (failed == NULL) return NULL;
	*code = egl.getError();
	destroy(e);
	return failed;
fail:
	*code = egl.getError();
	return failed;
}

void qt_egl_close(qt_egl *e)
{
	destroy(e);
	egl.releaseThread();
}
