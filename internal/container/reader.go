package container

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// Options limits what a file may demand.
type Options struct {
	MaxPixels int64 // 0 = DefaultMaxPixels
	// Partial opens a file that is cut behind its index, or goes on behind its end:
	// the segments that are missing cannot be read, all others can.
	Partial bool
}

// Sizes are the bytes of a file by use; what is missing to File are the other
// chunks and the types, lengths and checksums.
type Sizes struct {
	File, Front, Body, Tables, Index, Metadata int64
}

// Reader gives access to the parts of a file. It does not change after Open, so
// its methods may be called concurrently where the io.ReaderAt allows it.
type Reader struct {
	r        io.ReaderAt
	header   Header
	tables   []byte
	front    segments
	body     segments
	limit    int64 // of all segments of a part, in bytes
	metadata map[Kind]*chunk
	// ancillary are all such chunks, known or not.
	ancillary []*chunk
	sizes     Sizes
}

// segments is one part of all tiles: segment i lies at ends[i-1]..ends[i] behind base.
type segments struct {
	part Part
	base int64
	ends []int64
	crcs []uint32
}

func (s *segments) total() int64 { return s.ends[len(s.ends)-1] }

func (s *segments) bounds(i int) (from, to int64) {
	if i > 0 {
		from = s.ends[i-1]
	}
	return s.base + from, s.base + s.ends[i]
}

// Open reads the header, the tables and the index of a file of size bytes and the
// positions of its other chunks, whose payloads it does not read. Invalid input is
// a *FormatError, what this version cannot read an *UnsupportedError, an image
// above o.MaxPixels an error that wraps ErrTooLarge. Memory is bounded by size.
func Open(r io.ReaderAt, size int64, o Options) (*Reader, error) {
	s := newScanner(r, size)
	h, err := s.header(o.MaxPixels)
	if err != nil {
		return nil, err
	}
	rd := &Reader{
		r: r, header: h, metadata: map[Kind]*chunk{}, sizes: Sizes{File: size},
		front: segments{part: Front, base: size}, body: segments{part: Body, base: size},
		limit: size,
	}
	if o.Partial {
		rd.limit = math.MaxInt64
	}
	return rd, rd.scan(s, o.Partial)
}

// scan takes the chunks after HEAD up to and including BODY, or, partial, up to
// where the input is cut. Segments that were not reached keep a place at its end.
func (r *Reader) scan(s *scanner, partial bool) error {
	rank := 0 // of the last critical chunk, HEAD
	for range maxChunks {
		c, err := s.next(required(rank))
		cut := partial && r.Tiles() > 0 && errors.Is(err, io.ErrUnexpectedEOF)
		switch {
		case cut && (c == nil || c.ancillary()):
			return nil
		case err != nil && !cut:
			return err
		case c.ancillary():
			if err := r.addAncillary(rank, c); err != nil {
				return err
			}
			continue
		}
		if rank, err = follow(rank, c); err != nil {
			return err
		}
		switch err := r.take(s, c); {
		case err != nil || cut || partial && c.kind == typeBody:
			return err
		case c.kind == typeBody:
			return s.ended()
		}
	}
	return malformed(s.off, "more than %d chunks before %s", maxChunks, typeBody)
}

// required is the critical chunk that must come after the one of the given rank:
// only TABL may be absent.
func required(rank int) string {
	if critical[rank+1] == typeTable {
		rank++
	}
	return critical[rank+1]
}

// follow checks that c may come after the critical chunk of the given rank.
func follow(rank int, c *chunk) (int, error) {
	i := slices.Index(critical, c.kind)
	if i < 0 {
		return 0, unsupported(c.off, "critical chunk %s", c.kind)
	}
	if i != rank+1 && c.kind != required(rank) {
		return 0, malformed(c.off, "chunk %s, expected %s", c.kind, required(rank))
	}
	return i, nil
}

func (r *Reader) take(s *scanner, c *chunk) (err error) {
	switch c.kind {
	case typeTable:
		r.sizes.Tables = c.size
		r.tables, err = s.read(c)
	case typeIndex:
		r.sizes.Index = c.size
		err = r.readIndex(s, c)
	case typeFront:
		r.sizes.Front = c.size
		err = r.front.place(c)
	case typeBody:
		r.sizes.Body = c.size
		err = r.body.place(c)
	}
	return err
}

