//go:build !purego

package transform

import (
	"math/bits"
	"unsafe"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// diagonals is the memory of the kernel that quantises leaves: rows by diagonal, of values by u.
type diagonals struct {
	packed [sizes][packedSize]uint16 // magnitudes [u][v] among zeros
	rows   [sizes][2 * maxN]diagonalRow
	floor  [2 * maxN][maxN]uint8 // of levels above escape their capped magnitudes, else 0
	adjust [groups]adjustment
	raised uint64              // on which diagonals there are any
	large  [maxN * maxN]uint16 // indices of coefficients that may have such levels
	levels diagonalLevels      // of the leaf at hand, where nobody keeps them
	four   fourLeaves

	row          *diagonalRow
	prices       *frequencyLimits
	bias, step   int64
	scan         *diagonalScan
	last         *int32 // costs of the last group
	top, highest int64  // the first group, and its first diagonal
	diagonals    int64  // how many it has
	thick        int64  // how many every other has
	out          *diagonalLevels
}

// diagonalLevels are what the kernel makes of a leaf, or of four side by side.
type diagonalLevels struct {
	known bool
	top   int             // the first group
	ahead bool            // whether nobody has asked yet what it came to
	lane  int             // which one of four it is
	from  *diagonalLevels // what has the rest: itself, or the first of four

	named  [2 * maxN][maxN]uint8
	some   [2 * maxN]uint32 // which levels are not 0
	before [groups]outcomes // each group
	after  outcomes
	gained [4]int64 // what squared error is less by it
}

// outcomes are, of each of four leaves, where it ends, and J of what is coded less J of zeros. Whether levels are the same for
// other costs of the last group is told by what was known before each group: there the kernel ends a leaf anew, if that is cheaper.
type outcomes struct{ end, balance [4]int64 }

// diagonalRow has the magnitudes of a diagonal: of u from 0 on, but in leaves of 32 of 0…7, 16…23, 8…15, 24…31.
type diagonalRow [maxN]uint16

// adjustment is what levels that are raised change of the sums of a group.
type adjustment struct{ balance, gained int64 }

// Magnitudes lie in rows of 32, of leaves of 32 in rows of 64, that end in zeros, and behind zeros: 8 diagonals of 8 rows
// are read at once, wherever they begin.
const (
	packedLead = 2 * maxN
	packedSize = packedLead + 2*maxN*maxN + 2*maxN
)

// diagonalScan is the order of the coefficients of a leaf by diagonals.
type diagonalScan struct {
	frequency [2 * maxN]uint16      // offset of the limits of a diagonal
	outside   [2 * maxN][maxN]uint8 // 0x80 of what is no coefficient
	runs      []diagonalRun         // in coding order
	from      [groups]int           // the first run of each group
	names     [groups]int           // how many names there are from it on
}

// diagonalRun are coefficients of a diagonal that are coded one after the other.
type diagonalRun struct {
	at, n uint16 // of the first among what is named
}

// highestOf is the highest diagonal of a group.
func highestOf(group, lg int) int {
	if group == groups-1 {
		return 2<<lg - 2
	}
	return group << lg >> 3
}

var diagonalScans = [sizes]diagonalScan{makeDiagonalScan(3), makeDiagonalScan(4), makeDiagonalScan(5)}

func makeDiagonalScan(lg int) (s diagonalScan) {
	for d := range s.outside {
		for u := range s.outside[d] {
			s.outside[d][u] = 0x80
		}
		s.frequency[d] = uint16(frequencyClass(d, lg)) * uint16(unsafe.Sizeof(frequencyLimits{}))
	}
	scan := scanOf(lg)
	for i, at := range scan.pos {
		d := diagonal(at.coef, lg)
		u := int(at.coef) >> lg
		s.outside[d][u] = 0
		if i == scan.start[group(d, lg)] {
			s.from[group(d, lg)] = len(s.runs)
			s.names[group(d, lg)] = len(scan.pos) - i
		}
		if k := len(s.runs) - 1; k >= 0 && int(s.runs[k].at+s.runs[k].n) == d*maxN+u {
			s.runs[k].n++
			continue
		}
		s.runs = append(s.runs, diagonalRun{at: uint16(d*maxN + u), n: 1})
	}
	return s
}

// quantise is genericQuantise where the kernel can do it, but for tokens and levels, which are left in out, nil for where nobody
// keeps them.
func (k *diagonals) quantise(r *rates, c []int32, lg, kind, top, lastCtx int, out *diagonalLevels) (o outcome, ok bool) {
	if out == nil {
		out = &k.levels
	}
	out.known, out.ahead = false, false
	last := r.lastCosts(lastCtx)
	if top == 0 {
		return outcome{saved: -int64(last[0])}, true
	}
	p := r.pricesOf(kind, lg)
	if p == nil {
		return o, false
	}
	size, topGroup := lg-cellLog2, group(top, lg)
	k.highest = int64(highestOf(topGroup, lg))
	k.row = &k.rows[size][0]
	most := layDiagonals(k.row, &k.packed[size][packedLead], &c[:1<<(2*lg)][0], lg, int(k.highest))
	if most >= mostMagnitude {
		return o, false
	}
	k.raise(r, c, lg, most)
	k.prices, k.bias, k.step, k.scan = &p.frequencies[0], p.bias, r.step, &diagonalScans[size]
	k.last, k.top, k.thick, k.out = &last[0], int64(topGroup), 1<<size, out
	k.diagonals = k.highest - int64(highestOf(topGroup-1, lg))
	if lg == rootLog2 {
		quantiseDiagonals32(k)
	} else {
		quantiseDiagonals16(k)
	}
	out.known, out.top, out.lane, out.from = true, topGroup, 0, out
	return out.comesTo(last), true
}

// comesTo is what was made of a leaf, where its last group costs what it did.
func (o *diagonalLevels) comesTo(last []int32) outcome {
	end, i := o.from.after.end[o.lane], o.lane
	nothing, saved := -int64(last[0]), -o.from.after.balance[i]-int64(last[end])
	if saved < nothing {
		return outcome{saved: nothing}
	}
	return outcome{int(end), o.from.gained[i], saved}
}

// again is comesTo where the last group has other costs, if the levels are the same.
func (o *diagonalLevels) again(r *rates, lastCtx int) (q outcome, same bool) {
	last := r.lastCosts(lastCtx)
	if !o.known {
		return q, false
	}
	next := o.from.after.end[o.lane]
	for g := 1; g < o.top; g++ {
		b := &o.from.before[g]
		end := b.end[o.lane]
		if (b.balance[o.lane]+int64(last[end]) > int64(last[g])) != (next == int64(g)) {
			return q, false
		}
		next = end
	}
	return o.comesTo(last), true
}

// mostMagnitude bounds what the kernel multiplies by levels.
const mostMagnitude = 1 << 14

// raise says which levels are above escape, given the largest magnitude: what they are depends on no class.
func (k *diagonals) raise(r *rates, c []int32, lg, most int) {
	if k.raised != 0 {
		k.adjust = [groups]adjustment{}
	}
	for ; k.raised != 0; k.raised &= k.raised - 1 {
		k.floor[bits.TrailingZeros64(k.raised)] = [maxN]uint8{}
	}
	least := r.escapes()
	if int64(most) < least {
		return
	}
	low, rows := 1<<(lg-cellLog2), min(1<<lg, int(k.highest)+1)
	for _, i := range k.large[:findLarge(&k.large[0], &c[:rows<<lg][0], rows<<lg/8, int32(least))] {
		u, v := frequencies(i, lg)
		if d := u + v; d <= int(k.highest) && (u >= low || v >= low) {
			k.floor[d][u] = k.adjust[group(d, lg)].raise(r, int64(abs(c[i])))
			k.raised |= 1 << d
		}
	}
}

// escapes is the least magnitude that may be more than escape: ⌊a+½⌋ is.
func (r *rates) escapes() int64 { return (escape+1)*r.step - r.step/2 }

// raise adds what the level of a magnitude changes, and gives what is known of it.
func (s *adjustment) raise(r *rates, a int64) uint8 {
	level := r.escaped(a)
	capped := min(level, magnitudeCap)
	gained := func(k int64) int64 { return k * r.step * (2*a - k*r.step) }
	more := gained(level) - gained(capped)
	s.gained += more
	s.balance += r.levelCost(r.symbol[:rans.Symbols], level) - r.levelCost(r.symbol[:rans.Symbols], escape) - more<<distScale
	return uint8(capped)
}

// escaped is the level of a magnitude from escapes on: the costs of its token cancel out.
func (r *rates) escaped(a int64) int64 {
	level, _ := r.bestLevel(a, 0, r.symbol[:rans.Symbols])
	return level
}

// name makes the names and levels of a leaf of an outcome.
func (o *diagonalLevels) name(t *levelTokens, of outcome, r *rates, c []int32, lg int) *quantised {
	q := t.becomes(quantised{outcome: of})
	if q.last == 0 {
		return q
	}
	scan := &diagonalScans[lg-cellLog2]
	runs := scan.runs[scan.from[q.last]:]
	lane, from := o.lane*cell, o.from
	joinDiagonals(&t.names[0], &from.named[0][lane], &runs[0], len(runs))
	escapes, n := r.escapes(), 0
	for d := highestOf(q.last, lg); d > 0; d-- {
		named, some := from.named[d][lane:], from.some[d]>>lane
		if lg == cellLog2 {
			some &= 1<<cell - 1
		}
		for ; some != 0; some &= some - 1 {
			u := bits.TrailingZeros32(some)
			coef := u<<lg + d - u
			x := int64(c[coef])
			level := int64(named[u] & escape)
			if level == escape && max(x, -x) >= escapes {
				level = r.escaped(max(x, -x))
			}
			t.levels[n] = acLevel{uint16(coef), int32((level ^ x>>63) - x>>63)}
			n++
		}
	}
	q.names, q.levels = t.names[:scan.names[q.last]], t.levels[:n]
	return q
}

// joinDiagonals writes the names of n runs one after the other, and up to 31 bytes beyond the last one; named are rows
// of maxN.
//
//go:noescape
func joinDiagonals(names, named *uint8, runs *diagonalRun, n int)

// widen writes the tokens of the names of n spans. It reads and writes up to 31 beyond the last one.
//
//go:noescape
func widen(tokens *rans.Token, names *uint8, spans *span, n int, first rans.Token)

// layDiagonals packs the magnitudes of a leaf, lays them out by diagonals up to top, and finds the largest one.
//
//go:noescape
func layDiagonals(rows *diagonalRow, packed *uint16, c *int32, lg, top int) (most int)

// quantiseDiagonals16 quantises a leaf of 8 or 16.
//
//go:noescape
func quantiseDiagonals16(k *diagonals)

// quantiseDiagonals32 quantises a leaf of 32.
//
//go:noescape
func quantiseDiagonals32(k *diagonals)
