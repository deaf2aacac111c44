package qtgpu

import (
	"fmt"
	"math"
	"time"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/raster"
	"github.com/qtgpu/qtgpu/tree"
)

// Chroma is the resolution at which the colour differences are coded.
type Chroma int

// The ways to code colour.
const (
	ChromaAuto Chroma = iota // 4:2:0 from T = 2 on, else 4:4:4
	Chroma420                // half the width and half the height
	Chroma444                // full resolution
)

// Bound is what the promise limits.
type Bound int

const (
	BoundAuto Bound = iota // BoundRMS for photographs of 8 bits, with TuneVisual of 16 too, BoundMax for all else
	BoundRMS               // the RMS error of every leaf of the quadtree
	BoundMax               // the error of every sample
)

// boundOf is the bound of a plan.
func boundOf(b engine.Bound) Bound {
	if b == engine.RMS {
		return BoundRMS
	}
	return BoundMax
}

// Tune is what the bytes of a file of BoundRMS are spent on.
type Tune int

// The ways to spend bytes.
const (
	TunePSNR   = Tune(engine.PSNR)   // every error counts alike
	TuneVisual = Tune(engine.Visual) // errors count as far as they are seen
)

// resolve is the bound that BoundAuto stands for.
func (o *Options) resolve(f *raster.Format) Bound {
	switch {
	case o.Bound != BoundAuto:
		return o.Bound
	case (f.Type == raster.Uint8 || o.Tune == TuneVisual) && engine.CheckPicture(f) == nil:
		return BoundRMS
	}
	return BoundMax
}

// Split is the way the encoder chooses the leaves of the quadtree.
type Split int

// The ways to choose leaves.
const (
	SplitHybrid  = Split(engine.SplitHybrid)  // variances where they are clear, cost in between
	SplitPyramid = Split(engine.SplitPyramid) // variances alone: the fastest
	SplitCost    = Split(engine.SplitCost)    // cost alone: the smallest files
)

// Options of [Encode], [EncodeRaster], [NewEncoder] and [NewPlan], which leave them as they
// are; nil is the zero value.
type Options struct {
	// T is the threshold of the promise, in units of the samples: 0 is lossless. With
	// BoundRMS it is the largest RMS error that a leaf may have, MinT to MaxT of samples of
	// 8 bits and as many times more of others as full scale is; with BoundMax the largest
	// error of any sample, of integers a whole number up to their range.
	//
	// Where a file without loss is smaller than a lossy one, that is what is written, unless
	// Engine says which engine is to code.
	T float64
	// TargetSize is the most bytes that the file may have, TargetPSNR the least PSNR in dB of the decoded
	// colours of a picture. One of them may stand in the place of T, which then is searched for: by a size
	// the smallest T whose file has no more bytes, by a PSNR the largest whose file has no less. T is
	// within half a percent of that, or the file within 1 percent of the size or 0.05 dB of the PSNR; of
	// large rasters it is as near as a few encodes of all come. With ChromaAuto a PSNR is searched for
	// with Chroma444 and with Chroma420, and the smaller file is taken. The file is the
	// one of T and of Search.Chroma, which Stats has; lossless is the smallest T. The raster is read
	// several times, and nothing is written before T is found. A target that no T comes to is a
	// *TargetError.
	TargetSize int64
	TargetPSNR float64
	Bound      Bound
	Engine     Engine
	Chroma     Chroma
	Split      Split
	// Tune makes no difference with BoundMax and without loss. With TuneVisual no leaf has a larger
	// RMS error than T times the multiplier of its step class: 0.5 in areas where errors are seen
	// best to 2 in the strongest texture, for colour differences 0.53 to 1.06, or 0.99 to 1.98 of
	// Chroma444. T is 1 to MaxT then.
	Tune    Tune
	Backend tree.Backend // nil is the CPU
	Workers int          // goroutines; 0 is GOMAXPROCS
	// Effort, 1 to 4, is how hard engines try for a small file; 0 is 2. Of BoundMax and
	// without loss, 1 predicts by built-in weights, 2 fits them to the image, 3 also tries
	// patterns on a part of every tile, 4 also mixes contexts. With AVX2, 4 takes about ten
	// times as long as 2, and so does decoding. Of BoundRMS, decoders restore what is lost
	// of files of 2 and more, and decode those of 1 fastest; from 3 on, which takes about four
	// times as long to encode, leaves are predicted from what is decoded around them. 4 takes five to
	// six times as long as 3 to encode, as it tries all that they can be predicted from.
	Effort int
	// Memory bounds the bytes that are held at once: fewer goroutines work where it does
	// not allow for more. A row of tiles and what coding a tile takes are held in any
	// case. 0 is 512 MiB, or no bound for Encode, whose image is there already.
	Memory int64
	// Plan, where it is not nil, is what tiles are coded by: it is made once, for many
	// rasters of the same kind or for rows that come one after the other. Type, roles
	// and palette are the plan's, the size may be another. T, Bound, Engine, Chroma, Split,
	// Tune and Effort are the plan's too, and zero here.
	Plan *Plan
	// Spool is where NewEncoder keeps the rows of a raster that takes more than a quarter
	// of Memory. Nothing else uses it.
	Spool Spool
	// Metadata to store; where it is empty, what a decoded file of this module carries, or
	// else the plan's. Statistics of samples in GDAL's metadata (STATISTICS_MEAN and others, of
	// Metadata.TIFF) are left out where samples may change.
	Metadata Metadata
	// ColourMetadata, if not nil, is stored in its place where the colours of a palette are
	// coded and not its indices.
	ColourMetadata *Metadata
	Stats          *Stats // filled in if not nil
	// Progress is called as work proceeds, never concurrently, with a number of pixels and
	// all of them: reading, planning and coding have shares of each pixel, as far as they
	// take time. done never falls, and is total when the file is written.
	Progress func(done, total int64)
}

