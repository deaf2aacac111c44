//lint:file-ignore ST1005 errors begin with the title of a section of docs/FORMAT.md

package refdec

import "fmt"

// The kinds of decisions, which have weights of their own.
const (
	runKind = iota
	candidateKind
	grayKind
	colourKind
	otherKind // the second set of runs and of the bits of one band
)

const literalOutcome = 7

// patterns decodes a tile of symbols (FORMAT.md, "Pattern mode").
type patterns struct {
	*mixer
	lg                 int // of the number of slots
	w, h, bands, depth int
	pix                []uint32
	grid               []uint32 // of ⌈w/8⌉×⌈h/8⌉ known symbols, or nil
	outcome            []uint8
	residual           [][4]int16
	recent             []uint32
	match, length      int // the position that predicts the next sample, −1 for none
	positions          []int
	symbols            []int64 // −1 for none
	runs               int
	singles            int // samples that are not in runs, nor of the grid
}

// newPatterns has nothing decoded yet (FORMAT.md, "Streams" and "Slots and weights").
func newPatterns(code Bits, w, h, bands, depth int, grid []uint32) *patterns {
	p := &patterns{
		lg: 12, w: w, h: h, bands: bands, depth: depth, grid: grid, match: -1,
		pix: make([]uint32, w*h), outcome: make([]uint8, w*h), residual: make([][4]int16, w*h),
		recent: []uint32{0},
	}
	for p.lg < 22 && 1<<(p.lg-2) < w*h {
		p.lg++
	}
	p.mixer = newMixer(code, newSlots(1<<p.lg), 255, 16)
	n := 1 << min(p.lg-2, 18)
	p.positions, p.symbols = make([]int, n), make([]int64, n)
	for i := range n {
		p.positions[i], p.symbols[i] = -1, -1
	}
	return p
}

// slotsOf are the slots of a decision's values.
func (p *patterns) slotsOf(values [8]uint32) []uint32 {
	for i, v := range values {
		values[i] = hash(uint32(i), v) >> (32 - p.lg)
	}
	return values[:]
}

// literalSlots are the slots of a bin of a literal.
func (p *patterns) literalSlots(contexts [8]uint32, bin int) []uint32 {
	for i, c := range contexts {
		contexts[i] = hash(c, uint32(bin>>4))>>(32-p.lg)&^15 | uint32(bin&15)
	}
	return contexts[:]
}

// patternTile decodes a tile of pattern mode, or its overview alone.
func (f *File) patternTile(codes Codes, mode int, front, body []byte, w, h int, overview bool) (*planar, error) {
	var grid []uint32
	bands, depth := f.NumBands(), f.Depth()
	if mode == wholeMode && len(front) > 0 {
		return nil, fmt.Errorf("Predictive tiles: %d bytes after mode %d, expected none", len(front), mode)
	}
	if overview || mode == gridMode {
		gw, gh := (w-1)/8+1, (h-1)/8+1
		var err error
		if grid, err = readPatterns(codes, front, gw, gh, bands, depth, nil); err != nil {
			return nil, fmt.Errorf("front segment: %w", err)
		}
		if overview {
			return f.unpack(grid, gw, gh), nil
		}
	}
	pix, err := readPatterns(codes, body, w, h, bands, depth, grid)
	if err != nil {
		return nil, fmt.Errorf("body segment: %w", err)
	}
	return f.unpack(pix, w, h), nil
}

// unpack takes symbols apart.
func (h *Header) unpack(symbols []uint32, w, height int) *planar {
	c := newPlanar(w, height, h.NumBands())
	for i, s := range symbols {
		for j := range h.NumBands() {
			c.pix[j][i] = int32(s >> (j * h.Depth()) & (1<<h.Depth() - 1))
		}
	}
	return c
}

// readPatterns decodes a code.
func readPatterns(codes Codes, data []byte, w, h, bands, depth int, grid []uint32) ([]uint32, error) {
	code, err := codes.Bits(data, 0)
	if err != nil {
		return nil, err
	}
	p := newPatterns(code, w, h, bands, depth, grid)
	p.walk()
	return p.pix, code.Finish(leastBytes(p.singles, 1<<16, 1<<12))
}

// walk decodes all samples (FORMAT.md, "Walk").
func (p *patterns) walk() {
	for y := range p.h {
		for x := 0; x < p.w; {
			if p.runAt(x, y) {
				x += 8
				continue
			}
			if !p.onGrid(x, y) {
				p.singles++
			}
			p.sample(x, y)
			x++
		}
	}
}

// at is the symbol at (x,y), within the rows decoded or beyond their ends.
func (p *patterns) at(x, y int) uint32 {
	switch {
	case y < 0:
		return 0
	case x < 0:
		return p.at(0, y-1)
	}
	return p.pix[y*p.w+min(x, p.w-1)]
}

// outcomeAt is 0 beyond the ends of a row.
func (p *patterns) outcomeAt(x, y int) int {
	if x < 0 || x >= p.w || y < 0 {
		return 0
	}
	return int(p.outcome[y*p.w+x])
}

