package predictive

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
			pred, expect := p.predictMean(x, y)
			q := s.get(base, expect)
			l.q[i], l.v[i] = q, pred+q*p.meanStep
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
			q := s.get(base, expect)
			l.q[i], l.v[i] = q, pred+q*p.step
		}
	}
	p.descend(Base)
}

func (p *planeDecoder) decodeLevel(s *source, lev int, w *predictor, others [2]*level) {
	l := &p.levels[lev]
	for ps := range passes {
		p.begin(lev, &w[lev][ps], &expectations[p.kind][ps])
		_, y0 := ps.origin()
		for y := y0; y < l.h && !s.Overrun(); y += 2 {
			n := p.predictRow(lev, ps, y, others)
			p.decodeRow(s, lev, ps, y, n)
		}
	}
	if lev > 0 {
		p.descend(lev)
	}
}

func (p *planeDecoder) decodeRow(s *source, lev int, ps pass, y, n int) {
	l := &p.levels[lev]
	x0, _ := ps.origin()
	p.rowResiduals(s, lev, ps, x0, y, n)
	v, q := l.v[l.at(x0, y):][:2*n-1], l.q[l.at(x0, y):][:2*n-1]
	preds := p.rows.pred[:n]
	for k, r := range p.rows.q[:n] {
		if p.known {
			r = p.unfold(preds[k], r)
		}
		v[2*k], q[2*k] = preds[k]+r*p.step, r
	}
}

// rowResiduals decodes the residuals of a row, in runs between zero cells.
func (p *planeDecoder) rowResiduals(s *source, lev int, ps pass, x0, y, n int) {
	q, expects := p.rows.q[:n], p.rows.expect[:n]
	side := expectations[p.kind][ps].side
	tables := s.tables[contextBase(p.kind, lev*int(passes)+int(ps)):]
	if p.zero.any {
		clear(q)
	}
	p.zero.runs(lev, x0, y, n, func(start, end int) {
		s.Residuals(q[start:end], expects[start:end], side, classTable, tables)
	})
}
