package predictive

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The kernels fill rows with the very numbers of the plain code, whatever the
// samples, residuals and weights of a damaged file are.
func TestVectorRows(t *testing.T) {
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
	r := rand.New(rand.NewPCG(5, 3))
	for range 300 {
		shift := r.IntN(25)
		noise := func(v []int32) {
			for i := range v {
				v[i] = int32(r.Uint32()) >> shift
			}
		}
		w, h := minSide+r.IntN(60), minSide+r.IntN(9)
		var ps [kinds]pyramid
		for i := range ps {
			ps[i].reset(w, h)
			noise(ps[i].means.v)
			for l := range ps[i].levels {
				noise(ps[i].levels[l].v)
				noise(ps[i].levels[l].q)
			}
			ps[i].limits = limits{lo: math.MinInt32, hi: math.MaxInt32}
			if r.IntN(2) == 0 {
				ps[i].limits = limits{-int32(r.IntN(1000)), int32(r.IntN(1000)), true}
			}
			ps[i].step = 1 + 2*int32(r.IntN(2)*r.IntN(100))
		}
		var ws [textures]weights
		for d := range ws {
			for i := range ws[d] {
				ws[d][i] = int32(r.IntN(4*maxWeight)) - 2*maxWeight
			}
		}
		small := func() int32 { return int32(r.IntN(100)) }
		ex := expectation{small(), small(), small(), small(), small(), small(), small(), small()}
		for lev := range Base {
			for pass := range passes {
				compareRows(t, &ps, lev, pass, &ws, &ex)
			}
		}
	}
}

func compareRows(t *testing.T, ps *[kinds]pyramid, lev int, pass pass, ws *[textures]weights, ex *expectation) {
	for kind := range kinds {
		p := &ps[kind]
		p.begin(lev, ws, ex)
		o := others(kind, kind, func(k int) *level { return &ps[k].levels[lev] })
		_, y0 := pass.origin()
		for y := y0; y < p.levels[lev].h; y += 2 {
			n := p.predictRow(lev, pass, y, o)
			r := &p.rows
			got := [...][]int32{r.sum, r.pred, r.texture, r.expect}
			for i := range got {
				got[i] = slices.Clone(got[i][:n])
			}
			predict(p, r.sum[:n], lev, pass, y, o)
			for i, want := range [...][]int32{r.sum, r.pred, r.texture, r.expect} {
				for k := range n {
					require.Equal(t, want[k], got[i][k], "%s, kind %d level %d pass %d sample %d of %d, y %d",
						[]string{"sum", "prediction", "texture", "expectation"}[i], kind, lev, pass, k, n, y)
				}
			}
		}
	}
}

func TestVectorMoments(t *testing.T) {
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
	r := rand.New(rand.NewPCG(6, 3))
	var got, want moments
	for range 100 {
		var d [terms + 1]int32
		for i := range d {
			d[i] = int32(r.Uint32()) >> r.IntN(32) * int32(r.IntN(2))
		}
		addMoments(&got, &d)
		want.add(&d)
	}
	for i := range want {
		for j := range i + 1 {
			require.Equal(t, want[i][j], got[i][j], "terms %d and %d", i, j)
		}
	}
}

// The kernels of the slow mode's filter give the numbers of the plain code, whatever
// the samples, residuals and errors of a damaged file are.
func TestVectorFilter(t *testing.T) {
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
	r := rand.New(rand.NewPCG(6, 3))
	for range 200 {
		var levels [kinds]level
		shift := r.IntN(32)
		for i := range levels {
			levels[i].reset(20, 12)
			for k := range levels[i].v {
				levels[i].v[k], levels[i].q[k] = int32(r.Uint32())>>shift, int32(r.Uint32())>>shift
			}
		}
		before := [2]*level{&levels[1], &levels[2]}
		for k := r.IntN(3); k < 2; k++ {
			before[k] = nil
		}
		var fast, plain filter
		ps := pass(r.IntN(int(passes)))
		a, b := newWindow(&levels[0], before, ps, &fast), newWindow(&levels[0], before, ps, &plain)
		for range 100 {
			a.at = levels[0].at(r.IntN(20), r.IntN(12))
			b.at = a.at
			look(a)
			b.lookPlain()
			require.Equal(t, plain, fast)
			require.Equal(t, [3]int64{int64(b.mean), int64(b.spread), b.sum}, [3]int64{int64(a.mean), int64(a.spread), a.sum})
			gain := int64(int32(r.Uint32()) >> r.IntN(32))
			filterMove(&fast, gain)
			plain.move(gain)
		}
		require.Equal(t, plain, fast)
	}
}
