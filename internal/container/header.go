package container

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/raster"
)

// Bound is the criterion of the promise about the error.
type Bound uint8

// The criteria.
const (
	BoundRMS Bound = 0 // the root mean square error of every leaf of every coded plane
	BoundMax Bound = 1 // the error of every sample; T = 0 is lossless
)

func (b Bound) String() string {
	switch b {
	case BoundRMS:
		return "rms"
	case BoundMax:
		return "max"
	}
	return fmt.Sprint(uint8(b))
}

// ErrorUnit is the number of steps of T and of errors in a level of 8 bits, of
// BoundRMS.
const ErrorUnit = 1 << 16

// Limits of the header's fields.
const (
	MinTileLog2  = 6
	MaxTileLog2  = 11
	MaxGroupRows = math.MaxInt32
	maxColours   = 1 << 16 // of a palette
)

// Header is what a file says of its samples: HEAD, band and plac.
type Header struct {
	raster.Format     // of this file; of a part, Height is the part's
	TileLog2      int // of the side of a tile in pixels, MinTileLog2 to MaxTileLog2
	GroupRows     int // rows of tiles of a group, 1 to MaxGroupRows; the last may have fewer
	Bound         Bound
	// T is the promise, the largest error: of BoundRMS in 1/ErrorUnit of a level of 8
	// bits, of BoundMax in steps of the samples.
	T     uint64
	Place *Place // of a part, nil of a whole
}

// Place says which rows of tiles of a whole a part has.
type Place struct {
	FirstRow int      // of tiles
	Height   int      // of the whole, in pixels
	Plan     [32]byte // PlanHash of the whole; NewWriter puts it here
}

// Grid returns the number of tiles across and down.
func (h *Header) Grid() (nx, ny int) {
	side := 1 << h.TileLog2
	return (h.Width-1)/side + 1, (h.Height-1)/side + 1
}

// tiles may exceed an int before the header has been checked.
func (h *Header) tiles() int64 {
	nx, ny := h.Grid()
	return int64(nx) * int64(ny)
}

// Tiles returns the number of tiles.
func (h *Header) Tiles() int { return int(h.tiles()) }

// Groups returns the number of groups.
func (h *Header) Groups() int {
	_, ny := h.Grid()
	return (ny-1)/h.GroupRows + 1
}

// Group returns the group of a tile, 0 ≤ tile < Tiles().
func (h *Header) Group(tile int) int {
	nx, _ := h.Grid()
	return tile / nx / h.GroupRows
}

// GroupTiles returns the first tile of a group, 0 ≤ group < Groups(), and their number.
func (h *Header) GroupTiles(group int) (first, n int) {
	nx, ny := h.Grid()
	row := group * h.GroupRows
	return row * nx, min(h.GroupRows, ny-row) * nx
}

// Whole returns the header of the whole that h is a part of, or of h itself.
func (h *Header) Whole() *Header {
	w := *h
	if h.Place != nil {
		w.Height, w.Place = h.Place.Height, nil
	}
	return &w
}

// PlanHash is the SHA-256 of the payloads of HEAD, of the whole, and of PLAN, each
// preceded by its length as a uvarint. Parts of one hash can be merged.
func PlanHash(h *Header, p *Plan) (sum [sha256.Size]byte) {
	hash := sha256.New()
	for _, payload := range [][]byte{h.Whole().append(nil), p.append(nil)} {
		hash.Write(binary.AppendUvarint(nil, uint64(len(payload))))
		hash.Write(payload)
	}
	hash.Sum(sum[:0])
	return sum
}

// append appends the payload of PLAN to b.
func (p *Plan) append(b []byte) []byte {
	return append(binary.AppendUvarint(b, p.Engine), p.Payload...)
}

// Validate reports a field out of range as a *FormatError, a reserved value as an
// *UnsupportedError and an image above maxPixels (0 = DefaultMaxPixels) as an
// error that wraps ErrTooLarge. What an engine accepts is the engine's to say.
func (h *Header) Validate(maxPixels int64) error {
	if err := h.validateReserved(); err != nil {
		return err
	}
	if err := h.Format.Validate(); err != nil {
		return malformed(headOffset, "HEAD: %v", err)
	}
	for _, f := range []struct {
		name      string
		v, lo, hi int
	}{
		{"tile log2", h.TileLog2, MinTileLog2, MaxTileLog2},
		{"rows of tiles in a group", h.GroupRows, 1, MaxGroupRows},
	} {
		if f.v < f.lo || f.v > f.hi {
			return malformed(headOffset, "HEAD: %s %d, expected %d to %d", f.name, f.v, f.lo, f.hi)
		}
	}
	if n := len(h.Palette); n > 0 && (!h.indexed() || n > 1<<(8*h.Type.Size())) {
		return malformed(headOffset, "HEAD: %d colours of bands of %v, expected none or a band of role %v and at most one for each of its values",
			n, h.Type, raster.Index)
	}
	if err := h.validateBands(); err != nil {
		return err
	}
	if err := h.checkSize(maxPixels); err != nil {
		return err
	}
	return h.validatePlace()
}

