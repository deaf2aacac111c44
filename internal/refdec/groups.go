//lint:file-ignore ST1005 errors begin with the title of a section of docs/FORMAT.md

package refdec

import (
	"encoding/binary"
	"fmt"
	"math"
)

// entry is what INDX says of a tile.
type entry struct {
	front, body       uint64 // lengths of its segments
	frontSum, bodySum uint32 // 0 of an empty segment
}

// readGroups reads the groups, c being the first INDX.
func (f *File) readGroups(r *reader, c *chunk) (err error) {
	for g := range f.Groups() {
		if g > 0 {
			if c, err = r.chunkOf("INDX"); err != nil {
				return err
			}
		}
		f.chunks = append(f.chunks, c.extent)
		if err := f.readIndex(&c.payload, g); err != nil {
			return err
		}
		if err := f.readSegments(r); err != nil {
			return err
		}
	}
	return nil
}

// readIndex reads INDX of a group.
func (f *File) readIndex(r *reader, group int) error {
	const least = 2 // bytes of an entry
	n := f.groupTiles(group)
	if len(r.data)/least < n {
		return fmt.Errorf("INDX: %d bytes, expected at least %d for each of %d tiles", len(r.data), least, n)
	}
	if f.Groups() == 1 {
		f.readErrors(r)
	}
	for range n {
		e := entry{
			front: r.uvarint(fmt.Sprintf("tile %d: length of the front segment", len(f.index))),
			body:  r.uvarint("length of the body segment"),
		}
		if e.front > 0 {
			e.frontSum = r.uint32("CRC-32C of the front segment")
		}
		if e.body > 0 {
			e.bodySum = r.uint32("CRC-32C of the body segment")
		}
		f.index = append(f.index, e)
	}
	return r.end()
}

// readErrors reads the largest error of each band.
func (f *File) readErrors(r *reader) {
	for range f.Roles {
		f.LargestErrors = append(f.LargestErrors, r.uvarint("largest error"))
	}
}

// readSegments reads FRNT and BODY of the group whose INDX was the last.
func (f *File) readSegments(r *reader) error {
	for _, part := range []struct {
		kind, what string
		size       func(*entry) uint64
		segments   *[][]byte
	}{
		{"FRNT", "front", func(e *entry) uint64 { return e.front }, &f.Fronts},
		{"BODY", "body", func(e *entry) uint64 { return e.body }, &f.Bodies},
	} {
		c, err := r.chunkOf(part.kind)
		if err != nil {
			return err
		}
		f.chunks = append(f.chunks, c.extent)
		for i := len(*part.segments); i < len(f.index); i++ {
			what := fmt.Sprintf("tile %d: %s segment", i, part.what)
			*part.segments = append(*part.segments, c.payload.bytes(part.size(&f.index[i]), what))
		}
		if err := c.payload.end(); err != nil {
			return err
		}
	}
	return nil
}

// checksums holds the segments of a tile against INDX, the front alone where that is
// all that is needed.
func (f *File) checksums(tile int, front bool) error {
	e := &f.index[tile]
	if sum := checksum(f.Fronts[tile]); sum != e.frontSum {
		return fmt.Errorf("INDX: front segment: CRC-32C %08x, expected %08x", sum, e.frontSum)
	}
	if sum := checksum(f.Bodies[tile]); !front && sum != e.bodySum {
		return fmt.Errorf("INDX: body segment: CRC-32C %08x, expected %08x", sum, e.bodySum)
	}
	return nil
}

// readEnd reads OVERs, ROOT and TAIL.
func (f *File) readEnd(r *reader) error {
	c := r.chunk()
	for r.err == nil && c.kind == "OVER" {
		f.chunks = append(f.chunks, c.extent)
		if err := f.readOver(&c.payload); err != nil {
			return err
		}
		c = r.chunk()
	}
	if r.err != nil {
		return r.err
	}
	if c.kind != "ROOT" {
		return fmt.Errorf("Container: chunk %s, expected OVER or ROOT", c.kind)
	}
	if err := f.readRoot(&c.payload); err != nil {
		return err
	}
	tail, err := r.chunkOf("TAIL")
	if err != nil {
		return err
	}
	p := tail.payload.bytes(8, "offset of ROOT")
	if p != nil && binary.LittleEndian.Uint64(p) != uint64(c.at) {
		tail.payload.fail("ROOT at byte %d, expected %d", binary.LittleEndian.Uint64(p), c.at)
	}
	return tail.payload.end()
}

// readOver reads OVER. What it holds is for CheckOvers.
func (f *File) readOver(r *reader) error {
	least := uint64(1)
	if n := len(f.Overs); n > 0 {
		least = uint64(f.Overs[n-1].Level) + 1
	}
	level := field{"level", least, 31}.in(r)
	f.Overs = append(f.Overs, Over{int(level), r.bytes(uint64(len(r.data)), "a file")})
	return r.err
}

// readRoot holds ROOT against the chunks that it places.
func (f *File) readRoot(r *reader) error {
	f.readErrors(r)
	same := func(name string, v int) { field{name, uint64(v), uint64(v)}.in(r) }
	same("offset of the first INDX", f.chunks[0].at)
	groups := 3 * f.Groups()
	for i, c := range f.chunks[:groups] {
		same(fmt.Sprintf("group %d: length of %s", i/3, []string{"INDX", "FRNT", "BODY"}[i%3]), c.length)
	}
	same("number of OVERs", len(f.Overs))
	for i, o := range f.Overs {
		same("level", o.Level)
		same("length of OVER", f.chunks[groups+i].length)
	}
	return r.end()
}

// CheckOvers decodes what OVERs hold: each the level that it names, without loss.
func (f *File) CheckOvers() error {
	for _, o := range f.Overs {
		if err := f.checkOver(o); err != nil {
			return fmt.Errorf("OVER of level %d: %w", o.Level, err)
		}
	}
	return nil
}

func (f *File) checkOver(o Over) error {
	nested, err := Parse(o.File, math.MaxInt64)
	if err != nil {
		return err
	}
	want, err := f.picture(o.Level)
	if err != nil {
		return fmt.Errorf("the level itself: %w", err)
	}
	h := f.Header
	h.Width, h.Height = want.w, want.h
	if err := nested.Header.sameSamples(&h); err != nil {
		return err
	}
	got, err := nested.picture(0)
	if err != nil {
		return err
	}
	for i, v := range want.samples {
		if pixel := i / want.bands; got.samples[i] != v {
			return fmt.Errorf("x %d, y %d, band %d: %d, expected %d", pixel%want.w, pixel/want.w, i%want.bands, got.samples[i], v)
		}
	}
	return nested.CheckOvers()
}

// sameSamples holds a header to say of samples what another one does, and to promise
// that they are as they were.
func (h *Header) sameSamples(want *Header) error {
	samples := func(h *Header, t uint64) string {
		return fmt.Sprintf("%d×%d, type %d, roles %d, maximum %d, colours %d, bound 1, t %d", h.Width, h.Height, h.Type, h.Roles, h.Maximum, h.Colours, t)
	}
	if got, want := samples(h, h.T), samples(want, 0); got != want || h.Bound != 1 {
		return fmt.Errorf("%s with bound %d, expected %s", got, h.Bound, want)
	}
	return nil
}
