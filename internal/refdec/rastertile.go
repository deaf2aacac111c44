//lint:file-ignore ST1005 errors begin with the title of a section of docs/FORMAT.md

package refdec

import (
	"bytes"
	"fmt"
	"slices"
)

// The states of planes (FORMAT.md, "Raster tiles"): what they say of classes, and flags.
const (
	nowhere = iota
	ownClasses
	asBefore
	everywhere
	ownCells
	sameCells
	ownBesides
	asBesides

	classesMask = 7
	orderFlag   = 8
	plainPlane  = 16
	boundFlag   = 32
)

// planeState is what the head of a tile says of a plane.
type planeState struct {
	state   int
	bound   int32
	mapping *mapping
	classes []byte // of samples, nil for numbers everywhere
	masked  []byte // of cells that have no mean, nil for none
	besides []byte // of other cells on level 3, nil for none
}

// cells are the classes on level 3.
func (p *planeState) cells() []byte {
	if p.masked == nil {
		return p.besides
	}
	out := bytes.Clone(p.masked)
	for i, class := range p.besides {
		if class > 0 {
			out[i] = class
		}
	}
	return out
}

// head is the head of a tile of a raster.
type head struct {
	says   bool // anything
	planes []planeState
}

// remainders tells whether the tile has some.
func (h *head) remainders() bool {
	for _, p := range h.planes {
		if p.mapping.remainders() {
			return true
		}
	}
	return false
}

// rasterTile decodes a tile of a raster, or its overview alone.
func (f *File) rasterTile(codes Codes, mode int, front, body []byte, w, h int, overview bool) (*picture, error) {
	if mode >= gridMode && mode < slowMode {
		return f.rasterPatterns(codes, mode, front, body, w, h, overview)
	}
	fr, br := &reader{data: front, section: "Raster tiles"}, &reader{data: body, section: "Raster tiles"}
	t, err := f.readTileHead(codes, fr, br, w, h, overview)
	if err != nil {
		return nil, err
	}
	planes := f.rasterCodings(t, overview)
	if mode%slowMode > 0 && t.apart() {
		return nil, fmt.Errorf("Reversible colour: mode %d of planes with other classes", mode)
	}
	if err := f.checkMode(mode, planes); err != nil {
		return nil, err
	}
	var rest []byte
	if t.remainders() && !overview {
		rest = br.bytes(br.uvarint("length of the remainders"), "remainders")
	}
	if br.err != nil {
		return nil, br.err
	}
	c, err := f.predictedTile(codes, mode, planes, fr.data, br.data, w, h, overview, t.says)
	if err != nil {
		return nil, err
	}
	if overview {
		for i := range t.planes {
			t.planes[i].classes = t.planes[i].cells()
		}
		return f.join(t, c, nil, true)
	}
	c.lookUp(planes)
	if !t.remainders() {
		return f.join(t, c, nil, false)
	}
	r, err := codes.Remainders(rest)
	if err != nil {
		return nil, err
	}
	m, err := f.join(t, c, r, false)
	if err == nil {
		err = r.Finish()
	}
	return m, err
}

// plainHead is the head that says nothing.
func (f *File) plainHead() *head {
	t := &head{planes: make([]planeState, f.NumBands())}
	for i := range t.planes {
		t.planes[i].mapping = f.bandOf(i).mapping
	}
	return t
}

// bandOf is the band of a plane.
func (f *File) bandOf(plane int) *rasterBand { return &f.mapped[f.planeBands[plane]] }

// readTileHead reads the head of a tile.
func (f *File) readTileHead(codes Codes, front, body *reader, w, h int, overview bool) (*head, error) {
	t := f.plainHead()
	if t.says = (field{"whether planes have states", 0, 1}).in(front) == 1; !t.says {
		return t, front.err
	}
	before := nowhere
	everywheres := make([]byte, len(t.planes))
	for i := range t.planes {
		everywheres[i] = f.readState(front, i, &t.planes[i], before)
		before = t.planes[i].state & classesMask
	}
	if front.err != nil {
		return nil, front.err
	}
	for i := range t.planes {
		err := t.readClasses(codes, front, body, i, w, h, overview)
		if p := &t.planes[i]; err == nil {
			err = checkClasses(slices.Concat(p.masked, p.besides, p.classes), len(f.bandOf(i).classes))
		}
		if err != nil {
			return nil, fmt.Errorf("plane %d: %w", i, err)
		}
	}
	for i, class := range everywheres {
		if p := &t.planes[i]; p.state&classesMask == everywhere {
			p.masked, p.classes = bytes.Repeat([]byte{class}, ((w-1)/8+1)*((h-1)/8+1)), bytes.Repeat([]byte{class}, w*h)
		}
	}
	return t, nil
}

