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
				require.EqualValues(t, math.Round(b/s), toLow[m-1][k][j], "m %d j %d k %d", m, j, k)
			}
		}
	}
}

func TestLowBlockInverts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for _, m := range []int{1, 2, 4} {
		for range 100 {
			var low, values, back [16]int32
			for i := range m * m {
				low[i] = int32(r.IntN(20001) - 10000)
			}
			lowBlock(&values, &low, &toOverview, m)
			lowBlock(&back, &values, &toLow, m)
			for i := range m * m {
				require.InDelta(t, low[i], back[i], 8, "m %d index %d", m, i)
			}
		}
	}
}

// TestLowFrom: sums and differences come to what the matrix does, of values as large as they come.
func TestLowFrom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	for _, m := range []int{1, 2, 4} {
		for range 1000 {
			var src, want [16]int32
			var got [rootCells][rootCells]int64
			for i := range m * m {
				src[i] = r.Int32() >> r.IntN(31) * int32(1-2*r.IntN(2))
				got[i/m][i%m] = int64(src[i])
			}
			lowBlock(&want, &src, &toLow, m)
			lowFrom(&got, m)
			for i := range m * m {
				require.Equal(t, want[i], int32(got[i/m][i%m]), "m %d index %d", m, i)
			}
		}
	}
}
