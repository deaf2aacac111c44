package predictive

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/fixlog"
)

// plainRCT is bestRCT by transforms of the whole sample.
func plainRCT(channels []Plane) chroma.RCT {
	const rows, cols = 8, 4
	var cross [3][]int32
	w, h := channels[0].W, channels[0].H
	for c := range cross {
		pix := channels[c].Pix
		for y := 1; y < h-1; y += rows {
			for x := 1; x < w-1; x += cols {
				i := y*w + x
				cross[c] = append(cross[c], pix[i], pix[i-1], pix[i+1], pix[i-w], pix[i+w])
			}
		}
	}
	best, least := chroma.RCT(1), int64(1)<<62
	for t := range chroma.RCT(chroma.RCTs) {
		var v [3][]int32
		for c := range v {
			v[c] = append([]int32(nil), cross[c]...)
		}
		t.Forward(&v)
		score := int64(0)
		for _, p := range v {
			for ; len(p) > 0; p = p[5:] {
				d := 4*p[0] - p[1] - p[2] - p[3] - p[4]
				score += int64(fixlog.Log2(uint64(2+max(d, -d)) << 8))
			}
		}
		if score < least {
			best, least = t, score
		}
	}
	return best
}

func TestBestRCT(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[chroma.RCT]int{}
	for round := range 1000 {
		ps := make([]Plane, 3)
		for i := range ps {
			ps[i] = NewPlane(20, 17)
			for k := range ps[i].Pix {
				ps[i].Pix[k] = r.Int32N(256 << (8 * (round % 2)))
			}
		}
		for range 2 {
			a, b, m := r.IntN(3), r.IntN(3), 1+r.Int32N(3)
			for k := range ps[a].Pix {
				ps[a].Pix[k] = (ps[a].Pix[k] + m*ps[b].Pix[k]) / (m + 1)
			}
		}
		best := bestRCT(ps)
		require.Equal(t, plainRCT(ps), best, "round %d", round)
		seen[best]++
	}
	require.Len(t, seen, chroma.RCTs)
}
