package refdec

// ends are E and E' (FORMAT.md, "Ends").
func ends(step int) (full, none int) {
	f := frontStep(step, 0)
	return (2*8128+f)/(2*f) + 1, -(2*8192+f)/(2*f) - 1
}

// endOf is 1 of a value that says that a cell of a plane of kind 0 is at full scale, -1 of one
// at 0, and 0 of others.
func endOf(q, kind, step int) int {
	full, none := ends(step)
	switch {
	case kind == 1:
	case q == full:
		return 1
	case q == none:
		return -1
	}
	return 0
}

// mean is g, what a value of the front image stands for.
func mean(q, kind, step int) int {
	full, none := ends(step)
	switch {
	case kind == 1:
	case q == full:
		return 8128
	case q == none:
		return -8192
	case q > full:
		q--
	case q < none:
		q++
	}
	return q * frontStep(step, kind)
}

// fillEnds gives the samples of a leaf of m×m cells to those that are ends.
func (t *part) fillEnds(m, x, y int) {
	for i := range m * m {
		cx, cy := x+i%m, y+i/m
		end := endOf(t.q[t.cell(cx, cy)], t.kind, t.step)
		if end == 0 {
			continue
		}
		for k := range 64 {
			t.pix[((t.y+cy)*8+k/8)*t.stride+(t.x+cx)*8+k%8] = int32(4080 * max(end, 0))
		}
	}
}

// putEnds gives the pixels of ends their samples; a cell has side×side of them.
func (h *Header) putEnds(m *picture, planes []*plane, side int) {
	for i, p := range planes {
		if p.kind == 1 {
			continue
		}
		first, last := i, i
		if i == 0 && len(planes) >= 3 {
			last = 2
		}
		values := p.q
		if side == 1 {
			values = p.shown
		}
		for at := range m.w * m.h {
			x, y := at%m.w, at/m.w
			end := endOf(values[y/side*p.cells+x/side], p.kind, h.Step)
			for band := first; end != 0 && p.kind == 0 && band <= last; band++ {
				m.samples[at*m.bands+band] = h.Maximum * int64(max(end, 0))
			}
		}
	}
}
