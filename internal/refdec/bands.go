package refdec

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// Band is what the chunk band says of a band.
type Band struct {
	Number        int
	Name          string
	NoData        *float64
	Scale, Offset float64 // 0 where they are absent
}

// readBands reads band (FORMAT.md, "band").
func (f *File) readBands(r *reader) error {
	least := 0
	for least == 0 || r.err == nil && len(r.data) > 0 {
		b := Band{Number: int(field{"band", uint64(least), uint64(f.NumBands() - 1)}.in(r))}
		flags := field{"flags", 1, 15}.in(r)
		if flags&1 != 0 {
			n := field{"length of the name", 1, 1024}.in(r)
			if b.Name = string(r.bytes(n, "name")); !utf8.ValidString(b.Name) {
				r.fail("name %q, expected UTF-8", b.Name)
			}
		}
		if flags&2 != 0 {
			v := r.float("sample that stands for none")
			b.NoData = &v
		}
		for i, v := range []*float64{&b.Scale, &b.Offset} {
			if flags&(4<<i) == 0 {
				continue
			}
			if *v = r.float([]string{"scale", "offset"}[i]); math.Float64bits(*v) == 0 {
				r.fail("a scale or an offset of zeros, expected none")
			}
		}
		f.Bands = append(f.Bands, b)
		least = b.Number + 1
	}
	return r.end()
}

func (r *reader) float(what string) float64 {
	p := r.bytes(8, what)
	if p == nil {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(p))
}

// Place is the content of plac.
type Place struct {
	FirstRow int // of tiles
	Height   int // of the whole in pixels
	Hash     [sha256.Size]byte
}

// readPlace reads plac (FORMAT.md, "plac: parts").
func (f *File) readPlace(r *reader) error {
	p := &Place{
		FirstRow: int(field{"row of tiles", 0, math.MaxInt32}.in(r)),
		Height:   int(field{"height of the whole", 1, math.MaxInt32}.in(r)),
	}
	copy(p.Hash[:], r.bytes(uint64(len(p.Hash)), "hash of the plan"))
	side, height := int64(f.tileSide()), int64(f.Height)
	end := int64(p.FirstRow)*side + height
	if end > int64(p.Height) || end < int64(p.Height) && height%side != 0 {
		r.fail("%d rows of pixels from row %d of tiles on, expected whole rows of tiles of %d rows of pixels", height, p.FirstRow, p.Height)
	}
	if want := f.planHash(p.Height); r.err == nil && p.Hash != want {
		r.fail("hash of the plan %x, expected %x", p.Hash, want)
	}
	f.Place = p
	return r.end()
}

// planHash is the hash of the plan of a whole.
func (f *File) planHash(height int) [sha256.Size]byte {
	_, width := binary.Uvarint(f.head)
	_, n := binary.Uvarint(f.head[width:])
	head := binary.AppendUvarint(append([]byte{}, f.head[:width]...), uint64(height))
	head = append(head, f.head[width+n:]...)
	var p []byte
	for _, payload := range [][]byte{head, f.plan} {
		p = append(binary.AppendUvarint(p, uint64(len(payload))), payload...)
	}
	return sha256.Sum256(p)
}
