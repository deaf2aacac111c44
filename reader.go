package qtgpu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math/bits"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// DecodeOptions of NewReader; nil is the zero value.
type DecodeOptions struct {
	MaxPixels int64 // of the whole image; 0 is 2^30
	Workers   int   // goroutines; 0 is GOMAXPROCS
	// KeepGoing renders a damaged tile from the overview instead of failing, and opens
	// a file that is cut behind its index; LostTiles then tells which.
	KeepGoing bool
	// MaxMemory is the most bytes that a decode may hold, of samples and planes; 0 is
	// no limit. What takes more is an error that wraps ErrTooLarge.
	MaxMemory int64
	Progress  func(done, total int) // called per tile, never concurrently
}

// Reader gives random access to a .qtg file: any region at any level, reading
// only the tiles it needs, and from level 3 on nothing but the front image. Its
// methods may be called from several goroutines.
type Reader struct {
	layout layout
	opt    DecodeOptions
	file   *container.Reader
	engine *transform.Decoder // or
	exact  exactReader
	bytes  int64

	mu   sync.Mutex
	lost []image.Rectangle
}

// overviewLevel is the level of the front image.
const overviewLevel = 3

// Info describes a file.
type Info struct {
	Version                               int
	Width, Height, Channels, Depth        int
	TileSize, Tiles                       int
	Subsampling                           string // "4:2:0", "4:4:4" or "none"
	Engine, Bound                         string
	Way                                   string    // of the exact engine: "predicted", "merged" or "layered"
	T, Step                               float64   // in levels of an 8-bit scale; T of "max" in steps of the samples
	MaxLeafRMS, MaxError                  []float64 // per plane, in the same; one of them
	Alpha                                 string    // of 2 or 4 channels: "straight", "premultiplied", or "none" of one more band
	Maximum                               int       // the sample of full scale
	Labels                                bool      // samples name classes: overviews are not means
	Colours                               int       // of the palette, or 0
	FileBytes, FrontBytes, BodyBytes      int64
	TableBytes, MetadataBytes, OtherBytes int64
}

// NewReader reads the header and the index of a file of size bytes. The error is
// or wraps a *FormatError, an *UnsupportedError, a *TileError, ErrTooLarge or one of r.
func NewReader(r io.ReaderAt, size int64, o *DecodeOptions) (*Reader, error) {
	if size < 0 {
		return nil, fmt.Errorf("qtgpu: file of %d bytes, expected 0 or more", size)
	}
	d := &Reader{bytes: size}
	if o != nil {
		d.opt = *o
	}
	var err error
	d.file, err = container.Open(r, size, container.Options{MaxPixels: d.opt.MaxPixels, Partial: d.opt.KeepGoing})
	if err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	d.layout = layout{d.file.Header()}
	if err := d.justified(); err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	if d.layout.Engine == container.Exact {
		d.exact, err = newExactReader(&d.layout, d.file.Tables())
	} else {
		d.engine, err = transform.NewDecoder(d.layout.Step, d.layout.planes(), d.file.Tables())
	}
	if err != nil {
		return nil, fmt.Errorf("qtgpu: entropy tables: %w", &FormatError{What: err.Error()})
	}
	return d, nil
}

// justified holds the size of every tile of the lossy engine against its front
// segment, so that a small file cannot demand the memory of a large image.
func (r *Reader) justified() error {
	if r.layout.Engine == container.Exact && !r.layout.Layered {
		return nil
	}
	for i := range r.file.Tiles() {
		cells := int64(0)
		for _, s := range r.layout.samples(tile(r.layout.grid(), i)) {
			cells += area(s) / 64
		}
		if n := r.file.FrontSize(i); cells/transform.CellsPerByte > n {
			return r.file.TileError(i, container.Front,
				fmt.Errorf("front image of %d bytes for %d cells, expected at least %d", n, cells, cells/transform.CellsPerByte))
		}
	}
	return nil
}

// Info describes the file.
func (r *Reader) Info() Info {
	h, s := r.layout.Header, r.file.Sizes()
	i := Info{
		Version: container.Version,
		Width:   h.Width, Height: h.Height, Channels: h.Channels, Depth: h.Depth,
		TileSize: 1 << h.TileLog2, Tiles: r.file.Tiles(),
		Subsampling: "none", Engine: h.Engine.String(), Bound: h.Bound.String(),
		T: float64(h.T) / container.ErrorUnit, Step: float64(h.Step) / container.StepUnit,
		FileBytes: r.bytes, FrontBytes: s.Front, BodyBytes: s.Body, TableBytes: s.Tables, MetadataBytes: s.Metadata,
	}
	i.OtherBytes = i.FileBytes - i.FrontBytes - i.BodyBytes - i.TableBytes - i.MetadataBytes
	if h.Channels >= 3 {
		i.Subsampling = h.Subsampling.String()
	}
	i.MaxLeafRMS, i.MaxError = worst(&h)
	i.Way = r.layout.way()
	i.Alpha, i.Maximum = h.Alpha.String(), h.Maximum
	i.Labels, i.Colours = h.Labels, len(r.exact.palette)
	if h.Bound == container.BoundMax {
		i.T = float64(h.T)
	}
	return i
}

