package qtgpu

import (
	"context"
	"fmt"
	"image"
	"io"
	"math"
	"sync"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/tree"
)

// Encode writes m to w as a .qtg file that keeps the promise of o.T; nil o is the
// zero value. Gray, gray with alpha, RGB and RGBA images of 8 and 16 bits keep
// their channels and depth, and alpha stays premultiplied (*image.RGBA, RGBA64) or
// straight (NRGBA, NRGBA64); all other types are converted, to straight alpha.
// Cells of 8×8 pixels that are fully opaque or fully transparent stay so, where
// (0,0) begins one.
// Nothing is written before the whole image is coded.
func Encode(w io.Writer, m image.Image, o *Options) error {
	var opt Options
	if o != nil {
		opt = *o
	}
	if err := encodeImage(context.Background(), w, m, &opt); err != nil {
		return fmt.Errorf("qtgpu: %w", err)
	}
	return nil
}

// encodeImage is Encode with options that it may change.
func encodeImage(ctx context.Context, w io.Writer, m image.Image, o *Options) error {
	if err := checkBounds(m.Bounds()); err != nil {
		return err
	}
	src, err := imagefile.FromImage(m)
	if err != nil {
		return err
	}
	if err := o.check(src.FullScale()); err != nil {
		return err
	}
	if !o.exact() && src.Max != 0 { // levels are parts of full scale
		meta := src.Meta
		src = rescale(src, src.Max, 1<<src.Depth-1)
		src.Meta = meta
	}
	stats := o.Stats
	if stats == nil {
		stats = new(Stats)
	}
	*stats = Stats{}
	e := encoder{Options: o, stats: stats, src: src}
	if o.exact() {
		return e.runExact(ctx, w)
	}
	return e.run(ctx, w)
}

// checkBounds refuses images that no plane can hold, before anything is allocated
// for them: image.Uniform has 4·10^18 pixels.
func checkBounds(b image.Rectangle) error {
	if !b.Empty() && min(b.Dx(), b.Dy()) < 0 {
		return fmt.Errorf("image of bounds %v, whose size exceeds an int", b)
	}
	w, h := int64(b.Dx()), int64(b.Dy())
	if most := int64(min(tree.MaxSamples, math.MaxInt)); w > most || h > most/max(w, 1) {
		return fmt.Errorf("image of %d×%d pixels, expected at most %d", w, h, most)
	}
	return nil
}

func newLayout(src *imagefile.Image, o *Options) layout {
	h := newHeader(src)
	h.TileLog2, h.T, h.Step = tileLog2, int(o.T*container.ErrorUnit), transform.StepFor(o.T)
	if src.Channels >= 3 && (o.Chroma == Chroma420 || o.Chroma == ChromaAuto && o.T >= 2) {
		h.Subsampling = container.S420
	}
	return layout{h}
}

// newHeader has what all engines take from the image.
func newHeader(src *imagefile.Image) container.Header {
	h := container.Header{
		Width: src.W, Height: src.H, Channels: src.Channels, Depth: src.Depth, Maximum: src.FullScale(),
	}
	if src.Channels%2 == 0 {
		h.Alpha = alphas[src.Alpha]
	}
	return h
}

// alphas are the header's names of the kinds of a last channel.
var alphas = [...]container.Alpha{
	imagefile.Straight: container.Straight, imagefile.Premultiplied: container.Premultiplied, imagefile.NoAlpha: container.NoAlpha,
}

// encoder is one run of Encode.
type encoder struct {
	*Options
	layout
	src      *imagefile.Image
	stats    *Stats
	planes   []chroma.Plane
	pyramids []tree.Pyramid
	// Of the exact engine, by channel: the values used, and their ranks where
	// these are coded.
	values   []valueSet
	ranks    [][]int32
	progress *progress
}

func (e *encoder) run(ctx context.Context, w io.Writer) error {
	e.layout = newLayout(e.src, e.Options)
	if err := e.prepare(ctx); err != nil {
		return err
	}
	tiles, err := e.tiles(ctx)
	if err != nil {
		return err
	}
	e.planes, e.pyramids = nil, nil
	start := time.Now()
	file, err := e.segments(ctx, tiles)
	if err != nil {
		return err
	}
	e.stats.stopwatch(&start, "entropy")
	return e.write(w, file)
}

// write writes the file and completes the statistics.
func (e *encoder) write(w io.Writer, file *container.File) error {
	start := time.Now()
	counter := countingWriter{w: w}
	err := container.Write(&counter, file)
	e.stats.stopwatch(&start, "write")
	e.report(file, counter.n)
	return err
}

// prepare runs the stages above the seam.
func (e *encoder) prepare(ctx context.Context) error {
	backend := e.Backend
	if backend == nil {
		backend = cpufallback.New(e.Workers)
	}
	p, err := tree.Prepare(ctx, backend, &e.src.Interleaved, e.sub420())
	if err != nil {
		return err
	}
	e.planes, e.pyramids = p.Planes, p.Pyramids
	e.stats.Backend = backend.Name()
	for _, s := range p.Stages {
		e.stats.Stages = append(e.stats.Stages, Stage(s))
	}
	return nil
}