func (r *Reader) addAncillary(rank int, c *chunk) error {
	if critical[rank] != typeFront {
		return malformed(c.off, "chunk %s, expected %s", c.kind, required(rank))
	}
	r.ancillary = append(r.ancillary, c)
	kind := Kind(c.kind)
	if !slices.Contains(kinds, kind) {
		return nil
	}
	if r.metadata[kind] != nil {
		return malformed(c.off, "second chunk %s, expected one", kind)
	}
	r.metadata[kind] = c
	r.sizes.Metadata += c.size
	return nil
}

// CheckAncillary reads all ancillary chunks, of unknown types too, for their
// checksums: damage to a type makes a known chunk an unknown one.
func (r *Reader) CheckAncillary() error {
	for _, c := range r.ancillary {
		if err := c.check(r.r); err != nil {
			return err
		}
	}
	return nil
}

// readIndex parses INDX. An entry takes minEntrySize bytes at least, so the
// payload justifies what is allocated for the tiles.
func (r *Reader) readIndex(s *scanner, c *chunk) error {
	tiles := r.header.tiles()
	if c.size/minEntrySize < tiles {
		return malformed(c.off, "INDX of %d bytes, expected at least %d for each of %d tiles", c.size, minEntrySize, tiles)
	}
	p, err := s.read(c)
	if err != nil {
		return err
	}
	r.front.alloc(int(tiles))
	r.body.alloc(int(tiles))
	for i := range int(tiles) {
		if p, err = r.readEntry(p); err != nil {
			return &FormatError{c.off, fmt.Sprintf("INDX: tile %d: %v", i, err), errors.Unwrap(err)}
		}
	}
	if len(p) > 0 {
		return malformed(c.off, "INDX: %d bytes after the entries of %d tiles, expected none", len(p), tiles)
	}
	return nil
}

// readEntry cuts the entry of one tile off p.
func (r *Reader) readEntry(p []byte) ([]byte, error) {
	front, n := binary.Uvarint(p)
	body, m := binary.Uvarint(p[max(n, 0):])
	if n <= 0 || m <= 0 || len(p)-n-m < 2*crcSize {
		return nil, errors.New("the entry is cut or a length exceeds 64 bits")
	}
	p = p[n+m:]
	if !r.front.add(front, binary.LittleEndian.Uint32(p), r.limit) ||
		!r.body.add(body, binary.LittleEndian.Uint32(p[crcSize:]), r.limit) {
		return nil, cutError{front, body}
	}
	return p[2*crcSize:], nil
}

// cutError reports a tile whose segments end beyond the input.
type cutError struct{ front, body uint64 }

func (e cutError) Error() string {
	return fmt.Sprintf("segments of %d and %d bytes, more than the input holds", e.front, e.body)
}

func (cutError) Unwrap() error { return io.ErrUnexpectedEOF }

func (s *segments) alloc(n int) {
	s.ends = make([]int64, 0, n)
	s.crcs = make([]uint32, 0, n)
}

// add appends a segment unless all together are longer than limit.
func (s *segments) add(size uint64, crc uint32, limit int64) bool {
	var end int64
	if len(s.ends) > 0 {
		end = s.total()
	}
	if size > uint64(limit-end) {
		return false
	}
	s.ends = append(s.ends, end+int64(size))
	s.crcs = append(s.crcs, crc)
	return true
}

// place binds the segments to their chunk.
func (s *segments) place(c *chunk) error {
	if c.size != s.total() {
		return malformed(c.off, "chunk %s of %d bytes, the index lists %d", c.kind, c.size, s.total())
	}
	s.base = c.payload
	return nil
}

// Header returns the header.
func (r *Reader) Header() Header { return r.header }

// Tables returns the engine's tables, nil when the file has none. The caller must
// not change them.
func (r *Reader) Tables() []byte { return r.tables }

// Sizes returns the bytes of the file by use.
func (r *Reader) Sizes() Sizes { return r.sizes }

// Tiles returns the number of tiles.
func (r *Reader) Tiles() int { return len(r.front.ends) }

// Front reads the front segment of a tile, 0 ≤ tile < Tiles(). The error is a
// *TileError.
func (r *Reader) Front(tile int) ([]byte, error) { return r.segment(&r.front, tile) }