// known is the grid sample (gx,gy), other where there is none.
func (p *patterns) known(gx, gy int, other uint32) uint32 {
	across, down := (p.w+7)/8, (p.h+7)/8
	if p.grid == nil || gx >= across || gy >= down {
		return other
	}
	return p.grid[gy*across+gx]
}

// toCome are the grid samples right, below and across.
func (p *patterns) toCome(x, y int, other uint32) [3]uint32 {
	return [3]uint32{p.known(x/8+1, y/8, other), p.known(x/8, (y+7)/8, other), p.known(x/8+1, (y+7)/8, other)}
}

func (p *patterns) onGrid(x, y int) bool { return p.grid != nil && x%8 == 0 && y%8 == 0 }

// runAt tells whether 8 samples from (x,y) on were decoded as a run.
func (p *patterns) runAt(x, y int) bool {
	if x%8 != 0 || x+8 > p.w {
		return false
	}
	c := p.at(x-1, y)
	same := p.at(x-2, y) == c && (!p.onGrid(x, y) || p.known(x/8, y/8, c) == c)
	for i := x - 2; i <= x+8; i++ {
		same = same && p.at(i, y-1) == c
	}
	if !same || p.decideRun(x, y, c) == 0 {
		return false
	}
	for i := range 8 {
		p.pix[y*p.w+x+i] = c
	}
	p.match = -1
	return true
}

// neighbours of a sample.
type neighbours struct{ w, n, nw, ne, ww, nn, nee, nww, nne, nnw, www uint32 }

func (p *patterns) around(x, y int) neighbours {
	return neighbours{
		p.at(x-1, y), p.at(x, y-1), p.at(x-1, y-1), p.at(x+1, y-1), p.at(x-2, y), p.at(x, y-2),
		p.at(x+2, y-1), p.at(x-2, y-1), p.at(x+1, y-2), p.at(x-1, y-2), p.at(x-3, y),
	}
}

// sample decodes a sample that is not in a run, and learns.
func (p *patterns) sample(x, y int) {
	n := p.around(x, y)
	near := hash(n.w, n.n, n.nw, n.ne)
	far := hash(near, n.ww, n.nn, n.nee, n.nww, n.nne, n.nnw, n.www)
	shift := 32 - min(p.lg-2, 18)
	i := y*p.w + x
	if p.onGrid(x, y) {
		p.pix[i] = p.known(x/8, y/8, 0)
	} else {
		if p.match < 0 {
			p.match, p.length = p.positions[far>>shift], 0
		}
		symbol, outcome := p.read(x, y, &n, p.symbols[near>>shift])
		p.pix[i], p.outcome[i] = symbol, uint8(outcome)
		p.positions[far>>shift] = i
		if p.symbols[near>>shift] = int64(p.pix[i]); p.pix[i] == 1<<32-1 {
			p.symbols[near>>shift] = -1
		}
	}
	if p.match >= 0 && p.pix[p.match] == p.pix[i] {
		p.match++
		p.length++
	} else {
		p.match = -1
	}
	if p.pix[i] != n.w {
		p.remember(p.pix[i])
	}
}

// remember puts a symbol in front of the 4 latest.
func (p *patterns) remember(s uint32) {
	latest := []uint32{s}
	for _, v := range p.recent {
		if v != s && len(latest) < 4 {
			latest = append(latest, v)
		}
	}
	p.recent = latest
}

// read decodes the symbol of a sample and its outcome.
func (p *patterns) read(x, y int, n *neighbours, after int64) (symbol uint32, outcome int) {
	var outcomes [5]int
	literals := true
	for i, at := range [5][2]int{{-1, 0}, {0, -1}, {1, -1}, {-1, -1}, {-2, 0}} {
		outcomes[i] = p.outcomeAt(x+at[0], y+at[1])
		literals = literals && outcomes[i] == literalOutcome
	}
	list := p.candidates(x, y, n, after)
	if literals && len(list) > 2 {
		list = list[:2]
	}
	for k, c := range list {
		if p.decideCandidate(x, y, k, c, n, outcomes) == 1 {
			return c, k
		}
	}
	if p.bands == 1 {
		return p.grayLiteral(n), literalOutcome
	}
	return p.colourLiteral(x, y, n), literalOutcome
}

func (p *patterns) candidates(x, y int, n *neighbours, after int64) []uint32 {
	var list []uint32
	add := func(values ...uint32) {
		for _, v := range values {
			known := false
			for _, c := range list {
				known = known || c == v
			}
			if !known && len(list) < 7 {
				list = append(list, v)
			}
		}
	}
	if p.match >= 0 {
		add(p.pix[p.match])
	}
	if after >= 0 {
		add(uint32(after))
	}
	next := p.toCome(x, y, n.w)
	add(n.w, n.n, n.ne, n.nw, next[0], next[1], next[2])
	add(p.recent...)
	return list
}
