package predictive

import (
	"bytes"
	"encoding/binary"
	"fmt"

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
	cells   []byte // the same of the overview: of a cell without numbers the class of its first sample, else 0
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
		if s := p.state & stateMask; s == ownClasses || s == ownCells {
			front = appendClasses(front, p.cells, cw, ch)
		}
		if p.state&stateMask == ownClasses {
			body = appendClasses(body, p.classes, t.w, t.h)
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
	cw, ch := interlace.Cells(w, interlace.Base), interlace.Cells(h, interlace.Base)
	for i := range t.planes {
		p := &t.planes[i]
		n := len(r.bands[r.order[i]].classes)
		switch p.state & stateMask {
		case ownClasses:
			if p.cells, err = parseClasses(&d, cw, ch, n); err == nil && all {
				p.classes, err = parseClasses(&b, w, h, n)
			}
			if err == nil && all && !bytes.Equal(p.cells, cellsOf(p.classes, w, h)) {
				err = fmt.Errorf("cells have other ones than samples: %w", rans.ErrCorrupt)
			}
		case ownCells:
			p.cells, err = parseClasses(&d, cw, ch, n)
		case sameCells:
			p.cells = t.planes[i-1].cells
			err = check(p.cells, n)
		case asBefore:
			p.cells, p.classes = t.planes[i-1].cells, t.planes[i-1].classes
			err = check(p.cells, n)
			if err == nil && all {
				err = check(p.classes, n)
			}
		case everywhere:
			p.cells = bytes.Repeat([]byte{p.class}, cw*ch)
			if all {
				p.classes = bytes.Repeat([]byte{p.class}, w*h)
			}
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("classes of plane %d: %w", i, err)
		}
	}
	return t, d.rest, b.rest, nil
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
		p.state&stateMask > sameCells,
		p.state&stateMask > nowhere && len(b.classes) == 0,
		p.state&stateMask == asBefore && before != ownClasses && before != asBefore,
		p.state&stateMask == sameCells && before < ownCells,
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
	for i := 1; i < min(len(t.planes), 3); i++ {
		p, first := &t.planes[i], &t.planes[0]
		switch p.state & stateMask {
		case nowhere, ownCells, sameCells:
			if s := first.state & stateMask; s != nowhere && s < ownCells {
				return true
			}
		case asBefore:
			if s := first.state & stateMask; s != ownClasses {
				return true
			}
		case ownClasses:
			return true
		case everywhere:
			if first.state&stateMask != everywhere || p.class != first.class {
				return true
			}
		}
	}
	return false
}

// masked are the cells that have no mean, nil where all have one.
func (p *planeHead) masked() []byte {
	if p.state&stateMask >= ownCells {
		return nil
	}
	return p.cells
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
