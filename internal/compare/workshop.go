package compare

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Workshop is a temporary folder where programs run. Close may be called at any time, from
// any goroutine: it ends what runs and removes the folder.
type Workshop struct {
	dir     string
	ctx     context.Context
	cancel  context.CancelCauseFunc
	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

var errClosed = errors.New("the comparison has ended")

// OpenWorkshop makes the folder, where the system has its temporary files.
func OpenWorkshop() (*Workshop, error) {
	dir, err := os.MkdirTemp("", "qtgpu-compare-")
	if err != nil {
		return nil, err
	}
	w := &Workshop{dir: dir}
	w.ctx, w.cancel = context.WithCancelCause(context.Background())
	return w, nil
}

// Close ends the programs that run and removes the folder.
func (w *Workshop) Close() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.cancel(errClosed)
	w.running.Wait()
	return os.RemoveAll(w.dir)
}

// begin lets Close wait for a program, or for a file that is written.
func (w *Workshop) begin() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errClosed
	}
	w.running.Add(1)
	return nil
}

// path is where a file of the folder lies.
func (w *Workshop) path(name string) string { return filepath.Join(w.dir, name) }

// size is the bytes of a file of the folder.
func (w *Workshop) size(name string) (int64, error) {
	info, err := os.Lstat(w.path(name)) // a link would lead out of the folder
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, fmt.Errorf("no %s was written", name)
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, fmt.Errorf("%s is no regular file", name)
	}
	return info.Size(), nil
}

// remove removes files of the folder, which may not be there.
func (w *Workshop) remove(names ...string) {
	for _, name := range names {
		os.RemoveAll(w.path(name))
	}
}

// limits bound what a program may take.
type limits struct {
	time time.Duration
	disk int64 // bytes, beside what the folder holds before
}

// watching is how often the folder is looked at while a program runs, and dying how long a
// program that is killed may take to end.
const (
	watching = 50 * time.Millisecond
	dying    = 2 * time.Second
)

// run runs a program in the folder and says how long it took, from starting its process to
// its end. Nothing of the program is left when run returns. The error has the end of what
// the program said.
func (w *Workshop) run(ctx context.Context, args []string, l limits) (took time.Duration, said string, err error) {
	if err := w.begin(); err != nil {
		return 0, "", err
	}
	defer w.running.Done()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	defer context.AfterFunc(w.ctx, func() { end(errClosed) })()
	defer time.AfterFunc(l.time, func() { end(fmt.Errorf("took more than %v", l.time)) }).Stop()
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	var out ending
	c.Dir, c.Stdout, c.Stderr, c.WaitDelay = w.dir, &out, &out, dying
	ownGroup(c)
	stopped := make(chan struct{})
	go w.watch(l.disk, stopped, end)
	start := time.Now()
	err = c.Run()
	took = time.Since(start)
	close(stopped)
	endGroup(c)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return took, out.String(), out.explain(err)
}

// watch ends a program that fills the disk.
func (w *Workshop) watch(most int64, stopped chan struct{}, end context.CancelCauseFunc) {
	before := w.bytes()
	ticker := time.NewTicker(watching)
	defer ticker.Stop()
	for {
		select {
		case <-stopped:
			return
		case <-ticker.C:
			if w.bytes()-before > most {
				end(fmt.Errorf("wrote more than %d bytes", most))
				return
			}
		}
	}
}

// bytes is what the files of the folder take.
func (w *Workshop) bytes() (n int64) {
	entries, _ := os.ReadDir(w.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			n += info.Size()
		}
	}
	return n
}

// ending is the last that a program says.
type ending struct{ text []byte }

const mostSaid = 4096

// Write implements io.Writer.
func (e *ending) Write(p []byte) (int, error) {
	e.text = append(e.text, p[max(len(p)-mostSaid, 0):]...)
	e.text = e.text[max(len(e.text)-mostSaid, 0):]
	return len(p), nil
}

// String is what was said, of printable characters.
func (e *ending) String() string { return printable(string(e.text)) }

// explain puts the last line that was said behind an error.
func (e *ending) explain(err error) error {
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(e.String()), "\n")
	if last := clip(lines[len(lines)-1], 160); last != "" {
		return fmt.Errorf("%w: %s", err, last)
	}
	return err
}

// printable leaves out what a terminal or a page could take for a command.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == '\n' || unicode.IsPrint(r) && r != utf8.RuneError:
			return r
		}
		return -1
	}, s)
}

// clip is the beginning of a text.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
