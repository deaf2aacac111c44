package predictive

import (
	_ "embed"

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
}

// DefaultModel predicts the planes of a format by the built-in weights.
func DefaultModel(f *Format) *Model { return defaultModel(f.kinds()) }

func defaultModel(kinds []int) *Model {
	m := &Model{make([]linear.WeightSet, len(kinds)), kinds}
	for i, k := range kinds {
		m.planes[i] = defaultWeights[k]
	}
	return m
}

// put writes the weights as differences from the defaults.
func (m *Model) put(w *rans.BitWriter) {
	for i := range m.planes {
		m.planes[i].Put(w, &defaultWeights[m.kinds[i]])
	}
}

// parseModel is the inverse of put.
func parseModel(r *rans.BitReader, f *Format) (*Model, error) {
	m := DefaultModel(f)
	for i := range m.planes {
		if err := m.planes[i].Read(r); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Fit sums what tiles tell of the weights of their planes.
type Fit struct {
	sums  *linear.Fit
	kinds []int
}

// NewFit is empty, for the planes of a format of which every step-th row will be entered.
func NewFit(f *Format, step int) *Fit { return &Fit{linear.NewFit(f.Channels, step), f.kinds()} }

// Merge adds the sums of g.
func (f *Fit) Merge(g *Fit) { f.sums.Merge(g.sums) }

// Model solves for the weights.
func (f *Fit) Model() *Model {
	return &Model{f.sums.Weights(defaultModel(f.kinds).planes), f.kinds}
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
		ps[i].Step = 1
		ps[i].Load(&planes[i], &overviews[i])
		for l := range ps[i].Levels {
			clear(ps[i].Levels[l].Q)
		}
	}
	format.packOverview(rct, ps)
	base := defaultModel(f.kinds).planes
	rough := linear.NewFit(len(ps), roughStep)
	rough.Sample(ps, base)
	f.sums.Sample(ps, rough.Weights(base))
}
