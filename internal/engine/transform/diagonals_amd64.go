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
	raised bool           // whether there are any
	reach  [maxN]uint32   // what may be, by rows
	levels diagonalLevels // of the leaf at hand, where nobody keeps them
	some   [maxN * maxN / 64]uint64
	listed listedLevels

	row          *diagonalRow
	prices       *frequencyLimits
	bins         *levelBins
	bias, step   int64
	steps        uint32 // the step as two words
	scan         *diagonalScan
	last         *int32 // costs of the last group
	top, highest int64  // the first group, and its first diagonal
	diagonals    int64  // how many it has
	thick        int64  // how many every other has
	out          *diagonalLevels

	// Of leaves side by side, by lane, of which a leaf of 16 has two:
	//lint:ignore U1000 memory of the kernel
	end, gained, balance [4]int64
	//lint:ignore U1000 memory of the kernel
	cost  [4]int64                       // of the last group
	start [4]int64                       // the first group
	sides [sizes - 1][maxN * maxN]uint16 // magnitudes [u][v] of all leaves among zeros: of 8 of the leaves 0, 2, 1, 3
}

// diagonalLevels are what the kernel makes of a leaf, or of leaves side by side.
type diagonalLevels struct {
	known bool
	top   int             // the first group
	ahead bool            // whether nobody has asked yet what it came to
	lane  int             // the first of its own
	from  *diagonalLevels // what has the rest: itself, or the first of those side by side

	named  [2 * maxN][maxN]uint8
	before [groups]outcomes // each group
	after  outcomes
	gained [4]int64 // what squared error is less by it
}

// outcomes are, by lane, where a leaf ends, and J of what is coded less J of zeros. Whether levels are the same for
// other costs of the last group is told by what was known before each group: there the kernel ends a leaf anew, if that is cheaper.
type outcomes struct{ end, balance [4]int64 }

// diagonalRow has the magnitudes of a diagonal: of u from 0 on, but in leaves of 32 of 0…7, 16…23, 8…15, 24…31. Of two leaves of
// 16 it has 0…7 of both and then 8…15, of four of 8 the leaves 0, 2, 1, 3.
type diagonalRow [maxN]uint16

// adjustment is what levels that are raised change of the sums of a group.
type adjustment struct{ balance, gained [4]int64 }

// Magnitudes lie in rows of 32, of leaves of 32 in rows of 64, that end in zeros, and behind zeros: 8 diagonals of 8 rows
// are read at once, wherever they begin.
const (
	packedLead = 2 * maxN
	packedSize = packedLead + 2*maxN*maxN + 2*maxN
)