// Config is what image.DecodeConfig gives.
func (r *Reader) Config() image.Config {
	c := image.Config{ColorModel: r.newImage(image.Point{}).ColorModel(), Width: r.layout.Width, Height: r.layout.Height}
	if r.exact.palette != nil {
		c.ColorModel = r.exact.palette
	}
	return c
}

// Metadata reads the metadata of the file, and the checksums of all chunks of it,
// known or not.
func (r *Reader) Metadata() (m Metadata, err error) {
	if err := r.file.CheckAncillary(); err != nil {
		return m, fmt.Errorf("qtgpu: %w", err)
	}
	for _, c := range metadataChunks(&m) {
		if *c.data, err = r.file.Metadata(c.kind); err != nil {
			return m, fmt.Errorf("qtgpu: %w", err)
		}
	}
	return m, nil
}

// Levels is the number of levels of detail: level l has 1/2^l of the
// resolution, the last is a single pixel.
func (r *Reader) Levels() int { return bits.Len(uint(max(r.layout.Width, r.layout.Height)-1)) + 1 }

// Size is the size of a level in pixels, 0 ≤ level < Levels; of others it is (0,0).
func (r *Reader) Size(level int) image.Point {
	if level < 0 || level >= r.Levels() {
		return image.Point{}
	}
	return image.Pt((r.layout.Width-1)>>level+1, (r.layout.Height-1)>>level+1)
}

// concealable tells whether damage is to be filled. Input that cannot be read says
// nothing of the file.
func (r *Reader) concealable(err error) bool {
	return r.opt.KeepGoing && !errors.As(err, new(*container.ReadError))
}

// LostTiles are the tiles that KeepGoing rendered from the overview so far, in
// pixels of level 0.
func (r *Reader) LostTiles() []image.Rectangle {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lost)
}

func (r *Reader) lose(t image.Rectangle) {
	s := 1 << r.layout.TileLog2
	t = image.Rectangle{t.Min.Mul(s), t.Max.Mul(s)}.Intersect(image.Rect(0, 0, r.layout.Width, r.layout.Height))
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.lost, t) {
		r.lost = append(r.lost, t)
		slices.SortFunc(r.lost, func(a, b image.Rectangle) int {
			return cmp.Or(a.Min.Y-b.Min.Y, a.Min.X-b.Min.X)
		})
	}
}

