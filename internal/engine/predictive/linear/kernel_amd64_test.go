//go:build amd64 && !purego

package linear

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// The kernels fill rows with the very numbers of the plain code, whatever the
// samples, residuals and weights of a damaged file are.
func TestVectorRows(t *testing.T) {
	if !avx2 {
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
		w, h := interlace.MinSide+r.IntN(60), interlace.MinSide+r.IntN(9)
		var ps [residual.Kinds]Predictor
		for i := range ps {
			ps[i].Reset(w, h)
			ps[i].Kind = i
			noise(ps[i].Overview.V)
			for l := range ps[i].Levels {
				noise(ps[i].Levels[l].V)
				noise(ps[i].Levels[l].Q)
			}
			ps[i].Limits = residual.NoLimits
			if r.IntN(2) == 0 {
				ps[i].Limits = residual.Limits{Lo: -int32(r.IntN(1000)), Hi: int32(r.IntN(1000)), Known: true}
			}
			ps[i].Step = 1 + 2*int32(r.IntN(2)*r.IntN(100))
		}
		var ws [textures]weights
		for d := range ws {
			for i := range ws[d] {
				ws[d][i] = int32(r.IntN(4*maxWeight)) - 2*maxWeight
			}
		}
		small := func() int32 { return int32(r.IntN(100)) }
		ex := residual.Expectation{
			One: small(), Flat: small(), Cross: small(), Side: small(),
			Corner: small(), Near: small(), Diag: small(), Other: small(),
		}
		for lev := range interlace.Base {
			for pass := range interlace.Passes {
				compareRows(t, ps[:], lev, pass, &ws, &ex)
			}
		}
	}
}

func compareRows(t *testing.T, ps []Predictor, lev int, pass interlace.Pass, ws *[textures]weights, ex *residual.Expectation) {
	for kind := range ps {
		p := &ps[kind]
		p.begin(lev, ws, ex)
		o := Before(ps, kind, lev)
		_, y0 := pass.Origin()
		for y := y0; y < p.Levels[lev].H; y += 2 {
			n := p.predictRow(lev, pass, y, o)
			r := &p.Row
			got := [...][]int32{r.sum, r.Pred, r.texture, r.Expect}
			for i := range got {
				got[i] = slices.Clone(got[i][:n])
			}
			predict(p, r.sum[:n], lev, pass, y, o)
			for i, want := range [...][]int32{r.sum, r.Pred, r.texture, r.Expect} {
				for k := range n {
					require.Equal(t, want[k], got[i][k], "%s, kind %d level %d pass %d sample %d of %d, y %d",
						[]string{"sum", "prediction", "texture", "expectation"}[i], kind, lev, pass, k, n, y)
				}
			}
		}
	}
}

// The kernel sums the products that the plain code sums.
func TestVectorMoments(t *testing.T) {
	if !avx2 {
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
		want.addPlain(&d)
	}
	for i := range want {
		for j := range i + 1 {
			require.Equal(t, want[i][j], got[i][j], "terms %d and %d", i, j)
		}
	}
}

// What the kernels know as numbers is what other packages and types have.
func TestKernelConstants(t *testing.T) {
	require.EqualValues(t, magnitudeCap, rans.Magnitude(math.MaxInt32))
	require.EqualValues(t, momentsRow, unsafe.Sizeof(moments{}[0]))
	require.EqualValues(t, 32, unsafe.Sizeof(weightTable{}[0]), "a vector of weights for each term")
	require.EqualValues(t, 32, unsafe.Sizeof(kernelTables{}.residuals[0]), "a vector for each sum of residuals")
	require.LessOrEqual(t, 2*vectorLen, interlace.Slack)
}
