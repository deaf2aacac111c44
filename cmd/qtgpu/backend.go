package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/gpu"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/raster"
	"github.com/qtgpu/qtgpu/tree"
)

// The values of --backend.
const (
	backendAuto = "auto"
	backendGPU  = "gpu"
	backendCPU  = "cpu"
	backendBoth = "both"
)

// autoPixels is the size from which auto looks for a GPU. Two cores prepare smaller
// images in an eighth of a second, which opening a device may take alone. No
// hardware has been measured yet (docs/bench/gpu.md).
const autoPixels = 1 << 26

// opener is gpu.Open.
type opener func(software bool) (gpu.Backend, error)

// devices is the GPU that all files of a command share: its context and its buffers.
type devices struct {
	mu     sync.Mutex
	opened bool
	gpu    gpu.Backend
	err    error // why there is none
	lost   bool  // whether a file had to do without one that there is
}

// open is an opener that opens the device once. All files of a command have the same --backend.
func (d *devices) open(software bool) (gpu.Backend, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.opened {
		d.opened = true
		d.gpu, d.err = gpu.Open(software)
	}
	return d.gpu, d.err
}

// lose has later files find no device, for the reason that this one had to do without. It tells whether this is news.
func (d *devices) lose(err error) (news bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	news, d.lost, d.err = !d.lost, true, err
	return news
}

func (d *devices) close() {
	if d.gpu != nil {
		d.gpu.Close()
	}
}

// backend is the tree.Backend of a --backend. It can tell what ran last, and why.
type backend struct {
	kind    string
	workers int
	pixels  int64 // of the image
	from    int64 // the pixels from which on auto looks for a GPU
	cpu     *cpufallback.Backend
	gpu     gpu.Backend // nil while none is open
	open    opener
	warn    func(error) // of what auto does not fail for

	onGPU  bool   // whether the GPU did the last Prepare
	coded  bool   // whether an engine has asked for what is below the pyramid
	looked bool   // whether auto has looked for one
	gaveUp string // why auto has given it up, empty while it has not

	name, reason string
	took         atomic.Int64 // time of all Prepares
}

// backend is the backend for an image of some pixels, on the device that all files share.
func (a *app) backend(kind string, workers int, name string, pixels int64) (*backend, error) {
	return newBackend(kind, workers, pixels, a.gpus.open, func(err error) {
		if a.gpus.lose(err) {
			a.warn(name, "%w", err)
		}
	})
}

// newBackend opens the device of gpu and both; auto opens one for a large image, if it is asked for planes at all.
func newBackend(kind string, workers int, pixels int64, open opener, warn func(error)) (*backend, error) {
	b := &backend{kind: kind, workers: parallel.Workers(workers), pixels: pixels, from: autoPixels, cpu: cpufallback.New(workers), open: open, warn: warn}
	if kind == backendGPU || kind == backendBoth {
		var err error
		if b.gpu, err = open(true); err != nil {
			return nil, fmt.Errorf("--backend %s: %w", kind, err)
		}
	}
	return b, nil
}

// Name is the device that ran last.
func (b *backend) Name() string { return b.name }

// close closes the GPU, if one is open.
func (b *backend) close() error {
	if b.gpu == nil {
		return nil
	}
	return b.gpu.Close()
}

// Prepare implements tree.Backend.
func (b *backend) Prepare(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	return b.prepare(ctx, preparation{src, sub420, false})
}

// PrepareResident implements tree.Resident.
func (b *backend) PrepareResident(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	return b.prepare(ctx, preparation{src, sub420, true})
}

// preparation is what is asked of a backend, with resident planes where it has such.
type preparation struct {
	src              *chroma.Interleaved
	sub420, resident bool
}

func (p *preparation) on(ctx context.Context, b tree.Backend) (*tree.Prepared, error) {
	if r, ok := b.(tree.Resident); ok && p.resident {
		return r.PrepareResident(ctx, p.src, p.sub420)
	}
	return b.Prepare(ctx, p.src, p.sub420)
}

func (b *backend) prepare(ctx context.Context, p preparation) (*tree.Prepared, error) {
	switch b.kind {
	case backendGPU:
		return b.run(ctx, b.gpu, "asked for", p)
	case backendCPU:
		return b.run(ctx, b.cpu, "asked for", p)
	case backendBoth:
		return b.both(ctx, p)
	}
	return b.auto(ctx, p)
}

// Recycle implements tree.Recycler.
func (b *backend) Recycle(p *tree.Prepared) {
	if !b.onGPU && b.kind != backendBoth {
		b.cpu.Recycle(p)
	}
}

func (b *backend) run(ctx context.Context, on tree.Backend, why string, p preparation) (*tree.Prepared, error) {
	b.name, b.reason, b.onGPU = on.Name(), why, on == tree.Backend(b.gpu)
	start := time.Now()
	defer func() { b.took.Add(int64(time.Since(start))) }()
	return p.on(ctx, on)
}

// Tiles implements tree.Tiler, where the CPU prepares everything.
func (b *backend) Tiles() tree.Backend {
	why := "asked for"
	if b.kind == backendAuto {
		b.look()
		why = b.gaveUp
	}
	if b.gpu != nil && b.gaveUp == "" {
		return nil
	}
	b.name, b.reason, b.onGPU = b.cpu.Name(), why, false
	return &tiles{b.cpu.Tiles(), b}
}

