package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

var (
	errExists      = errors.New("exists already: -f overwrites it")
	errInterrupted = errors.New("interrupted")
)

// outputs are what a command writes. The files among them take their names together,
// after everything else that can fail, so that a command which fails leaves none.
type outputs struct {
	mu   sync.Mutex // between the work and an interrupt
	all  []*output
	over bool // published or discarded

	adopted []*outputs // of files that are worked on side by side, each published by itself
	others  []func()   // end what else a command leaves behind
}

// adopt lets an interrupt discard other outputs too.
func (s *outputs) adopt(other *outputs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return errInterrupted
	}
	s.adopted = slices.DeleteFunc(s.adopted, (*outputs).isOver)
	s.adopted = append(s.adopted, other)
	return nil
}

// endToo has f called where the outputs are discarded, before the program can end.
func (s *outputs) endToo(f func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return errInterrupted
	}
	s.others = append(s.others, f)
	return nil
}

func (s *outputs) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// output is a file or a stream. Until it is whole, a file has no name, or a temporary
// one beside its target, and a stream is held in memory.
type output struct {
	name   string // in messages
	path   string // of a file, behind symbolic links
	force  bool
	temp   *os.File // nil for a stream
	hidden string   // the temporary name, empty where there is none
	fresh  bool     // the name was free, and is taken
	stream *stream  // nil for a file
	memory bytes.Buffer
	err    error // the first failure of Write
	late   int   // bytes that are on no way to the disk yet
}

// lateBytes is how much of a file waits before it goes to the disk, while the next is made.
const lateBytes = 4 << 20

// create prepares an output, "-" being standard output. It fails before any work is
// done where the target exists and force is not given, or cannot be written.
func (a *app) create(name string, force bool) (*output, error) {
	t, err := follow(name)
	if err != nil {
		return nil, at(name, err)
	}
	o := &output{name: name, path: t.path, force: force}
	switch {
	case t.isStream():
		if o.stream, err = a.openStream(name, &t); err != nil {
			return nil, err
		}
		o.name = o.stream.name
	case t.info != nil && t.info.IsDir():
		return nil, at(name, errDirectory)
	case t.info != nil && !force:
		return nil, at(name, errExists)
	}
	return o, at(o.name, a.outs.add(o, t.info))
}

// createPicture is create for what no terminal can show.
func (a *app) createPicture(name string, force bool) (*output, error) {
	o, err := a.create(name, force)
	if err == nil && !force && o.stream != nil && o.stream.isTerminal() {
		return nil, usagef("%s is a terminal: expected a file or a pipe, -f forces it", o.name)
	}
	return o, err
}

// add opens the file of o, which is to have the mode of the old one, if there is one.
func (s *outputs) add(o *output, old fs.FileInfo) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return errInterrupted
	}
	if o.stream == nil {
		if slices.ContainsFunc(s.all, o.collides) {
			return errors.New("is the name of two outputs")
		}
		if err := o.open(old); err != nil {
			return err
		}
	}
	s.all = append(s.all, o)
	return nil
}

// collides tells whether another output would replace this one.
func (o *output) collides(other *output) bool {
	here, err := os.Stat(dirOf(o.path))
	there, err2 := os.Stat(dirOf(other.path))
	return other.stream == nil && err == nil && err2 == nil && os.SameFile(here, there) &&
		filepath.Base(o.path) == filepath.Base(other.path)
}

// open opens the temporary file. An error names the target of a symbolic link.
func (o *output) open(old fs.FileInfo) (err error) {
	o.temp, o.hidden, err = openTemp(dirOf(o.path))
	if err == nil && old != nil {
		if err = keepMode(o.temp, old); err != nil {
			o.end(false)
		}
	}
	if o.path != o.name {
		return at(o.path, err)
	}
	return err
}

// dirOf is the directory of a file. Unlike filepath.Dir it leaves ".." alone, which
// need not lead back from a symbolic link.
func dirOf(path string) string {
	if dir, _ := filepath.Split(path); dir != "" {
		return dir
	}
	return "." + string(filepath.Separator)
}

func hiddenName(dir string) string { return dir + fmt.Sprintf(".qtgpu-%016x.tmp", rand.Uint64()) }

// openHidden creates a file with a temporary name.
func openHidden(dir string) (*os.File, string, error) {
	name := hiddenName(dir)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	return f, name, err
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
	if o.late += n; o.late >= lateBytes {
		o.late = 0
		beginFlush(o.temp)
	}
	return n, bare(err)
}

