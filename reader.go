package qtgpu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"math/bits"
	"slices"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// DecodeOptions of [NewReader] and [NewDecoder]; nil is the zero value.
type DecodeOptions struct {
	MaxPixels int64 // of the whole image; 0 is 2^30
	Workers   int   // goroutines; 0 is GOMAXPROCS
	// KeepGoing renders a damaged tile from the overview instead of failing, and opens
	// a file that is cut behind its index; LostTiles then tells which.
	KeepGoing bool
	// MaxMemory is the most bytes that a call may hold, of samples, planes and leaves; 0 is
	// 2^30, and 16 for each pixel of MaxPixels: what pictures take, and no more for what has
	// more bands than these. What takes more is an error that wraps ErrTooLarge.
	MaxMemory int64
	// CacheBytes is how many bytes of decoded tiles are kept between calls: 0 for none.
	CacheBytes int64
	Progress   func(done, total int64) // called as work proceeds, in pixels, never concurrently
}

// check tells whether the options make sense.
func (o *DecodeOptions) check() error {
	for _, f := range []struct {
		name string
		v    int64
	}{
		{"MaxPixels", o.MaxPixels}, {"Workers", int64(o.Workers)}, {"MaxMemory", o.MaxMemory}, {"CacheBytes", o.CacheBytes},
	} {
		if f.v < 0 {
			return fmt.Errorf("%s %d, expected 0 or more", f.name, f.v)
		}
	}
	return nil
}

// maxMemory is the memory that a call may hold. A picture takes up to 8 bytes a pixel, once as a block and
// once more in planes of a row of tiles; the rest is for a tile of 2048 × 2048 of 4 bands.
func (o *DecodeOptions) maxMemory() int64 {
	if o.MaxMemory > 0 {
		return o.MaxMemory
	}
	const tile, pixel = 1 << 30, 16
	pixels := cmp.Or(o.MaxPixels, container.DefaultMaxPixels)
	return tile + pixel*min(pixels, (math.MaxInt64-tile)/pixel)
}

// Reader gives random access to a .qtg file: any region at any level, reading
// only the tiles it needs, and from level 3 on nothing but the overview. Its
// methods may be called from several goroutines.
type Reader struct {
	opt   DecodeOptions
	file  *container.Reader
	plan  *engine.Plan
	tiles *pipeline.Reader
	bytes int64
}

// NewReader reads the header and the index of a file of size bytes. The error is
// or wraps a *FormatError, an *UnsupportedError, a *TileError, ErrTooLarge or one of r.
func NewReader(ctx context.Context, r io.ReaderAt, size int64, o *DecodeOptions) (*Reader, error) {
	if size < 0 {
		return nil, fmt.Errorf("qtgpu: file of %d bytes, expected 0 or more", size)
	}
	d := &Reader{bytes: size}
	if o != nil {
		d.opt = *o
	}
	if err := d.opt.check(); err != nil {
		return nil, public(err)
	}
	if err := d.open(ctx, r, size); err != nil {
		return nil, public(err)
	}
	return d, nil
}

func (r *Reader) open(ctx context.Context, src io.ReaderAt, size int64) (err error) {
	r.file, err = container.Open(ctx, input(src), size, container.Options{MaxPixels: r.opt.MaxPixels, Partial: r.opt.KeepGoing})
	if err != nil {
		return err
	}
	r.tiles, err = pipeline.NewReader(r.file, pipeline.Options{
		Workers: r.opt.Workers, KeepGoing: r.opt.KeepGoing, Memory: r.opt.maxMemory(), Cache: r.opt.CacheBytes,
	})
	if err != nil {
		return planError(err)
	}
	r.plan = r.tiles.Plan()
	return nil
}

// planError is what is wrong with a plan as an error of the file.
func planError(err error) error {
	if errors.As(err, new(*container.UnsupportedError)) {
		return err
	}
	return &container.FormatError{What: err.Error()}
}

// Format is what the samples have in common.
func (r *Reader) Format() raster.Format { return r.plan.Format }