// The range of Options.T, with TuneVisual from MinVisualT on.
const (
	MinT       = 0.25
	MinVisualT = 1.0
	MaxT       = 255.0
)

// defaultMemory is Options.Memory where none is given.
const defaultMemory = 512 << 20

func (o *Options) memory() int64 {
	if o.Memory == 0 {
		return defaultMemory
	}
	return o.Memory
}

// MaxEffort is the largest Options.Effort.
const MaxEffort = int(predictive.EffortMixing)

// params are the options for samples of a format.
func (o *Options) params(f *raster.Format) (engine.Params, error) {
	if o.aims() {
		if err := o.checkTarget(f); err != nil {
			return engine.Params{}, err
		}
		o = o.withLikelyT(f)
	}
	bound := o.resolve(f)
	if err := o.check(f, bound); err != nil {
		return engine.Params{}, err
	}
	p := engine.Params{Format: *f, Chroma: engine.Chroma(o.Chroma), Split: engine.Split(o.Split), Effort: engine.Effort(o.Effort), Tune: engine.Tune(o.Tune)}
	if p.Effort == 0 {
		p.Effort = predictive.EffortFitted
	}
	switch {
	case o.T == 0:
		p.Bound = engine.Max
	case bound == BoundRMS:
		p.T = int64(o.T / levelOf(f) * engine.ErrorUnit)
	case f.Type.Float():
		p.Bound, p.T = engine.Max, int64(math.Float64bits(o.T))
	default:
		p.Bound, p.T = engine.Max, int64(o.T)
	}
	return p, nil
}

// metadata is what to store with samples that are coded so, src being the format of the source.
func (o *Options) metadata(coded *engine.Params, src *raster.Format) *Metadata {
	m := &o.Metadata
	if o.ColourMetadata != nil && src.Palette != nil && coded.Format.Palette == nil {
		m = o.ColourMetadata
	}
	if !coded.Lossless() {
		m = m.withoutStatistics()
	}
	return m
}

