//go:build cgo && linux && gpu && egl

package gpu

import (
	"context"
	"fmt"
	"image"
	"weak"

	"github.com/go-gl/gl/v4.3-core/gl"

	"github.com/qtgpu/qtgpu/tree"
)

// stage is one below the pyramid: what goes on with the coefficients of a slot's nodes, and what
// takes the outcome when the device is done with it.
type stage struct {
	begin, collect func(s *slot) error
}

// slot is what the device does at once, some nodes of a work, and the buffers for it. There are two,
// so that the device has the next one to do while the last one is collected.
type slot struct {
	model, numbers, coefs, out, records buffer

	work, level int
	at          []int // the places of the nodes in the work
	busy        bool
	fence       fence // of what was begun
}

func (s *slot) free() {
	for _, b := range []*buffer{&s.model, &s.numbers, &s.coefs, &s.out, &s.records} {
		b.free()
	}
}

// bind has the current program work on the coefficients of a slot.
func (s *slot) bind() {
	bind(numbersBinding, &s.numbers)
	bind(coefsBinding, &s.coefs)
	bind(modelBinding, &s.model)
	gl.Uniform1ui(countLocation, uint32(len(s.at)))
}

// most is the most coefficients of a slot: enough threads for any device, and buffers that leave
// room for others.
const most = 1 << 24

// mostBytes is the most bytes that a buffer of a slot takes for each coefficient: the records of leaves
// all of whose levels are not 0, in as many variants as there can be.
const mostBytes = 24

// each transforms the nodes of all works, as many at a time as fit a slot, and takes them through a
// stage.
func (b *backend) each(ctx context.Context, p *tree.Prepared, works []tree.Work, st stage) error {
	for i := range works {
		if err := works[i].Check(p); err != nil {
			return fmt.Errorf("work %d: %w", i, err)
		}
	}
	return b.do(ctx, func() error {
		b.timer.start()
		b.find(p)
		r := run{backend: b, prepared: p, stage: st, loaded: [maxPlanes]int{-1, -1, -1, -1}}
		err := r.works(ctx, works)
		for range b.slots {
			if settled := r.settle(); err == nil {
				err = settled
			}
		}
		b.takeTimes(ignore)
		return err
	})
}

// run is a stage that takes turns on the slots.
type run struct {
	*backend
	prepared *tree.Prepared
	stage    stage
	next     int            // slot
	loaded   [maxPlanes]int // the window of each plane that the device has, -1 for none
}

// works goes through all works window by window, each of which is loaded once.
func (r *run) works(ctx context.Context, works []tree.Work) error {
	parts, windows := make([][]part, len(works)), 0
	for i := range works {
		parts[i] = r.parts(r.prepared, &works[i])
		windows = max(windows, len(parts[i]))
	}
	for k := range windows {
		for i := range works {
			if k >= len(parts[i]) || len(parts[i][k].at) == 0 {
				continue
			}
			if err := r.load(works[i].Plane, k, parts[i][k].window); err != nil {
				return err
			}
			if err := r.part(ctx, &works[i], i, &parts[i][k]); err != nil {
				return err
			}
		}
	}
	return nil
}

// part takes a part of a work through the stage.
func (r *run) part(ctx context.Context, w *tree.Work, work int, p *part) error {
	nodes := max(min(r.block/mostBytes, most)>>(2*w.Level), 1)
	for from := 0; from < len(p.at); from += nodes {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := r.begin(w, work, p, from, min(from+nodes, len(p.at))); err != nil {
			return err
		}
	}
	return nil
}

// settle collects the slot that is next, if it has anything, and takes it.
func (r *run) settle() error {
	s := &r.slots[r.next%len(r.slots)]
	r.next++
	if !s.busy {
		return nil
	}
	s.busy = false
	if err := s.fence.wait(); err != nil {
		return err
	}
	return r.stage.collect(s)
}

// begin has the device take some nodes of a part through the stage, when the slot is free.
func (r *run) begin(w *tree.Work, work int, p *part, from, to int) error {
	s := &r.slots[r.next%len(r.slots)]
	if err := r.settle(); err != nil {
		return err
	}
	s.work, s.level, s.at = work, w.Level, p.at[from:to]
	if err := r.transform(s, w, p, p.numbers[from:to]); err != nil {
		return err
	}
	if err := r.stage.begin(s); err != nil {
		return err
	}
	s.busy, s.fence = true, newFence()
	return nil
}

// part is the nodes of a work that lie in one window of a plane.
type part struct {
	window  image.Rectangle // in samples
	numbers []uint32        // in the window
	at      []int           // their places in the work
}

