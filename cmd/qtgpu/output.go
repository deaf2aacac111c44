package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

var errExists = errors.New("exists already: -f overwrites it")

// output is what a command writes. A file grows under a temporary name beside the
// target and takes its name when whole; what goes to standard output or to a device
// is held in memory until it is whole.
type output struct {
	mu     sync.Mutex // between the work and an interrupt
	name   string
	path   string // of the target, without symbolic links
	force  bool
	temp   *os.File       // nil for a stream and after commit or discard
	stream io.WriteCloser // nil for a file
	memory bytes.Buffer   // of a stream
	closed bool
	err    error // the first failure of Write
}

// create prepares the output, "-" being stdout. It fails before any work is done
// where the target exists and force is not given, or cannot be written.
func (o *output) create(name string, force bool, stdout io.Writer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return errors.New("interrupted")
	}
	o.name, o.path, o.force = name, name, force
	if name == "-" {
		o.name, o.stream = "standard output", nopCloser{stdout}
		return nil
	}
	info, err := os.Stat(name)
	if err == nil && isDevice(info) {
		o.stream, err = os.OpenFile(name, os.O_WRONLY, 0)
		return at(name, err)
	}
	if err == nil {
		err = o.replace(info)
	} else if errors.Is(err, os.ErrNotExist) {
		err = o.openTemp()
	}
	return at(name, err)
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// isDevice tells a device or a pipe, which has no content to replace.
func isDevice(info os.FileInfo) bool { return !info.IsDir() && !info.Mode().IsRegular() }

// replace prepares a file that is to take the place of an existing one.
func (o *output) replace(info os.FileInfo) (err error) {
	if info.IsDir() {
		return errors.New("is a directory, expected a file")
	}
	if !o.force {
		return errExists
	}
	if o.path, err = filepath.EvalSymlinks(o.name); err != nil {
		return err
	}
	if err := o.openTemp(); err != nil {
		return err
	}
	return o.temp.Chmod(info.Mode().Perm())
}

func (o *output) openTemp() (err error) {
	name := fmt.Sprintf(".qtgpu-%016x.tmp", rand.Uint64())
	o.temp, err = os.OpenFile(filepath.Join(filepath.Dir(o.path), name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	return err
}

// Write appends to what commit will publish.
func (o *output) Write(p []byte) (int, error) {
	if o.stream != nil {
		return o.memory.Write(p)
	}
	n, err := o.temp.Write(p)
	if err != nil && o.err == nil {
		o.err = bare(err)
	}
	return n, bare(err)
}

// content gives random access to what has been written so far.
func (o *output) content() (io.ReaderAt, int64, error) {
	if o.stream != nil {
		return bytes.NewReader(o.memory.Bytes()), int64(o.memory.Len()), nil
	}
	size, err := o.temp.Seek(0, io.SeekEnd)
	return o.temp, size, err
}

// commit publishes what was written.
func (o *output) commit() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return errors.New("interrupted")
	}
	o.closed = true
	if o.stream != nil {
		_, err := o.memory.WriteTo(o.stream)
		return at(o.name, errors.Join(bare(err), o.stream.Close()))
	}
	err := o.temp.Close()
	if err == nil && !o.force {
		if _, e := os.Lstat(o.path); e == nil {
			err = errExists
		}
	}
	if err == nil {
		err = os.Rename(o.temp.Name(), o.path)
	}
	if err != nil {
		os.Remove(o.temp.Name())
	}
	return at(o.name, err)
}

// discard removes what was written unless it has been published.
func (o *output) discard() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed && o.temp != nil {
		o.temp.Close()
		os.Remove(o.temp.Name())
	}
	o.closed = true
}

// blame tells whether a failed write of this output is the cause of err, which
// otherwise concerns the file called name.
func (o *output) blame(name string, err error) error {
	if o.err != nil {
		return at(o.name, o.err)
	}
	return at(name, err)
}

// writeFile writes a file besides the output of the command.
func (a *app) writeFile(name string, force bool, write func(io.Writer) error) error {
	var o output
	defer o.discard()
	if err := o.create(name, force, a.stdout); err != nil {
		return err
	}
	if err := write(&o); err != nil {
		return o.blame(name, err)
	}
	return o.commit()
}
