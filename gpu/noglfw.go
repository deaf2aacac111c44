//go:build cgo && linux && gpu && egl && !glfw

package gpu

// glfwProviders is empty in a build without the tag glfw.
func glfwProviders() []provider { return nil }