// parts are the parts of a work, by windows that fit the device.
func (b *backend) parts(p *tree.Prepared, w *tree.Work) []part {
	pyramid := &p.Pyramids[w.Plane]
	s := b.splitOf(p, w.Plane)
	windows := s.windows()
	parts := make([]part, len(windows))
	side := s.level - w.Level
	across := (pyramid.W-1)>>s.level + 1
	nodes := pyramid.At(w.Level).W
	for i, number := range w.Numbers {
		x, y := int(number)%nodes, int(number)/nodes
		part := &parts[y>>side*across+x>>side]
		part.at = append(part.at, i)
	}
	for i := range parts {
		part := &parts[i]
		part.window = windows[i]
		at := part.window.Min.Div(1 << w.Level)
		row := part.window.Dx() >> w.Level
		for _, k := range part.at {
			x, y := int(w.Numbers[k])%nodes-at.X, int(w.Numbers[k])/nodes-at.Y
			part.numbers = append(part.numbers, uint32(y*row+x))
		}
	}
	return parts
}

// splitOf is the way plane i, with its padding, is cut into windows: as its image was, where it is made again.
func (b *backend) splitOf(p *tree.Prepared, i int) split {
	pyramid := &p.Pyramids[i]
	if p.Pixels == nil {
		return newSplit(pyramid.W, pyramid.H, func(w, h int) bool { return 2*w*h <= b.block })
	}
	again := b.again(p)
	return split{pyramid.W, pyramid.H, again.split.level - again.halved(i)}
}

// load has window k of plane i on the device, which it is if all of the image is.
func (r *run) load(i, k int, window image.Rectangle) error {
	if r.at.of.Value() == r.prepared || r.loaded[i] == k {
		return nil
	}
	if r.prepared.Pixels != nil {
		return r.makeAgain(i, k, window)
	}
	r.loaded[i] = k
	plane := &r.prepared.Planes[i]
	w := r.window(i, window.Dx(), window.Dy(), tree.Base)
	if err := w.pix.reserve(2 * w.stride * w.h); err != nil {
		return err
	}
	w.write(plane.Pix[window.Min.Y*plane.Stride+window.Min.X:], plane.Stride)
	r.endDispatch("plane up")
	return nil
}

// makeAgain makes window k of plane i again of its pixels, and of the other planes what lies there: their window k.
func (r *run) makeAgain(i, k int, window image.Rectangle) error {
	again := r.again(r.prepared)
	side := 1 << again.halved(i)
	pixels := image.Rectangle{Min: window.Min.Mul(side), Max: window.Max.Mul(side)}
	_, err := again.makePlanes(pixels.Intersect(image.Rect(0, 0, again.src.W, again.src.H)))
	if err == nil && again.split.whole() {
		r.at.of = weak.Make(r.prepared)
	}
	r.loaded = [maxPlanes]int{k, k, k, k}
	return err
}

// again is the preparation of an image whose planes are made again.
func (b *backend) again(p *tree.Prepared) *preparation {
	again := b.preparation(p.Pixels.Source, p.Pixels.Sub420)
	again.result.Pyramids = p.Pyramids
	return again
}

// transform begins the stage transform of nodes of a window of a plane.
func (b *backend) transform(s *slot, w *tree.Work, p *part, numbers []uint32) error {
	n := 1 << w.Level
	if err := b.fill(s, w, numbers); err != nil {
		return err
	}
	fold := foldSource(w.Model.Cosines[w.Level-tree.Base], n)
	if err := b.use(program{file: "transform_columns.comp", level: w.Level, fold: fold}); err != nil {
		return err
	}
	s.bind()
	bind(planeBinding, &b.at.pix[w.Plane])
	gl.Uniform1ui(strideLocation, uint32(rowSamples(p.window.Dx())/2))
	gl.Uniform1ui(acrossLocation, uint32(p.window.Dx()>>w.Level))
	if err := b.dispatchLinear(len(numbers), n/2, fmt.Sprintf("columns %d", n)); err != nil {
		return err
	}
	if err := b.use(program{file: "transform_rows.comp", level: w.Level, fold: fold}); err != nil {
		return err
	}
	s.bind()
	return b.dispatchLinear(len(numbers), n, fmt.Sprintf("rows %d", n))
}

// fill copies numbers of nodes and the model to a slot, and makes room for the coefficients.
func (b *backend) fill(s *slot, w *tree.Work, numbers []uint32) error {
	model := modelWords(w.Model, w.Level)
	for _, r := range []struct {
		to    *buffer
		bytes int
	}{{&s.coefs, 4 * len(numbers) << (2 * w.Level)}, {&s.numbers, 4 * len(numbers)}, {&s.model, 4 * len(model)}} {
		if err := r.to.reserve(r.bytes); err != nil {
			return err
		}
	}
	write(&s.numbers, 0, numbers)
	write(&s.model, 0, model)
	return nil
}

// dispatchLinear runs the current program over at least n×rows threads.
func (b *backend) dispatchLinear(n, rows int, name string) error {
	groups := (n-1)/linear + 1
	if g := b.device.Limits.Groups; groups > g[0] || rows > g[1] {
		return fmt.Errorf("%d×%d threads in groups of %d, above the device's %v groups", n, rows, linear, g)
	}
	gl.DispatchCompute(uint32(groups), uint32(rows), 1)
	b.endDispatch(name)
	return nil
}
