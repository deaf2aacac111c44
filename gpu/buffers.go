//go:build cgo && linux && gpu && egl

package gpu

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// buffer is a storage buffer on the device. It grows and is kept from image to
// image. Its methods are called inside Do.
type buffer struct {
	id   uint32
	size int // in bytes
}

// reserve makes room for size bytes; what was there may be lost.
func (b *buffer) reserve(size int) error {
	if size <= b.size {
		return nil
	}
	if b.id == 0 {
		gl.GenBuffers(1, &b.id)
	}
	b.size = 0
	gl.BindBuffer(gl.SHADER_STORAGE_BUFFER, b.id)
	gl.BufferData(gl.SHADER_STORAGE_BUFFER, size, nil, gl.DYNAMIC_DRAW)
	if code := gl.GetError(); code != gl.NO_ERROR {
		return fmt.Errorf("allocating %d bytes on the device: %s", size, errorName(code))
	}
	b.size = size
	return nil
}

// write copies p to the buffer from byte offset on.
func write[T byte | uint16 | uint32 | uint64](b *buffer, offset int, p []T) {
	gl.BindBuffer(gl.SHADER_STORAGE_BUFFER, b.id)
	gl.BufferSubData(gl.SHADER_STORAGE_BUFFER, offset, len(p)*int(unsafe.Sizeof(p[0])), unsafe.Pointer(&p[0]))
}

// read shows f the first size bytes of the buffer, aligned to 8.
func (b *buffer) read(size int, f func(p unsafe.Pointer)) error {
	gl.BindBuffer(gl.SHADER_STORAGE_BUFFER, b.id)
	p := gl.MapBufferRange(gl.SHADER_STORAGE_BUFFER, 0, size, gl.MAP_READ_BIT)
	if p == nil {
		return fmt.Errorf("mapping %d bytes of the device: the device may be lost (OpenGL error %s)", size, errorName(gl.GetError()))
	}
	f(p)
	if !gl.UnmapBuffer(gl.SHADER_STORAGE_BUFFER) {
		return errors.New("memory of the device was lost while it was read")
	}
	return nil
}

func (b *buffer) free() {
	gl.DeleteBuffers(1, &b.id)
	*b = buffer{}
}

// copyRows copies h rows of w values.
func copyRows[T any](dst []T, dstStride int, src []T, srcStride, w, h int) {
	if dstStride == w && srcStride == w {
		copy(dst[:w*h], src)
		return
	}
	for y := range h {
		copy(dst[y*dstStride:][:w], src[y*srcStride:][:w])
	}
}
