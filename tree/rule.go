package tree

import "github.com/qtgpu/qtgpu/internal/fixlog"

// Rule decides from the statistics of a node, before any transform, whether
// it is a leaf. Samples are in 1/16 of an 8-bit level, as in chroma.Plane;
// all nodes must be whole (the planes padded).
type Rule struct {
	// A node with d = L − mean L of its four children, L = log2(var + Δ²/12),
	// below Lo is a leaf, above Hi is split, and in between is Either. Both in
	// units of 2^-fixlog.Frac.
	Lo, Hi int32
	// Step is the quantiser step Δ in 1/8 levels.
	Step int
}

// Decision is what a Rule says of a node.
type Decision uint8

const (
	Leaf Decision = iota
	Split
	Either // only the cost of coding can tell
)

// Flat tells whether the node's AC energy is below 0.3 Δ², so that none of
// its coefficients can be non-zero (Parseval).
func (r *Rule) Flat(p *Pyramid, level, x, y int) bool {
	return 5*Energy(p, level, x, y) < 6*uint64(r.Step*r.Step)
}

// Energy is the sum of squared differences from the mean of a whole node, in
// squared samples, rounded down.
func Energy(p *Pyramid, level, x, y int) uint64 {
	l := p.At(level)
	i := y*l.W + x
	_, v := ScaledVariance(1<<(2*level), l.Sum[i], l.SumSq[i])
	return v >> (2 * level)
}

// Decide compares a node of level above Base with its children.
func (r *Rule) Decide(p *Pyramid, level, x, y int) Decision {
	d := 4 * r.logVariance(p, level, x, y)
	for c := range 4 {
		d -= r.logVariance(p, level-1, 2*x+c&1, 2*y+c>>1)
	}
	return r.decide(d)
}

// decide compares four times the logarithm of a node less its children's.
func (r *Rule) decide(d int32) Decision {
	switch {
	case d < 4*r.Lo:
		return Leaf
	case d > 4*r.Hi:
		return Split
	}
	return Either
}

// NodeLog is what a Rule goes by of a node: log2(var + Δ²/12) of its samples and whether it is flat.
type NodeLog int32

// Flat tells what Rule.Flat does.
func (l NodeLog) Flat() bool { return l&1 > 0 }

// DecideBy is Decide by what is known of a node and of its children.
func (r *Rule) DecideBy(node NodeLog, children [4]NodeLog) Decision {
	d := 4 * int32(node>>1)
	for _, c := range children {
		d -= int32(c >> 1)
	}
	return r.decide(d)
}

// NodeLogs finds what a Rule goes by of nodes in a row of a level, from (x,y) on.
func (r *Rule) NodeLogs(dst []NodeLog, p *Pyramid, level, x, y int) {
	l := p.At(level)
	sum, sumSq := l.Sum[y*l.W+x:][:len(dst)], l.SumSq[y*l.W+x:][:len(dst)]
	var v [64]uint64
	var logs [len(v)]int32
	for from := 0; from < len(dst); from += len(v) {
		some := dst[from:min(from+len(v), len(dst))]
		for i := range some {
			_, s := ScaledVariance(1<<(2*level), sum[from+i], sumSq[from+i])
			v[i], some[i] = s>>(4*level-4)+uint64(16*r.Step*r.Step/3), 0
			if 5*(s>>(2*level)) < 6*uint64(r.Step*r.Step) {
				some[i] = 1
			}
		}
		fixlog.Logs(logs[:len(some)], v[:len(some)])
		for i := range some {
			some[i] |= NodeLog(logs[i] << 1)
		}
	}
}

// logVariance is log2(16(var + Δ²/12)), the variance in squared samples, of
// which Δ²/12 is 4·Step²/12.
func (r *Rule) logVariance(p *Pyramid, level, x, y int) int32 {
	l := p.At(level)
	i := y*l.W + x
	_, v := ScaledVariance(1<<(2*level), l.Sum[i], l.SumSq[i])
	return fixlog.Log2(v>>(4*level-4) + uint64(16*r.Step*r.Step/3))
}
