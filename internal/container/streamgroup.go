package container

import (
	"fmt"
	"math"
)

// step reads what comes next of the groups. An error is that nothing follows.
func (s *Stream) step() error {
	switch s.stage {
	case atIndex:
		c, err := s.in.nextOf(typeIndex)
		if err != nil {
			return err
		}
		return s.begin(c)
	case atFronts:
		return s.fronts()
	case atBodies:
		return s.body()
	}
	return s.skipGroup()
}

// begin takes the index of a group, whose head has been read.
func (s *Stream) begin(c *chunk) error {
	g := len(s.groups)
	s.groups = append(s.groups, group{c, -1, -1})
	pg, err := s.index(g, c)
	switch {
	case err != nil:
		return err
	case pg == nil:
		s.stage = atMissing
		return nil
	}
	at := &s.groups[g]
	at.front, at.body = pg.front.total(), pg.body.total()
	s.page, s.stage, s.tile = pg, atFronts, 0
	if total, most := at.front+at.body, s.mostOf(g); total > most {
		return malformed(c.off, "%s: segments of %d bytes, expected at most %d for the samples of its tiles", typeIndex, total, most)
	}
	return nil
}

// index reads the index of a group. Where it is damaged there is none, if it may be so.
func (s *Stream) index(g int, c *chunk) (*page, error) {
	pg, damage, err := s.parseIndex(g, c)
	switch {
	case err != nil || damage == nil:
		return pg, err
	case !s.opt.Partial || s.file.header.Groups() == 1:
		return nil, damage
	}
	s.missing[g] = &missingGroup{c.off, damage}
	s.damaged(damage)
	return nil, nil
}

// parseIndex reads the index of a group. damage tells what is wrong with it, err that there
// is nothing behind.
func (s *Stream) parseIndex(g int, c *chunk) (pg *page, damage, err error) {
	h := s.file.header
	if damage = h.checkIndex(g, c); damage != nil {
		if s.opt.Partial {
			_, err = s.in.skip(c)
		}
		return nil, damage, err
	}
	p, err := s.in.rest(c)
	if err != nil {
		return nil, nil, err
	}
	if p, damage = c.open(p); damage != nil {
		return nil, damage, nil
	}
	if h.Groups() == 1 {
		d := fields{kind: typeIndex, off: c.off, rest: p}
		if h.parseErrors(&d); d.err != nil {
			return nil, d.err, nil
		}
		p = d.rest
	}
	pg, damage = h.parsePage(g, c, p, math.MaxInt64/8)
	return pg, damage, nil
}

// mostOf is more than the segments of a group take that any encoder makes: twice the
// samples, and some for tiles that are small. A stream has no length to hold them to.
func (s *Stream) mostOf(g int) int64 {
	const some = 64 << 20
	h := s.file.header
	_, n := h.GroupTiles(g)
	nx, _ := h.Grid()
	f := h.Format
	f.Height = int(min(int64(n/nx)<<h.TileLog2, int64(h.Height)))
	if b := f.Bytes(); b < math.MaxInt64/4 {
		return 2*b + some
	}
	return math.MaxInt64
}

// skipGroup passes the segments of a group without an index.
func (s *Stream) skipGroup() error {
	at := &s.groups[len(s.groups)-1]
	for _, part := range []struct {
		kind string
		size *int64
	}{{typeFront, &at.front}, {typeBody, &at.body}} {
		c, err := s.in.nextOf(part.kind)
		if err != nil {
			return err
		}
		*part.size = c.size
		if _, err := s.in.skip(c); err != nil {
			return err
		}
	}
	s.stage = atIndex
	return nil
}

// head reads the type and the length of a chunk of segments, which follow from the index.
func (s *Stream) head(c *chunk) error {
	p, err := s.in.bytes(c.head().Length)
	if err == nil {
		if err = c.verify(p); s.opt.Partial {
			s.damaged(err)
			err = nil
		}
	}
	return err
}

// fronts reads the front segments of the group.
func (s *Stream) fronts() error {
	at := &s.groups[len(s.groups)-1]
	if err := s.head(at.frontChunk()); err != nil {
		return err
	}
	for i := range s.page.front.ends {
		if err := s.segment(Front, i); err != nil {
			return err
		}
	}
	s.stage = atBodies
	return s.head(at.bodyChunk())
}

// body reads the body segment that comes next.
func (s *Stream) body() error {
	if err := s.segment(Body, s.tile); err != nil {
		return err
	}
	if s.tile++; s.tile == len(s.page.body.ends) {
		s.page, s.stage = nil, atIndex
	}
	return nil
}

// segment reads segment i of the group.
func (s *Stream) segment(part Part, i int) error {
	segments := s.page.part(part)
	at := segments.at(i)
	if s.opt.MaxHeld > 0 && s.bytes+at.Length > s.opt.MaxHeld {
		return fmt.Errorf("%w: tiles of %d bytes, compressed, are held at byte %d, the limit is %d", ErrTooLarge, s.bytes+at.Length, at.Offset, s.opt.MaxHeld)
	}
	p, err := s.in.bytes(at.Length)
	if err == nil || truncation(err) {
		s.held[Want{s.page.first + i, part}] = heldSegment{kept{p, segments.check(i, p)}, at.Offset}
		s.bytes += int64(len(p))
	}
	return err
}
