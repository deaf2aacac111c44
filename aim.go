package qtgpu

import (
	"fmt"
	"math"
	"strconv"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/raster"
)

// Search tells what a file by Options.TargetSize or Options.TargetPSNR came to.
type Search struct {
	PSNR float64 // in dB, as Options.TargetPSNR; +Inf without loss, NaN of what is no picture
	// Chroma is the resolution of colour to ask for beside T, where TargetPSNR has found it too and T alone would
	// have the other one; else ChromaAuto.
	Chroma Chroma
	// Pilots is how often a sample of a large raster was coded, Codings how often all of the
	// raster was, until the promise was found.
	Pilots, Codings int
}

// TargetError reports a target that no T comes to, and says what is within reach.
type TargetError struct{ What string }

func (e *TargetError) Error() string { return e.What }

// aims tells whether a target stands in the place of T.
func (o *Options) aims() bool { return o.TargetSize != 0 || o.TargetPSNR != 0 }

// checkTarget checks the target, if there is one, for samples of a format.
func (o *Options) checkTarget(f *raster.Format) error {
	switch picture := engine.CheckPicture(f); {
	case !o.aims():
		return nil
	case o.TargetSize != 0 && o.TargetPSNR != 0:
		return fmt.Errorf("target of %d bytes and of %v dB, expected one of them", o.TargetSize, o.TargetPSNR)
	case o.T != 0:
		return fmt.Errorf("threshold %v beside a target, which finds one, expected 0", o.T)
	case o.TargetSize < 0:
		return fmt.Errorf("target of %d bytes, expected 1 or more (0 for none)", o.TargetSize)
	case o.TargetSize != 0:
		return nil
	case math.IsNaN(o.TargetPSNR) || math.IsInf(o.TargetPSNR, 0) || o.TargetPSNR < 0:
		return fmt.Errorf("target of %v dB, expected a finite number above 0 (0 for none)", o.TargetPSNR)
	case picture != nil:
		return fmt.Errorf("target of %v dB, and a PSNR is of pictures: %w", o.TargetPSNR, picture)
	}
	return nil
}

// withLikelyT are the options with a T in the place of a target, for whoever asks what T
// asks for: which engines come into question, and what they take.
func (o *Options) withLikelyT(f *raster.Format) *Options {
	likely := *o
	likely.TargetSize, likely.TargetPSNR = 0, 0
	switch bound := o.resolve(f); {
	case f.Bands[0].Role == raster.Label: // no engine has a loss for them
	case bound == BoundRMS:
		likely.T = 8 * levelOf(f)
	default:
		likely.T = 1
	}
	return &likely
}

// target is what the pipeline is to aim at.
func (e *encoding) target() pipeline.Target {
	from := e.src.Format()
	return pipeline.Target{
		Bytes: e.opt.TargetSize, PSNR: e.opt.TargetPSNR,
		Picture:  engine.CheckPicture(pipeline.Colours(e.src).Format()) == nil,
		Metadata: func(coded *engine.Params) container.Metadata { return e.opt.metadata(coded, from).chunks() },
	}
}

// unreachable says what is within reach.
func (o *Options) unreachable(e *pipeline.UnreachableError) error {
	p := &e.Nearest.Encoder.Plan().Params
	at := fmt.Sprintf("at T %v of the bound %v", shortest(p), boundOf(p.Bound))
	if p.Lossless() {
		at = "without loss"
	}
	if e.Size {
		return &TargetError{fmt.Sprintf("target of %d bytes is out of reach, expected at least %d, which the file has %s", o.TargetSize, e.Nearest.Bytes, at)}
	}
	return &TargetError{fmt.Sprintf("target of %v dB is out of reach, expected at most %.2f dB, which the file has %s", o.TargetPSNR, e.Nearest.PSNR, at)}
}

// foundChroma is Search.Chroma.
func (o *Options) foundChroma(a *pipeline.Aimed) Chroma {
	p := &a.Encoder.Plan().Params
	if o.Chroma != ChromaAuto || p.Bound != engine.RMS || a.Chroma == transform.AutoChroma(p.T) {
		return ChromaAuto
	}
	return Chroma(a.Chroma)
}

// shortest is the T of a plan with as few digits as give it back.
func shortest(p *engine.Params) float64 {
	exact := errorOf(p, uint64(p.T))
	if p.Bound != engine.RMS {
		return exact
	}
	for digits := 0; digits < 17; digits++ {
		for _, t := range near(exact, digits) {
			if int64(t/levelOf(&p.Format)*engine.ErrorUnit) == p.T {
				return t
			}
		}
	}
	return exact
}

// near are the decimals of some digits behind the point on both sides of a number.
func near(v float64, digits int) []float64 {
	unit := math.Pow10(digits)
	both := []float64{math.Floor(v * unit), math.Ceil(v * unit)}
	for i, n := range both {
		both[i], _ = strconv.ParseFloat(fmt.Sprintf("%.0fe-%d", n, digits), 64)
	}
	return both
}
