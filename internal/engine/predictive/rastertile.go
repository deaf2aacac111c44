package predictive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/symbols"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/sample"
)

// What the head of a tile says of where a plane has classes in the place of numbers.
const (
	nowhere    = 0 // numbers everywhere
	ownClasses = 1 // a plane of classes of its own
	asBefore   = 2 // the plane of classes of the plane before, which has one
	everywhere = 3 // one class
	ownCells   = 4 // numbers everywhere, some of which are a class's: cells without others
	sameCells  = 5 // the cells of the plane before, which has such
	ownBesides = 6 // as ownClasses, and cells of its own besides
	asBesides  = 7 // as asBefore, and cells of its own besides

	stateMask  = 7
	stateOrder = 8  // by the mapping Ordered, without loss: another does not reach all samples
	statePlain = 16 // numbers are as they are, where others of the plane are packed
	stateBound = 32 // a bound of its own
	stateAll   = 63
)

// planeHead is what the head of a tile says of a plane.
type planeHead struct {
	state   int
	class   byte   // the one of everywhere
	bound   int32  // with stateBound, less than the plan's
	classes []byte // of each sample, from 1 on; nil for nowhere
	masked  []byte // of cells without numbers the class of the first sample, else 0; nil for numbers everywhere
	besides []byte // of other cells that consist of classes, though their samples are numbers; nil for none
}

// cells are the classes of the overview, nil where it has none.
func (p *planeHead) cells() []byte {
	switch {
	case p.besides == nil:
		return p.masked
	case p.masked == nil:
		return p.besides
	}
	out := slices.Clone(p.masked)
	for i, c := range p.besides {
		out[i] |= c // one of them is 0
	}
	return out
}

// masks tells whether samples leave the plane where a plane of classes says so.
func masks(state int) bool {
	return state == ownClasses || state == asBefore || state == ownBesides || state == asBesides
}

// tileHead is the head of a tile of a raster.
type tileHead struct {
	w, h   int
	planes []planeHead
}

// plainHead is the head of a tile of w×h with numbers everywhere.
func plainHead(n, w, h int) *tileHead { return &tileHead{w, h, make([]planeHead, n)} }

// plain tells whether nothing is said of any plane.
func (t *tileHead) plain() bool {
	for i := range t.planes {
		if t.planes[i].state != 0 {
			return false
		}
	}
	return true
}

// append appends the head to the front of a tile, and to the body what is of all samples.
func (t *tileHead) append(front, body []byte) (newFront, newBody []byte) {
	if t.plain() {
		return append(front, 0), body
	}
	front = append(front, 1)
	for i := range t.planes {
		p := &t.planes[i]
		front = append(front, byte(p.state))
		if p.state&stateMask == everywhere {
			front = binary.AppendUvarint(front, uint64(p.class))
		}
		if p.state&stateBound != 0 {
			front = binary.AppendUvarint(front, uint64(p.bound))
		}
	}
	cw, ch := interlace.Cells(t.w, interlace.Base), interlace.Cells(t.h, interlace.Base)
	for i := range t.planes {
		p := &t.planes[i]
		s := p.state & stateMask
		if s == ownClasses || s == ownBesides {
			front, body = appendClasses(front, p.masked, cw, ch), appendClasses(body, p.classes, t.w, t.h)
		}
		if s == ownCells || s >= ownBesides {
			front = appendClasses(front, p.besides, cw, ch)
		}
	}
	return front, body
}

// appendClasses appends the code of a plane of classes, and its length before it.
func appendClasses(p, classes []byte, w, h int) []byte {
	t := &symbols.Tile{W: w, H: h, Channels: 1, Depth: 8, Pix: make([]uint32, w*h)}
	for i, c := range classes {
		t.Pix[i] = uint32(c)
	}
	code := symbols.EncodeBody(t)
	return append(binary.AppendUvarint(p, uint64(len(code))), code...)
}

// parseHead cuts the head of a tile of w×h from a front segment, and the classes of its
// samples from a body where all is asked for.
func (f *Format) parseHead(r *rasterPlan, front, body []byte, w, h int, all bool) (t *tileHead, restFront, restBody []byte, err error) {
	d, b := numbers{rest: front}, numbers{rest: body}
	t = plainHead(f.Channels, w, h)
	if d.uint("states", 1) == 0 {
		return t, d.rest, body, d.err
	}
	before := nowhere
	for i := range t.planes {
		if err := t.planes[i].parse(&d, before, &r.bands[r.order[i]]); err != nil {
			return nil, nil, nil, fmt.Errorf("plane %d: %w", i, err)
		}
		before = t.planes[i].state & stateMask
	}
	for i := range t.planes {
		if err = t.parseClasses(r, i, &d, &b, all); err != nil {
			return nil, nil, nil, fmt.Errorf("classes of plane %d: %w", i, err)
		}
	}
	return t, d.rest, b.rest, nil
}

