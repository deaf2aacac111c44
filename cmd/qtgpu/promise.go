package main

import (
	"fmt"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/raster"
)

// promise is what a file promises and how far its encoder went: the largest RMS error of
// a leaf of each plane, or the largest error of a sample of each band, in units of the
// samples.
type promise struct {
	Bound  string    `json:"bound"` // "rms" or "max"
	T      float64   `json:"t"`     // 0 of "max" is lossless
	Tune   string    `json:"tune"`  // of "rms": "psnr" or "visual", else ""
	Stated []float64 `json:"largest_error"`

	names []string // of the planes or bands
}

func newPromise(bound qtgpu.Bound, t float64, tune qtgpu.Tune, leafRMS, maxError []float64, f *raster.Format) promise {
	if bound == qtgpu.BoundMax {
		return promise{boundMax, t, "", maxError, bandNames(f)}
	}
	return promise{boundRMS, t, tune.String(), leafRMS, planeNames(len(f.Bands))}
}

// promiseOf is the promise of a file.
func promiseOf(r *qtgpu.Reader) promise {
	i, f := r.Info(), r.Format()
	return newPromise(i.Bound, i.T, i.Tune, i.MaxLeafRMS, i.MaxError, &f)
}

// Names of the bounds.
const (
	boundAuto = "auto"
	boundRMS  = "rms"
	boundMax  = "max"
)

func (p *promise) lossless() bool { return p.Bound == boundMax && p.T == 0 }

func (p *promise) visual() bool { return p.Tune == qtgpu.TuneVisual.String() }

// String says which bound it is, too, since the samples decide that by default.
func (p *promise) String() string {
	switch {
	case p.lossless():
		return "lossless"
	case p.Bound == boundMax:
		return fmt.Sprintf("no sample off by more than %g (bound max)", p.T)
	case p.visual():
		return fmt.Sprintf("no leaf's RMS error above %g times 0.5 to 2, by its step class (bound rms, tune visual)", p.T)
	}
	return fmt.Sprintf("no leaf's RMS error above %g (bound rms)", p.T)
}

// short is the promise in a word or two.
func (p *promise) short() string {
	if p.lossless() {
		return "lossless"
	}
	return fmt.Sprintf("%s %g", p.Bound, p.T)
}

// values writes an error of each plane or band.
func (p *promise) values(v []float64) string {
	if p.Bound == boundMax {
		return listed(v, "%v", p.names)
	}
	return listed(v, "%.3f", p.names)
}

// check returns the brokenPromise of errors that somebody says or measured.
func (p *promise) check(says string, errors []float64) error {
	for i, v := range errors {
		if v <= p.T {
			continue
		}
		if p.Bound == boundMax {
			return brokenPromise{fmt.Errorf("channel %s %s an error of %g, above the promised %g", p.names[i], says, v, p.T)}
		}
		what := "a leaf RMS"
		if p.visual() {
			what = "a leaf RMS by step class"
		}
		return brokenPromise{fmt.Errorf("plane %s %s %s of %g, above the promised %g", p.names[i], says, what, v, p.T)}
	}
	return nil
}
