package container

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// Writer writes a file as tiles come, and holds the segments of the groups that are not
// whole. One call at a time.
type Writer struct {
	b      *bufio.Writer
	header Header
	start  []byte // what comes before the groups, until it is written
	off    int64  // of what comes next
	root   root
	held   map[int]*tiles // by group
	next   int            // the group that comes next
	err    error
}

// tiles are the segments of a group.
type tiles struct {
	fronts, bodies [][]byte
	has            []bool
	n              int
}

// Overview is a coarser level as a file of its own.
type Overview struct {
	Level int // 1 to 31
	File  []byte
}

// NewWriter returns a writer of a file. Nothing is written before the first group is
// whole. A header, a plan or metadata that no reader would accept is an error; the limit
// on the image's size is the reader's alone.
func NewWriter(w io.Writer, h *Header, p *Plan, m Metadata) (*Writer, error) {
	b, err := Opening(h, p, m)
	if err != nil {
		return nil, err
	}
	wr := &Writer{b: bufio.NewWriterSize(w, 1<<16), header: *h, held: map[int]*tiles{}}
	wr.start, wr.off = b, int64(len(b))
	wr.root.worst = make([]uint64, len(h.Bands))
	return wr, nil
}

func validate(h *Header, p *Plan, m Metadata) error {
	if err := h.Validate(math.MaxInt64); err != nil {
		return err
	}
	if len(p.Payload) > MaxPlan {
		return fmt.Errorf("plan of %d bytes, expected at most %d", len(p.Payload), MaxPlan)
	}
	size := len(appendBands(h.Bands))
	for kind, p := range m {
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("metadata of kind %q, expected one of %q", kind, kinds)
		}
		size += len(p)
	}
	if size > MaxMetadata {
		return fmt.Errorf("metadata of %d bytes, expected at most %d", size, MaxMetadata)
	}
	return nil
}

// WriteTile takes the segments of a tile, in any order of tiles, each once, and its
// largest error in each band, in the unit of T; nil stands for none. The caller must not
// change front and body, which are held until all tiles of their group and of those
// before have come.
func (w *Writer) WriteTile(tile int, front, body []byte, worst []uint64) error {
	if w.err != nil {
		return w.err
	}
	if tile < 0 || tile >= w.header.Tiles() {
		return fmt.Errorf("tile %d, expected 0 to %d", tile, w.header.Tiles()-1)
	}
	if n := len(w.header.Bands); worst != nil && len(worst) != n {
		return fmt.Errorf("tile %d: %d largest errors, expected %d", tile, len(worst), n)
	}
	g := w.header.Group(tile)
	first, n := w.header.GroupTiles(g)
	held := w.held[g]
	if held == nil && g >= w.next {
		held = &tiles{fronts: make([][]byte, n), bodies: make([][]byte, n), has: make([]bool, n)}
		w.held[g] = held
	}
	if held == nil || held.has[tile-first] {
		return fmt.Errorf("tile %d comes a second time, expected each once", tile)
	}
	i := tile - first
	held.fronts[i], held.bodies[i], held.has[i] = front, body, true
	held.n++
	for band, v := range worst {
		w.root.worst[band] = max(w.root.worst[band], v)
	}
	return w.flush()
}

// flush writes the groups that are whole and come next.
func (w *Writer) flush() error {
	for held := w.held[w.next]; held != nil && held.n == len(held.has); held = w.held[w.next] {
		w.b.Write(w.start)
		w.start = nil
		w.writeGroup(held)
		delete(w.held, w.next)
		w.next++
		if w.err = w.b.Flush(); w.err != nil { // the first error of all writes before
			return w.err
		}
	}
	return nil
}

func (w *Writer) writeGroup(t *tiles) {
	var p []byte
	if w.header.Groups() == 1 {
		for _, v := range w.root.worst {
			p = binary.AppendUvarint(p, v)
		}
	}
	g := group{}
	for i, front := range t.fronts {
		p = appendEntry(p, front, t.bodies[i])
		g.front += int64(len(front))
		g.body += int64(len(t.bodies[i]))
	}
	g.index = chunkAt(typeIndex, w.off, int64(len(p)))
	w.b.Write(appendChunk(nil, typeIndex, p))
	w.writeSegments(g.frontChunk(), t.fronts)
	w.writeSegments(g.bodyChunk(), t.bodies)
	w.root.groups = append(w.root.groups, g)
	w.off = g.bodyChunk().end()
}

func (w *Writer) writeSegments(c *chunk, segments [][]byte) {
	w.b.Write(chunkHead(c.kind, uint64(c.size)))
	for _, s := range segments {
		w.b.Write(s)
	}
}

// Close ends the file: with coarser levels, ascending, where it has several groups. It
// does not close the io.Writer. A tile that is missing is an error.
func (w *Writer) Close(overviews []Overview) error {
	switch {
	case w.err != nil:
		return w.err
	case w.next < w.header.Groups():
		return fmt.Errorf("tile %d is missing, expected all %d", w.missing(), w.header.Tiles())
	case w.header.Groups() > 1:
		w.err = w.writeEnd(overviews)
	case len(overviews) > 0:
		return fmt.Errorf("%d overviews of a file of one group, expected none", len(overviews))
	}
	if w.err != nil {
		return w.err
	}
	w.err = errors.New("the file is closed")
	return nil
}

// missing is the first tile that has not come.
func (w *Writer) missing() int {
	first, _ := w.header.GroupTiles(w.next)
	if t := w.held[w.next]; t != nil {
		return first + slices.Index(t.has, false)
	}
	return first
}

// writeEnd writes the OVERs, ROOT and TAIL.
func (w *Writer) writeEnd(overviews []Overview) error {
	level := 0
	for _, o := range overviews {
		if o.Level <= level || o.Level > maxLevel {
			return fmt.Errorf("overview of level %d after %d, expected a coarser one of at most %d", o.Level, level, maxLevel)
		}
		level = o.Level
		w.writeOverview(o)
	}
	w.b.Write(appendChunk(nil, typeRoot, w.root.append(nil)))
	w.b.Write(tail(w.off))
	return w.b.Flush()
}

func (w *Writer) writeOverview(o Overview) {
	size := uvarintSize(uint64(o.Level)) + len(o.File)
	head := binary.AppendUvarint(chunkHead(typeOver, uint64(size)), uint64(o.Level))
	sum := crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, o.File)
	w.b.Write(head)
	w.b.Write(o.File)
	w.b.Write(binary.LittleEndian.AppendUint32(nil, sum))
	c := chunkAt(typeOver, w.off, int64(size))
	w.root.overs = append(w.root.overs, over{level: o.Level, chunk: c})
	w.off = c.end()
}

func chunkHead(kind string, size uint64) []byte {
	return binary.AppendUvarint([]byte(kind), size)
}

// appendChunk appends a chunk with its checksum to b.
func appendChunk(b []byte, kind string, payload []byte) []byte {
	start := len(b)
	b = append(b, chunkHead(kind, uint64(len(payload)))...)
	b = append(b, payload...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}
