//go:build cgo && linux && gpu && egl

package gpu

// providers are the ways to a context in the order of preference, those to known
// software last. What a whole library lacks is a candidate with its error.
func providers() (list []provider, missing []Candidate) {
	hardware, software, err := eglProviders()
	if err != nil {
		missing = append(missing, Candidate{Provider: "EGL", Err: err})
	}
	list = append(hardware, glfwProviders()...)
	return append(list, software...), missing
}

// Devices tries every OpenGL implementation and closes it again.
func Devices() []Candidate {
	list, found := providers()
	for _, p := range list {
		c, candidate := openContext(p)
		if c != nil {
			c.close()
		}
		found = append(found, candidate)
	}
	return found
}

// Open opens the first hardware device, or with software the first device at all
// where there is none in hardware. Where nothing can be used the error is a
// *NoDeviceError that lists what was tried.
func Open(software bool) (Backend, error) {
	list, tried := providers()
	var soft []provider
	for _, p := range list {
		c, candidate := openContext(p)
		switch {
		case c == nil:
		case candidate.Software:
			c.close()
			soft = append(soft, p)
			candidate.Err = errSoftware
		default:
			return newBackend(c), nil
		}
		tried = append(tried, candidate)
	}
	if !software {
		return nil, &NoDeviceError{tried}
	}
	for _, p := range soft {
		if c, _ := openContext(p); c != nil {
			return newBackend(c), nil
		}
	}
	return nil, &NoDeviceError{tried}
}