func (e *encoder) tiles(ctx context.Context) ([]*transform.Tile, error) {
	start := time.Now()
	engine := transform.NewEncoder(e.Step, e.layout.planes(), transform.Split(e.Split)).Keep(e.Header.T)
	workers := sync.Pool{New: func() any { return new(transform.Worker) }}
	grid := e.grid()
	tiles := make([]*transform.Tile, grid.Dx()*grid.Dy())
	progress := newProgress(e.Progress, len(tiles))
	err := cpufallback.For(ctx, e.Workers, len(tiles), func(i int) error {
		w := workers.Get().(*transform.Worker)
		defer workers.Put(w)
		tiles[i] = engine.Tile(w, e.planes, e.pyramids, e.padded(tile(grid, i)))
		progress.step()
		return nil
	})
	if err != nil {
		return nil, err
	}
	e.shareTime(tiles, time.Since(start))
	return tiles, nil
}

// shareTime divides the time of the tiles between its two stages.
func (e *encoder) shareTime(tiles []*transform.Tile, took time.Duration) {
	var split, transform time.Duration
	for _, t := range tiles {
		split += t.SplitTime
		transform += t.TransformTime
	}
	share := time.Duration(float64(took) * float64(split) / float64(max(split+transform, 1)))
	e.stats.Stages = append(e.stats.Stages, Stage{"split", share}, Stage{"transform", took - share})
}

func (e *encoder) segments(ctx context.Context, tiles []*transform.Tile) (*container.File, error) {
	tables := transform.ChooseTables(tiles)
	f := e.newFile(tables.Payload, len(tiles))
	for _, t := range tiles {
		for i, worst := range t.Worst {
			f.Header.Worst[i] = max(f.Header.Worst[i], int(worst))
		}
		for i, n := range t.Leaves {
			e.countLeaves(8<<i, n)
		}
	}
	return f, fill(ctx, e.Workers, f, tiles, tables.Segments)
}

// newFile is a file of n tiles yet without them.
func (e *encoder) newFile(tables []byte, n int) *container.File {
	f := &container.File{
		Header: e.Header, Tables: tables,
		Fronts: make([][]byte, n), Bodies: make([][]byte, n),
		Metadata: e.metadata(),
	}
	f.Header.Worst = make([]int, e.Channels)
	return f
}

// fill entropy-codes the tiles into the file and lets go of them.
func fill[T any](ctx context.Context, workers int, f *container.File, tiles []*T, segments func(*T) (front, body []byte)) error {
	return cpufallback.For(ctx, workers, len(tiles), func(i int) error {
		f.Fronts[i], f.Bodies[i] = segments(tiles[i])
		tiles[i] = nil
		return nil
	})
}

func (e *encoder) metadata() map[container.Kind][]byte {
	m := e.Metadata
	if m.ICC == nil && m.EXIF == nil && m.XMP == nil && m.IPTC == nil && m.PNG == nil {
		m = e.src.Meta
	}
	chunks := map[container.Kind][]byte{}
	for _, c := range metadataChunks(&m) {
		chunks[c.kind] = *c.data
	}
	return chunks
}

// metadataChunk is where metadata of a kind is kept.
type metadataChunk struct {
	kind container.Kind
	data *[]byte
}

func metadataChunks(m *Metadata) []metadataChunk {
	return []metadataChunk{
		{container.ICC, &m.ICC}, {container.EXIF, &m.EXIF}, {container.XMP, &m.XMP},
		{container.IPTC, &m.IPTC}, {container.PNG, &m.PNG},
	}
}

func (e *encoder) countLeaves(size, n int) {
	if e.stats.LeavesBySize == nil {
		e.stats.LeavesBySize = map[int]int{}
	}
	e.stats.LeavesBySize[size] += n
}

func (e *encoder) report(f *container.File, size int64) {
	s := e.stats
	s.Width, s.Height, s.Channels, s.Depth, s.Planes = e.Width, e.Height, e.Channels, e.Depth, e.Channels
	s.InputBytes = int64(e.Width) * int64(e.Height) * int64(e.Channels) * int64(e.Depth/8)
	s.OutputBytes = size
	s.Leaves = s.LeavesBySize[8] + s.LeavesBySize[16] + s.LeavesBySize[32]
	split16 := s.LeavesBySize[8] / 4
	split32 := (s.LeavesBySize[16] + split16) / 4
	s.Nodes = s.Leaves + split16 + split32
	switch {
	case split16 > 0:
		s.TreeDepth = 2
	case split32 > 0:
		s.TreeDepth = 1
	}
	s.MaxLeafRMS, s.MaxError = worst(&f.Header)
	s.Bound, s.T = BoundRMS, e.T
	if e.exact() {
		s.Bound = BoundMax
	}
}

// countingWriter counts what passes.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// progress reports finished steps, one at a time.
type progress struct {
	mu          sync.Mutex
	f           func(done, total int)
	done, total int
}

func newProgress(f func(done, total int), total int) *progress {
	return &progress{f: f, total: total}
}

func (p *progress) step() {
	if p.f == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.f(p.done, p.total)
}

// worst gives the errors of a header, leafRMS in 8-bit levels.
func worst(h *container.Header) (leafRMS, maxError []float64) {
	for _, v := range h.Worst {
		if h.Bound == container.BoundMax {
			maxError = append(maxError, float64(v))
		} else {
			leafRMS = append(leafRMS, float64(v)/container.ErrorUnit)
		}
	}
	return leafRMS, maxError
}
