package transform

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The matrices follow their formula: s(0) = 1, s(k) = sin(πk/2m)/(8·sin(πk/16m)).
func TestLowBlockMatrices(t *testing.T) {
	for _, m := range []int{1, 2, 4} {
		for k := range m {
			s, c := 1.0, math.Sqrt(1/float64(m))
			if k > 0 {
				s = math.Sin(math.Pi*float64(k)/float64(2*m)) / (8 * math.Sin(math.Pi*float64(k)/float64(16*m)))
				c = math.Sqrt(2 / float64(m))
			}
			for j := range m {
				b := 4096 * c * math.Cos(math.Pi*float64((2*j+1)*k)/float64(2*m))
				require.EqualValues(t, math.Round(b*s), toOverview[m-1][j][k], "m %d j %d k %d", m, j, k)
				require.EqualValues(t, math.Round(b/s), matrixLow[m-1][k][j], "m %d j %d k %d", m, j, k)
			}
		}
	}
}

func TestLowBlockInverts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for _, m := range []int{1, 2, 4} {
		for range 100 {
			var low lowValues
			for i := range m * m {
				low[i/m][i%m] = r.Int64N(20001) - 10000
			}
			back := low
			back.toOverview(m)
			back.toLow(m)
			for i := range m * m {
				require.InDelta(t, low[i/m][i%m], back[i/m][i%m], 8, "m %d index %d", m, i)
			}
		}
	}
}

// matrixLow are, by m-1, k and j, basis/s(k).
var matrixLow = [4][4][4]int64{
	0: {{4096}},
	1: {{2896, 2896}, {3212, -3212}},
	3: {{2048, 2048, 2048, 2048}, {2745, 1137, -1137, -2745}, {2271, -2271, -2271, 2271}, {1408, -3400, 3400, -1408}},
}

// byMatrix applies a matrix to both axes of m×m values: Σ t[a][i]·t[b][j]·v[i][j] / 2^24, rounded.
func (v *lowValues) byMatrix(t *[4][4]int64, m int) (out lowValues) {
	for i := range m * m {
		s := int64(1) << 23
		for j := range m * m {
			s += t[i/m][j/m] * t[i%m][j%m] * v[j/m][j%m]
		}
		out[i/m][i%m] = s >> 24
	}
	return out
}

// TestLowValues: sums and differences come to what the matrices do, of values as large as they come.
func TestLowValues(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	for _, m := range []int{1, 2, 4} {
		for range 1000 {
			var v lowValues
			for i := range m * m {
				v[i/m][i%m] = int64(r.Int32() >> r.IntN(31) * int32(1-2*r.IntN(2)))
			}
			low, values := v, v
			low.toLow(m)
			values.toOverview(m)
			require.Equal(t, v.byMatrix(&matrixLow[m-1], m), low, "m %d of %v", m, v)
			require.Equal(t, v.byMatrix(&toOverview[m-1], m), values, "m %d of %v", m, v)
		}
	}
}
