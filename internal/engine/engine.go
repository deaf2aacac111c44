// Package engine is the seam between the pipeline and the coders of tiles. An engine
// looks at a sample of a raster's tiles and makes a plan; by a plan any tile can be
// coded or decoded, in any order, on any goroutine or machine: it depends on the plan
// and on its own samples, on nothing else.
package engine

import (
	"context"
	"image"
	"time"

	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
	"github.com/qtgpu/qtgpu/tree"
)

// ID is the number of an engine in a file.
type ID uint64

// The engines.
const (
	Transform  ID = 0 // quadtrees of cosine transforms: a promise for every leaf
	Predictive ID = 1 // lossless, or a promise for every sample
	Layered    ID = 2 // a base of Transform and corrections: a promise for every sample
)

// Bound is the criterion of the promise about the error.
type Bound int

// The criteria.
const (
	RMS Bound = iota // the root mean square error of every leaf of every coded plane
	Max              // the error of every sample; 0 is lossless
)

// ErrorUnit is the number of parts of an 8-bit level that errors of RMS count.
const ErrorUnit = 1 << 16

// Chroma is the resolution of the colour differences.
type Chroma int

// The resolutions.
const (
	ChromaAuto Chroma = iota // Chroma420 from two levels of error on, else Chroma444
	Chroma420                // half the width and half the height
	Chroma444                // full
)

// Split is the way the leaves of a quadtree are chosen.
type Split int

// The ways.
const (
	SplitHybrid  Split = iota // the pyramid where it is sure, cost in between
	SplitPyramid              // the pyramid's variances alone
	SplitCost                 // the cost of coding alone
)

// Tune is what the bytes of a file are spent on.
type Tune int

// The ways.
const (
	PSNR   Tune = iota // every error alike
	Visual             // errors that are seen
)

// Effort is how hard an engine tries for a small file; files do not tell it.
type Effort int

// Params says what a raster is to be coded as.
type Params struct {
	Format raster.Format
	Bound  Bound
	T      int64 // the largest error: of RMS in parts of ErrorUnit, of Max in steps of the samples
	Chroma Chroma
	Split  Split
	Effort Effort
	Tune   Tune
}

// Lossless tells whether all samples come back as they are.
func (p *Params) Lossless() bool { return p.Bound == Max && p.T == 0 }

// Plan is all that coding a tile depends on besides its samples. What a file holds of it
// is enough for decoding: Chroma, Split, Effort and Tune are for encoders.
type Plan struct {
	Engine ID
	Params
	TileLog2 int
	Payload  []byte // what only the engine understands
	Hints    []byte // what its encoders need besides; no part of a file
}

// Grid is the geometry of the tiles.
func (p *Plan) Grid() tiles.Grid {
	return tiles.Grid{W: p.Format.Width, H: p.Format.Height, Log2: p.TileLog2}
}

// Env is what an engine works with. It has no influence on bytes.
type Env struct {
	Workers int          // goroutines; 0 is one for each CPU
	Backend tree.Backend // prepares slabs
	Reducer tree.Reducer // reduces the planes of single tiles, on the goroutine of the caller
	Memory  int64        // bytes that may be held, of slabs, scratch memory and coded tiles
	// Took is told of the time that a stage took, or a part of it.
	Took func(stage string, d time.Duration)
	// Work is what Train is told to have ahead of it, of any size; nil tells nobody.
	Work *progress.Work
}

// With is an environment for other work.
func (e *Env) With(work *progress.Work) *Env {
	with := *e
	with.Work = work
	return &with
}

// Cost is about how much work an engine has, in looks at a pixel.
type Cost struct {
	Train int64 // all of Train
	Pixel int64 // coding a pixel
	Kept  int64 // the number of pixels that Train codes and keeps
	// Memory is what a goroutine takes that codes a tile, in bytes.
	Memory int64
}

// Engine codes tiles in one way.
type Engine interface {
	ID() ID
	// Accepts is nil, or says why the engine cannot code this.
	Accepts(p *Params) error
	// Cost is for what the engine accepts.
	Cost(p *Params) Cost
	// Train makes a plan from a sample of the tiles of src and returns an encoder
	// that has it. It may keep tiles that it has coded.
	Train(ctx context.Context, p Params, src raster.Source, env *Env) (Encoder, error)
	// NewEncoder codes by a plan that was made before.
	NewEncoder(p *Plan, env *Env) (Encoder, error)
	// NewDecoder decodes what was coded by a plan. The error says what is wrong with
	// the plan.
	NewDecoder(p *Plan) (Decoder, error)
}

// Segments is a coded tile: the overview and the rest.
type Segments struct{ Overview, Detail []byte }

// Tile is a coded tile and what is known of it.
type Tile struct {
	Segments
	Worst  []uint64 // the largest error of each band or plane, in the unit of Params.T
	Leaves [3]int   // the numbers of leaves of 8, 16 and 32 samples
}

