// Package conformance holds a second decoder, written from docs/FORMAT.md and
// docs/FORMAT-EXACT.md alone and naive throughout, against which the engines'
// are tested. It shares no code with the module; what it reads besides a file
// is defaults.bin and the universal.bin of two engines.
package conformance

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// file is the content of a .qtg file.
type file struct {
	w, h, channels, depth int
	alpha, maximum        int
	exact, labels         bool // exact: of the exact engine
	palette, merged       bool
	layered               bool
	sub420                bool
	tileSide, bound, step int
	tabl                  []byte
	fronts, bodies        [][]byte
	body                  int // offset of the chunk BODY
}

// parse takes a file apart (FORMAT.md, "Container").
func parse(p []byte) (*file, error) {
	const magic = "\x89QTG\r\n\x1a\n\x04"
	if len(p) < len(magic) || string(p[:len(magic)]) != magic {
		return nil, errors.New("magic or version")
	}
	f := &file{}
	var index []byte
	var fronts []byte
	for pos := len(magic); ; {
		if len(p)-pos < 5 {
			return nil, errors.New("no BODY")
		}
		kind := string(p[pos : pos+4])
		size, n := binary.Uvarint(p[pos+4:])
		start := pos + 4 + n
		if n <= 0 || size > uint64(len(p)-start) {
			return nil, fmt.Errorf("%s is cut", kind)
		}
		end := start + int(size)
		payload := p[start:end]
		if kind != "FRNT" && kind != "BODY" {
			if crc32.Checksum(p[pos:end], crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(p[end:]) {
				return nil, fmt.Errorf("CRC of %s", kind)
			}
			end += 4
		}
		switch kind {
		case "HEAD":
			f.readHead(payload)
		case "TABL":
			f.tabl = payload
		case "INDX":
			index = payload
		case "FRNT":
			fronts = payload
		case "BODY":
			f.body = pos
			if end != len(p) {
				return nil, errors.New("bytes after BODY")
			}
			return f, f.readIndex(index, fronts, payload)
		}
		pos = end
	}
}

// readHead takes the fields that decoding needs.
func (f *file) readHead(p []byte) {
	next := func() int {
		v, n := binary.Uvarint(p)
		p = p[n:]
		return int(v)
	}
	f.exact = next() == 1
	flags := next()
	f.labels, f.palette, f.layered, f.merged = flags&16 != 0, flags&32 != 0, flags&64 != 0, flags&128 != 0
	f.w, f.h, f.channels = next(), next(), next()
	f.alpha, f.depth, f.maximum = next(), next(), next()
	f.sub420 = next() == 1
	f.tileSide = 1 << next()
	next() // bound
	f.bound = next()
	f.step = next()
}

func (f *file) readIndex(index, fronts, bodies []byte) error {
	take := func(p *[]byte, size uint64, crc []byte) []byte {
		s := (*p)[:size]
		*p = (*p)[size:]
		if crc32.Checksum(s, crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(crc) {
			return nil
		}
		return s
	}
	for len(index) > 0 {
		front, n := binary.Uvarint(index)
		body, m := binary.Uvarint(index[n:])
		index = index[n+m:]
		f.fronts = append(f.fronts, take(&fronts, front, index))
		f.bodies = append(f.bodies, take(&bodies, body, index[4:]))
		index = index[8:]
	}
	return nil
}

// planes returns the planes of the file, empty.
func (f *file) planes() []*plane {
	planes := make([]*plane, f.channels)
	for i := range planes {
		kind, w, h := 0, f.w, f.h
		if f.channels >= 3 && (i == 1 || i == 2) {
			kind = 1
			if f.sub420 {
				w, h = (w+1)/2, (h+1)/2
			}
		}
		planes[i] = newPlane(kind, w, h)
	}
	return planes
}

// eachTile calls do with the index of every tile and what it covers of each plane.
func (f *file) eachTile(planes []*plane, do func(i int, tiles []tile) error) error {
	across := (f.w + f.tileSide - 1) / f.tileSide
	down := (f.h + f.tileSide - 1) / f.tileSide
	for i := range across * down {
		tiles := make([]tile, len(planes))
		for j, p := range planes {
			side := f.tileSide
			if f.sub420 && p.kind == 1 {
				side /= 2
			}
			tiles[j] = p.tile(i%across, i/across, side, f.step)
		}
		if err := do(i, tiles); err != nil {
			return fmt.Errorf("tile %d: %w", i, err)
		}
	}
	return nil
}

// level decodes a level of detail of a file.
func (f *file) level(universal []byte, level int) (*picture, error) {
	tables, err := readTables(universal, f.tabl)
	if err != nil {
		return nil, fmt.Errorf("TABL: %w", err)
	}
	planes := f.planes()
	err = f.eachTile(planes, func(i int, tiles []tile) error {
		if err := read(f.fronts[i], tables, tiles, f.readFronts); err != nil || level >= 3 {
			return err
		}
		return read(f.bodies[i], tables, tiles, f.readBodies)
	})
	if err != nil {
		return nil, err
	}
	return f.render(planes, level), nil
}

// read applies a reading to the planes of a tile, one segment for all.
func read(data []byte, tables [][16]int, tiles []tile, do func([]tile, source)) error {
	s, err := newSegment(data, tables)
	if err != nil {
		return err
	}
	do(tiles, s)
	return s.finish()
}

func (f *file) readFronts(tiles []tile, s source) {
	for i := range tiles {
		tiles[i].readFront(s)
	}
	f.readRims(tiles, s)
}

func (f *file) readBodies(tiles []tile, s source) {
	for i := range tiles {
		tiles[i].readBody(s)
	}
}

// readRims reads what level 3 has on the rims of the planes but alpha.
func (f *file) readRims(tiles []tile, s source) {
	if f.alpha != 1 {
		return
	}
	last := len(tiles) - 1
	for i := range tiles[:last] {
		t := &tiles[i]
		for y := range t.h {
			for x := range t.w {
				if f.onRim(t, &tiles[last], x, y) {
					at := t.at(x, y)
					t.shown[at] = clamp(t.q[at]+readResidual(s, 36+11*t.kind+10), -32767, 32767)
				}
			}
		}
	}
}

// onRim looks at the opacities of cell (x,y).
func (f *file) onRim(t, alpha *tile, x, y int) bool {
	n := 1
	if f.sub420 && t.kind == 1 {
		n = 2
	}
	above, below := false, false
	for i := range n * n {
		ax, ay := n*x+i%n, n*y+i/n
		if ax < alpha.w && ay < alpha.h {
			v := alpha.levelThree(alpha.q[alpha.at(ax, ay)])
			above = above || v > 0
			below = below || v < 4080
		}
	}
	return above && below
}

// render makes the pixels of a level of decoded planes.
func (f *file) render(planes []*plane, level int) *picture {
	down := level
	for i, p := range planes {
		alpha := f.alpha != 0 && i == len(planes)-1
		switch {
		case level >= 3:
			planes[i], down = p.overview(f.step), level-3
		case !alpha:
			p.deblock(f.step)
		}
	}
	if level >= 3 && f.sub420 && f.alpha == 1 {
		planes[1], planes[2] = planes[1].covered(planes[3]), planes[2].covered(planes[3])
	}
	m := toPixels(planes, f.sub420, f.depth)
	full := int64(1)<<f.depth - 1
	for i, v := range m.samples {
		m.samples[i] = int((int64(v)*int64(f.maximum) + full/2) / full)
	}
	m.alpha = f.alpha == 1
	return m.shrink(1 << down)
}

// covered is a plane of chroma on level 3 whose hidden samples take after their
// neighbours.
func (p *plane) covered(alpha *plane) *plane {
	hidden := func(x, y int) bool {
		for i := range 4 {
			ax, ay := 2*x+i%2, 2*y+i/2
			if ax < alpha.w && ay < alpha.h && alpha.pix[ay*alpha.stride+ax] > 0 {
				return false
			}
		}
		return true
	}
	o := *p
	o.pix = append([]int{}, p.pix...)
	for y := range p.h {
		for x := range p.w {
			sum, n := 0, 0
			for i := range 9 {
				nx, ny := x+i%3-1, y+i/3-1
				if nx >= 0 && ny >= 0 && nx < p.w && ny < p.h && !hidden(nx, ny) {
					sum, n = sum+p.pix[ny*p.stride+nx], n+1
				}
			}
			if hidden(x, y) && n > 0 {
				o.pix[y*p.stride+x] = (sum + n/2) / n
			}
		}
	}
	return &o
}
