package refdec

import "math/bits"

// Sizes of FORMAT.md, "Slow mode".
const (
	slowContexts = 8
	slowDirect   = 6    // contexts with values of their own; the others have lines
	slowValues   = 4096 // of a context
	slowBins     = 32
	gridPass     = 3
)

// slow decodes the body of a tile by context mixing.
type slow struct {
	*mixer
	lg      int    // of the number of lines
	low     []slot // of the bits below the first
	filters map[filterName]*filter
}

// filterName is a plane, a level and a pass.
type filterName struct {
	plane       *predicted
	level, pass int
}

func newSlow(code Bits, planes []*predicted) *slow {
	s := &slow{lg: 8, low: newSlots(12 * 24 * 64), filters: map[filterName]*filter{}}
	for s.lg < 18 && 1<<(s.lg+1) < planes[0].w*planes[0].h {
		s.lg++
	}
	s.mixer = newMixer(code, newSlots(slowDirect*slowValues*slowBins+16<<s.lg), 127, 17)
	return s
}

// readSlow reads a body of at least so many bytes.
func readSlow(codes Codes, body []byte, planes []*predicted, least int) error {
	code, err := codes.Bits(body, least)
	if err != nil {
		return err
	}
	newSlow(code, planes).read(planes)
	return code.Finish(least)
}

// read decodes the planes.
func (s *slow) read(planes []*predicted) {
	for _, p := range planes {
		for y := range p.rows {
			for x := range p.cells {
				prediction, v := p.predictGrid(x, y)
				g := &features{kind: p.kind, pass: gridPass, prediction: prediction}
				q := int32(0)
				if !p.masked(8*x, 8*y) {
					q = s.residual(g, v)
				}
				p.set(8*x, 8*y, prediction, q)
			}
		}
	}
	for level := 2; level >= 0; level-- {
		for _, p := range planes {
			p.eachSample(level, s.sample)
		}
	}
}

// sample decodes a sample and teaches the filter.
func (s *slow) sample(at *place) {
	p := at.plane
	f := at.predict()
	if at.masked() {
		p.set(at.x<<at.level, at.y<<at.level, f.prediction(), 0)
		return
	}
	inputs := at.inputs(f)
	name := filterName{p, at.level, at.pass}
	if s.filters[name] == nil {
		s.filters[name] = &filter{}
	}
	correction := s.filters[name].correction(&inputs)
	g := at.features(f, &inputs, correction)
	v := g.prediction + s.residual(g, f.expected)*p.step
	i := at.index()
	p.pix[i], p.residual[i] = v, nearestStep(v-f.prediction(), p.step)
	p.code[i] = p.residual[i]
	s.filters[name].learn(&inputs, 128*int64(v)-f.sum128()-correction)
}

// nearestStep divides by an odd step and rounds to the nearest.
func nearestStep(v, step int32) int32 {
	if v < 0 {
		return -((-v + step/2) / step)
	}
	return (v + step/2) / step
}

// signed is sg of a value.
func signed(v int32) int {
	n := min(bitLength(int(v)), 6)
	if v < 0 {
		return 6 - n
	}
	return 6 + n
}

func log2(v int32) int { return bits.Len32(uint32(v)) - 1 }

// fine is a logarithm with three bits behind the point.
func fine(value int32) int {
	v := max(8*value, 8)
	n := log2(v)
	return (n-3)*8 + int(v)>>(n-3)&7
}

// contexts are the values of the contexts of a sample; of the last two the hashes.
func (g *features) contexts(kp, class, oct int) [slowContexts]uint32 {
	h := hash(uint32(g.kind), uint32(g.prediction), uint32(g.v1))
	return [slowContexts]uint32{
		uint32((class*8+g.fraction)*12 + kp),
		uint32((signed(g.r1)*13+signed(g.r2))*12 + oct),
		uint32((signed(2*g.mean)*13+signed(int32(g.correction>>6)))*12 + oct),
		uint32((min(fine(g.spread), 63)*5+g.direction)*12 + oct),
		uint32((clamp(int(g.mean), -127, 127)+128)*12 + oct),
		uint32((signed(g.r1)*13+signed(g.beside))*12 + min(log2(max(g.around, 1)), 11)),
		h, hash(h, uint32(g.v2+1)),
	}
}

// residual decodes the residual of a sample, v being expected.
func (s *slow) residual(g *features, v int64) int32 {
	kp := g.kind*4 + g.pass
	class, _ := classOf(v)
	contexts := g.contexts(kp, class, min(log2(int32(max(v, 64)))-6, 11))
	bin := func(b int) int {
		return s.decide(s.slotsOf(&contexts, b), weightSet{0, kp, b}, weightSet{1, class, b})
	}
	if bin(0) == 1 {
		return 0
	}
	sign := bin(1)
	e := 0
	for e < 31 && bin(2+2*min(e, 14)+sign) == 0 {
		e++
	}
	size := s.lowBits(e, s.low[(kp*24+class)*64+4*min(e, 15):])
	return int32(size * (1 - 2*sign))
}

// lowBits decodes the e bits below the first.
func (s *slow) lowBits(e int, low []slot) int {
	size := 1
	for range e {
		if size >= 4 {
			size = size<<1 | s.code.Bit(1<<15)
			continue
		}
		l := &low[size]
		bit := s.code.Bit(max(1, int(l.p>>6)))
		l.learn(bit, s.limit)
		size = size<<1 | bit
	}
	return size
}

// slotsOf are the slots of a bin.
func (s *slow) slotsOf(contexts *[slowContexts]uint32, bin int) (slots []uint32) {
	for i, c := range contexts {
		at := (uint32(i)*slowValues+c)*slowBins + uint32(bin)
		if i >= slowDirect {
			at = slowDirect*slowValues*slowBins + c>>(32-s.lg)*16 + uint32(bin)%16
		}
		slots = append(slots, at)
	}
	return slots
}
