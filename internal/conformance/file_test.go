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
	const magic = "\x89QTG\r\n\x1a\n\x03"
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
	f.w, f.h, f.channels, f.depth = next(), next(), next(), next()
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
		if err := f.read(f.fronts[i], tables, tiles, (*tile).readFront); err != nil || level >= 3 {
			return err
		}
		return f.read(f.bodies[i], tables, tiles, (*tile).readBody)
	})
	if err != nil {
		return nil, err
	}
	return f.render(planes, level), nil
}

// read applies a reading to the planes of a tile, one segment for all.
func (f *file) read(data []byte, tables [][16]int, tiles []tile, do func(*tile, source)) error {
	s, err := newSegment(data, tables)
	if err != nil {
		return err
	}
	for i := range tiles {
		do(&tiles[i], s)
	}
	return s.finish()
}

// render makes the pixels of a level of decoded planes.
func (f *file) render(planes []*plane, level int) *picture {
	down := level
	for i, p := range planes {
		alpha := len(planes)%2 == 0 && i == len(planes)-1
		switch {
		case level >= 3:
			planes[i], down = p.overview(f.step), level-3
		case !alpha:
			p.deblock(f.step)
		}
	}
	return toPixels(planes, f.sub420, f.depth).shrink(1 << down)
}