// readClasses reads the classes of a plane, of cells and of samples.
func (t *head) readClasses(codes Codes, front, body *reader, i, w, h int, overview bool) (err error) {
	cw, ch := (w-1)/8+1, (h-1)/8+1
	p := &t.planes[i]
	kind := p.state & classesMask
	switch kind {
	case ownClasses, ownBesides:
		if p.masked, err = readClasses(codes, front, cw, ch); err == nil && !overview {
			p.classes, err = readClasses(codes, body, w, h)
		}
		if err == nil && !overview && !bytes.Equal(p.masked, cellsOf(p.classes, w, h)) {
			err = fmt.Errorf("Raster tiles: cells have other classes than samples")
		}
	case asBefore, asBesides:
		p.masked, p.classes = t.planes[i-1].masked, t.planes[i-1].classes
	case sameCells:
		p.besides = t.planes[i-1].besides
	}
	if err == nil && (kind == ownCells || kind == ownBesides || kind == asBesides) {
		p.besides, err = readClasses(codes, front, cw, ch)
	}
	for k, class := range p.besides {
		if err == nil && class > 0 && p.masked != nil && p.masked[k] > 0 {
			err = fmt.Errorf("Raster tiles: cell %d is masked, and has a class besides", k)
		}
	}
	return err
}

// readState reads the state of a plane, before being what the one before says of classes; it
// gives the class of everywhere.
func (f *File) readState(r *reader, i int, p *planeState, before int) (class byte) {
	b := f.bandOf(i)
	p.state = int(field{"state", 0, 63}.in(r))
	kind := p.state & classesMask
	if kind == everywhere {
		class = byte(field{"class", 1, uint64(max(len(b.classes), 1))}.in(r))
	}
	if p.bound = b.bound; p.state&boundFlag != 0 {
		p.bound = int32(field{"bound of the tile", 0, uint64(max(b.bound, 1) - 1)}.in(r))
	}
	if p.state&orderFlag != 0 {
		p.mapping, p.bound = ordered(f.Type), 0
	}
	switch {
	case kind > nowhere && len(b.classes) == 0,
		(kind == asBefore || kind == asBesides) && !masking(before),
		kind == sameCells && before != ownCells && before != sameCells,
		kind >= ownCells && (b.bound > 0 || p.state&orderFlag != 0),
		p.state&boundFlag != 0 && (b.bound == 0 || p.state&orderFlag != 0):
		r.fail("plane %d in state %d", i, p.state)
	}
	return class
}

// masking tells whether samples of a plane are masked where a plane of classes says so.
func masking(kind int) bool {
	return kind == ownClasses || kind == asBefore || kind == ownBesides || kind == asBesides
}

// readClasses reads a code of classes.
func readClasses(codes Codes, r *reader, w, h int) ([]byte, error) {
	code := r.bytes(r.uvarint("length of classes"), "classes")
	if r.err != nil {
		return nil, r.err
	}
	pix, err := readPatterns(codes, code, w, h, 1, 8, nil)
	out := make([]byte, len(pix))
	for i, v := range pix {
		out[i] = byte(v)
	}
	return out, err
}

// checkClasses holds classes to be some of n, or 0.
func checkClasses(classes []byte, n int) error {
	for _, c := range classes {
		if int(c) > n {
			return fmt.Errorf("Raster tiles: class %d, expected at most %d", c, n)
		}
	}
	return nil
}

// cellsOf are the classes of cells without numbers.
func cellsOf(classes []byte, w, h int) []byte {
	cw, ch := (w-1)/8+1, (h-1)/8+1
	out := make([]byte, cw*ch)
	for i := range out {
		x, y := i%cw*8, i/cw*8
		out[i] = classes[y*w+x]
		for k := range 64 {
			if kx, ky := x+k%8, y+k/8; kx < w && ky < h && classes[ky*w+kx] == 0 {
				out[i] = 0
			}
		}
	}
	return out
}

// apart tells whether the first three planes differ in where they have numbers.
func (t *head) apart() bool {
	kind := func(i int) int { return t.planes[i].state & classesMask }
	for i := 1; i < min(len(t.planes), 3); i++ {
		first, k := kind(0), kind(i)
		all := func(k int) bool { return k == nowhere || k == ownCells || k == sameCells }
		own, as := first == ownClasses || first == ownBesides, k == asBefore || k == asBesides
		together := all(first) && all(k) || own && as ||
			first == everywhere && k == everywhere && t.planes[0].masked[0] == t.planes[i].masked[0]
		if !together {
			return true
		}
	}
	return false
}

