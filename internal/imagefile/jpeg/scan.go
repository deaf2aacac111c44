package jpeg

import (
	"fmt"
	"strings"
)

// scan is the state of decoding a scan.
type scan struct {
	d     *decoder
	comps []scanComponent
	// from and to are the first and last coefficient, in zigzag order, low the
	// lowest bit that the scan gives and refine whether a bit above was given before.
	from, to, low int
	refine        bool
	bits          bitReader
	// decode decodes a block.
	decode func(*scan, *scanComponent, *block)
	// eobRun is the number of blocks to come that the last end of band covers.
	eobRun int
	// restartIn is the number of MCUs before the next restart marker, of which
	// nextRestart is the low three bits.
	restartIn   int
	nextRestart byte
	row         int // of MCUs of the frame
}

// scanComponent is a component of a scan.
type scanComponent struct {
	*component
	dc, ac *huffTable
	pred   int32 // the last DC coefficient
}

// maxBlocks is the most blocks that an MCU of several components may have, T.81 B.2.3.
const maxBlocks = 10

// readScanHeader reads the segment of an SOS marker that was just read, T.81 B.2.3,
// and leaves a scan that is ready to be decoded in d.scan.
func (d *decoder) readScanHeader() error {
	if d.comps == nil {
		return d.badf("scan before the frame header")
	}
	b, err := d.payload(sos)
	if err != nil {
		return err
	}
	if len(b) < 1 || b[0] < 1 || b[0] > 4 || len(b) != 4+2*int(b[0]) {
		return d.badf("scan header of %d bytes: expected 4 and 2 for each of 1 to 4 components", len(b))
	}
	n := int(b[0])
	p := b[1+2*n:]
	s := &scan{d: d, from: int(p[0]), to: int(p[1]), low: int(p[2] & 15), refine: p[2]>>4 != 0}
	for i := range n {
		c, err := d.scanned(b[1+2*i], s.comps)
		if err != nil {
			return err
		}
		s.comps = append(s.comps, scanComponent{component: c})
	}
	if err := s.setUp(b[1:], int(p[2]>>4)); err != nil {
		return err
	}
	d.pos += len(b)
	s.bits = bitReader{data: d.data, pos: d.pos}
	s.restartIn = d.restartInterval
	d.scan = s
	return nil
}

// scanned finds the component of an identifier that is not yet among earlier.
func (d *decoder) scanned(id byte, earlier []scanComponent) (*component, error) {
	for i := range d.comps {
		c := &d.comps[i]
		used := false
		for _, e := range earlier {
			used = used || e.component == c
		}
		if c.id == id && !used {
			return c, nil
		}
	}
	return nil, d.badf("scan of component %d: expected another one of the frame's", id)
}

// setUp checks what the scan header asks for and finds its tables; selectors has a
// component's identifier and table numbers in two bytes, high is the bit that a
// scan before gave, or 0.
func (s *scan) setUp(selectors []byte, high int) error {
	d := s.d
	if n := s.blocksPerMCU(); n > maxBlocks {
		return d.unsupported(fmt.Sprintf("%s, of %d blocks in an MCU (expected at most %d),", samplings(d.comps), n, maxBlocks))
	}
	s.decode = sequential
	switch {
	case d.Progressive:
		if err := s.progression(high); err != nil {
			return err
		}
	case d.scans == 0:
		if err := d.standardTables(); err != nil {
			return err
		}
	}
	for i := range s.comps {
		if err := s.comps[i].setUp(s, selectors[2*i+1]); err != nil {
			return err
		}
	}
	return nil
}

// setUp finds the tables of a component; selector has the numbers of its Huffman
// tables in its halves.
func (c *scanComponent) setUp(s *scan, selector byte) (err error) {
	d := s.d
	if c.quant == nil {
		if c.tq > 3 || d.quant[c.tq] == nil {
			return d.badf("quantisation table %d is not defined", c.tq)
		}
		c.quant = d.quant[c.tq]
	}
	if !d.Progressive || s.from == 0 && !s.refine {
		if c.dc, err = d.table(0, selector>>4); err != nil {
			return err
		}
	}
	if !d.Progressive || s.from > 0 {
		c.ac, err = d.table(1, selector&15)
	}
	return err
}

func (s *scan) blocksPerMCU() int {
	if len(s.comps) == 1 {
		return 1
	}
	n := 0
	for _, c := range s.comps {
		n += c.h * c.v
	}
	return n
}