// Slab is a rectangle of whole tiles, ready to be coded.
type Slab any

// Released is what a Slab may be besides: one whose memory serves the next.
type Released interface {
	// Release is called when nobody uses the slab any more.
	Release()
}

// Encoder codes tiles by a plan. Its methods may be called from several goroutines.
type Encoder interface {
	Plan() *Plan
	// Memory is about what a goroutine takes that codes a tile, in bytes.
	Memory() int64
	// Held tells whether a tile is coded already.
	Held(tile int) bool
	// Slab prepares the samples of a rectangle of whole tiles.
	Slab(ctx context.Context, in *raster.Block) (Slab, error)
	// Encode codes a tile of a slab, which is work of any size. A tile that was held is
	// held no longer, and needs no slab.
	Encode(ctx context.Context, s Slab, tile int, work *progress.Work) (*Tile, error)
}

// OverviewLevel is the level of overviews: a pixel for 8×8.
const OverviewLevel = 3

// About is what a plan says of itself, for people.
type About struct {
	Merged bool // values stand for all within T
	Sub420 bool // the colour differences have half the width and height
	Visual bool // errors count by step classes
	Step   int  // of a quantiser, in 1/8 of an 8-bit level, or 0
}

// Decoder decodes tiles by a plan. Its methods may be called from several goroutines.
type Decoder interface {
	About() About
	// Least is the number of bytes that both segments of a tile take at least, by the
	// overview's: before anything is allocated for its samples, a file is held to it.
	Least(tile int, overview []byte) (overviewBytes, detailBytes int64)
	// NeedsDetail tells whether the overview of a tile is made of its detail too.
	NeedsDetail(overview []byte) bool
	// Mode names how a tile is coded, "" where the overview means nothing.
	Mode(overview []byte) string
	// Decimates tells whether levels keep single samples instead of means.
	Decimates() bool
	// Margin is how far beyond a region, in pixels of the raster, the tiles reach that
	// have a part in it, at level 0 or OverviewLevel.
	Margin(level int) int
	// Memory bounds what a window over a region takes besides the samples, and how much
	// more a goroutine that decodes into it does.
	Memory(region image.Rectangle, level int) (window, goroutine int64)
	// Window begins the decoding of a region, in pixels of level 0 or OverviewLevel,
	// into dst. It may take the memory of a window that is finished, nil for none.
	Window(dst *raster.Block, level int, finished Window) Window
	// Check decodes a tile at a base level, and lets go of it.
	Check(tile int, s Segments, level int) error
	// Measure decodes a tile, compares the samples with the original ones, and gives the
	// largest errors.
	Measure(ctx context.Context, tile int, s Segments, original *raster.Block) ([]uint64, error)
}

// Leaf is a leaf of a quadtree, of whose promise t counts as often as Multiplier says, in parts of
// MultiplierUnit.
type Leaf struct{ X, Y, Size, Multiplier int }

// MultiplierUnit is the number of parts of a multiplier of t.
const MultiplierUnit = 256

// Window is a region that is being decoded. Decode, Load and Conceal may be called from
// several goroutines, for each tile of the region and its margin once.
type Window interface {
	// Decode decodes a tile. Of what lies in keep, pixels of the raster, it returns what Load takes
	// in its place, nil where nothing does.
	Decode(tile int, s Segments, keep image.Rectangle) (Decoded, error)
	Load(tile int, d Decoded)
	// Conceal fills a tile from its overview, nil where that is lost too.
	Conceal(tile int, overview []byte)
	// Finish completes the samples when all tiles are there.
	Finish(ctx context.Context, workers int) error
}

// Decoded is a decoded tile, for a cache. It is read-only.
type Decoded interface{ Bytes() int64 }

// Interleave is the step of the blocks that encoders prepare fastest: the samples of a
// pixel beside each other where colours are transformed.
func Interleave(p *Params) int {
	if n := len(p.Format.Bands); n <= 4 && p.T > 0 {
		return n
	}
	return 1
}

// WithinMemory is the number of goroutines that may code tiles at once, each of which takes
// some bytes: as many of workers as half of the memory allows, one at least.
func WithinMemory(workers int, memory, goroutine int64) int {
	return int(min(int64(parallel.Workers(workers)), max(memory/2/max(goroutine, 1), 1)))
}

// Pixels is the number of pixels of a rectangle.
func Pixels(r image.Rectangle) int64 { return int64(r.Dx()) * int64(r.Dy()) }

// SampleTiles is the most tiles that a plan is made from.
const SampleTiles = 128

// Sampled is about the number of pixels of n tiles of 1<<log2 that are spread over a raster.
func Sampled(f *raster.Format, n, log2 int) int64 {
	return min(int64(f.Width)*int64(f.Height), int64(n)<<(2*log2))
}
