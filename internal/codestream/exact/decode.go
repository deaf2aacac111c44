package exact

// planeDecoder decodes one plane of a tile.
type planeDecoder struct {
	pyramid
	kind int
}

func (p *planeDecoder) decodeMeans(s *source) {
	l := &p.means
	base := contextBase(p.kind, stageMeans)
	for y := range l.h {
		for x := range l.w {
			i := l.at(x, y)
			pred, expect := l.predictMean(x, y)
			class, k := classOf(expect)
			q := s.get(base+class, k)
			l.q[i], l.v[i] = q, pred+q*p.overviewStep()
		}
		if s.Overrun() {
			return
		}
	}
}

func (p *planeDecoder) decodeZeros(s *source) {
	z := &p.zero
	z.walk(func(lg, x, y int) bool {
		if s.Symbol(&s.tables[z.context(p.kind, lg, x, y)]) == 0 {
			return false
		}
		z.fill(lg, x, y)
		return true
	})
}

func (p *planeDecoder) decodeGrid(s *source) {
	l := &p.levels[Base]
	base := contextBase(p.kind, stageGrid)
	for y := range l.h {
		for x := range l.w {
			i := l.at(x, y)
			pred, expect := p.predictGrid(x, y)
			class, k := classOf(expect)
			q := s.get(base+class, k)
			l.q[i], l.v[i] = q, pred+q*p.step
		}
	}
	p.descend(Base)
}

func (p *planeDecoder) decodeLevel(s *source, lev int, w *predictor, others [2]*level) {
	l := &p.levels[lev]
	for ps := range passes {
		p.begin(lev, &w[lev][ps])
		_, y0 := ps.origin()
		for y := y0; y < l.h && !s.Overrun(); y += 2 {
			n := p.predictRow(lev, ps, y, &expectations[p.kind][ps], others)
			p.decodeRow(s, lev, ps, y, n)
		}
	}
	if lev > 0 {
		p.descend(lev)
	}
}

func (p *planeDecoder) decodeRow(s *source, lev int, ps pass, y, n int) {
	l := &p.levels[lev]
	base := contextBase(p.kind, lev*int(passes)+int(ps))
	side := expectations[p.kind][ps].side
	x0, _ := ps.origin()
	i := l.at(x0, y)
	preds, expects := p.rows.pred[:n], p.rows.expect[:n]
	left := int32(0)
	cell := p.zero.cell[y>>(Base-lev)*p.zero.w:]
	for k, pred := range preds {
		if p.zero.any && cell[(x0+2*k)>>(Base-lev)] {
			l.v[i], left = pred, 0
			i += 2
			continue
		}
		class, raw := classOf(expects[k] + side*left)
		q := s.get(base+class, raw)
		left = magnitude(q)
		l.v[i], l.q[i] = pred+q*p.step, q
		i += 2
	}
}