// Decode decodes the whole image. Damage to metadata is an error too, unless
// KeepGoing.
func (r *Reader) Decode() (image.Image, error) {
	if err := r.file.CheckAncillary(); err != nil && !r.concealable(err) {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	return r.DecodeRegion(image.Rectangle{Max: r.Size(0)}, 0)
}

// DecodeRegion decodes the pixels of rect, in pixels of the level, which must
// lie inside the level and not be empty. The result's bounds begin at (0,0);
// its type is *image.Gray, Gray16, RGBA, RGBA64, NRGBA, NRGBA64 or Paletted, or one of
// this module where package image has none: for samples of another maximum than their
// depth has, for a last channel that is no alpha and for gray with premultiplied alpha.
// It equals the crop of the whole level, byte for byte.
//
// Levels 1 and 2 are means of the decoded pixels; level 3 is the front image
// of the file, the lowest frequencies of each leaf at 1/8 of the size, and
// coarser ones are means of it: they read no more than the front image. Of the
// exact engine the front image holds means of 8×8 pixels to within the largest of
// 2 steps, the bound and, where a channel leaves out many values, the mean
// distance of the others or 1/128 of their range; colours to within three times
// that. Layered files have the front image of the lossy engine, and where samples are
// labels all levels are every 2^level-th one.
func (r *Reader) DecodeRegion(rect image.Rectangle, level int) (image.Image, error) {
	m, err := r.decodeRegion(context.Background(), rect, level)
	if err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	if m.Max != 0 || m.Channels%2 == 0 && (m.Alpha == imagefile.NoAlpha || m.Channels == 2 && m.Alpha == imagefile.Premultiplied) {
		return m, nil // package image has no type for it
	}
	return m.Std(), nil
}

func (r *Reader) decodeRegion(ctx context.Context, rect image.Rectangle, level int) (*imagefile.Image, error) {
	if level < 0 || level >= r.Levels() {
		return nil, fmt.Errorf("level %d, expected 0 to %d", level, r.Levels()-1)
	}
	if all := (image.Rectangle{Max: r.Size(level)}); rect.Empty() || !rect.In(all) {
		return nil, fmt.Errorf("region %v of level %d, expected one inside %v and not empty", rect, level, all)
	}
	base := 0
	if level >= overviewLevel {
		base = overviewLevel
	}
	down := level - base
	fine := image.Rectangle{rect.Min.Mul(1 << down), rect.Max.Mul(1 << down)}
	fine = fine.Intersect(image.Rectangle{Max: r.Size(base)})
	if err := r.checkMemory(fine, base); err != nil {
		return nil, err
	}
	decode := r.pixels
	if r.layout.Engine == container.Exact {
		decode = r.exactPixels
	}
	m, err := decode(ctx, fine, base)
	switch {
	case err != nil || down == 0:
		return m, err
	case r.layout.Labels:
		return sample(m, down)
	}
	return shrink(m, down), nil
}

// colourBand is the number of rows of a job that converts colour.
const colourBand = 64

// Filters reach this far: three samples of a chroma plane and one for its
// upsampling, in pixels, at full resolution; one sample of chroma in the overview, and
// another where hidden ones take after their neighbours.
const (
	filterMargin   = 8
	overviewMargin = 2 << overviewLevel
)

// pixels decodes a region of level 0 or of the overview.
func (r *Reader) pixels(ctx context.Context, rect image.Rectangle, level int) (*imagefile.Image, error) {
	full := image.Rectangle{rect.Min.Mul(1 << level), rect.Max.Mul(1 << level)}
	var w *window
	var err error
	if level == 0 {
		w, err = r.decodeWindow(ctx, r.layout.tilesOver(full, filterMargin), true)
	} else {
		margin := overviewMargin
		if r.layout.hidesChroma() {
			margin *= 2
		}
		w, err = r.overviewWindow(ctx, r.layout.tilesOver(full, margin))
	}
	if err != nil {
		return nil, err
	}
	m := r.newImage(rect.Size())
	origin := w.tiles.Min.Mul(1 << r.layout.TileLog2 >> level)
	bands := (m.H + colourBand - 1) / colourBand
	err = parallel.For(ctx, r.opt.Workers, bands, func(i int) error {
		band := image.Rect(0, i*colourBand, m.W, min((i+1)*colourBand, m.H))
		dst := m.Sub(band)
		chroma.Inverse(&dst, w.planes, r.layout.sub420(), origin, band.Add(rect.Min))
		return nil
	})
	if err == nil && m.Max != 0 { // planes are at full scale
		m = rescale(m, 1<<m.Depth-1, m.Max)
	}
	return m, err
}

// newImage returns a black image of the kind of the file.
func (r *Reader) newImage(size image.Point) *imagefile.Image {
	m := imagefile.New(size.X, size.Y, r.layout.Channels, r.layout.Depth)
	if m.Channels%2 == 0 {
		m.Alpha = imagefile.Alpha(slices.Index(alphas[:], r.layout.Alpha))
	}
	if r.layout.Maximum != 1<<r.layout.Depth-1 {
		m.Max = r.layout.Maximum
	}
	return m
}

// Leaf is a leaf of a plane's quadtree: its top left sample and its side.
type Leaf struct{ X, Y, Size int }

// Leaves decodes the quadtree of a plane, 0 ≤ plane < Channels. Chroma planes
// of 4:2:0 count samples of half the resolution.
func (r *Reader) Leaves(plane int) ([]Leaf, error) {
	if plane < 0 || plane >= r.layout.Channels {
		return nil, fmt.Errorf("qtgpu: plane %d, expected 0 to %d", plane, r.layout.Channels-1)
	}
	w, err := r.decodeWindow(context.Background(), r.layout.grid(), false)
	if err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	return w.leaves(plane), nil
}

func (w *window) leaves(plane int) []Leaf {
	var leaves []Leaf
	cw := w.planes[plane].Stride / 8
	for i, lg := range w.sizes[plane] {
		x, y, cells := i%cw, i/cw, 1<<lg/8
		if x%cells == 0 && y%cells == 0 {
			leaves = append(leaves, Leaf{8 * x, 8 * y, 1 << lg})
		}
	}
	return leaves
}
