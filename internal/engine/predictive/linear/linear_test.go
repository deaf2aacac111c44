package linear

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// randomWeights are weights that a file may hold, or those of base.
func randomWeights(r *rand.Rand, base WeightSet) WeightSet {
	base.each(func(w *weights) {
		if r.IntN(2) == 0 {
			for i := 1; i < terms; i++ {
				w[i] = int32(r.IntN(2*maxWeight) - maxWeight)
			}
		}
		w.close(0)
	})
	return base
}

// Rows equal the definition of sums by offsets, of samples of 16 bits and more.
func TestRowsAgainstDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 2))
	w := randomWeights(r, WeightSet{})
	for _, s := range [][2]int{{16, 16}, {33, 57}, {64, 20}} {
		for _, wide := range []bool{false, true} {
			plane := interlace.NewPlane(s[0], s[1])
			for i := range plane.Pix {
				plane.Pix[i] = int32(r.IntN(1 << 16))
			}
			overview := plane.Overview(nil)
			p := Predictor{Step: 1, Wide: wide, Limits: residual.NoLimits}
			p.Load(&plane, &overview)
			for lev := range interlace.Base {
				p.CodeLevel(lev, &w, [2]*interlace.Level{}, func(ps interlace.Pass, x0, y, n int) {
					for k := range n {
						requireDefinition(t, &p, &w, lev, ps, x0+2*k, y, k)
					}
				}, func() bool { return false })
				p.Load(&plane, &overview) // what descending has changed
			}
		}
	}
}

func requireDefinition(t *testing.T, p *Predictor, w *WeightSet, lev int, ps interlace.Pass, x, y, k int) {
	t.Helper()
	var tp [taps]int32
	_, e1, e2, used := p.terms(&tp, lev, ps, x, y)
	tx := textureOf(e1, e2)
	ws := &w[lev][ps][tx]
	want := int64(ws[constant])
	for i, v := range tp[:used] {
		want += int64(ws[i]) * int64(v)
	}
	if !p.Wide {
		want = int64(int32(want))
	}
	require.EqualValues(t, tx, p.Row.texture[k], "level %d pass %d x %d y %d", lev, ps, x, y)
	require.Equal(t, want, p.Sum(k), "level %d pass %d x %d y %d, wide %v", lev, ps, x, y, p.Wide)
}

// Weights survive their bits and their bytes; those of the taps sum to one.
func TestWeightsPayload(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 2))
	base := randomWeights(r, WeightSet{})
	set := randomWeights(r, base)
	var b rans.BitWriter
	set.Put(&b, &base, 0)
	read := rans.NewBitReader(b.AppendReversed(nil))
	back := base
	require.NoError(t, back.Read(&read, 0))
	require.NoError(t, read.Done())
	require.Equal(t, set, back)
	back.each(func(w *weights) {
		sum := int32(0)
		for _, v := range w[:taps] {
			sum += v
		}
		require.EqualValues(t, WeightOne, sum)
	})
	same, rest := ParseWeights(append(set.Append(nil), 7))
	require.Equal(t, set, same)
	require.Equal(t, []byte{7}, rest)
}

// A fit finds the weights that samples were made by.
func TestFit(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 2))
	plane := interlace.NewPlane(256, 256)
	for i := range plane.Pix {
		plane.Pix[i] = int32(r.IntN(256))
	}
	// Samples of pass A are ¼ of the left and ¾ of the right neighbour above.
	for y := 1; y < plane.H-1; y += 2 {
		for x := 1; x < plane.W-1; x += 2 {
			a, b := plane.Pix[(y-1)*plane.W+x-1], plane.Pix[(y-1)*plane.W+x+1]
			plane.Pix[y*plane.W+x] = (a + 3*b + 2) >> 2
		}
	}
	overview := plane.Overview(nil)
	p := Predictor{Step: 1, Limits: residual.NoLimits}
	p.Load(&plane, &overview)
	base := []WeightSet{{}}
	base[0].each(func(w *weights) {
		for i := 1; i < 4; i++ {
			w[i] = WeightOne / 4
		}
		w.close(0)
	})
	f := NewFit(1, 1)
	f.Sample([]Predictor{p}, base)
	got := f.Weights(base, []int{0})[0][0][interlace.PassA]
	fitted := 0
	for texture := range got {
		if n := f.planes[0][0][interlace.PassA][texture]; n == nil || n.n < 500 { // noise has few flat places
			continue
		}
		fitted++
		require.InDelta(t, WeightOne/4, got[texture][0], 12, "texture %d", texture)
		require.InDelta(t, 3*WeightOne/4, got[texture][1], 12, "texture %d", texture)
	}
	require.GreaterOrEqual(t, fitted, Directions)
}