// tiles is the backend of the CPU that prepares the tiles of another one.
type tiles struct {
	tree.Backend
	of *backend
}

// Prepare implements tree.Backend.
func (t *tiles) Prepare(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	start := time.Now()
	defer func() { t.of.took.Add(int64(time.Since(start)) / int64(t.of.workers)) }()
	return t.Backend.Prepare(ctx, src, sub420)
}

// Recycle implements tree.Recycler.
func (t *tiles) Recycle(p *tree.Prepared) { t.Backend.(tree.Recycler).Recycle(p) }

// look opens a hardware GPU for a large image. That there is none is no reason to warn, unless it is there and refuses.
func (b *backend) look() {
	if b.looked {
		return
	}
	b.looked = true
	if b.pixels < b.from {
		b.gaveUp = fmt.Sprintf("auto: a GPU is tried from %s pixels on", grouped(b.from))
		return
	}
	g, err := b.open(false)
	if err != nil {
		b.gaveUp = "no GPU: " + err.Error()
		if none := (*gpu.NoDeviceError)(nil); errors.As(err, &none) && none.Refused() {
			b.warn(fmt.Errorf("%w; going on on the CPU", err))
		}
		return
	}
	b.gpu = g
}

// auto takes the GPU of look, if there is one. Whatever goes wrong with it, the CPU makes the same bytes.
func (b *backend) auto(ctx context.Context, p preparation) (*tree.Prepared, error) {
	b.look()
	if b.gaveUp != "" {
		return b.run(ctx, b.cpu, b.gaveUp, p)
	}
	out, err := b.run(ctx, b.gpu, "auto: a large image", p)
	if err != nil && ctx.Err() == nil {
		b.giveUp(err)
		return b.run(ctx, b.cpu, b.gaveUp, p)
	}
	return out, err
}

// giveUp has auto go on without the GPU, and says so once.
func (b *backend) giveUp(err error) {
	b.warn(fmt.Errorf("%s failed, going on on the CPU: %w", b.gpu.Name(), err))
	b.gaveUp = "the GPU failed"
	b.name, b.reason = b.cpu.Name(), b.gaveUp
}

// why says for what reason what was run ran, and what of the work.
func (b *backend) why() string {
	if b.onGPU && !b.coded {
		return b.reason + "; planes and pyramids alone, as leaves of this effort or tune depend on each other"
	}
	return b.reason
}

// Coder implements tree.Backend. An engine asks for it where it has leaves for one.
func (b *backend) Coder() tree.Coder {
	b.coded = true
	switch {
	case b.kind == backendGPU:
		return b.gpu.Coder()
	case b.kind == backendBoth:
		return tree.Both{First: b.gpu.Coder(), Second: b.cpu}
	case b.kind == backendAuto:
		if b.look(); b.gpu != nil && b.gaveUp == "" {
			return careful{b}
		}
	}
	return nil
}

// careful is the coder of auto: what the GPU fails at, the CPU does.
type careful struct{ b *backend }

// Transform implements tree.Coder.
func (c careful) Transform(ctx context.Context, p *tree.Prepared, works []tree.Work) ([][]int32, error) {
	return orElse(ctx, c.b, p, works, tree.Coder.Transform)
}

// Costs implements tree.Coder.
func (c careful) Costs(ctx context.Context, p *tree.Prepared, works []tree.Work) ([][]tree.Cost, error) {
	return orElse(ctx, c.b, p, works, tree.Coder.Costs)
}

// Quantise implements tree.Coder.
func (c careful) Quantise(ctx context.Context, p *tree.Prepared, works []tree.Work) ([]tree.Outcomes, error) {
	return orElse(ctx, c.b, p, works, tree.Coder.Quantise)
}

func orElse[R any](ctx context.Context, b *backend, p *tree.Prepared, works []tree.Work, stage func(tree.Coder, context.Context, *tree.Prepared, []tree.Work) ([]R, error)) ([]R, error) {
	if b.gaveUp == "" {
		out, err := stage(b.gpu.Coder(), ctx, p, works)
		if err == nil || ctx.Err() != nil {
			return out, err
		}
		b.giveUp(err)
	}
	return stage(b.cpu, ctx, p, works)
}

// both runs both and returns the result of the GPU, if the CPU has the same. Planes are read back, to be compared.
func (b *backend) both(ctx context.Context, p preparation) (*tree.Prepared, error) {
	p.resident = false
	want, err := b.run(ctx, b.cpu, "", p)
	if err != nil {
		return nil, err
	}
	got, err := b.run(ctx, b.gpu, "asked for; the CPU agrees", p)
	if err != nil {
		return nil, err
	}
	if err := tree.Compare(got, want); err != nil {
		return nil, fmt.Errorf("differs from the CPU: %w", err)
	}
	b.name += " and cpu"
	for i := range want.Stages {
		want.Stages[i].Name = "cpu " + want.Stages[i].Name
	}
	got.Stages = append(got.Stages, want.Stages...)
	return got, nil
}

func pixelsIn(f *raster.Format) int64 { return int64(f.Width) * int64(f.Height) }
