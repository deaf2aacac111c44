//go:build cgo && linux && gpu && egl

package gpu

import (
	"fmt"
	"strings"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// use makes a program current, which it compiles the first time.
func (b *backend) use(p program) error {
	id, ok := b.programs[p]
	if !ok {
		s, err := p.expand()
		if err != nil {
			return err
		}
		if id, err = compile(s); err != nil {
			return fmt.Errorf("compiling %v for %v: %w", p, b.device, err)
		}
		b.programs[p] = id
	}
	gl.UseProgram(id)
	return nil
}

// compile compiles and links a compute shader. The error is the compiler's, by
// file and line.
func compile(s *source) (uint32, error) {
	shader := gl.CreateShader(gl.COMPUTE_SHADER)
	defer gl.DeleteShader(shader)
	text, free := gl.Strs(s.text + "\x00")
	defer free()
	gl.ShaderSource(shader, 1, text, nil)
	gl.CompileShader(shader)
	var ok int32
	if gl.GetShaderiv(shader, gl.COMPILE_STATUS, &ok); ok != gl.TRUE {
		return 0, fmt.Errorf("%s", s.explain(log(shader, gl.GetShaderiv, gl.GetShaderInfoLog)))
	}
	id := gl.CreateProgram()
	gl.AttachShader(id, shader)
	gl.LinkProgram(id)
	if gl.GetProgramiv(id, gl.LINK_STATUS, &ok); ok != gl.TRUE {
		defer gl.DeleteProgram(id)
		return 0, fmt.Errorf("linking %s: %s", s.files[0], s.explain(log(id, gl.GetProgramiv, gl.GetProgramInfoLog)))
	}
	return id, nil
}

// log is what the compiler or the linker said.
func log(id uint32, get func(id, name uint32, v *int32), text func(id uint32, size int32, length *int32, log *uint8)) string {
	var n int32
	get(id, gl.INFO_LOG_LENGTH, &n)
	if n <= 1 {
		return "no message from the driver"
	}
	buf := make([]byte, n)
	text(id, n, nil, &buf[0])
	return strings.TrimSpace(gl.GoStr(&buf[0]))
}

func bind(binding int, b *buffer) {
	gl.BindBufferBase(gl.SHADER_STORAGE_BUFFER, uint32(binding), b.id)
}
