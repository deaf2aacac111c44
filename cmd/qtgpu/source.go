package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/remote"
)

// source is an input file, standard input or a file on a web server; its magic tells
// whether it is .qtg.
type source struct {
	name   string
	qtg    bool
	file   *os.File      // a regular file, or nil
	stream *bufio.Reader // a stream, or nil
	remote *remote.File  // a .qtg file on a web server, or nil
	close  func() error
	bar    *bar // which is told of what is read of a stream
}

// openSource opens a file by its name, "-" being stdin.
func openSource(name string, stdin io.Reader) (*source, error) {
	if name == "-" {
		return newStream(name, stdin, func() error { return nil })
	}
	if isURL(name) {
		return nil, at(safeName(name), errors.New("expected a file or a stream: "+imageHint))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, at(name, err)
	}
	s, err := newSource(name, f)
	if err != nil {
		f.Close()
	}
	return s, err
}

func newSource(name string, f *os.File) (*source, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, at(name, err)
	case info.IsDir():
		return nil, at(name, errDirectory)
	case !info.Mode().IsRegular():
		return newStream(name, f, f.Close)
	}
	head := make([]byte, len(container.Magic))
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, at(name, err)
	}
	return &source{name: name, qtg: string(head[:n]) == container.Magic, file: f, close: f.Close}, nil
}

var errDirectory = errors.New("is a directory, expected a file")

// openInput opens an input, which -r takes where it is a directory.
func (c *convertFlags) openInput(ctx context.Context, name string, stdin io.Reader) (*source, error) {
	in, err := c.access.open(ctx, name, stdin)
	if errors.Is(err, errDirectory) {
		err = at(name, fmt.Errorf("%w: -r takes what is in it", errDirectory))
	}
	return in, err
}

func newStream(name string, r io.Reader, close func() error) (*source, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, err := b.Peek(len(container.Magic))
	if err != nil && err != io.EOF {
		return nil, at(name, err)
	}
	return &source{name: name, qtg: string(head) == container.Magic, stream: b, close: close}, nil
}

// image opens the image for reading by rows. size is the bytes of its file, known when
// it has been read.
func (s *source) image(opt imagefile.ReadOptions) (m *imagefile.File, size func() int64, err error) {
	if s.stream != nil {
		c := &counter{Reader: s.stream, bar: s.bar}
		m, err = imagefile.Open(c, opt)
		return m, func() int64 { return c.n }, at(s.name, err)
	}
	info, err := s.file.Stat()
	if err != nil {
		return nil, nil, at(s.name, err)
	}
	m, err = imagefile.Open(s.file, opt)
	return m, info.Size, at(s.name, err)
}

// peek opens the image for a look at its header, and leaves it as it is.
func (s *source) peek(opt imagefile.ReadOptions) (*imagefile.File, error) {
	if s.file == nil {
		return nil, errors.New("a stream")
	}
	info, err := s.file.Stat()
	if err != nil {
		return nil, err
	}
	return imagefile.Peek(io.NewSectionReader(s.file, 0, info.Size()), opt)
}

type counter struct {
	io.Reader
	n   int64
	bar *bar
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	c.bar.count(n)
	return n, err
}

// open opens a .qtg file by its name. The caller closes the source.
func (a *app) open(name string, x *access, o *qtgpu.DecodeOptions) (*source, *qtgpu.Reader, error) {
	in, err := x.open(a.ctx, name, a.stdin)
	if err != nil {
		return nil, nil, err
	}
	r, err := in.reader(a.ctx, o)
	if err != nil {
		in.close()
		return nil, nil, err
	}
	return in, r, nil
}

// reader opens a .qtg file.
func (s *source) reader(ctx context.Context, o *qtgpu.DecodeOptions) (*qtgpu.Reader, error) {
	r, size, err := s.readerAt(o.MaxPixels)
	if err != nil {
		return nil, at(s.name, err)
	}
	q, err := qtgpu.NewReader(ctx, r, size, o)
	return q, at(s.name, err)
}

// partial tells whether --keep-going would open what reader refuses. A stream has been
// read by then.
func (s *source) partial(ctx context.Context, o qtgpu.DecodeOptions) bool {
	if s.stream != nil {
		return true
	}
	o.KeepGoing = true
	_, err := s.reader(ctx, &o)
	return err == nil
}

// readerAt gives random access to the input; a stream is held in memory, up to
// what an image of maxPixels can take.
func (s *source) readerAt(maxPixels int64) (io.ReaderAt, int64, error) {
	if s.remote != nil {
		return anonymous{s.remote}, s.remote.Size(), nil
	}
	if s.file != nil {
		info, err := s.file.Stat()
		if err != nil {
			return nil, 0, err
		}
		return s.file, info.Size(), nil
	}
	const samples, overhead = 4 * 2, 64 << 20
	limit := min(maxPixels, 1<<40)*samples + overhead
	p, err := io.ReadAll(io.LimitReader(&counter{Reader: s.stream, bar: s.bar}, limit+1))
	if err != nil {
		return nil, 0, err
	}
	if int64(len(p)) > limit {
		return nil, 0, fmt.Errorf("more than %d bytes, the most that %d pixels can take", limit, maxPixels)
	}
	return bytes.NewReader(p), int64(len(p)), nil
}
