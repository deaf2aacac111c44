package transform

import (
	"slices"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/fixlog"
	"github.com/qtgpu/qtgpu/tree"
)

// ruleOf gives the thresholds of a way to choose leaves at a step, in octaves of variance.
// Between 0.05 and 4 cost decides: docs/bench/lossy.md and quality.md have what other ways make.
func ruleOf(s engine.Split, step int) tree.Rule {
	const one = 1 << fixlog.Frac
	switch s {
	case engine.SplitPyramid: // nothing lies in between
		return tree.Rule{Lo: one * 3 / 10, Hi: one*3/10 - 1, Step: step}
	case engine.SplitCost: // everything does
		return tree.Rule{Lo: -64 * one, Hi: 64 * one, Step: step}
	}
	return tree.Rule{Lo: one / 20, Hi: one * 4, Step: step}
}

// outlook is what the statistics of a node say of it.
type outlook uint8

const (
	flatNode  outlook = iota // a leaf that is not transformed
	leafNode                 // a leaf
	splitNode                // none
	openNode                 // only what it costs can tell
)

// outlook tells what a node may become.
func (p *partition) outlook(n node) outlook {
	o := p.ruled(n)
	if (o == leafNode || o == openNode) && p.bendsEnd(n) {
		return splitNode
	}
	return o
}

// ruled is outlook by the rule alone, whatever becomes of ends.
func (p *partition) ruled(n node) outlook {
	if p.logs != nil {
		return p.logs.ruled(n, &p.encoder.rule)
	}
	rule, _ := p.ruleAt(n)
	switch {
	case p.flat(n, &rule):
		return flatNode
	case n.lg == cellLog2:
		return leafNode
	}
	x, y := p.src.place(n)
	return outlookOf(rule.Decide(p.src.pyramid, n.lg, x, y))
}

func outlookOf(d tree.Decision) outlook {
	switch d {
	case tree.Leaf:
		return leafNode
	case tree.Split:
		return splitNode
	default:
		return openNode
	}
}

// outlooks are the ones of the children of a node.
func (p *partition) outlooks(n node) (of [4]outlook) {
	for i := range of {
		of[i] = p.outlook(n.child(i))
	}
	return of
}

// bendsEnd tells whether a node as a leaf has an end whose value would not be rounded to what
// an end stands for: the rest of the leaf would pay for it.
func (p *partition) bendsEnd(n node) bool {
	if n.lg == cellLog2 || !p.src.reachesEnd(n) {
		return false
	}
	var means [rootCells * rootCells]int32
	known, m := false, n.cells()
	for i := range m * m {
		end := p.src.end(node{cellLog2, n.x + i/m, n.y + i%m})
		if end == 0 {
			continue
		}
		if !known {
			means, known = meansOf(p.spectrum(n).coefs.own, n.lg), true
		}
		scale := &p.cells.scale
		if 2*arith.AbsDiff(means[i], scale.mean(scale.value(end))) > scale.step {
			return true
		}
	}
	return false
}

// nodeLogs are what the rule goes by of the nodes of a tile, by size, where it has one step.
type nodeLogs [sizes]struct {
	logs   []tree.NodeLog
	across int
}

// take finds them.
func (l *nodeLogs) take(r *tree.Rule, src *original, c *Cells) *nodeLogs {
	for size := range l {
		of, down := &l[size], c.h>>size
		of.across = c.w >> size
		of.logs = slices.Grow(of.logs[:0], of.across*down)[:of.across*down]
		for y := range down {
			r.NodeLogs(of.logs[y*of.across:][:of.across], src.pyramid, cellLog2+size, src.x>>size, src.y>>size+y)
		}
	}
	return l
}

// ruled is partition.ruled.
func (l *nodeLogs) ruled(n node, r *tree.Rule) outlook {
	size := n.lg - cellLog2
	of := &l[size]
	x, y := n.x>>size, n.y>>size
	log := of.logs[y*of.across+x]
	switch {
	case log.Flat():
		return flatNode
	case size == 0:
		return leafNode
	}
	below := &l[size-1]
	at := 2*y*below.across + 2*x
	over, under := below.logs[at:][:2], below.logs[at+below.across:][:2]
	return outlookOf(r.DecideBy(log, [4]tree.NodeLog{over[0], over[1], under[0], under[1]}))
}
