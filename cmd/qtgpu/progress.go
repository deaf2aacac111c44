package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	progressDelay    = time.Second            // shorter work shows no bar
	progressInterval = 100 * time.Millisecond // between two pictures of it
	progressWidth    = 40                     // of the bar in characters
)

// progress draws a bar on a terminal. A nil progress draws nothing.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	label string
	now   func() time.Time
	next  time.Time // not drawn before
	shown bool
}

// progress returns a bar on standard error, nil where that is no terminal or quiet
// is set.
func (a *app) progress(label string, quiet bool) *progress {
	f, ok := a.stderr.(*os.File)
	if quiet || !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return newProgress(f, label, time.Now)
}

func newProgress(w io.Writer, label string, now func() time.Time) *progress {
	return &progress{w: w, label: label, now: now, next: now().Add(progressDelay)}
}

// update shows that done of total parts are done. It may be called concurrently.
func (p *progress) update(done, total int64) {
	if p == nil || total <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now().Before(p.next) {
		return
	}
	p.next, p.shown = p.now().Add(progressInterval), true
	n := int(min(done, total) * progressWidth / total)
	bar := strings.Repeat("#", n) + strings.Repeat(".", progressWidth-n)
	fmt.Fprintf(p.w, "\r%s [%s] %3d%%", p.label, bar, min(done, total)*100/total)
}

// clear removes the bar.
func (p *progress) clear() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
