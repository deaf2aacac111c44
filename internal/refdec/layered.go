//lint:file-ignore ST1005 errors begin with the title of a section of docs/FORMAT.md

package refdec

import (
	"encoding/binary"
	"fmt"
)

// CorrectionContexts is the number of contexts of corrections, each of 16 symbols.
const CorrectionContexts = 600

const largestCorrection = 170 // symbol of a correction

// CorrectionAlphabet is the number of symbols of a context of corrections.
func CorrectionAlphabet(int) int { return 16 }

// cutPrefixed takes bytes apart that begin with the length of the first part.
func cutPrefixed(p []byte) (first, rest []byte, err error) {
	size, n := binary.Uvarint(p)
	if n <= 0 || n > 1 && p[n-1] == 0 || size > uint64(len(p)-n) {
		return nil, nil, fmt.Errorf("Layered tiles: a part of %d bytes of the base, but %d are left", size, len(p)-max(n, 0))
	}
	return p[n:][:size], p[n:][size:], nil
}

// readLayered reads the tables of layered tiles (FORMAT.md, "Layered plan").
func (f *File) readLayered(data []byte) error {
	base, rest, err := cutPrefixed(data)
	if err != nil {
		return err
	}
	if f.baseTables, err = lossyFrequencies(base, false); err != nil {
		return err
	}
	f.tables = frequencies(correctionTables, CorrectionContexts)
	return replaceTables(f.tables, &rawBits{data: rest}, CorrectionAlphabet)
}

// layeredTile decodes a tile, or its overview alone.
func (f *File) layeredTile(codes Codes, front, body []byte, w, h int, overview bool) (*picture, error) {
	mask, front, body, err := f.cutMask(codes, front, body, w, h, overview)
	if err != nil {
		return nil, err
	}
	m, err := f.layers(codes, front, body, w, h, overview)
	if err == nil {
		f.restore(m, mask, 0, 0, m.w, m.h, overview)
	}
	return m, err
}

// layers decodes a tile without its mask.
func (f *File) layers(codes Codes, front, body []byte, w, h int, overview bool) (*picture, error) {
	base := f.base(w, h)
	planes := base.newPlanes(w, h)
	var corrections []byte
	if !overview {
		var err error
		if body, corrections, err = cutPrefixed(body); err != nil {
			return nil, fmt.Errorf("body segment: %w", err)
		}
	}
	err := base.lossyTile(codes, base.parts(planes, 0), f.baseTables, front, body, overview)
	if err != nil {
		return nil, err
	}
	if overview {
		return base.overview(planes), nil
	}
	s, err := codes.Symbols(corrections, f.tables, 0)
	if err != nil {
		return nil, fmt.Errorf("body segment: corrections: %w", err)
	}
	c := newCorrections(base.finest(planes).split(), int32(f.T))
	if err = c.read(s); err == nil {
		err = s.Finish()
	}
	if err != nil {
		return nil, fmt.Errorf("body segment: corrections: %w", err)
	}
	return c.out.interleaved(), nil
}

// base is the header of the lossy file that a tile is.
func (h *Header) base(width, height int) *Header {
	return &Header{
		Width: width, Height: height, Type: Uint8, Roles: h.Roles, Maximum: 255,
		TileLog2: 10, Step: 5 * (2*int(h.T) + 1),
	}
}

// corrections are the corrections of a base.
type corrections struct {
	base, out, q *planar
	t            int32
}

func newCorrections(base *planar, t int32) *corrections {
	n := len(base.pix)
	return &corrections{base: base, out: newPlanar(base.w, base.h, n), q: newPlanar(base.w, base.h, n), t: t}
}

// read decodes all corrections.
func (c *corrections) read(s Symbols) error {
	for _, band := range []int{1, 0, 2, 3}[:len(c.base.pix)] {
		for y := range c.base.h {
			for x := range c.base.w {
				if err := c.readOne(s, band, x, y); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// before are the planes before one, of which the corrections are known.
func before(band int) []int { return [][]int{0: {1}, 1: nil, 2: {1, 0}, 3: nil}[band] }

// at is a correction, 0 beyond the tile.
func (c *corrections) at(band, x, y int) int32 {
	if x < 0 || y < 0 || x >= c.q.w || y >= c.q.h {
		return 0
	}
	return c.q.pix[band][y*c.q.w+x]
}

func (c *corrections) readOne(s Symbols, band, x, y int) error {
	sum := int32(0)
	for _, b := range before(band) {
		sum += c.at(b, x, y)
	}
	u := uint64(s.Symbol(c.context(band, x, y, sum)))
	if u == 15 {
		u += uint64(s.ExpGolomb())
	}
	if u > largestCorrection {
		return fmt.Errorf("Corrections: x %d, y %d, band %d: symbol %d, expected at most %d", x, y, band, u, largestCorrection)
	}
	q := int32(u+1) >> 1
	if u%2 == 0 {
		q = -q
	}
	if sum < 0 {
		q = -q
	}
	i := y*c.q.w + x
	c.q.pix[band][i] = q
	c.out.pix[band][i] = clamp(c.base.pix[band][i]+q*(2*c.t+1), 0, 255)
	return nil
}

// context is the context of a correction, sum the sum at its place in the planes before.
func (c *corrections) context(band, x, y int, sum int32) int {
	q := func(band, dx, dy int) int { return int(abs(c.at(band, x+dx, y+dy))) }
	around := 2*(q(band, -1, 0)+q(band, 0, -1)) + q(band, -1, -1) + q(band, 1, -1)
	t := int(c.t)
	a := 4*reached(around, []int{1, 2, 3, 5, 8}) + reached(c.contrast(band, x, y), []int{t + 1, 3 * (t + 1), 7 * (t + 1)})
	planes := before(band)
	if planes == nil {
		return a
	}
	same, ring, some := 0, 0, false
	for _, b := range planes {
		some = some || q(b, 0, 0) != 0
		ring += q(b, -1, 0) + q(b, 1, 0) + q(b, 0, -1) + q(b, 0, 1)
	}
	switch {
	case abs(sum) > 1:
		same = 2
	case sum != 0:
		same = 1
	case some:
		same = 3
	}
	return 24 + 288*(len(planes)-1) + 24*(3*same+min(ring, 2)) + a
}

// contrast is |E'−W'| + |S'−N'| of a band of the base, edges repeated.
func (c *corrections) contrast(band, x, y int) int {
	base := func(x, y int) int32 {
		return c.base.pix[band][clamp(y, 0, c.base.h-1)*c.base.w+clamp(x, 0, c.base.w-1)]
	}
	return int(abs(base(x+1, y)-base(x-1, y)) + abs(base(x, y+1)-base(x, y-1)))
}