// Check tells whether the options suit the samples of src, of which it reads none. Its
// error is the one of EncodeRaster: a *ThresholdError where it is about T.
func (o *Options) Check(src raster.Source) error {
	var opt Options
	if o != nil {
		opt = *o
	}
	if opt.Plan != nil {
		_, err := (&encoding{opt: &opt, src: src}).byPlan()
		return public(err)
	}
	_, err := opt.accepted(src)
	return public(err)
}

// accepted are the options for the samples of src, or for the colours of indices, where an
// engine takes them.
func (o *Options) accepted(src raster.Source) (engine.Params, error) {
	if err := src.Format().Validate(); err != nil {
		return engine.Params{}, err
	}
	p, err := o.params(pipeline.Colours(src).Format())
	if err == nil {
		if err = pipeline.Accepts(&p, o.Engine.id()); err != nil && o.Engine != AnyEngine {
			err = fmt.Errorf("engine %v: %w", o.Engine, err)
		}
	}
	return p, err
}

// levelOf is a level of an 8-bit scale in steps of samples.
func levelOf(f *raster.Format) float64 { return float64(f.FullScale()) / 255 }

// check tells whether the options make sense for samples of a format.
func (o *Options) check(f *raster.Format, bound Bound) error {
	for _, field := range []struct {
		name      string
		v, lo, hi int
		note      string
	}{
		{"effort", o.Effort, 0, MaxEffort, " (0 for the default)"},
		{"engine", int(o.Engine), int(AnyEngine), int(Layered), ""},
		{"bound", int(o.Bound), int(BoundAuto), int(BoundMax), ""},
		{"chroma", int(o.Chroma), int(ChromaAuto), int(Chroma444), ""},
		{"split", int(o.Split), int(SplitHybrid), int(SplitCost), ""},
		{"tune", int(o.Tune), int(TunePSNR), int(TuneVisual), ""},
	} {
		if field.v < field.lo || field.v > field.hi {
			return fmt.Errorf("%s %d, expected %d to %d%s", field.name, field.v, field.lo, field.hi, field.note)
		}
	}
	if err := o.checkWork(); err != nil {
		return err
	}
	return o.checkT(f, bound)
}

// checkWork checks what the file does not depend on.
func (o *Options) checkWork() error {
	switch {
	case o.Workers < 0 || o.Workers > math.MaxInt32:
		return fmt.Errorf("workers %d, expected 0 to %d (0 for one on each CPU)", o.Workers, math.MaxInt32)
	case o.Memory < 0:
		return fmt.Errorf("memory of %d bytes, expected 0 or more (0 for 512 MiB)", o.Memory)
	}
	return nil
}

func (o *Options) checkT(f *raster.Format, bound Bound) error {
	wrong := func(format string, args ...any) error {
		tune := ""
		if o.Tune == TuneVisual && bound == BoundRMS {
			tune = " and the tune visual"
		}
		return &ThresholdError{fmt.Sprintf("threshold %v with the bound %v%s, expected ", o.T, bound, tune) + fmt.Sprintf(format, args...)}
	}
	picture, least := engine.CheckPicture(f), MinT
	if o.Tune == TuneVisual {
		least = MinVisualT
	}
	switch level := levelOf(f); {
	case o.T == 0:
		return nil
	case bound == BoundRMS && picture != nil:
		return &ThresholdError{fmt.Sprintf("bound %v of %v; or the bound %v", bound, picture, BoundMax)}
	case bound == BoundRMS && (math.IsNaN(o.T) || o.T < least*level || o.T > MaxT*level):
		return wrong("0 for lossless or %v to %v", least*level, MaxT*level)
	case bound == BoundRMS:
		return nil
	case f.Type.Float() && (math.IsNaN(o.T) || math.IsInf(o.T, 0) || o.T < 0):
		return wrong("0 for lossless or a finite number above")
	case !f.Type.Float() && (o.T != math.Trunc(o.T) || o.T < 0 || o.T > float64(f.Range())):
		return wrong("a whole number of 0 to %v, the range of the samples", f.Range())
	}
	return nil
}

