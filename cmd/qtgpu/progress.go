package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

const (
	progressDelay    = time.Second            // shorter work shows no bar
	progressInterval = 100 * time.Millisecond // between two pictures of it
	mostWidth        = 40                     // of the bar in characters
)

// bar is standard error, where that is a terminal with a line that shows how far the
// command is. What is written comes above the line. Its methods may be called from several
// goroutines. A nil bar shows nothing.
type bar struct {
	mu      sync.Mutex
	w       io.Writer
	columns func() int // nil where w is no terminal
	now     func() time.Time
	stop    chan struct{} // nil while there is no line
	begun   time.Time
	label   string
	whole   float64 // the spans of all pieces
	done    float64 // of them
	pixels  float64 // that are done
	read    int64   // bytes of a stream
	files   int     // that are done,
	of      int     // where there are several
	shown   string
}

func newBar(w io.Writer) *bar {
	b := &bar{w: w, now: time.Now}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.columns = func() int {
			if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
				return width
			}
			return 80
		}
	}
	return b
}

// begin begins to show work whose pieces have spans that add up to whole, of several files
// where their number is more than one.
func (b *bar) begin(label string, whole float64, files int) {
	if b == nil || b.columns == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.label, b.whole, b.of = label, max(whole, 1), files
	b.begun, b.stop = b.now(), make(chan struct{})
	go b.tick(b.stop)
}

// tick draws until stop is closed.
func (b *bar) tick(stop chan struct{}) {
	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			b.draw()
		}
	}
}

// name says what is done now.
func (b *bar) name(label string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.label = label
}

// count tells of bytes of a stream of unknown length.
func (b *bar) count(n int) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read += int64(n)
}

// end removes the line.
func (b *bar) end() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop != nil {
		close(b.stop)
		b.stop = nil
	}
	b.clear()
}

// Write implements io.Writer: above the line.
func (b *bar) Write(p []byte) (n int, err error) {
	b.above(func() { n, err = b.w.Write(p) })
	return n, err
}

// above has f write to the terminal while the line is away.
func (b *bar) above(f func()) {
	if b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.clear()
	}
	f()
}

func (b *bar) clear() {
	if b.shown != "" {
		fmt.Fprint(b.w, "\r\x1b[K")
		b.shown = ""
	}
}

// draw shows the line as it is now.
func (b *bar) draw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	took := b.now().Sub(b.begun)
	if b.stop == nil || took < progressDelay {
		return
	}
	if text := b.text(took); text != b.shown {
		fmt.Fprintf(b.w, "\r%s\x1b[K", text)
		b.shown = text
	}
}

// text is the line some time after it was begun.
func (b *bar) text(took time.Duration) string {
	share := min(b.done/b.whole, 1)
	head := b.label
	if b.of > 1 {
		head = fmt.Sprintf("%d of %d files", b.files, b.of)
	}
	if share == 0 && b.read > 0 {
		return fmt.Sprintf("%s  %.1f MB read  %s", head, float64(b.read)/1e6, clock(took))
	}
	const roundings = 1e-6
	tail := fmt.Sprintf(" %5.1f%%", float64(int(share*1000+roundings))/10) // 100 is all
	if b.pixels > 0 {
		// A thousandth of a large image may take seconds, which its pixels show.
		tail += fmt.Sprintf("  %.1f Mpx  %.1f Mpx/s", b.pixels/1e6, b.pixels/1e6/took.Seconds())
	}
	if share > 0 {
		tail += "  " + clock(time.Duration(float64(took)*(1-share)/share)) + " left"
	}
	width := min(mostWidth, b.columns()-len(head)-len(" []")-len(tail)-1)
	if width < 1 {
		return head + tail
	}
	n := int(share * float64(width))
	return head + " [" + strings.Repeat("#", n) + strings.Repeat(".", width-n) + "]" + tail
}

// clock is a time in minutes and seconds, or in hours.
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// piece is the work on one file: thousandths of a span of the bar. A nil piece tells nobody.
type piece struct {
	bar    *bar
	work   *progress.Work
	span   float64
	share  float64 // that is done
	pixels float64
}

