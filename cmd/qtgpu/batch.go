package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"os"
	"strings"
	"sync"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/parallel"
)

// batch is the work on several inputs, side by side within one budget.
type batch struct {
	app    *app
	flags  *convertFlags
	tasks  []task
	budget *budget
	pieces []*piece

	mu       sync.Mutex
	outcomes []*outcome // of each task, nil while it is not done
	told     int        // how many reports have been written, in the order of the tasks
	failed   error      // writing one
}

// outcome is what became of a task.
type outcome struct {
	status  int
	lost    bool
	report  []byte
	skipped bool
	pixels  int64 // bytes of samples, of an encode
	bytes   int64 // of its file
}

// batch works on all tasks.
func (a *app) batch(c *convertFlags, tasks []task) error {
	memory := int64(c.limits.memory)
	slots := parallel.Workers(c.jobs)
	if err := c.idleInAll(tasks); err != nil {
		return err
	}
	b := &batch{app: a, flags: c, tasks: tasks, budget: newBudget(slots, memory), outcomes: make([]*outcome, len(tasks))}
	b.begin()
	// While some wait for the disk, others have the slots.
	err := parallel.For(a.ctx, 2*slots, len(tasks), b.run)
	a.bar.end()
	if err != nil {
		return err
	}
	if err := b.summary(); err != nil {
		return err
	}
	if err := a.commit(noReport); err != nil {
		return err
	}
	return b.failure()
}

// begin divides the bar by the lengths of the inputs.
func (b *batch) begin() {
	lengths, all := make([]float64, len(b.tasks)), 0.0
	for i, t := range b.tasks {
		lengths[i] = 1
		if info, err := os.Stat(t.in); err == nil && info.Mode().IsRegular() {
			lengths[i] += float64(info.Size())
		}
		all += lengths[i]
	}
	if !b.flags.quiet {
		b.app.bar.begin("", all, len(b.tasks))
	}
	for _, n := range lengths {
		b.pieces = append(b.pieces, b.app.bar.piece(n))
	}
}

// run works on a task. The error is one that ends the batch.
func (b *batch) run(i int) error {
	a := &app{ctx: b.app.ctx, stderr: b.app.stderr, json: b.app.json, bar: b.app.bar, piece: b.pieces[i], many: true, gpus: b.app.gpus}
	var report bytes.Buffer
	a.stdout = &stream{name: "standard output", w: &report}
	if err := b.app.outs.adopt(&a.outs); err != nil {
		return err
	}
	c := *b.flags
	limits := *c.limits
	c.limits = &limits
	err := b.convert(a, &c, b.tasks[i])
	a.outs.discard()
	if cause := context.Cause(b.app.ctx); cause != nil {
		return cause
	}
	a.piece.finish()
	o := a.outcome
	o.status, o.lost, o.report = a.status(err), a.lost, report.Bytes()
	return b.done(i, &o)
}

// convert works on a task when there are slots for it.
func (b *batch) convert(a *app, c *convertFlags, t task) error {
	if err := b.budget.take(a.ctx, 1); err != nil {
		return err
	}
	held := 1
	a.release = func() {
		b.budget.give(held)
		held = 0
	}
	defer func() { a.release() }()
	c.out, c.stem = t.out, t.stem
	in, err := c.openInput(a.ctx, t.in, nil)
	if err != nil {
		return err
	}
	defer in.close()
	if samples, need := c.need(a.ctx, in); held > 0 {
		if n := b.budget.slotsFor(samples, need, len(b.tasks)); n > 1 {
			a.release()
			if err := b.budget.take(a.ctx, n); err != nil {
				return err
			}
			held = n
		}
	}
	c.jobs, c.limits.memory = held, size(b.budget.memoryOf(held))
	return a.convertFrom(c, in)
}

// need is the bytes of the samples of an input and about what working on it holds, 0 where
// something is wrong with it.
func (c *convertFlags) need(ctx context.Context, in *source) (samples, need int64) {
	if c.decodes(in) {
		opt := c.limits.decode()
		opt.KeepGoing = c.keepGoing
		r, err := in.reader(ctx, &opt)
		if err != nil {
			return 0, 0
		}
		level, size := c.level, r.Size(min(c.level, r.Levels()-1))
		for ; c.maxSide > 0 && max(size.X, size.Y) > c.maxSide && level < r.Levels()-1; size = r.Size(level) {
			level++
		}
		f := r.Format()
		f.Width, f.Height = size.X, size.Y
		return f.Bytes(), r.Need(image.Rectangle{Max: size}, min(level, r.Levels()-1))
	}
	f, o, err := c.look(in)
	if err != nil {
		return 0, 0
	}
	samples = f.Format().Bytes()
	if need, err = o.Need(f); err != nil {
		need = 0
	}
	if f.Whole() {
		const decoded = 3 // what decoding holds, in samples, and the file
		need += decoded * samples
	}
	return samples, need
}

// look reads the header of an image, and says what options it is likely to be encoded with.
func (c *convertFlags) look(in *source) (*imagefile.File, *qtgpu.Options, error) {
	opt := c.limits.read()
	opt.KeepGoing, opt.Page = c.keepGoing, c.page
	f, err := in.peek(opt)
	if err != nil {
		return nil, nil, err
	}
	o := c.options()
	if t, err := c.threshold(); err == nil {
		o.T = t.likely(f)
	}
	return f, &o, nil
}

// done takes down what became of a task, and writes the reports whose turn it is.
func (b *batch) done(i int, o *outcome) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.outcomes[i] = o
	for ; b.failed == nil && b.told < len(b.tasks) && b.outcomes[b.told] != nil; b.told++ {
		o := b.outcomes[b.told]
		if len(o.report) > 0 {
			b.app.bar.above(func() { _, b.failed = b.app.stdout.Write(o.report) })
			o.report = nil
		}
	}
	return b.failed
}

// summary writes what an encode of all has come to.
func (b *batch) summary() error {
	c := b.flags
	if c.quiet || c.json || !c.encodes() {
		return nil
	}
	files, skipped, pixels, bytes := 0, 0, int64(0), int64(0)
	for _, o := range b.outcomes {
		if o.skipped {
			skipped++
		} else if o.bytes > 0 {
			files, pixels, bytes = files+1, pixels+o.pixels, bytes+o.bytes
		}
	}
	text := count(files, "file")
	if bytes > 0 {
		text += fmt.Sprintf(": %s bytes, %s of pixels, ratio %.2f", grouped(bytes), grouped(pixels), float64(pixels)/float64(bytes))
	}
	if skipped > 0 {
		text += fmt.Sprintf("; %d skipped", skipped)
	}
	_, err := fmt.Fprintln(b.app.stdout, text)
	return err
}

// batchError is the failure of some of several tasks.
type batchError struct {
	error
	status int
}

// failure names the inputs that failed; nil where all are done. That one failed outweighs
// that the promise of one does not hold.
func (b *batch) failure() error {
	var names []string
	status := exitVerification
	for i, o := range b.outcomes {
		b.app.lost = b.app.lost || o.lost
		if o.status != exitOK && o.status != exitPartial {
			names = append(names, safeName(b.tasks[i].in))
			if o.status != exitVerification {
				status = exitFailure
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	const most = 50
	list := strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return &batchError{fmt.Errorf("%d of %s failed: %s", len(names), count(len(b.tasks), "file"), list), status}
}