// rasterCodings are the codings of a tile.
func (f *File) rasterCodings(t *head, overview bool) []coding {
	planes := make([]coding, len(t.planes))
	for i, kind := range f.kinds() {
		p, b := &t.planes[i], f.bandOf(i)
		c := coding{
			kind: kind, parent: f.parentOf(b), bound: b.bound, wide: !f.Type.narrow(), maximum: int32(1)<<min(f.Depth(), 16) - 1,
			values: f.Values[i], fine: f.fine(i), scales: b.scales, classes: p.classes,
		}
		if f.Type == Uint8 || f.Type == Uint16 {
			c.maximum = int32(f.Maximum)
		}
		if t.says {
			c.bound = p.bound
		}
		if p.state&orderFlag != 0 {
			c.wide = true
		}
		if p.state&(orderFlag|plainPlane) != 0 {
			c.values = nil
		}
		c.cellClasses = p.masked
		if overview {
			c.classes = nil
		}
		c.meanStep = c.stepOfMeans(max(2*c.bound+1, b.step))
		planes[i] = c
	}
	return planes
}

// rasterPatterns decodes a tile in a mode of patterns.
func (f *File) rasterPatterns(codes Codes, mode int, front, body []byte, w, h int, overview bool) (*picture, error) {
	planes := f.rasterCodings(f.plainHead(), true)
	if mode == gridMode {
		return nil, fmt.Errorf("Raster tiles: mode %d, expected another one", mode)
	}
	if err := f.checkMode(mode, planes); err != nil {
		return nil, err
	}
	c, err := f.patternTile(codes, mode, front, body, w, h, overview && mode != wholeMode)
	if err != nil {
		return nil, err
	}
	if !overview || mode == wholeMode {
		c.lookUp(planes)
	}
	m, err := f.join(f.plainHead(), c, nil, false)
	if err != nil || !overview || mode != wholeMode {
		return m, err
	}
	return f.meansOfPatterns(c, m), nil
}

// meansOfPatterns is level 3 of a tile in the mode that has it made of samples, which m are,
// of numbers c.
func (f *File) meansOfPatterns(c *planar, m *picture) *picture {
	out := newPicture((m.w-1)/8+1, (m.h-1)/8+1, m.bands)
	out.samples = out.samples[:cap(out.samples)]
	alpha := -1
	if f.isPicture() && f.Roles[m.bands-1] == Straight {
		alpha = m.bands - 1
	}
	for i := range c.pix {
		band := f.planeBands[i]
		b := &f.mapped[band]
		classes := make([]byte, m.w*m.h)
		for k := range classes {
			for j, class := range b.classes {
				if m.samples[k*m.bands+band] == class.sample {
					classes[k] = byte(j + 1)
				}
			}
		}
		weights := c.pix[len(c.pix)-1]
		if alpha < 0 || i == len(c.pix)-1 {
			weights = nil
		}
		substitutes := b.of.substitutes(b.noData())
		for k, class := range cellsOf(classes, m.w, m.h) {
			v := b.sample(meanOf(c.pix[i], classes, weights, m.w, m.h, k%out.w*8, k/out.w*8), 0)
			if by, ok := substitutes[v]; ok {
				v = by
			}
			if class > 0 {
				v = b.classes[class-1].sample
			}
			out.samples[k*m.bands+band] = v
		}
	}
	return out
}

// meanOf is the mean of the numbers of a cell that are no classes, 0 where none is.
func meanOf(numbers []int32, classes []byte, weights []int32, w, h, x, y int) int32 {
	var weighted, total, sum, count int64
	for j := y; j < min(y+8, h); j++ {
		for i := x; i < min(x+8, w); i++ {
			if k := j*w + i; classes[k] == 0 {
				v, weight := int64(numbers[k]), int64(1)
				if weights != nil {
					weight = int64(weights[k])
				}
				weighted, total, sum, count = weighted+weight*v, total+weight, sum+v, count+1
			}
		}
	}
	switch {
	case count == 0:
		return 0
	case total == 0:
		weighted, total = sum, count
	}
	return int32(floorDiv(2*weighted+total, 2*total))
}

// join makes samples of numbers, which are means or not; r is nil where there are no
// remainders.
func (f *File) join(t *head, c *planar, r Raw, means bool) (*picture, error) {
	m := newPicture(c.w, c.h, len(c.pix))
	m.samples = m.samples[:cap(m.samples)]
	for i, pix := range c.pix {
		band, p := f.planeBands[i], &t.planes[i]
		b := &f.mapped[band]
		substitutes := map[int64]int64{}
		if means || b.bound > 0 && p.state&orderFlag == 0 {
			substitutes = b.of.substitutes(b.noData())
		}
		for k, number := range pix {
			at := &m.samples[k*m.bands+band]
			if p.classes != nil && p.classes[k] > 0 {
				*at = b.classes[p.classes[k]-1].sample
				continue
			}
			rest := uint64(0)
			if r != nil {
				rest = r.Raw(p.mapping.bits(number))
			}
			*at = p.mapping.sample(number, rest)
			if by, ok := substitutes[*at]; ok {
				*at = by
			}
		}
	}
	return m, nil
}