func (h *Header) validateReserved() error {
	if !h.Type.Valid() {
		return unsupported(headOffset, "HEAD: samples of %v, expected %v to %v", h.Type, raster.Uint8, raster.Float64)
	}
	if h.Bound > BoundMax {
		return unsupported(headOffset, "HEAD: bound %v, expected %v or %v", h.Bound, BoundRMS, BoundMax)
	}
	for i := range h.Bands {
		if r := h.Bands[i].Role; !r.Valid() {
			return unsupported(headOffset, "HEAD: band %d of %v, expected one from %v to %v", i, r, raster.Data, raster.Label)
		}
	}
	return nil
}

func (h *Header) checkSize(maxPixels int64) error {
	if maxPixels <= 0 {
		maxPixels = DefaultMaxPixels
	}
	if n := int64(h.Width) * int64(h.Height); n > maxPixels {
		return fmt.Errorf("%w: %d×%d is %d pixels, the limit is %d", ErrTooLarge, h.Width, h.Height, n, maxPixels)
	}
	if n := h.tiles(); n > math.MaxInt {
		return fmt.Errorf("%w: %d tiles, this machine counts to %d", ErrTooLarge, n, math.MaxInt)
	}
	return nil
}

// indexed tells whether a band has role Index.
func (h *Header) indexed() bool {
	return slices.ContainsFunc(h.Bands, func(b raster.Band) bool { return b.Role == raster.Index })
}

// append appends the payload of HEAD to p.
func (h *Header) append(p []byte) []byte {
	for _, v := range []int{h.Width, h.Height, int(h.Type), len(h.Bands)} {
		p = binary.AppendUvarint(p, uint64(v))
	}
	for i := 0; i < len(h.Bands); {
		n := 1
		for i+n < len(h.Bands) && h.Bands[i+n].Role == h.Bands[i].Role {
			n++
		}
		p = binary.AppendUvarint(p, uint64(h.Bands[i].Role))
		p = binary.AppendUvarint(p, uint64(n))
		i += n
	}
	p = binary.AppendUvarint(p, h.maximum())
	for _, v := range []int{h.TileLog2, h.GroupRows, int(h.Bound)} {
		p = binary.AppendUvarint(p, uint64(v))
	}
	p = binary.AppendUvarint(p, h.T)
	if !h.indexed() {
		return p
	}
	p = binary.AppendUvarint(p, uint64(len(h.Palette)-1))
	for _, c := range h.Palette {
		v := color.NRGBAModel.Convert(c).(color.NRGBA)
		p = append(p, v.R, v.G, v.B, v.A)
	}
	return p
}

// maximum is the field of that name: 0 where it is the type's.
func (h *Header) maximum() uint64 {
	if h.Max == h.Type.Max() {
		return 0
	}
	return uint64(h.Max)
}

// parseHeader reads and validates the payload of HEAD, which it must fill exactly.
func parseHeader(p []byte, maxPixels int64) (*Header, error) {
	d := fields{kind: typeHead, off: headOffset, rest: p}
	h := &Header{}
	h.Width = int(d.uint("width", raster.MaxSide))
	h.Height = int(d.uint("height", raster.MaxSide))
	h.Type = raster.Type(d.uint("type", math.MaxUint8))
	h.Bands = parseRoles(&d, int(d.uint("number of bands", raster.MaxBands)))
	h.Max = int64(d.uint("maximum", math.MaxInt64))
	h.TileLog2 = int(d.uint("tile log2", math.MaxInt32))
	h.GroupRows = int(d.uint("rows of tiles in a group", MaxGroupRows))
	h.Bound = Bound(d.uint("bound", math.MaxUint8))
	h.T = d.uint("t", math.MaxUint64)
	if h.Max != 0 && h.Max == h.Type.Max() {
		d.fail("HEAD: maximum %d of %v, expected 0 in its place", h.Max, h.Type)
	}
	if h.indexed() {
		h.Palette = parsePalette(&d)
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	return h, h.Validate(maxPixels)
}

// parseRoles cuts the runs of roles of n bands.
func parseRoles(d *fields, n int) []raster.Band {
	bands := make([]raster.Band, 0, n)
	for len(bands) < n && d.err == nil {
		role := raster.Role(d.uint("role", math.MaxUint8))
		run := int(d.uint("length of a run of roles", uint64(n-len(bands))))
		if run == 0 || len(bands) > 0 && bands[len(bands)-1].Role == role {
			d.fail("HEAD: a run of %d bands of %v after band %d, expected another role and at least one", run, role, len(bands)-1)
		}
		for range run {
			bands = append(bands, raster.Band{Role: role})
		}
	}
	return bands
}

// parsePalette cuts the colours of an index.
func parsePalette(d *fields) color.Palette {
	n := int(d.uint("number of colours less 1", maxColours-1)) + 1
	p := d.bytes("colours", 4*n)
	if p == nil {
		return nil
	}
	colours := make(color.Palette, n)
	for i := range colours {
		c := p[4*i:]
		colours[i] = color.NRGBA{R: c[0], G: c[1], B: c[2], A: c[3]}
	}
	return colours
}

// ReadHeader reads the header from a stream, up to its end and no further: HEAD alone,
// so bands have roles only and Place is nil. It sets no limit on the image's size.
func ReadHeader(r io.Reader) (*Header, error) {
	f := feed{r: r}
	return f.header(math.MaxInt64)
}
