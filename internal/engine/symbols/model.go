package symbols

import (
	"github.com/qtgpu/qtgpu/internal/cm"
	"github.com/qtgpu/qtgpu/internal/progress"
)

const (
	pad      = 4 // samples of a row's border at each end
	runLen   = 8
	gridStep = 8
)

// Sets of weights: one is chosen by what is decided, a second by the activity
// around.
const (
	setHit      = 0                          // candidate, match and 3 neighbours
	setColour   = setHit + candidates*6*8    // channel and bin
	setIndex    = setColour + 4*64           // bit
	setRun      = setIndex + 16              // whether another symbol is near
	setOutcome  = setRun + 2                 // candidate, outcomes left and above
	setActivity = setOutcome + candidates*64 // channel and gradient
	setOther    = setActivity + 4*16*cm.Bins
	numSets     = setOther + 1
)

// model codes or decodes a tile: both directions are the same walk.
type model struct {
	mixer
	history
	w, h, channels, depth int
	work                  *progress.Work // a unit for each row

	row, up, up2 []uint32 // the rows y, y−1, y−2 with their borders
	outcome      []uint8  // of row y: which candidate it was, literal for none
	outcomeUp    []uint8
	errs, errsUp [4][]int32 // residuals of colours, by channel
	recent       [4]uint32  // symbols that differed from their left neighbour
	runs         uint32     // outcomes of the latest runs, 1 for a failure

	grid  []uint32 // samples at multiples of 8, nil for none known
	gridW int

	singles int // symbols so far that are not in runs
}

// The free symbols of a code that are not in runs, and what each byte pays for.
const (
	freeSingles    = 1 << 16
	singlesPerByte = 1 << 12
)

// least is the number of bytes that the code takes at least so far.
func (m *model) least() int { return int(cm.Least(int64(m.singles), freeSingles, singlesPerByte)) }

func newModel(c cm.Coder, pix, grid []uint32, w, h, channels, depth int) *model {
	lg := 12
	for lg < 22 && 1<<(lg-2) < w*h {
		lg++
	}
	m := &model{
		mixer: newMixer(c, lg, numSets), history: newHistory(pix, min(lg-2, 18)),
		w: w, h: h, channels: channels, depth: depth, grid: grid, gridW: gridSize(w),
	}
	for _, r := range []*[]uint32{&m.row, &m.up, &m.up2} {
		*r = make([]uint32, w+2*pad)
	}
	m.outcome, m.outcomeUp = make([]uint8, w+2*pad), make([]uint8, w+2*pad)
	for k := range channels {
		m.errs[k], m.errsUp[k] = make([]int32, w+2*pad), make([]int32, w+2*pad)
	}
	return m
}

// gridSize is the number of grid samples along n samples.
func gridSize(n int) int { return (n + gridStep - 1) / gridStep }

// walk codes the tile in m.pix, or decodes it into it unless it is damaged.
func (m *model) walk() {
	for y := 0; y < m.h && !m.Spent(m.least()); y++ {
		for i := range pad {
			m.row[i] = m.up[pad]
		}
		clear(m.outcome)
		for k := range m.channels {
			clear(m.errs[k])
		}
		m.walkRow(y)
		for i := range pad {
			m.row[pad+m.w+i] = m.row[pad+m.w-1]
		}
		m.row, m.up, m.up2 = m.up2, m.row, m.up
		m.outcome, m.outcomeUp = m.outcomeUp, m.outcome
		m.errs, m.errsUp = m.errsUp, m.errs
		m.work.Add(1)
	}
}

func (m *model) walkRow(y int) {
	pix := m.pix[y*m.w:][:m.w]
	for x := 0; x < m.w; x++ {
		if x%runLen == 0 && x+runLen <= m.w && m.flat(x, y) && m.run(x, y, pix[x:x+runLen]) {
			x += runLen - 1
			continue
		}
		var v uint32
		if m.grid != nil && (x|y)%gridStep == 0 {
			v = m.gridAt(x/gridStep, y/gridStep, 0)
			m.push(pad+x, v, 0)
		} else {
			v = m.pixel(x, y, pix[x])
			m.singles++
		}
		if m.Decoding {
			pix[x] = v
		}
	}
}

// push takes v as the sample of row y at p.
func (m *model) push(p int, v uint32, outcome int) {
	m.row[p], m.outcome[p] = v, uint8(outcome)
	m.follow(v)
	if v != m.row[p-1] {
		m.toFront(v)
	}
}

func (m *model) toFront(v uint32) {
	i := 0
	for i < len(m.recent)-1 && m.recent[i] != v {
		i++
	}
	copy(m.recent[1:i+1], m.recent[:i])
	m.recent[0] = v
}

// gridAt is the grid sample (i, j), absent where that is not known.
func (m *model) gridAt(i, j int, absent uint32) uint32 {
	if at := j*m.gridW + i; i < m.gridW && at < len(m.grid) {
		return m.grid[at]
	}
	return absent
}

// ahead are the grid samples to come: right, below and below to the right.
func (m *model) ahead(x, y int, absent uint32) (right, below, across uint32) {
	i, j, next := x/gridStep, y/gridStep, gridSize(y)
	return m.gridAt(i+1, j, absent), m.gridAt(i, next, absent), m.gridAt(i+1, next, absent)
}

// flat tells whether all samples known around the next run are the same.
func (m *model) flat(x, y int) bool {
	p := pad + x
	c := m.row[p-1]
	if m.row[p-2] != c {
		return false
	}
	for _, v := range m.up[p-2 : p+runLen+1] {
		if v != c {
			return false
		}
	}
	return y%gridStep != 0 || m.gridAt(x/gridStep, y/gridStep, c) == c
}

func asBit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// run codes whether the next runLen samples repeat the one before them, and
// takes them if so.
func (m *model) run(x, y int, pix []uint32) bool {
	p := pad + x
	c := m.row[p-1]
	all := true
	for _, v := range pix {
		all = all && v == c
	}
	near := m.runContexts(p, x, y, c)
	all = m.code(setRun+near, setOther, int(asBit(all))) == 1
	m.runs = m.runs<<1 | asBit(!all)
	if !all {
		return false
	}
	for i := range pix {
		m.row[p+i] = c
	}
	if m.Decoding {
		copy(pix, m.row[p:])
	}
	m.stop()
	return true
}

// runContexts sets the contexts of a run and tells whether (1) another symbol
// than c is near.
func (m *model) runContexts(p, x, y int, c uint32) int {
	e := uint32(0)
	for i, v := range m.up2[p-2 : p+runLen+2] {
		e |= asBit(v != c) << i
	}
	e |= asBit(m.up[p+runLen+1] != c)<<12 | asBit(m.row[p-3] != c)<<13 | asBit(m.row[p-4] != c)<<14
	right, below, across := m.ahead(x, y, c)
	g := asBit(below != c) | asBit(across != c)<<1 | asBit(right != c)<<2 | uint32(y)&7<<3
	near := asBit(e != 0)
	for i, v := range [inputs]uint32{
		e & 1023, e, g, near, hash(c, near), hash(c, g|near<<7), e>>12 | m.runs&7<<4, hash(e, g),
	} {
		m.context(i, hash(kindRun, v))
	}
	return int(near)
}
