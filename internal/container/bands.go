package container

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/qtgpu/qtgpu/raster"
)

// MaxName is the length of the longest name of a band, in bytes.
const MaxName = 1 << 10

// Flags of a band: which of its fields follow, in this order.
const (
	bandName   = 1
	bandNoData = 2
	bandScale  = 4
	bandOffset = 8
	bandFlags  = 15
)

func flagsOf(b *raster.Band) (flags uint64) {
	if b.Name != "" {
		flags |= bandName
	}
	if b.NoData != nil {
		flags |= bandNoData
	}
	if math.Float64bits(b.Scale) != 0 {
		flags |= bandScale
	}
	if math.Float64bits(b.Offset) != 0 {
		flags |= bandOffset
	}
	return flags
}

// appendBands returns the payload of band, empty where no band has more than a role.
func appendBands(bands []raster.Band) (p []byte) {
	for i := range bands {
		b := &bands[i]
		flags := flagsOf(b)
		if flags == 0 {
			continue
		}
		p = binary.AppendUvarint(p, uint64(i))
		p = binary.AppendUvarint(p, flags)
		if flags&bandName != 0 {
			p = append(binary.AppendUvarint(p, uint64(len(b.Name))), b.Name...)
		}
		if flags&bandNoData != 0 {
			p = appendFloat(p, *b.NoData)
		}
		if flags&bandScale != 0 {
			p = appendFloat(p, b.Scale)
		}
		if flags&bandOffset != 0 {
			p = appendFloat(p, b.Offset)
		}
	}
	return p
}

func appendFloat(p []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(p, math.Float64bits(v))
}

// parseBands fills in what band, at off, says of the bands.
func parseBands(p []byte, off int64, bands []raster.Band) error {
	d := fields{kind: typeBand, off: off, rest: p}
	for next := 0; d.err == nil && (len(d.rest) > 0 || next == 0); {
		i := int(d.uint("number of a band", uint64(len(bands)-1)))
		if i < next {
			d.fail("band: band %d, expected one from %d on", i, next)
		}
		parseBand(&d, &bands[i])
		next = i + 1
	}
	return d.err
}

func parseBand(d *fields, b *raster.Band) {
	flags := d.uint("flags", bandFlags)
	if flags&bandName != 0 {
		b.Name = string(d.bytes("name", int(d.uint("length of a name", MaxName))))
	}
	if flags&bandNoData != 0 {
		v := d.float("value of no data")
		b.NoData = &v
	}
	if flags&bandScale != 0 {
		b.Scale = d.float("scale")
	}
	if flags&bandOffset != 0 {
		b.Offset = d.float("offset")
	}
	if f := flagsOf(b); f != flags || flags == 0 {
		d.fail("band: flags %d of fields that are not empty by %d, expected the same and not 0", flags, f)
	}
	if !utf8.ValidString(b.Name) {
		d.fail("band: name %q, expected UTF-8", b.Name)
	}
}

func (d *fields) float(name string) float64 {
	p := d.bytes(name, 8)
	if p == nil {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(p))
}

// validateBands checks the names of the bands.
func (h *Header) validateBands() error {
	for i := range h.Bands {
		if name := h.Bands[i].Name; len(name) > MaxName || !utf8.ValidString(name) {
			return malformed(headOffset, "band %d: name of %d bytes, expected at most %d of UTF-8", i, len(name), MaxName)
		}
	}
	return nil
}

// append appends the payload of plac to b.
func (p *Place) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(p.FirstRow))
	b = binary.AppendUvarint(b, uint64(p.Height))
	return append(b, p.Plan[:]...)
}

// parsePlace reads the payload of plac, a chunk at off.
func parsePlace(b []byte, off int64) (*Place, error) {
	d := fields{kind: typePlace, off: off, rest: b}
	p := &Place{
		FirstRow: int(d.uint("first row", raster.MaxSide)),
		Height:   int(d.uint("height of the whole", raster.MaxSide)),
	}
	copy(p.Plan[:], d.bytes("hash of the plan", len(p.Plan)))
	return p, d.end()
}

// validatePlace checks that a part lies inside its whole, and ends with a row of tiles
// of the whole.
func (h *Header) validatePlace() error {
	if h.Place == nil {
		return nil
	}
	side := int64(1) << h.TileLog2
	first, whole := int64(h.Place.FirstRow), int64(h.Place.Height)
	end := first*side + int64(h.Height)
	if first < 0 || whole > raster.MaxSide || end > whole || end < whole && int64(h.Height)%side != 0 {
		return malformed(headOffset, "plac: %d rows from row %d of tiles on of %d in all, expected whole rows of tiles inside these",
			h.Height, first, whole)
	}
	return nil
}
