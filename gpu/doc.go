// Package gpu is the OpenGL backend: compute shaders that make the planes of an
// image and their pyramids, and transforms, costs and levels of the nodes that it is
// asked for, identical in every integer to package cpufallback's.
//
// It is built on Linux with cgo and the tags gpu and egl, and with the tag glfw
// reaches a desktop through a hidden window besides; without them Open says so. It
// needs no library at link time: EGL is loaded when a device is opened.
package gpu
