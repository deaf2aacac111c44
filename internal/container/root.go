package container

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// maxLevel is the coarsest level of an image of any size: a pixel.
const maxLevel = 31

// over is where an OVER lies.
type over struct {
	level int
	*chunk
	file Range // the nested file
}

// overAt is the OVER of a chunk, false where that cannot hold a level.
func overAt(level int, c *chunk) (over, bool) {
	n := int64(uvarintSize(uint64(level)))
	return over{level, c, Range{c.payload + n, c.size - n}}, c.size >= n
}

// root is the content of ROOT.
type root struct {
	worst  []uint64
	groups []group
	overs  []over
}

// append appends the payload of ROOT to p.
func (r *root) append(p []byte) []byte {
	for _, v := range r.worst {
		p = binary.AppendUvarint(p, v)
	}
	p = binary.AppendUvarint(p, uint64(r.groups[0].index.off))
	for i := range r.groups {
		g := &r.groups[i]
		for _, c := range []*chunk{g.index, g.frontChunk(), g.bodyChunk()} {
			p = binary.AppendUvarint(p, uint64(c.all().Length))
		}
	}
	p = binary.AppendUvarint(p, uint64(len(r.overs)))
	for _, o := range r.overs {
		p = binary.AppendUvarint(p, uint64(o.level))
		p = binary.AppendUvarint(p, uint64(o.all().Length))
	}
	return p
}

// tail is the chunk TAIL of a file whose ROOT is at off.
func tail(off int64) []byte {
	return appendChunk(nil, typeTail, binary.LittleEndian.AppendUint64(nil, uint64(off)))
}

// findRoot returns the chunk ROOT, which TAIL names and which ends where TAIL begins.
// first is the end of what lies before the groups.
func (in *input) findRoot(ctx context.Context, first int64) (*chunk, error) {
	at := max(in.size-tailSize, 0)
	start := max(in.size-readTail, 0)
	if in.find(Range{start, in.size - start}) == nil {
		if err := in.hold(ctx, Range{start, in.size - start}); err != nil {
			return nil, err
		}
	}
	p, err := in.one(ctx, Range{at, in.size - at})
	if err != nil {
		return nil, err
	}
	c := chunkAt(typeTail, at, 8)
	if at < first || c.verify(p) != nil {
		return nil, notWhole(at, "%d bytes at the end are % x, expected chunk %s", len(p), p, typeTail)
	}
	payload, err := c.open(p)
	if err != nil {
		return nil, err
	}
	off := binary.LittleEndian.Uint64(payload)
	if off < uint64(first) || off > uint64(at) {
		return nil, notWhole(at, "%s says that %s is at byte %d, expected %d to %d", typeTail, typeRoot, off, first, at)
	}
	s := scanner{input: in, ctx: ctx, off: int64(off)}
	c, err = s.next(typeRoot)
	if _, ok := err.(*FormatError); ok || err == nil && (c.kind != typeRoot || c.end() != at) {
		return nil, notWhole(int64(off), "no chunk %s that ends at byte %d, where %s is", typeRoot, at, typeTail)
	}
	return c, err
}

// notWhole reports an end that is not the file's: it is cut, or goes on.
func notWhole(off int64, format string, args ...any) error {
	return &FormatError{off, "the input is cut, or goes on behind its end: " + fmt.Sprintf(format, args...), io.ErrUnexpectedEOF}
}

// readRoot reads ROOT, the chunk c.
func (h *Header) readRoot(s *scanner, c *chunk, first int64) (*root, error) {
	if err := h.checkRoot(c); err != nil {
		return nil, err
	}
	p, err := s.read(c)
	if err != nil {
		return nil, err
	}
	return h.parseRoot(c, p, first)
}

// checkRoot checks the length of ROOT, before anything is allocated for its groups.
func (h *Header) checkRoot(c *chunk) error {
	groups := int64(h.Groups())
	least := int64(len(h.Bands)) + 3*groups + 2
	most := maxUvarint * (int64(len(h.Bands)) + 3*groups + 2 + 2*maxLevel)
	if c.size < least || c.size > most {
		return malformed(c.off, "ROOT of %d bytes, expected %d to %d of %d bands and %d groups", c.size, least, most, len(h.Bands), groups)
	}
	return nil
}

// parseRoot reads the payload of ROOT, p. The groups begin at first and the OVERs end with
// the chunk c.
func (h *Header) parseRoot(c *chunk, p []byte, first int64) (*root, error) {
	d := &fields{kind: typeRoot, off: c.off, rest: p}
	r := &root{worst: h.parseErrors(d)}
	if off := d.uint("offset of the first group", math.MaxInt64); off != uint64(first) {
		d.fail("ROOT: the first group at byte %d, expected %d", off, first)
	}
	end := r.parseGroups(d, h, first)
	end = r.parseOvers(d, end)
	if end != c.off {
		d.fail("ROOT: groups and OVERs up to byte %d, expected %d", end, c.off)
	}
	return r, d.end()
}

// place cuts the length of a chunk that begins at off.
func place(d *fields, kind string, off int64) *chunk {
	length := int64(d.uint("length of "+kind, uint64(d.off-off)))
	c, ok := chunkOf(kind, Range{off, length})
	if !ok {
		d.fail("ROOT: chunk %s of %d bytes in all, which none has", kind, length)
		return chunkAt(kind, off, 0)
	}
	return c
}

// parseGroups cuts the places of the groups, and returns where the last ends.
func (r *root) parseGroups(d *fields, h *Header, off int64) int64 {
	r.groups = make([]group, h.Groups())
	for i := range r.groups {
		index := place(d, typeIndex, off)
		front := place(d, typeFront, index.end())
		body := place(d, typeBody, front.end())
		if d.err != nil {
			return off
		}
		r.groups[i] = group{index, front.size, body.size}
		off = body.end()
	}
	return off
}

// parseOvers cuts the places of the OVERs, and returns where the last ends.
func (r *root) parseOvers(d *fields, off int64) int64 {
	level := 0
	for range d.uint("number of OVERs", maxLevel) {
		next := int(d.uint("level", maxLevel))
		c := place(d, typeOver, off)
		if next <= level {
			d.fail("ROOT: level %d after level %d, expected a coarser one", next, level)
		}
		o, ok := overAt(next, c)
		if !ok {
			d.fail("ROOT: chunk %s of level %d is empty", typeOver, next)
		}
		if d.err != nil {
			return off
		}
		r.overs = append(r.overs, o)
		level, off = next, c.end()
	}
	return off
}