// Stats tells what an Encode did.
type Stats struct {
	Format                   raster.Format // of what is coded: the colours of indices unless without loss
	InputBytes, OutputBytes  int64         // of the samples, of the file
	Nodes, Leaves, TreeDepth int           // of the quadtrees below their 32×32 roots
	LeavesBySize             map[int]int
	MaxLeafRMS               []float64 // per plane, in units of the samples, as Info has them
	MaxError                 []float64 // per band, of BoundMax, in units of the samples
	// Bound and T are the promise of the file, lossless where T is 0: the one of the options,
	// or lossless where that takes fewer bytes.
	Bound  Bound
	T      float64
	Tune   Tune // of BoundRMS
	Engine Engine
	// Tried are the ways to code that were tried, none where one alone came into question;
	// OnPilot tells whether they were tried on a sample, and not on all of the samples.
	Tried   []Trial
	OnPilot bool
	Search  *Search // for the T of a target, nil where there is none
	Backend string
	Stages  []Stage
}

// Trial is what a way to code takes.
type Trial struct {
	Engine Engine
	Bound  Bound
	T      float64
	Bytes  int64 // of the tiles and what they are coded by
}

// tried are the trials of a choice.
func tried(c *pipeline.Choice) (all []Trial) {
	for _, t := range c.Tried {
		p := engine.Params{Format: *c.Source.Format(), Bound: t.Bound}
		all = append(all, Trial{engineOf(t.Engine), boundOf(t.Bound), errorOf(&p, uint64(t.T)), t.Bytes})
	}
	return all
}

// Stage is the time one stage took; stages that goroutines run side by side have the
// share of one.
type Stage struct {
	Name     string
	Duration time.Duration
}

// add adds to a stage that ran before.
func (s *Stats) add(name string, d time.Duration) {
	for i := range s.Stages {
		if s.Stages[i].Name == name {
			s.Stages[i].Duration += d
			return
		}
	}
	s.Stages = append(s.Stages, Stage{name, d})
}

// finish completes the statistics of a file of size bytes.
func (s *Stats) finish(p *engine.Plan, totals pipeline.Totals, size int64) {
	f := &p.Format
	s.Format, s.InputBytes, s.OutputBytes = *f, f.Bytes(), size
	for i, n := range totals.Leaves {
		if n > 0 {
			if s.LeavesBySize == nil {
				s.LeavesBySize = map[int]int{}
			}
			s.LeavesBySize[8<<i] = n
		}
	}
	s.Leaves = totals.Leaves[0] + totals.Leaves[1] + totals.Leaves[2]
	split16 := totals.Leaves[0] / 4
	split32 := (totals.Leaves[1] + split16) / 4
	s.Nodes = s.Leaves + split16 + split32
	switch {
	case split16 > 0:
		s.TreeDepth = 2
	case split32 > 0:
		s.TreeDepth = 1
	}
	s.MaxLeafRMS, s.MaxError = errorsOf(&p.Params, totals.Worst)
	if p.Bound == engine.RMS {
		s.Tune = Tune(p.Tune)
	}
	s.Bound, s.T, s.Engine = boundOf(p.Bound), errorOf(&p.Params, uint64(p.T)), engineOf(p.Engine)
}

// errorOf is an error in units of the samples.
func errorOf(p *engine.Params, v uint64) float64 {
	switch {
	case p.Bound == engine.RMS:
		return float64(v) / engine.ErrorUnit * levelOf(&p.Format)
	case p.Format.Type.Float():
		return math.Float64frombits(v)
	}
	return float64(v)
}

// errorsOf gives largest errors.
func errorsOf(p *engine.Params, worst []uint64) (leafRMS, maxError []float64) {
	for _, v := range worst {
		if e := errorOf(p, v); p.Bound == engine.Max {
			maxError = append(maxError, e)
		} else {
			leafRMS = append(leafRMS, e)
		}
	}
	return leafRMS, maxError
}