// Config is what image.DecodeConfig gives. Its ColorModel is nil where no image holds the
// samples.
func (r *Reader) Config() image.Config { return config(&r.plan.Format) }

func config(f *raster.Format) image.Config {
	c := image.Config{Width: f.Width, Height: f.Height}
	switch {
	case imagefile.Holds(f) != nil:
	case f.Palette != nil:
		c.ColorModel = f.Palette
	default:
		c.ColorModel = imagefile.NewFor(&raster.Format{Type: f.Type, Bands: f.Bands, Max: f.Max}, true).ColorModel()
	}
	return c
}

// Metadata reads the metadata of the file, and the checksums of all chunks of its kind,
// known or not; with KeepGoing, of all chunks beside the tiles. With an error it gives what
// can be read.
func (r *Reader) Metadata(ctx context.Context) (m Metadata, err error) {
	check := r.file.CheckMetadata
	if r.opt.KeepGoing { // whoever goes on is to know of all that is lost
		check = r.file.Check
	}
	err = check(ctx)
	for _, c := range metadataChunks(&m) {
		data, lost := r.file.Metadata(ctx, c.kind)
		*c.data, err = data, cmp.Or(err, lost)
	}
	return m, public(err)
}

// Levels is the number of levels of detail: level l has 1/2^l of the
// resolution, the last is a single pixel.
func (r *Reader) Levels() int {
	return bits.Len(uint(max(r.plan.Format.Width, r.plan.Format.Height)-1)) + 1
}

// Size is the size of a level in pixels, 0 ≤ level < Levels; of others it is (0,0).
func (r *Reader) Size(level int) image.Point {
	if level < 0 || level >= r.Levels() {
		return image.Point{}
	}
	return tiles.Size(r.plan.Format.Width, r.plan.Format.Height, level)
}

// LostTiles are the tiles that KeepGoing rendered from the overview so far, in
// pixels of level 0.
func (r *Reader) LostTiles() []image.Rectangle { return r.tiles.Lost() }

// Decode decodes the whole image. Damage to metadata is an error too, unless
// KeepGoing.
func (r *Reader) Decode(ctx context.Context) (image.Image, error) {
	if err := r.file.Check(ctx); err != nil && !r.tiles.Concealable(err) {
		return nil, public(err)
	}
	return r.DecodeRegion(ctx, image.Rectangle{Max: r.Size(0)}, 0)
}

// checkRegion refuses a region that is not one of a level.
func (r *Reader) checkRegion(rect image.Rectangle, level int) error {
	if level < 0 || level >= r.Levels() {
		return fmt.Errorf("level %d, expected 0 to %d", level, r.Levels()-1)
	}
	if all := (image.Rectangle{Max: r.Size(level)}); rect.Empty() || !rect.In(all) {
		return fmt.Errorf("region %v of level %d, expected one inside %v and not empty", rect, level, all)
	}
	return nil
}

// ReadBlock decodes the samples of dst.Rect, in pixels of the level, as DecodeRegion
// does, into dst.
func (r *Reader) ReadBlock(ctx context.Context, dst *raster.Block, level int) error {
	if err := r.checkRegion(dst.Rect, level); err != nil {
		return public(err)
	}
	f := r.plan.Format
	f.Width, f.Height = r.Size(level).X, r.Size(level).Y
	if err := raster.Check(&f, dst); err != nil {
		return public(err)
	}
	region, err := r.tiles.Begin(ctx, dst.Rect, level)
	if err == nil {
		err = region.Decode(ctx, dst, progress.New(r.tiles.Pixels(dst.Rect, level), r.opt.Progress).Add)
	}
	return public(err)
}