// diagonalScan is the order of the coefficients of a leaf by diagonals.
type diagonalScan struct {
	frequency [2 * maxN]uint16      // offset of the limits of a diagonal
	bins      [2 * maxN]uint16      // and of the ones by bins
	outside   [2 * maxN][maxN]uint8 // 0x80 of what is no coefficient
	beyond    [2 * maxN][maxN]uint8 // likewise 15, which is no class
	runs      []diagonalRun         // in coding order
	from      [groups]int           // the first run of each group
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
			s.outside[d][u], s.beyond[d][u] = 0x80, 15
		}
		class := uint16(frequencyClass(d, lg))
		s.frequency[d], s.bins[d] = class*uint16(unsafe.Sizeof(frequencyLimits{})), class*uint16(unsafe.Sizeof(frequencyBins{}))
	}
	scan := scanOf(lg)
	for i, at := range scan.pos {
		d := diagonal(at.coef, lg)
		u := int(at.coef) >> lg
		s.outside[d][u], s.beyond[d][u] = 0, 0
		if i == scan.start[group(d, lg)] {
			s.from[group(d, lg)] = len(s.runs)
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
	topGroup := group(top, lg)
	k.begin(r, p, lg, topGroup, last, out)
	most := layDiagonals(k.row, &k.packed[lg-cellLog2][packedLead], &c[:1<<(2*lg)][0], lg, int(k.highest))
	if most >= mostMagnitude {
		return o, false
	}
	k.raise(r, k.packed[lg-cellLog2][packedLead:], max(maxN, 2<<lg), lg, most, 0, 1)
	switch {
	case p.bins.quantise(k, lg, most, false):
	case lg == rootLog2:
		quantiseDiagonals32(k)
	default:
		quantiseDiagonals16(k)
	}
	out.known, out.top, out.lane, out.from = true, topGroup, 0, out
	return out.comesTo(last), true
}

// begin says what leaves are quantised by, from a group down.
func (k *diagonals) begin(r *rates, p *levelPrices, lg, top int, last []int32, out *diagonalLevels) {
	size := lg - cellLog2
	k.row, k.scan, k.prices, k.last = &k.rows[size][0], &diagonalScans[size], &p.frequencies[0], &last[0]
	k.bias, k.step, k.steps, k.out = p.bias, r.step, uint32(r.step)*(1<<16+1), out
	k.top, k.highest, k.thick = int64(top), int64(highestOf(top, lg)), 1<<size
	k.diagonals = k.highest - int64(highestOf(top-1, lg))
	if k.raised {
		k.floor, k.adjust, k.raised = [2 * maxN][maxN]uint8{}, [groups]adjustment{}, false
	}
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

// raise says which levels of a leaf are above escape, given its packed magnitudes in rows stride apart and the largest of them: what they
// are depends on no class. The leaf's sums are in so many lanes from one on.
func (k *diagonals) raise(r *rates, packed []uint16, stride, lg, most, lane, lanes int) {
	least := r.escapes()
	if int64(most) < least {
		return
	}
	k.raised = true
	rows := min(1<<lg, int(k.highest)+1)
	reaching(&k.reach, &packed[0], stride, rows, uint16(least-1))
	for u, reach := range k.reach[:rows] {
		reach &= uint32(1<<uint(int(k.highest)-u+1) - 1) // up to the highest diagonal
		for ; reach != 0; reach &= reach - 1 {
			v := bits.TrailingZeros32(reach)
			k.floor[u+v][lane*cell+u] = k.adjust[group(u+v, lg)].raise(r, int64(packed[u*stride+v]), lane, lanes)
		}
	}
}

// reaching tells by bits which of 32 magnitudes are more than a limit, of each of n rows stride apart.
//
//go:noescape
func reaching(reach *[maxN]uint32, rows *uint16, stride, n int, limit uint16)

// escapes is the least magnitude that may be more than escape: ⌊a+½⌋ is.
func (r *rates) escapes() int64 { return (escape+1)*r.step - r.step/2 }

// raise adds what the level of a magnitude changes, and gives what is known of it.
func (s *adjustment) raise(r *rates, a int64, lane, lanes int) uint8 {
	level := r.escaped(a)
	capped := min(level, magnitudeCap)
	gained := func(k int64) int64 { return k * r.step * (2*a - k*r.step) }
	more := gained(level) - gained(capped)
	cost := r.levelCost(r.symbol[:rans.Symbols], level) - r.levelCost(r.symbol[:rans.Symbols], escape) - more<<distScale
	for i := lane; i < lane+lanes; i++ {
		s.gained[i] += more
		s.balance[i] += cost
	}
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
	joinDiagonals(&t.names[0], &o.from.named[0][o.lane*cell], &runs[0], len(runs))
	n := len(scanOf(lg).through(q.last))
	q.names = t.names[:n]
	if wide {
		q.levels = t.list(r, c, lg, n)
	} else {
		q.levels = t.listed(r, c, lg, n)
	}
	return q
}

// listed are the levels of the last n names of a leaf that are not 0.
func (t *levelTokens) listed(r *rates, c []int32, lg, n int) []acLevel {
	pos := scanOf(lg).pos
	pos = pos[len(pos)-n:]
	blocks := t.diagonals.some[:(n+63)/64]
	someOf(&blocks[0], &t.names[0], len(blocks))
	blocks[len(blocks)-1] &= ^uint64(0) >> (-n & 63)
	escapes, n := r.escapes(), 0
	for i, some := range blocks {
		for ; some != 0; some &= some - 1 {
			at := 64*i + bits.TrailingZeros64(some)
			coef := pos[at].coef
			x := int64(c[coef])
			level := int64(t.names[at] & escape)
			if level == escape && max(x, -x) >= escapes {
				level = r.escaped(max(x, -x))
			}
			t.levels[n] = acLevel{coef, int32((level ^ x>>63) - x>>63)}
			n++
		}
	}
	return t.levels[:n]
}

// joinDiagonals writes the names of n runs one after the other, and up to 31 bytes beyond the last one; named are rows
// of maxN.
//
//go:noescape
func joinDiagonals(names, named *uint8, runs *diagonalRun, n int)

// someOf tells by bits which of n times 64 names have a level.
//
//go:noescape
func someOf(some *uint64, names *uint8, n int)

// widen writes the tokens of n names, given the first tokens of their classes. It reads and writes up to 31 beyond the last one.
//
//go:noescape
func widen(tokens *rans.Token, names *uint8, classes *rans.Token, n int, first rans.Token)

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
