package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/term"
)

// stdoutFD is the descriptor of standard output.
const stdoutFD = 1

// stream is standard output, a device or a pipe. Its errors bear its name.
type stream struct {
	name   string
	w      io.Writer
	closed bool
}

func (s *stream) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	return n, at(s.name, err)
}

// Close closes a stream once. It fails where an earlier write turns out to have failed,
// as it may over a network.
func (s *stream) Close() error {
	c, ok := s.w.(io.Closer)
	if !ok || s.closed {
		return nil
	}
	s.closed = true
	return at(s.name, c.Close())
}

func (s *stream) isTerminal() bool {
	f, ok := s.w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// openStream opens what target.isStream tells. A write of no bytes shows whether it can
// be written.
func (a *app) openStream(name string, t *target) (*stream, error) {
	s, err := a.stdout, error(nil)
	if t.fd != stdoutFD {
		s = &stream{name: name}
		s.w, err = t.open()
	} else if f, ok := s.w.(*os.File); ok && wasClosed(f) {
		err = errors.New("is closed, or /dev/null opened for reading too: -o /dev/null writes nowhere")
	}
	if err != nil {
		return nil, at(s.name, err)
	}
	_, err = s.Write(nil)
	return s, err
}

// target is what the name of an output leads to.
type target struct {
	path string      // behind symbolic links
	info fs.FileInfo // nil where nothing is
	fd   int         // a descriptor of this process, -1 for a path
}

// maxLinks is the number of links that Linux follows.
const maxLinks = 40

// follow follows the symbolic links at the end of name, to a target that need not exist.
func follow(name string) (t target, err error) {
	if name == "-" {
		return target{fd: stdoutFD}, nil
	}
	t = target{path: name, fd: -1}
	for range maxLinks {
		if fd, ok := descriptor(t.path); ok {
			t.fd = fd
			return t, nil
		}
		link, err := os.Readlink(t.path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(link) {
			link = dirOf(t.path) + link
		}
		t.path = link
	}
	if t.info, err = os.Stat(t.path); errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	return t, err
}

// isStream tells a device, a pipe or a descriptor, which has no content to replace.
func (t *target) isStream() bool {
	return t.fd >= 0 || t.info != nil && !t.info.IsDir() && !t.info.Mode().IsRegular()
}

func (t *target) open() (*os.File, error) {
	if t.fd >= 0 {
		return openDescriptor(t.fd)
	}
	return os.OpenFile(t.path, os.O_WRONLY, 0)
}

// isStream tells whether the name stands for standard output, a device or a pipe.
func isStream(name string) bool {
	t, err := follow(name)
	return err == nil && t.isStream()
}
