package conformance

import (
	"encoding/binary"
	"os"
	"sync"
)

const (
	nCorrectionContexts = 600
	largestSymbol       = 170
)

var readCorrectionTables = sync.OnceValues(func() ([]byte, error) {
	return os.ReadFile("../engine/layered/universal.bin")
})

// cutPrefixed takes bytes apart that begin with the length of the first part.
func cutPrefixed(p []byte) (first, rest []byte, err error) {
	size, n := binary.Uvarint(p)
	if n <= 0 || size > uint64(len(p)-n) {
		return nil, nil, errDamaged
	}
	return p[n:][:size], p[n:][size:], nil
}

// readLayered parses TABL (FORMAT-EXACT.md, "Layered tiles").
func readLayered(f *file) (*exactFile, error) {
	x := &exactFile{file: f, values: make([][]int, f.channels)}
	base, rest, err := cutPrefixed(f.tabl)
	if err != nil {
		return nil, err
	}
	universal, err := readCorrectionTables()
	if err != nil {
		return nil, err
	}
	x.baseTables = base
	x.tables = frequencies(universal, nCorrectionContexts)
	return x, replaceTables(x.tables, &rawBits{data: rest}, func(int) int { return 16 })
}

// layeredTile decodes a tile, or its overview alone.
func (x *exactFile) layeredTile(front, body []byte, w, h int, overview bool) (*channels, error) {
	base, level := x.base(w, h), 3
	var corrections []byte
	if !overview {
		level = 0
		var err error
		if body, corrections, err = cutPrefixed(body); err != nil {
			return nil, err
		}
	}
	base.fronts, base.bodies = [][]byte{front}, [][]byte{body}
	universal, err := readUniversal()
	if err != nil {
		return nil, err
	}
	m, err := base.level(universal, level)
	if err != nil || overview {
		return m.split(), err
	}
	s, err := newSegment(corrections, x.tables)
	if err != nil {
		return nil, err
	}
	c := newCorrections(m.split(), int32(x.bound))
	if c.read(s); c.damaged {
		return nil, errDamaged
	}
	return c.out, s.finish()
}

// base is the lossy file that a tile is.
func (x *exactFile) base(w, h int) *file {
	return &file{w: w, h: h, channels: x.channels, alpha: x.alpha, depth: 8, maximum: 255, tileSide: 1 << 12, step: 5 * (2*x.bound + 1), tabl: x.baseTables}
}

// split separates the channels.
func (m *picture) split() *channels {
	if m == nil {
		return nil
	}
	c := newChannels(m.w, m.h, m.channels)
	for i, v := range m.samples {
		c.pix[i%m.channels][i/m.channels] = int32(v)
	}
	return c
}

// corrections are the corrections of a base.
type corrections struct {
	base, out, q *channels
	bound        int32
	damaged      bool
}

func newCorrections(base *channels, bound int32) *corrections {
	n := len(base.pix)
	return &corrections{base: base, out: newChannels(base.w, base.h, n), q: newChannels(base.w, base.h, n), bound: bound}
}

func (c *corrections) read(s source) {
	for _, channel := range []int{1, 0, 2, 3}[:len(c.base.pix)] {
		for y := range c.base.h {
			for x := range c.base.w {
				c.readOne(s, channel, x, y)
			}
		}
	}
}

// before are the planes before one, of which the corrections are known.
func before(channel int) []int { return [][]int{0: {1}, 1: nil, 2: {1, 0}, 3: nil}[channel] }

// at is a correction, 0 beyond the tile.
func (c *corrections) at(channel, x, y int) int32 {
	if x < 0 || y < 0 || x >= c.q.w || y >= c.q.h {
		return 0
	}
	return c.q.pix[channel][y*c.q.w+x]
}

func (c *corrections) readOne(s source, channel, x, y int) {
	sum := int32(0)
	for _, b := range before(channel) {
		sum += c.at(b, x, y)
	}
	u := uint32(s.symbol(c.context(channel, x, y, sum)))
	if u == 15 {
		u += s.expGolomb()
	}
	c.damaged = c.damaged || u > largestSymbol
	q := int32(u+1) >> 1
	if u%2 == 0 {
		q = -q
	}
	if sum < 0 {
		q = -q
	}
	i := y*c.q.w + x
	c.q.pix[channel][i] = q
	c.out.pix[channel][i] = int32(clamp(int(c.base.pix[channel][i]+q*(2*c.bound+1)), 0, 255))
}

// context is the context of a correction, sum the sum at its place in the planes
// before.
func (c *corrections) context(channel, x, y int, sum int32) int {
	q := func(channel, dx, dy int) int { return int(abs32(c.at(channel, x+dx, y+dy))) }
	around := 2*(q(channel, -1, 0)+q(channel, 0, -1)) + q(channel, -1, -1) + q(channel, 1, -1)
	base := func(x, y int) int {
		return int(c.base.pix[channel][clamp(y, 0, c.base.h-1)*c.base.w+clamp(x, 0, c.base.w-1)])
	}
	contrast := abs(base(x+1, y)-base(x-1, y)) + abs(base(x, y+1)-base(x, y-1))
	t := int(c.bound)
	a := 4*reached(around, []int{1, 2, 3, 5, 8}) + reached(contrast, []int{t + 1, 3 * (t + 1), 7 * (t + 1)})
	planes := before(channel)
	if planes == nil {
		return a
	}
	same, ring, some := 0, 0, false
	for _, b := range planes {
		some = some || q(b, 0, 0) != 0
		ring += q(b, -1, 0) + q(b, 1, 0) + q(b, 0, -1) + q(b, 0, 1)
	}
	switch {
	case abs32(sum) > 1:
		same = 2
	case sum != 0:
		same = 1
	case some:
		same = 3
	}
	return 24 + 288*(len(planes)-1) + 24*(3*same+min(ring, 2)) + a
}