// Copy decodes rect, in pixels of the level, and writes it to dst by bands of rows from
// the top; rect.Min is (0,0) there. What it holds at once is bounded by
// DecodeOptions.MaxMemory; a row of tiles that takes more, besides the quarter kept for
// tiles that the next band needs too, is an error that wraps ErrTooLarge.
func (r *Reader) Copy(ctx context.Context, dst raster.Sink, rect image.Rectangle, level int) error {
	if err := r.checkRegion(rect, level); err != nil {
		return public(err)
	}
	if level == 0 && rect.Size() == r.Size(0) {
		if err := r.file.Check(ctx); err != nil && !r.tiles.Concealable(err) {
			return public(err)
		}
	}
	return public(r.tiles.Stream(ctx, dst, rect, level, progress.New(r.tiles.Pixels(rect, level), r.opt.Progress).Add))
}

// Need is about how many bytes Copy of a rectangle of a level takes with one goroutine, where
// MaxMemory does not bound it.
func (r *Reader) Need(rect image.Rectangle, level int) int64 { return r.tiles.Need(rect, level) }

// Level is a level as a source of samples; it panics unless 0 ≤ level < Levels.
func (r *Reader) Level(level int) raster.Source {
	if level < 0 || level >= r.Levels() {
		panic(fmt.Sprintf("qtgpu: level %d, expected 0 to %d", level, r.Levels()-1))
	}
	f := r.plan.Format
	size := r.Size(level)
	f.Width, f.Height = size.X, size.Y
	return &levelSource{r, level, f}
}

// levelSource is a level of a file.
type levelSource struct {
	r      *Reader
	level  int
	format raster.Format
}

func (s *levelSource) Format() *raster.Format { return &s.format }

func (s *levelSource) ReadBlock(ctx context.Context, dst *raster.Block) error {
	return s.r.ReadBlock(ctx, dst, s.level)
}

// Leaf is a leaf of a plane's quadtree: its top left sample, its side, and the largest RMS error
// that the file promises of it, in units of the samples.
type Leaf struct {
	X, Y, Size int
	T          float64
}

// Leaves decodes the quadtree of a plane, 0 ≤ plane < Bands. Chroma planes
// of 4:2:0 count samples of half the resolution.
func (r *Reader) Leaves(ctx context.Context, plane int) ([]Leaf, error) {
	if plane < 0 || plane >= len(r.plan.Format.Bands) {
		return nil, fmt.Errorf("qtgpu: plane %d, expected 0 to %d", plane, len(r.plan.Format.Bands)-1)
	}
	if err := r.checkLeaves(); err != nil {
		return nil, public(err)
	}
	var leaves []Leaf
	t := errorOf(&r.plan.Params, uint64(r.plan.T))
	ok, err := r.tiles.Leaves(ctx, plane, func(l engine.Leaf) {
		leaves = append(leaves, Leaf{l.X, l.Y, l.Size, t * float64(l.Multiplier) / engine.MultiplierUnit})
	})
	if !ok {
		err = &container.UnsupportedError{What: fmt.Sprintf("leaves of a file of the %v engine, expected one of the %v engine", engineOf(r.plan.Engine), Transform)}
	}
	if err != nil {
		return nil, public(err)
	}
	slices.SortFunc(leaves, func(a, b Leaf) int { return cmp.Or(a.Y-b.Y, a.X-b.X) })
	return leaves, nil
}

const leafBytes = 4 * 8 // of a Leaf, at most

// checkLeaves refuses to gather more leaves than the memory allows for: one for each 64
// pixels, at worst.
func (r *Reader) checkLeaves() error {
	f := &r.plan.Format
	most := int64(f.Width) * int64(f.Height) / 64 * leafBytes
	if limit := r.opt.maxMemory(); most > limit {
		return fmt.Errorf("%w: the leaves of a plane of %d×%d take up to %d bytes of memory, the limit is %d", pipeline.ErrTooLarge, f.Width, f.Height, most, limit)
	}
	return nil
}

// Modes counts the tiles of a [Predictive] file by mode: "prediction", "labels",
// "patterns" and "slow", and "damaged" where the overview does not tell. It is empty for
// files of other engines, whose tiles have no modes. The error is one of reading.
func (r *Reader) Modes(ctx context.Context) (map[string]int, error) {
	modes, err := r.tiles.Modes(ctx)
	return modes, public(err)
}
