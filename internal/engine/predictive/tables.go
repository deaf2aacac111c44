package predictive

import (
	_ "embed"
	"encoding/binary"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// defaults holds the predictors of the three kinds of planes, 16 bits a
// weight, and then the universal tables; trained by the command in train/.
//
//go:embed defaults.bin
var defaults []byte

var defaultPredictors, universal = parseDefaults(defaults)

func alphabet(ctx int) int {
	if ctx >= ctxZero {
		return 2
	}
	return rans.Symbols
}

func parseDefaults(p []byte) (w [kinds]predictor, t rans.TableSet) {
	for k := range w {
		w[k].each(func(v *weights) {
			for i := range v {
				v[i] = int32(int16(uint16(p[0]) | uint16(p[1])<<8))
				p = p[2:]
			}
		})
	}
	return w, rans.NewTableSet(p, nContexts, alphabet)
}

// each visits the weights of all classes in the order of the file.
func (p *predictor) each(f func(*weights)) {
	for l := range p {
		for ps := range p[l] {
			for d := range p[l][ps] {
				f(&p[l][ps][d])
			}
		}
	}
}

// Model is what the tiles of a file share: the predictor of each plane.
type Model struct{ planes []predictor }

// kind of plane i of n: three of colour, or bands, stand in a row; alpha and
// further ones are first planes.
func kind(i, n int) int {
	if n > 2 && i < kinds {
		return i
	}
	return 0
}

// DefaultModel predicts n planes by the built-in weights.
func DefaultModel(n int) *Model {
	m := &Model{make([]predictor, n)}
	for i := range m.planes {
		m.planes[i] = defaultPredictors[kind(i, len(m.planes))]
	}
	return m
}

// weightLow is the number of low bits of a weight's difference that are raw.
const weightLow = 2

// put writes the weights as differences from the defaults; the first of each
// class follows from the others.
func (m *Model) put(w *rans.BitWriter) {
	for i := range m.planes {
		def := defaultPredictors[kind(i, len(m.planes))]
		var base []weights
		def.each(func(v *weights) { base = append(base, *v) })
		n := 0
		m.planes[i].each(func(v *weights) {
			if *v == base[n] {
				w.Put(0, 1)
			} else {
				w.Put(1, 1)
				for j := 1; j < terms; j++ {
					z := rans.Zigzag(int(v[j] - base[n][j]))
					w.PutExpGolomb(z >> weightLow)
					w.Put(z&(1<<weightLow-1), weightLow)
				}
			}
			n++
		})
	}
}

// bits is the length of what put writes for weights that differ from base.
func (v *weights) bits(base *weights) int {
	n := 1
	for j := 1; j < terms; j++ {
		n += weightLow + rans.ExpGolombBits(rans.Zigzag(int(v[j]-base[j]))>>weightLow)
	}
	return n
}

// parseModel is the inverse of put.
func parseModel(r *rans.BitReader, n int) (m *Model, err error) {
	m = DefaultModel(n)
	for i := range m.planes {
		m.planes[i].each(func(v *weights) {
			if err != nil || r.Bits(1) == 0 {
				return
			}
			for j := 1; j < terms; j++ {
				z := r.ExpGolomb() << weightLow
				d := rans.Unzigzag(z | r.Bits(weightLow))
				if v[j] += int32(d); d < -4*maxWeight || d > 4*maxWeight || v[j] < -2*maxWeight || v[j] > 2*maxWeight {
					err = rans.ErrCorrupt
					return
				}
			}
			v.close()
		})
	}
	return m, err
}

// Defaults is the content of defaults.bin for what training has summed up.
func Defaults(m *Model, h rans.Histogram) []byte {
	var p []byte
	for k := range kinds {
		m.planes[k].each(func(v *weights) {
			for _, x := range v {
				p = binary.LittleEndian.AppendUint16(p, uint16(x))
			}
		})
	}
	return universal.Append(p, h)
}

// NewHistogram counts the tokens of tiles; see Tile.Count.
func NewHistogram() rans.Histogram { return make(rans.Histogram, nContexts*rans.Symbols) }

// Count adds the tokens of a tile to h.
func (t *Tile) Count(h rans.Histogram) {
	h.Add(t.front.tokens)
	h.Add(t.body.tokens)
}