// parseClasses cuts what a head says of the classes of plane i: cells from the front and, where all is
// asked for, samples from the body.
func (t *tileHead) parseClasses(r *rasterPlan, i int, front, body *numbers, all bool) (err error) {
	p, n := &t.planes[i], len(r.bands[r.order[i]].classes)
	cw, ch := interlace.Cells(t.w, interlace.Base), interlace.Cells(t.h, interlace.Base)
	s := p.state & stateMask
	switch s {
	case ownClasses, ownBesides:
		if p.masked, err = parseClasses(front, cw, ch, n); err == nil && all {
			p.classes, err = parseClasses(body, t.w, t.h, n)
		}
		if err == nil && all && !bytes.Equal(p.masked, cellsOf(p.classes, t.w, t.h)) {
			err = fmt.Errorf("cells have other ones than samples: %w", rans.ErrCorrupt)
		}
	case asBefore, asBesides:
		p.masked, p.classes = t.planes[i-1].masked, t.planes[i-1].classes
		if err = check(p.masked, n); err == nil && all {
			err = check(p.classes, n)
		}
	case everywhere:
		p.masked = bytes.Repeat([]byte{p.class}, cw*ch)
		if all {
			p.classes = bytes.Repeat([]byte{p.class}, t.w*t.h)
		}
	case sameCells:
		p.besides = t.planes[i-1].besides
		err = check(p.besides, n)
	}
	if err == nil && (s == ownCells || s >= ownBesides) {
		p.besides, err = parseClasses(front, cw, ch, n)
	}
	for k := range min(len(p.masked), len(p.besides)) {
		if err == nil && p.masked[k] > 0 && p.besides[k] > 0 {
			err = fmt.Errorf("cell %d has one twice: %w", k, rans.ErrCorrupt)
		}
	}
	return err
}

// parse cuts what a head says of a plane of a band, before being what it says of the classes
// of the plane before.
func (p *planeHead) parse(d *numbers, before int, b *band) error {
	p.state = int(d.uint("state", stateAll))
	if p.state&stateMask == everywhere {
		p.class = byte(d.uint("class", uint64(len(b.classes))))
	}
	if p.state&stateBound != 0 {
		p.bound = int32(d.uint("bound", uint64(max(b.bound, 1)-1)))
	}
	switch {
	case d.err != nil:
		return d.err
	case p.state&stateMask == everywhere && p.class == 0,
		p.state&stateMask > nowhere && len(b.classes) == 0,
		(p.state&stateMask == asBefore || p.state&stateMask == asBesides) && !masks(before),
		p.state&stateMask == sameCells && before != ownCells && before != sameCells,
		p.state&stateMask >= ownCells && (b.bound > 0 || p.state&stateOrder != 0),
		p.state&stateBound != 0 && (b.bound == 0 || p.state&stateOrder != 0):
		return fmt.Errorf("state %d: %w", p.state, rans.ErrCorrupt)
	}
	return nil
}

// parseClasses cuts a plane of n classes.
func parseClasses(d *numbers, w, h, n int) ([]byte, error) {
	code := d.bytes("classes")
	if d.err != nil {
		return nil, d.err
	}
	pix, err := symbols.DecodeBody(code, nil, w, h, 1, 8)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(pix))
	for i, v := range pix {
		out[i] = byte(v)
	}
	return out, check(out, n)
}

// check refuses a class beyond the last of n.
func check(classes []byte, n int) error {
	for i, c := range classes {
		if int(c) > n {
			return fmt.Errorf("sample %d: class %d, expected at most %d", i, c, n)
		}
	}
	return nil
}

// cellsOf are the classes of cells without numbers, nil where no sample has a class.
func cellsOf(classes []byte, w, h int) []byte {
	if classes == nil {
		return nil
	}
	cw, ch := interlace.Cells(w, interlace.Base), interlace.Cells(h, interlace.Base)
	out := make([]byte, cw*ch)
	for i := range out {
		x, y := i%cw<<interlace.Base, i/cw<<interlace.Base
		if interlace.CellMasked(classes, w, h, i%cw, i/cw) {
			out[i] = classes[y*w+x]
		}
	}
	return out
}

// apply completes the format of a tile by its head.
func (t *tileHead) apply(f *Format) *Format {
	if t.plain() {
		return f
	}
	own := *f
	own.Lanes = append([]Lanes(nil), f.Lanes...)
	own.Values = append([]Values(nil), f.Values...)
	for i := range t.planes {
		p, l := &t.planes[i], &own.Lanes[i]
		if p.state&stateOrder != 0 {
			l.Wide, l.Bound = true, 0
		}
		if p.state&stateBound != 0 {
			l.Bound = p.bound
		}
		if p.state&(stateOrder|statePlain) != 0 && own.Values != nil {
			own.Values[i] = nil
		}
	}
	own.Apart = t.apart()
	return &own
}

// apart tells whether the first three planes differ in where they have numbers: then no
// transform of colours can join them.
func (t *tileHead) apart() bool {
	first := &t.planes[0]
	for i := 1; i < min(len(t.planes), 3); i++ {
		p := &t.planes[i]
		switch s, f := p.state&stateMask, first.state&stateMask; s {
		case nowhere, ownCells, sameCells:
			if masks(f) || f == everywhere {
				return true
			}
		case asBefore, asBesides:
			if f != ownClasses && f != ownBesides {
				return true
			}
		case ownClasses, ownBesides:
			return true
		case everywhere:
			if f != everywhere || p.class != first.class {
				return true
			}
		}
	}
	return false
}

// mapping is the mapping of a plane of a tile.
func (t *tileHead) mapping(r *rasterPlan, i int) sample.Mapping {
	if t.planes[i].state&stateOrder != 0 {
		return sample.Mapping{Kind: sample.Ordered}
	}
	return r.bands[r.order[i]].mapping
}

// least is the number of bytes that the segments of a tile take at least: of bands that
// have numbers everywhere as of a picture.
func (d *rasterDecoder) least(front []byte, w, h int) (frontBytes, bodyBytes int64) {
	if len(front) < 2 || symbolic(front[0]) || front[1] != 0 {
		return 1, 0
	}
	frontBytes, bodyBytes = Least(front, d.format.Channels, w, h)
	return frontBytes + 1, bodyBytes
}