// Body reads the body segment of a tile, 0 ≤ tile < Tiles(). The error is a
// *TileError.
func (r *Reader) Body(tile int) ([]byte, error) { return r.segment(&r.body, tile) }

// FrontSize is the length of the front segment of a tile.
func (r *Reader) FrontSize(tile int) int64 {
	from, to := r.front.bounds(tile)
	return to - from
}

// BodySize is the length of the body segment of a tile.
func (r *Reader) BodySize(tile int) int64 {
	from, to := r.body.bounds(tile)
	return to - from
}

func (r *Reader) segment(s *segments, tile int) ([]byte, error) {
	from, to := s.bounds(tile)
	p, err := r.read(from, to)
	if err == nil {
		err = s.check(tile, p)
	}
	if err != nil {
		return nil, r.TileError(tile, s.part, err)
	}
	return p, nil
}

func (s *segments) check(tile int, p []byte) error {
	if sum := crc32.Checksum(p, castagnoli); sum != s.crcs[tile] {
		return fmt.Errorf("%w: CRC-32C %08x, expected %08x", ErrChecksum, sum, s.crcs[tile])
	}
	return nil
}

// TileError returns err as the error of a part of a tile.
func (r *Reader) TileError(tile int, part Part, err error) *TileError {
	s := &r.front
	if part == Body {
		s = &r.body
	}
	from, _ := s.bounds(tile)
	return &TileError{Tile: tile, Part: part, Offset: from, Err: err}
}

// Fronts reads the front segments of tiles, with one read for consecutive tiles.
// A segment that is damaged is nil (an empty one is not) and the error then
// joins the *TileError of each; all others are returned.
func (r *Reader) Fronts(tiles []int) ([][]byte, error) {
	out := make([][]byte, 0, len(tiles))
	var errs []error
	for len(tiles) > 0 {
		n := 1
		for n < len(tiles) && tiles[n] == tiles[n-1]+1 {
			n++
		}
		run, err := r.frontRun(tiles[0], n)
		out, errs = append(out, run...), append(errs, err)
		tiles = tiles[n:]
	}
	return out, errors.Join(errs...)
}

// frontRun reads n front segments from tile first on.
func (r *Reader) frontRun(first, n int) ([][]byte, error) {
	base, _ := r.front.bounds(first)
	_, end := r.front.bounds(first + n - 1)
	p, err := r.read(base, min(end, max(base, r.sizes.File)))
	out := make([][]byte, n)
	var errs []error
	for i := range out {
		from, to := r.front.bounds(first + i)
		segErr := err
		switch {
		case err != nil:
		case to-base > int64(len(p)):
			segErr = r.cut(from, to)
		default:
			segment := p[from-base : to-base : to-base]
			if segErr = r.front.check(first+i, segment); segErr == nil {
				out[i] = segment
			}
		}
		if segErr != nil {
			errs = append(errs, r.TileError(first+i, Front, segErr))
		}
	}
	return out, errors.Join(errs...)
}

// read reads the bytes of segments, if they are there.
func (r *Reader) read(from, to int64) ([]byte, error) {
	if to > r.sizes.File && from < to {
		return nil, r.cut(from, to)
	}
	return readAt(r.r, from, to-from)
}

// cut says that a segment ends beyond the input.
func (r *Reader) cut(from, to int64) error {
	return truncated(from, "expected %d bytes, found %d", to-from, max(r.sizes.File-from, 0))
}

// Metadata reads a chunk of metadata, nil when the file has none of that kind.
func (r *Reader) Metadata(kind Kind) ([]byte, error) {
	c := r.metadata[kind]
	if c == nil {
		return nil, nil
	}
	return newScanner(r.r, r.sizes.File).read(c)
}

// Want is a segment that is wanted.
type Want struct {
	Tile int
	Part Part
}

// Segments reads segments. One that is damaged is nil (an empty one is not) and the
// error then joins the *TileError of each; all others are returned.
func (r *Reader) Segments(ctx context.Context, wants []Want) ([][]byte, error) {
	out := make([][]byte, len(wants))
	var errs []error
	for i, w := range wants {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		s := &r.front
		if w.Part == Body {
			s = &r.body
		}
		var err error
		out[i], err = r.segment(s, w.Tile)
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}
