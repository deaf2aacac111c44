package predictive

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
)

// TestMergeBest: merge finds what a search of all ways to cut values into groups finds.
func TestMergeBest(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 200 {
		bound, n := r.Int64N(12), 1+r.IntN(10)
		h, all := make(histogram, 64), int64(0)
		for range n {
			h[r.IntN(len(h))] = 1 + r.Int64N(1<<r.IntN(20))
		}
		for _, n := range h {
			all += n
		}
		s := h.values()
		best := map[int64][]Values{}
		least := int64(math.MaxInt64)
		for cuts := range 1 << (len(s) - 1) {
			cost, stand := int64(0), Values(nil)
			for first, i := 0, 0; i < len(s) && cost >= 0; i++ {
				if i == len(s)-1 || cuts>>i&1 == 1 {
					v, c := bestOf(h, s[first:i+1], bound, all)
					first = i + 1
					stand = append(stand, v)
					if cost += c; c < 0 {
						cost = -1
					}
				}
			}
			if cost >= 0 {
				best[cost] = append(best[cost], stand)
				least = min(least, cost)
			}
		}
		require.Contains(t, best[least], h.merge(bound), "bound %d: values %v of counts %v", bound, s, h)
	}
}

// TestMergeBeside: no data stand for themselves, and everything else for what is within the bound, is no
// data no more than before, and is of the same side of these.
func TestMergeBeside(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for range 500 {
		bound, none := r.Int64N(9), int32(r.IntN(256))
		h := make(histogram, 256)
		for range r.IntN(60) {
			h[min(max(int(none)+r.IntN(80)-40, 0), 255)] += 1 + r.Int64N(90)
		}
		s := h.mergeBeside(none, bound)
		e := &encoder{plan: &engine.Plan{Params: engine.Params{T: bound}}, raster: &rasterPlan{order: []int{0}, bands: []band{{classes: []class{{uint64(none), true}}}}}}
		e.format.Values, e.format.Depth = []Values{s}, 8
		x := e.mergedIndex(0)
		for v, n := range h {
			i := x.of(int32(v))
			switch {
			case n > 0:
				require.GreaterOrEqual(t, i, int32(0), "%d beside %d, bound %d: values %v", v, none, bound, s)
				fallthrough
			case i >= 0:
				require.Equal(t, int32(v) == none, s[i] == none, "%d beside %d, bound %d: it becomes %d", v, none, bound, s[i])
				require.LessOrEqual(t, max(s[i]-int32(v), int32(v)-s[i]), int32(bound), "%d beside %d: it becomes %d", v, none, s[i])
			}
		}
	}
}

// bestOf tries all values for a group of all samples; the cost is −1 where none is within the bound.
func bestOf(h histogram, group Values, bound, all int64) (best int32, least int64) {
	least = -1
	n := int64(0)
	for _, v := range group {
		n += h[v]
	}
	for v := int64(len(h)) - 1; v >= 0; v-- {
		cost, within := bound*bound*moments{n: n}.bits(all), true
		for _, of := range group {
			d := v - int64(of)
			cost += h[of] * d * d
			within = within && max(d, -d) <= bound
		}
		if within && (least < 0 || cost < least) {
			best, least = int32(v), cost
		}
	}
	return best, least
}

// TestMergeKeepsFrequent: paper and ink stand for themselves among the noise of a scan.
func TestMergeKeepsFrequent(t *testing.T) {
	for _, bound := range []int64{1, 2, 5, 10, 20} {
		h := make(histogram, 256)
		for v := range h {
			h[v] = 1
		}
		h[255], h[0], h[128] = 100_000, 10_000, 5_000
		merged := h.merge(bound)
		require.Contains(t, merged, int32(255), "bound %d", bound)
		require.Contains(t, merged, int32(0), "bound %d", bound)
		require.Contains(t, merged, int32(128), "bound %d", bound)
		require.LessOrEqual(t, len(merged), len(h.values().cover(bound))+3, "bound %d", bound)
	}
}

// TestMergeMany: of many values and a wide bound, whose groups would take long to compare, the
// fewest that cover them stand for them.
func TestMergeMany(t *testing.T) {
	h := make(histogram, 1<<16)
	for v := range h {
		h[v] = int64(v%7) + 1
	}
	require.Equal(t, h.values().cover(1000), h.merge(1000))
	for v := range h {
		s := h.merge(100)
		d := int64(s[s.index(int32(v))]) - int64(v)
		require.LessOrEqual(t, max(d, -d), int64(100), "value %d", v)
		if v > 3 {
			break
		}
	}
}
