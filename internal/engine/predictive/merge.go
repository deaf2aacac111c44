package predictive

import (
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/internal/fixlog"
)

// merges tells whether one value can stand for two of s, within t of both.
func (s Values) merges(t int64) bool {
	for i := range len(s) - 1 {
		if int64(s[i+1])-int64(s[i]) <= 2*t {
			return true
		}
	}
	return false
}

// mostWork bounds the pairs of values that merge looks at.
const mostWork = 1 << 24

// merge gives values each of which stands for those around it that are within t: the ones of the
// least D + t²·R, of the sum D of squared errors and the number R of bits that say which value it
// is. A bit is worth about twice what it gains a quantiser of step 2t, so that evenly frequent
// values make few groups; but frequent ones, as paper and ink, stand for themselves
// (docs/bench/choice.md). Groups are of values that follow each other; the best ones up to each
// value come of the best before it.
func (h histogram) merge(t int64) Values {
	s := h.values()
	if int64(len(s))*min(2*t+1, int64(len(s))) > mostWork {
		return s.cover(t)
	}
	sums := h.sums(s)
	best := make([]group, len(s)+1) // the last groups of the values before each
	for end := 1; end <= len(s); end++ {
		best[end] = s.lastGroup(sums, best, end, t)
	}
	merged := make(Values, 0, len(s))
	for end := len(s); end > 0; end = best[end].first {
		merged = append(merged, int32(best[end].stand))
	}
	slices.Reverse(merged)
	return merged
}

// group is a group of values: the index of the first, what stands for them, and the cost of
// this group and the ones before it.
type group struct {
	first       int
	stand, cost int64
}

// lastGroup is the best last group of the values before one.
func (s Values) lastGroup(sums prefixes, best []group, end int, t int64) group {
	found, all := group{cost: math.MaxInt64}, sums[len(s)].n
	top := int64(s[end-1])
	for i := end - 1; i >= 0 && top-int64(s[i]) <= 2*t; i-- {
		m := sums.of(i, end)
		stand := min(max(m.mean(), top-t), int64(s[i])+t)
		if cost := best[i].cost + m.error(stand) + t*t*m.bits(all); cost < found.cost {
			found = group{i, stand, cost}
		}
	}
	return found
}

// cover gives as few values as possible that are each within t of some of s, and together of all.
func (s Values) cover(t int64) (covering Values) {
	for len(s) > 0 {
		n := 1
		for n < len(s) && int64(s[n])-int64(s[0]) <= 2*t {
			n++
		}
		covering = append(covering, int32((int64(s[0])+int64(s[n-1]))/2))
		s = s[n:]
	}
	return covering
}

// mostCounted is about the number of samples that costs are reckoned of.
const mostCounted = 1 << 20

// moments are sums over samples: of 1, of the sample, of its square.
type moments struct{ n, sum, squares int64 }

// prefixes are the moments of the samples of the values before each.
type prefixes []moments

// sums are of counts that are scaled down to about mostCounted, where costs fit 64 bits.
func (h histogram) sums(s Values) prefixes {
	all := int64(0)
	for _, v := range s {
		all += h[v]
	}
	p := make(prefixes, 1, len(s)+1)
	for _, v := range s {
		m, n, v := p[len(p)-1], max(h[v]/(all/mostCounted+1), 1), int64(v)
		p = append(p, moments{m.n + n, m.sum + n*v, m.squares + n*v*v})
	}
	return p
}

// of are the moments of the values from one on, before another.
func (p prefixes) of(i, end int) moments {
	a, b := p[i], p[end]
	return moments{b.n - a.n, b.sum - a.sum, b.squares - a.squares}
}

// error is the sum of the squared differences from v.
func (m moments) error(v int64) int64 { return m.squares - 2*v*m.sum + v*v*m.n }

// bits are what the samples of a group of all samples take.
func (m moments) bits(all int64) int64 {
	return m.n * int64(fixlog.Log2(uint64(all))-fixlog.Log2(uint64(m.n))) >> fixlog.Frac
}

// mean is rounded up from halves.
func (m moments) mean() int64 { return (2*m.sum + m.n) / (2 * m.n) }
