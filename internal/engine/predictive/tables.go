package predictive

import (
	_ "embed"

	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// defaults holds the weights of the three kinds of planes, 16 bits a weight, and then
// the universal tables; trained by the command in train/.
//
//go:embed defaults.bin
var defaults []byte

var defaultWeights, universal = parseDefaults(defaults)

// fineWeights are the defaults with more bits.
var fineWeights = func() (w [residual.Kinds]linear.WeightSet) {
	for k := range w {
		w[k] = defaultWeights[k].Fine()
	}
	return w
}()

func parseDefaults(p []byte) (w [residual.Kinds]linear.WeightSet, t rans.TableSet) {
	for k := range w {
		w[k], p = linear.ParseWeights(p)
	}
	return w, rans.NewTableSet(p, residual.NContexts, residual.Alphabet)
}

// Defaults is the content of defaults.bin for what training has summed up.
func Defaults(m *Model, h rans.Histogram) []byte {
	var p []byte
	for k := range residual.Kinds {
		p = m.planes[k].Append(p)
	}
	return universal.Append(p, h)
}

// NewHistogram counts the tokens of tiles; see Tile.Count.
func NewHistogram() rans.Histogram { return make(rans.Histogram, residual.NContexts*rans.Symbols) }

// Model is what the tiles of a file share: the weights of each plane.
type Model struct {
	planes []linear.WeightSet
	kinds  []int // of the planes
	more   []int // bits that their weights have more
}

// DefaultModel predicts the planes of a format by the built-in weights.
func DefaultModel(f *Format) *Model { return defaultModel(f.kinds(), f.moreBits()) }

func defaultModel(kinds, more []int) *Model {
	m := &Model{make([]linear.WeightSet, len(kinds)), kinds, more}
	for i := range kinds {
		m.planes[i] = m.base(i)
	}
	return m
}

// base are the built-in weights of a plane.
func (m *Model) base(i int) linear.WeightSet {
	if m.more[i] > 0 {
		return fineWeights[m.kinds[i]]
	}
	return defaultWeights[m.kinds[i]]
}

// put writes the weights as differences from the defaults.
func (m *Model) put(w *rans.BitWriter) {
	for i := range m.planes {
		base := m.base(i)
		m.planes[i].Put(w, &base, m.more[i])
	}
}

// parseModel is the inverse of put.
func parseModel(r *rans.BitReader, f *Format) (*Model, error) {
	m := DefaultModel(f)
	for i := range m.planes {
		if err := m.planes[i].Read(r, m.more[i]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Fit sums what tiles tell of the weights of their planes.
type Fit struct {
	sums        *linear.Fit
	kinds, more []int
}

// NewFit is empty, for the planes of a format of which every step-th row will be entered.
func NewFit(f *Format, step int) *Fit {
	return &Fit{linear.NewFit(f.Channels, step), f.kinds(), f.moreBits()}
}

// Merge adds the sums of g.
func (f *Fit) Merge(g *Fit) { f.sums.Merge(g.sums) }

// Model solves for the weights.
func (f *Fit) Model() *Model {
	return &Model{f.sums.Weights(defaultModel(f.kinds, f.more).planes, f.more), f.kinds, f.more}
}

// roughStep is the step of the rows that a tile's own rough weights are fitted to.
const roughStep = 64

// Add enters a tile into the fit, unless it is one of labels. It takes over the
// channels. The residuals that are terms come from rough weights, for the file's are
// not known yet.
func (f *Fit) Add(scratch *Scratch, format *Format, channels []Plane) {
	if format.Labels {
		return
	}
	planes, overviews, rct := transform(format, channels)
	ps := scratch.predictors(format, rct)
	for i := range ps {
		if format.Lanes != nil && ps[i].Step > 1 { // what a decoder knows is as rough as this
			for k, v := range planes[i].Pix {
				planes[i].Pix[k] = arith.Nearest(v, ps[i].Step) * ps[i].Step
			}
		}
		ps[i].Step = 1
		ps[i].Load(&planes[i], &overviews[i])
		for l := range ps[i].Levels {
			clear(ps[i].Levels[l].Q)
		}
	}
	format.packOverview(rct, ps)
	base := defaultModel(f.kinds, f.more).planes
	rough := linear.NewFit(len(ps), roughStep)
	rough.Sample(ps, base)
	f.sums.Sample(ps, rough.Weights(base, f.more))
}
