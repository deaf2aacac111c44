package qtgpu

import (
	"fmt"
	"math"
	"strconv"
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

// String is the usual notation: "4:2:0", "4:4:4", or "none" of ChromaAuto.
func (c Chroma) String() string { return name(int(c), "none", "4:2:0", "4:4:4") }

// Bound is what the promise limits.
type Bound int

const (
	BoundRMS Bound = iota // the RMS error of every leaf of the quadtree
	BoundMax              // the error of every sample
)

// String is "rms" or "max".
func (b Bound) String() string { return name(int(b), "rms", "max") }

// name names an enumerated value.
func name(v int, names ...string) string {
	if v >= 0 && v < len(names) {
		return names[v]
	}
	return strconv.Itoa(v)
}

// Split is the way the encoder chooses the leaves of the quadtree.
type Split int

// The ways to choose leaves.
const (
	SplitHybrid  = Split(engine.SplitHybrid)  // variances where they are clear, cost in between
	SplitPyramid = Split(engine.SplitPyramid) // variances alone: the fastest
	SplitCost    = Split(engine.SplitCost)    // cost alone: the smallest files
)

// Options of Encode, which leaves them as they are.
type Options struct {
	// T is the threshold of the promise: 0 is lossless. With BoundRMS it is the
	// largest RMS error that a leaf may have, in levels of an 8-bit scale, MinT
	// to MaxT; with BoundMax the largest error of any sample, a whole number of
	// the samples' own steps, up to full scale.
	T       float64
	Bound   Bound
	Chroma  Chroma
	Split   Split
	Backend tree.Backend // nil is the CPU
	Workers int          // goroutines; 0 is GOMAXPROCS
	// Effort, 1 to 4, is how hard the engines of BoundMax and of lossless files try for a
	// small file; 0 is 2.
	// 1 predicts by built-in weights, 2 fits them to the image, 3 also tries patterns
	// on a part of every tile, 4 also mixes contexts. With AVX2, 4 takes about ten times
	// as long as 2, and so does decoding.
	Effort int
	// Memory bounds the bytes that are held at once: fewer goroutines work where it does
	// not allow for more. A row of tiles and what coding a tile takes are held in any
	// case. 0 is 512 MiB, or no bound for Encode, whose image is there already.
	Memory int64
	// Metadata to store; what a decoded file of this module carries is
	// taken where it is empty.
	Metadata Metadata
	Stats    *Stats                  // filled in if not nil
	Progress func(done, total int64) // called as work proceeds, in pixels, never concurrently
}

// The range of Options.T.
const (
	MinT = 0.25
	MaxT = 255.0
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
	if err := o.check(f.FullScale()); err != nil {
		return engine.Params{}, err
	}
	p := engine.Params{Format: *f, Chroma: engine.Chroma(o.Chroma), Split: engine.Split(o.Split), Effort: engine.Effort(o.Effort)}
	if p.Effort == 0 {
		p.Effort = predictive.EffortFitted
	}
	if o.T == 0 || o.Bound == BoundMax {
		p.Bound, p.T = engine.Max, int64(o.T)
	} else {
		p.T = int64(o.T * engine.ErrorUnit)
	}
	return p, nil
}

// check tells whether the options make sense for samples of at most full scale.
func (o *Options) check(fullScale int64) error {
	for _, f := range []struct {
		name      string
		v, lo, hi int
		note      string
	}{
		{"effort", o.Effort, 0, MaxEffort, " (0 for the default)"},
		{"bound", int(o.Bound), int(BoundRMS), int(BoundMax), ""},
		{"chroma", int(o.Chroma), int(ChromaAuto), int(Chroma444), ""},
		{"split", int(o.Split), int(SplitHybrid), int(SplitCost), ""},
		{"workers", o.Workers, 0, math.MaxInt32, " (0 for one on each CPU)"},
	} {
		if f.v < f.lo || f.v > f.hi {
			return fmt.Errorf("%s %d, expected %d to %d%s", f.name, f.v, f.lo, f.hi, f.note)
		}
	}
	if o.Memory < 0 {
		return fmt.Errorf("memory of %d bytes, expected 0 or more (0 for 512 MiB)", o.Memory)
	}
	switch {
	case o.T == 0:
		return nil
	case o.Bound == BoundMax && (o.T != math.Trunc(o.T) || o.T < 0 || o.T > float64(fullScale)):
		return &ThresholdError{fmt.Sprintf("threshold %v with the bound max, expected a whole number of 0 to %d, the sample of full scale",
			o.T, fullScale)}
	case o.Bound != BoundMax && (math.IsNaN(o.T) || o.T < MinT || o.T > MaxT):
		return &ThresholdError{fmt.Sprintf("threshold %v, expected 0 for lossless or %v to %v", o.T, MinT, MaxT)}
	}
	return nil
}

// Stats tells what an Encode did.
type Stats struct {
	Width, Height, Bands, Depth int
	Planes                      int
	InputBytes, OutputBytes     int64 // of the samples, of the file
	Nodes, Leaves, TreeDepth    int   // of the quadtrees below their 32×32 roots
	LeavesBySize                map[int]int
	MaxLeafRMS                  []float64 // per plane, in 8-bit levels
	MaxError                    []float64 // per plane, of BoundMax, in steps of the samples
	// Bound and T are the promise of the file: lossless where T is 0, which a bound
	// under which nothing can be gained becomes too.
	Bound   Bound
	T       float64
	Backend string
	Stages  []Stage
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
	s.Width, s.Height, s.Bands, s.Depth, s.Planes = f.Width, f.Height, len(f.Bands), 8*f.Type.Size(), len(f.Bands)
	s.InputBytes, s.OutputBytes = f.Bytes(), size
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
	s.MaxLeafRMS, s.MaxError = errorsOf(p.Bound, totals.Worst)
	s.Bound, s.T = BoundMax, float64(p.T)
	if p.Bound == engine.RMS {
		s.Bound, s.T = BoundRMS, float64(p.T)/engine.ErrorUnit
	}
}

// errorsOf gives largest errors, of leaves in 8-bit levels.
func errorsOf(b engine.Bound, worst []uint64) (leafRMS, maxError []float64) {
	for _, v := range worst {
		if b == engine.Max {
			maxError = append(maxError, float64(v))
		} else {
			leafRMS = append(leafRMS, float64(v)/engine.ErrorUnit)
		}
	}
	return leafRMS, maxError
}