// Seek implements io.Seeker for a file.
func (o *output) Seek(offset int64, whence int) (int64, error) {
	if o.stream != nil {
		return 0, errors.New("a stream goes one way")
	}
	return o.temp.Seek(offset, whence)
}

// restart drops what has been written so far.
func (o *output) restart() error {
	if o.stream != nil {
		o.memory.Reset()
		return nil
	}
	if _, err := o.temp.Seek(0, io.SeekStart); err != nil {
		return bare(err)
	}
	return bare(o.temp.Truncate(0))
}

// content gives random access to what has been written so far.
func (o *output) content() (io.ReaderAt, int64, error) {
	if o.stream != nil {
		return bytes.NewReader(o.memory.Bytes()), int64(o.memory.Len()), nil
	}
	size, err := o.temp.Seek(0, io.SeekEnd)
	return o.temp, size, err
}

// blame tells whether a failed write of this output is the cause of err, which
// otherwise concerns the file called name.
func (o *output) blame(name string, err error) error {
	if o.err != nil {
		return at(o.name, o.err)
	}
	return at(name, err)
}

// commit ends a command with outputs: files go to the disk, the report and the streams
// are written, and last the files take their names.
func (a *app) commit(report func(io.Writer) error) error {
	if a.release != nil {
		a.release() // the disk takes neither memory nor goroutines
	}
	a.bar.name("writing")
	for _, o := range a.outs.all {
		if o.stream == nil {
			if err := flush(o.temp); err != nil {
				return at(o.name, err)
			}
		}
	}
	if !a.many {
		a.piece.finish()
		a.bar.end()
	}
	if err := report(a.reports()); err != nil {
		return err
	}
	for _, o := range a.outs.all {
		if o.stream != nil {
			if err := o.send(); err != nil {
				return err
			}
		}
	}
	if err := a.stdout.Close(); err != nil {
		return err
	}
	return a.outs.publish()
}

// noReport is the report of a command that has nothing to say.
func noReport(io.Writer) error { return nil }

// reports is where a report goes: standard error where an output took standard output.
func (a *app) reports() io.Writer {
	for _, o := range a.outs.all {
		if o.stream == a.stdout {
			return a.stderr
		}
	}
	return a.stdout
}

// send writes a stream.
func (o *output) send() error {
	if _, err := o.memory.WriteTo(o.stream); err != nil {
		return err
	}
	return o.stream.Close()
}

// publish lets the files take their names, all or none; only an old file that one of
// several has replaced does not come back.
func (s *outputs) publish() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return errInterrupted
	}
	s.over = true
	for _, o := range s.all {
		if o.stream == nil && err == nil {
			err = o.publish()
		}
	}
	for _, o := range s.all {
		o.end(err == nil)
	}
	return err
}

func (o *output) publish() error {
	err := o.takeName()
	if errors.Is(err, fs.ErrExist) && !o.force {
		err = errExists
	}
	if err == nil {
		err = flushDir(dirOf(o.path))
	}
	return at(o.name, err)
}

// rename lets a file with a temporary name take its own.
func (o *output) rename() (err error) {
	if err := o.temp.Close(); err != nil {
		return err
	}
	err = renameNew(o.hidden, o.path)
	o.fresh = err == nil
	if o.force && errors.Is(err, fs.ErrExist) {
		err = os.Rename(o.hidden, o.path)
	}
	if err == nil {
		o.hidden = ""
	}
	return err
}

// renameFree renames a file unless there is one of the new name.
func renameFree(old, new string) error {
	if _, err := os.Lstat(new); err == nil {
		return fs.ErrExist
	}
	return os.Rename(old, new)
}

// discard removes what was written, unless the command has come to its end. It tells
// whether it has not.
func (s *outputs) discard() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.over = true
	for _, o := range s.all {
		o.end(false)
	}
	for _, other := range s.adopted {
		other.discard()
	}
	for _, f := range s.others {
		f()
	}
	return true
}

// end closes a file and, unless it is to be kept, removes it.
func (o *output) end(keep bool) {
	if o.stream != nil {
		return
	}
	o.temp.Close()
	if o.hidden != "" {
		os.Remove(o.hidden)
	}
	if o.fresh && !keep {
		os.Remove(o.path)
	}
}
