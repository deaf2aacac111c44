package jpeg

// load fills the samples of a row of MCUs. Below the image, the last row of each
// component is repeated.
func (e *encoder) load(row int) {
	for i := range 8 {
		y := (8*row + i) * e.maxV
		if y >= e.src.H {
			for j := range e.planes {
				e.planes[j].repeatLines(i)
			}
			continue
		}
		for v := range e.maxV {
			e.convert(&e.lines[v], min(y+v, e.src.H-1))
			copy(e.planes[0].line(i*e.maxV+v), e.lines[v][0])
		}
		for j := 1; j < len(e.planes); j++ {
			if dst := e.planes[j].line(i); e.maxV == 2 {
				halve(dst, e.lines[0][j], e.lines[1][j])
			} else {
				copy(dst, e.lines[0][j])
			}
		}
	}
}

// line is row i of the samples.
func (p *encoderPlane) line(i int) []byte { return p.samples[8*p.blocksX*i:][:8*p.blocksX] }

// repeatLines fills the rows of group i of 8 from the row above.
func (p *encoderPlane) repeatLines(i int) {
	for v := range p.v {
		copy(p.line(i*p.v+v), p.line(i*p.v-1))
	}
}

// convert splits row y of the image into its planes and repeats the right end.
func (e *encoder) convert(lines *[3][]byte, y int) {
	s := e.src
	pix := s.Pix[y*s.Stride:]
	if s.Channels == 1 {
		for x := range s.W {
			lines[0][x] = pix[x*s.Step]
		}
	} else {
		rgbToYCC(lines[0][:s.W], lines[1][:s.W], lines[2][:s.W], pix, s.Step)
	}
	for i := range s.Channels {
		line := lines[i]
		for x := s.W; x < len(line); x++ {
			line[x] = line[s.W-1]
		}
	}
}

// halve averages squares of 2×2 pixels. Quarters are rounded down and up by turns
// so that no tint comes of it.
func halve(dst, a, b []byte) {
	a, b = a[:2*len(dst)], b[:2*len(dst)]
	for x := range dst {
		sum := int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1])
		dst[x] = byte((sum + 1 + x&1) >> 2)
	}
}

// transform sets the blocks of a row of MCUs. Blocks beyond the image repeat a DC
// coefficient, which costs least: the one on their left, or in rows of such blocks
// the last one of the row above in their MCU.
func (e *encoder) transform(row int) {
	var ws [64]int32
	for i := range e.planes {
		p := &e.planes[i]
		real := min(p.v, p.blocksY-row*p.v)
		for y := range p.v {
			blocks := p.blocks[y*p.stride:][:p.stride]
			x := 0
			for ; x < p.blocksX && y < real; x++ {
				fdct(&ws, p.samples[8*(8*p.blocksX*y+x):], 8*p.blocksX)
				p.quant.quantise(&blocks[x], &ws)
			}
			for ; x < p.stride; x++ {
				var dc int16
				if y < real {
					dc = blocks[x-1].coef[0]
				} else {
					dc = p.blocks[(y-1)*p.stride+x/p.h*p.h+p.h-1].coef[0]
				}
				blocks[x] = block{coef: [64]int16{dc}}
			}
		}
	}
}
