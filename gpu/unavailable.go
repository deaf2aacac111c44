//go:build !cgo || !linux || !gpu || !egl

package gpu

// Devices tells why there is none.
func Devices() []Candidate { return []Candidate{{Provider: "OpenGL", Err: ErrUnavailable}} }

// Open returns ErrUnavailable.
func Open(software bool) (Backend, error) { return nil, ErrUnavailable }