// pieceSize is the units of a piece.
const pieceSize = 1000

// piece is a part of what the bar shows, nil where it shows nothing.
func (b *bar) piece(span float64) *piece {
	if b == nil || b.stop == nil {
		return nil
	}
	p := &piece{bar: b, span: span}
	// Finer than a unit, since a part of a thousandth may be long.
	p.work = progress.New(1<<40, p.forward).Part(1 << 40).Of(pieceSize)
	return p
}

func (p *piece) forward(done, size int64) {
	p.bar.mu.Lock()
	defer p.bar.mu.Unlock()
	p.move(float64(done)/float64(size), p.pixels)
}

// move sets how much of a file of some pixels is done.
func (p *piece) move(share, pixels float64) {
	p.bar.done += p.span * (share - p.share)
	p.bar.pixels += share*pixels - p.share*p.pixels
	p.share, p.pixels = share, pixels
}

// is says how large the raster is.
func (p *piece) is(width, height int) {
	if p == nil {
		return
	}
	p.bar.mu.Lock()
	defer p.bar.mu.Unlock()
	p.move(p.share, float64(width)*float64(height))
}

// finish ends the work on a file, which may have failed.
func (p *piece) finish() {
	if p == nil {
		return
	}
	p.work.Finish()
	p.bar.mu.Lock()
	defer p.bar.mu.Unlock()
	p.bar.files++
}

// part is some thousandths of the work on a file.
func (p *piece) part(n int64) *progress.Work {
	if p == nil {
		return nil
	}
	return p.work.Part(n)
}

// rest is all that is left of the work on a file, but for some thousandths.
func (p *piece) rest(but int64) *progress.Work {
	if p == nil {
		return nil
	}
	return p.work.Part(p.work.Left() - but)
}

// telling is what tells a piece of work how much of something is done that begins anew a
// number of times; nil where nobody wants to know.
func telling(w *progress.Work, times int64) func(done, total int64) {
	if w == nil {
		return nil
	}
	w = w.Of(times)
	var now *progress.Work
	last := int64(0)
	return func(done, total int64) {
		if now == nil || done <= last {
			now.Finish()
			now, last = w.Part(1).Of(total), 0
		}
		now.Add(done - last)
		last = done
	}
}

// pacedSource reads rows in pieces that take a moment, and tells of them.
type pacedSource struct {
	source raster.Source
	work   *progress.Work // of all rows
}

// Format implements raster.Source.
func (p pacedSource) Format() *raster.Format { return p.source.Format() }

// ReadBlock implements raster.Source.
func (p pacedSource) ReadBlock(ctx context.Context, dst *raster.Block) error {
	return inPieces(dst, p.work, func(b *raster.Block) error { return p.source.ReadBlock(ctx, b) })
}

// inPieces has f look at a block in pieces of some rows.
func inPieces(b *raster.Block, work *progress.Work, f func(b *raster.Block) error) error {
	if work == nil {
		return f(b)
	}
	height := max(pacedBytes/(b.Rect.Dx()*len(b.Planes)*b.Type.Size()), 1)
	for rows := b.Rect; rows.Min.Y < b.Rect.Max.Y; rows.Min.Y += height {
		rows.Max.Y = min(rows.Min.Y+height, b.Rect.Max.Y)
		if err := f(b.Sub(rows)); err != nil {
			return err
		}
		work.Add(int64(rows.Dy()))
	}
	return nil
}

// paced passes rows on in pieces that take a moment, and tells of them.
type paced struct {
	sink raster.Sink
	work *progress.Work // of all rows
}

// pacedBytes is about how much is passed on at once.
const pacedBytes = 4 << 20

// WriteBlock implements raster.Sink.
func (p paced) WriteBlock(ctx context.Context, b *raster.Block) error {
	return inPieces(b, p.work, func(b *raster.Block) error { return p.sink.WriteBlock(ctx, b) })
}