// blocks is the number of blocks that the scan visits.
func (s *scan) blocks() int64 {
	if len(s.comps) == 1 {
		return int64(s.comps[0].blocksX) * int64(s.comps[0].blocksY)
	}
	return int64(s.blocksPerMCU()) * int64(s.d.mcusX) * int64(s.d.mcusY)
}

// decodeRow decodes a row of MCUs of the frame. In a scan of one component an MCU
// is a block, and blocks of padding are left out, T.81 A.2.2.
func (s *scan) decodeRow(r int) {
	s.row = r
	if len(s.comps) > 1 {
		for x := range s.d.mcusX {
			s.decodeMCU(x)
		}
		return
	}
	c := &s.comps[0]
	blocks := c.mcuRow(r)
	for range min(c.v, c.blocksY-r*c.v) {
		for x := range c.blocksX {
			if s.begin() {
				s.decode(s, c, &blocks[x])
				s.end()
			}
		}
		blocks = blocks[c.stride:]
	}
}

// decodeMCU decodes an MCU of several components.
func (s *scan) decodeMCU(x int) {
	if !s.begin() {
		return
	}
	for i := range s.comps {
		c := &s.comps[i]
		blocks := c.mcuRow(s.row)[x*c.h:]
		for y := range c.v {
			for k := range c.h {
				s.decode(s, c, &blocks[y*c.stride+k])
			}
		}
	}
	s.end()
}

// begin starts an MCU and reports whether there is data for it.
func (s *scan) begin() bool {
	if !s.bits.short {
		s.d.lastGood = s.row
	}
	if s.d.restartInterval > 0 {
		if s.restartIn == 0 {
			s.restart()
		}
		s.restartIn--
	}
	return !s.bits.short
}

// end finishes an MCU.
func (s *scan) end() {
	if s.bits.settle(); !s.bits.short {
		return
	}
	switch {
	case s.bits.cut:
		s.damagef("the file ends in the data of the scan")
	default:
		s.damagef("the data of the scan ends early, at marker ff %02x", s.bits.marker)
	}
}

// damagef notes damage at the place that the scan is at.
func (s *scan) damagef(format string, args ...any) {
	s.d.damagef(s.bits.pos, s.row, format, args...)
}

// restart moves behind the next restart marker. Where another marker stands, it does
// as libjpeg does: data before one of the two last restart markers, or before what
// is no marker, is out of place and skipped; one of the two next, or any other
// marker, means that data is lost, so that the interval stays empty; and a restart
// marker farther off is taken as it comes.
func (s *scan) restart() {
	b := &s.bits
	s.nextMarker()
	want := rst0 + s.nextRestart
	if b.marker != want {
		s.damagef("marker ff %02x: expected restart marker ff %02x", b.marker, want)
	}
	for b.marker < sof0 || isRestart(b.marker) && (b.marker-want)&7 >= 6 {
		b.marker = 0
		s.nextMarker()
	}
	if ahead := (b.marker - want) & 7; isRestart(b.marker) && ahead != 1 && ahead != 2 {
		b.marker = 0
		b.short = false
	}
	for i := range s.comps {
		s.comps[i].pred = 0
	}
	s.eobRun = 0
	s.restartIn = s.d.restartInterval
	s.nextRestart = (s.nextRestart + 1) & 7
}

func isRestart(marker byte) bool { return rst0 <= marker && marker <= rst7 }

// nextMarker finds the marker that ends the data, if it is not known yet. Data that
// is left before it is damage.
func (s *scan) nextMarker() {
	b := &s.bits
	lost := b.drop()
	for b.marker == 0 {
		c, ok := b.next()
		lost = lost || ok && !padding(c)
	}
	if lost {
		s.damagef("data left before marker ff %02x", b.marker)
	}
}

// finish moves to the marker behind the data of the scan.
func (s *scan) finish() {
	d := s.d
	s.row = d.mcusY
	s.nextMarker()
	d.pos, d.cut, d.pending = s.bits.pos, s.bits.cut, s.bits.marker
	d.scans++
}

// samplings names the sampling factors of all components.
func samplings(comps []component) string {
	s := make([]string, len(comps))
	for i, c := range comps {
		s[i] = fmt.Sprintf("%dx%d", c.h, c.v)
	}
	return "sampling " + strings.Join(s, ",")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
