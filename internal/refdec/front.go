package refdec

// Constants of FORMAT.md, "Transform contexts" and "Front image".
var (
	gradientBounds = []int{1, 2, 3, 5, 8, 12, 18, 27, 40, 70}
	lowMatrix      = map[int][][]int64{
		1: {{4096}},
		2: {{2896, 2896}, {3212, -3212}},
		4: {{2048, 2048, 2048, 2048}, {2745, 1137, -1137, -2745}, {2271, -2271, -2271, 2271}, {1408, -3400, 3400, -1408}},
	}
)

// frontStep is F of the planes of a kind.
func frontStep(step, kind int) int {
	if kind == 1 {
		return (160*step + 128) >> 8
	}
	return (218*step + 128) >> 8
}

// readFront reads the front image of a plane.
func (t *part) readFront(s Symbols) {
	for y := range t.h {
		for x := range t.w {
			p, gradient := t.predict(x, y)
			q := clamp(p+t.readResidual(s, reached(gradient, gradientBounds)), -32767, 32767)
			t.q[t.cell(x, y)], t.shown[t.cell(x, y)] = q, q
		}
	}
}

// predict is the prediction of a value and the gradient.
func (t *part) predict(x, y int) (p, gradient int) {
	q := func(dx, dy int) int { return t.q[t.cell(x+dx, y+dy)] }
	switch {
	case x == 0 && y == 0:
		return 0, 1 << 20
	case y == 0:
		return q(-1, 0), 12
	case x == 0:
		return q(0, -1), 12
	}
	l, top, tl := q(-1, 0), q(0, -1), q(-1, -1)
	tr := top
	if x+1 < t.w {
		tr = q(1, -1)
	}
	med := min(max(l, top), max(min(l, top), l+top-tl))
	return (2*med + l + top + 2) >> 2, abs(l-tl) + abs(tl-top) + abs(top-tr)
}

// readResidual reads a residual under a gradient class.
func (t *part) readResidual(s Symbols, class int) int {
	k := s.Symbol(36 + 11*t.kind + class)
	magnitude := k
	switch {
	case k == 15:
		magnitude = 1024 + int(min(s.ExpGolomb(), 1<<30))
	case k >= 8:
		magnitude = 8<<(k-8) + int(s.Raw(k-5))
	}
	if magnitude != 0 && s.Raw(1) == 1 {
		return -magnitude
	}
	return magnitude
}

// lowBlock derives the lowest coefficients of a leaf whose first cell is (x,y).
func (t *part) lowBlock(c block, x, y int) {
	m := len(c) / 8
	matrix := lowMatrix[m]
	for u := range m {
		for v := range m {
			sum := int64(1) << 23
			for i := range m {
				for j := range m {
					sum += matrix[u][i] * matrix[v][j] * int64(mean(t.q[t.cell(x+i, y+j)], t.kind, t.step))
				}
			}
			c[u][v] = int(clamp(sum>>24, -32768, 32767))
		}
	}
}

// levelThree is the sample of level 3 for a value of the front image (FORMAT.md,
// "Front image").
func levelThree(q, kind, step int) int { return clamp((mean(q, kind, step)+2)>>2+2048, 0, 4095) }

// readRims reads what level 3 has on the rims of the planes but alpha (FORMAT.md, "Rim").
func (h *Header) readRims(parts []part, s Symbols) {
	alpha := &parts[len(parts)-1]
	for i := range parts[:len(parts)-1] {
		t := &parts[i]
		for y := range t.h {
			for x := range t.w {
				if h.onRim(t, alpha, x, y) {
					at := t.cell(x, y)
					t.shown[at] = clamp(t.q[at]+t.readResidual(s, 10), -32767, 32767)
				}
			}
		}
	}
}

// onRim looks at the opacities of cell (x,y).
func (h *Header) onRim(t, alpha *part, x, y int) bool {
	n := 1
	if t.kind == 1 {
		n <<= h.Subsampling
	}
	above, below := false, false
	for i := range n * n {
		ax, ay := n*x+i%n, n*y+i/n
		if ax < alpha.w && ay < alpha.h {
			v := levelThree(alpha.q[alpha.cell(ax, ay)], 0, alpha.step)
			above = above || v > 0
			below = below || v < 4080
		}
	}
	return above && below
}
