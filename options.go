package qtgpu

import (
	"fmt"
	"math"
	"time"

	"github.com/qtgpu/qtgpu/internal/codestream/lossy"
	"github.com/qtgpu/qtgpu/internal/raster"
	"github.com/qtgpu/qtgpu/tree"
)

// Chroma is the resolution at which the colour differences are coded.
type Chroma int

const (
	ChromaAuto Chroma = iota // 4:2:0 from T = 2 on, else 4:4:4
	Chroma420                // half the width and half the height
	Chroma444                // full resolution
)

// Split is the way the encoder chooses the leaves of the quadtree.
type Split int

const (
	SplitHybrid  = Split(lossy.SplitHybrid)  // variances where they are clear, cost in between
	SplitPyramid = Split(lossy.SplitPyramid) // variances alone: the fastest
	SplitCost    = Split(lossy.SplitCost)    // cost alone: the smallest files
)

// Metadata is carried unchanged: an ICC profile, EXIF as a bare TIFF
// structure, an XMP packet. Nil where absent.
type Metadata = raster.Meta

// Options of Encode.
type Options struct {
	// T is the largest RMS error that a leaf may have, in levels of an 8-bit
	// scale, MinT to MaxT.
	T       float64
	Chroma  Chroma
	Split   Split
	Backend tree.Reducer // nil is the CPU
	Workers int          // 0 is GOMAXPROCS
	// Metadata to store; what a decoded file of this module carries is
	// taken where it is empty.
	Metadata Metadata
	Stats    *Stats                // filled in if not nil
	Progress func(done, total int) // called as work proceeds, never concurrently
}

// The range of Options.T.
const (
	MinT = 0.25
	MaxT = 255.0
)

// step is the quantiser step in 1/8 levels.
func (o *Options) step() (int, error) {
	switch {
	case o.T == 0:
		return 0, &UnsupportedError{What: "lossless coding (T = 0) comes with the exact engine; expected a T of 0.25 to 255"}
	case math.IsNaN(o.T) || o.T < MinT || o.T > MaxT:
		return 0, fmt.Errorf("T is %v, expected %v to %v", o.T, MinT, MaxT)
	}
	return lossy.StepFor(o.T), nil
}

// Stats tells what an Encode did.
type Stats struct {
	Width, Height, Channels, Depth int
	Planes                         int
	InputBytes, OutputBytes        int64 // of the samples, of the file
	Nodes, Leaves, TreeDepth       int   // of the quadtrees below their 32×32 roots
	LeavesBySize                   map[int]int
	MaxLeafRMS                     []float64 // per plane, in 8-bit levels
	Backend                        string
	Stages                         []Stage
}

// Stage is the time one stage took; that of split and transform, which run
// together in every tile, is their share of the tiles' time.
type Stage struct {
	Name     string
	Duration time.Duration
}

// stopwatch appends the time since the last stage.
func (s *Stats) stopwatch(start *time.Time, name string) {
	now := time.Now()
	s.Stages = append(s.Stages, Stage{name, now.Sub(*start)})
	*start = now
}
