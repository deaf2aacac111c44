package refdec

// Constants of FORMAT.md, "Passes". Passes are A, B0, B1.
var (
	passTaps = [3][12][2]int{
		{{-1, -1}, {1, -1}, {-1, 1}, {1, 1}, {-3, -1}, {-3, 1}, {3, -1}, {3, 1}, {-1, -3}, {1, -3}, {-1, 3}, {1, 3}},
		{{-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-2, -1}, {2, -1}, {-2, 1}, {2, 1}, {-1, -2}, {1, -2}, {-1, 2}, {1, 2}},
		{{-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}, {-2, -1}, {2, -1}, {-2, 1}, {2, 1}},
	}
	passFirst = [3][2]int{{1, 1}, {1, 0}, {0, 1}}
	// energyTerms are a factor and two taps.
	energyTerms = [3][2][][3]int{
		{{{4, 0, 3}, {1, 4, 2}, {1, 1, 7}, {1, 8, 1}, {1, 2, 11}}, {{4, 1, 2}, {1, 6, 3}, {1, 0, 5}, {1, 9, 0}, {1, 3, 10}}},
		{{{2, 0, 1}, {1, 4, 2}, {1, 3, 7}}, {{2, 2, 3}, {1, 8, 0}, {1, 1, 11}}},
		{{{2, 0, 1}, {1, 4, 2}, {1, 2, 5}, {1, 6, 3}, {1, 3, 7}}, {{2, 2, 3}, {1, 4, 0}, {1, 0, 6}, {1, 5, 1}, {1, 1, 7}}},
	}
	// expectationWeights are by row, pass and kind.
	expectationWeights = [9][3][3]int64{
		{{36, 1, 2}, {31, 2, 4}, {24, 2, 2}},
		{{8, 9, 8}, {13, 14, 11}, {11, 12, 11}},
		{{15, 18, 16}, {12, 13, 11}, {6, 11, 6}},
		{{38, 35, 31}, {31, 26, 22}, {20, 18, 15}},
		{{20, 15, 13}, {22, 16, 13}, {8, 7, 4}},
		{1: {8, 15, 11}},
		{2: {0, 4, 4}},
		{2: {18, 12, 13}},
		{{0, 4, 46}, {0, 2, 44}, {0, 2, 39}},
	}
)

// place is a sample of a level, to be decoded in a pass; x and y are in samples of the
// level.
type place struct {
	plane             *predicted
	level, pass, x, y int
}

// index is the index of the sample in the plane.
func (at *place) index() int { return at.y<<at.level*at.plane.w + at.x<<at.level }

// residual is the residual of a plane at an offset, 0 outside.
func (at *place) residual(p *predicted, dx, dy int) int32 {
	return p.residualAt((at.x+dx)<<at.level, (at.y+dy)<<at.level)
}

// eachSample calls do for the samples of the three passes of a level.
func (p *predicted) eachSample(level int, do func(at *place)) {
	for pass, first := range passFirst {
		for y := first[1]; y <= (p.h-1)>>level; y += 2 {
			for x := first[0]; x <= (p.w-1)>>level; x += 2 {
				do(&place{p, level, pass, x, y})
			}
		}
	}
}

// readLevel reads the three passes of a level.
func (p *predicted) readLevel(s Symbols, level int) {
	p.eachSample(level, func(at *place) {
		f := at.predict()
		q := int32(0)
		if !p.zero[at.y<<level>>3*p.cells+at.x<<level>>3] && !at.masked() {
			q = p.readResidual(s, 3*level+at.pass, f.expected)
		}
		p.code[at.index()] = q
		if p.limited {
			q = p.unfold(f.prediction(), q)
		}
		p.set(at.x<<level, at.y<<level, f.prediction(), q)
	})
}

// masked tells whether the sample is not coded.
func (at *place) masked() bool { return at.plane.masked(at.x<<at.level, at.y<<at.level) }

// limit gives limits to planes that are a band (FORMAT.md, "Limits").
func limit(transform int, planes []*predicted) {
	for i, p := range planes {
		band := i
		if transform > 0 && i < 3 {
			band = colourOrders[transform][0]
			if i > 0 {
				continue
			}
		}
		if high, ok := planes[band].limit(); ok {
			p.limited, p.low, p.high = true, 0, high
		}
	}
}

// unfold finds the residual that a code stands for.
func (p *predicted) unfold(prediction, code int32) int32 {
	below, above := prediction-p.low, p.high-prediction
	d := min(below, above)
	u := uint32(code) << 1
	if code < 0 {
		u = ^u
	}
	switch {
	case u <= 2*uint32(d):
		return code
	case below <= above:
		return int32(u - uint32(d))
	}
	return -int32(u - uint32(d))
}

// inside moves v by 2 until it lies in 0 … n−1.
func inside(v, n int) int {
	for v < 0 {
		v += 2
	}
	for v >= n {
		v -= 2
	}
	return v
}

// forecast is what is known of a sample before it is coded.
type forecast struct {
	taps      [12]int32
	direction int
	sum       int64 // 128 times the prediction, of fine planes 2048 times
	wide      bool  // the sum has 64 bits
	fine      bool
	low, high int32
	expected  int64
}

func (f *forecast) prediction() int32 {
	switch {
	case f.fine:
		return int32((f.sum + 1024) >> 11)
	case f.wide:
		return int32((f.sum + 64) >> 7)
	}
	return max(f.low, min(f.high, int32(f.sum+64)>>7))
}

// predict gives the forecast of a sample.
func (at *place) predict() *forecast {
	p := at.plane
	f := &forecast{low: p.low, high: p.high, taps: at.taps(), wide: p.wide && p.values == nil, fine: p.fine}
	var energy [2]int32
	for i, terms := range energyTerms[at.pass] {
		for _, t := range terms {
			energy[i] += int32(t[0]) * abs(f.taps[t[1]]-f.taps[t[2]])
		}
	}
	f.direction = direction(energy[0], energy[1])
	weights := &p.weights[(at.level*3+at.pass)*8+texture(f.direction, energy[0]+energy[1])]
	sum := int64(weights[18])
	for i, v := range at.terms(&f.taps) {
		sum += int64(weights[i]) * int64(v)
	}
	if f.sum = sum; !f.wide {
		f.sum = int64(int32(sum))
	}
	f.expected = at.expect(min(energy[0], energy[1]), cross(at.pass, &f.taps))
	return f
}

// taps are t0 to t11.
func (at *place) taps() (taps [12]int32) {
	p, level := at.plane, at.level
	w, h := (p.w-1)>>level+1, (p.h-1)>>level+1
	for i, d := range passTaps[at.pass] {
		taps[i] = p.pix[inside(at.y+d[1], h)<<level*p.w+inside(at.x+d[0], w)<<level]
	}
	return taps
}

func cross(pass int, t *[12]int32) int32 {
	if pass == 0 {
		return abs(t[0] + t[3] - t[1] - t[2])
	}
	return abs(t[0] + t[1] - t[2] - t[3])
}

// direction is 0 to 4.
func direction(e1, e2 int32) int {
	d := 2
	for _, bounds := range [][2]int32{{4, 16}, {8, 32}} {
		if 3*e1 >= bounds[0]*e2+bounds[1] {
			d++
		}
		if 3*e2 >= bounds[0]*e1+bounds[1] {
			d--
		}
	}
	return d
}

// texture is 0 to 7.
func texture(direction int, energy int32) int {
	if direction == 2 {
		return 2 + reached(int(energy), []int{12, 32, 80})
	}
	return direction + direction/3*3
}

// terms are what weights 0 to 17 multiply.
func (at *place) terms(taps *[12]int32) (v [18]int32) {
	p := at.plane
	copy(v[:], taps[:])
	v[12] = at.mean()
	if p.before != nil {
		v[13] = at.residual(p.before, 0, 0) * p.step
	}
	if p.first != nil {
		v[14] = at.residual(p.first, 0, 0) * p.step
	}
	q := func(dx, dy int) int32 { return at.residual(p, dx, dy) * p.step }
	v[15], v[16] = q(0, -2), q(-2, -2)+q(2, -2)
	switch at.pass {
	case 1:
		v[17] = q(0, -1) + q(0, 1)
	case 2:
		v[17] = q(-1, -1) + q(1, -1) + q(-1, 1) + q(1, 1)
	}
	return v
}

// mean is the mean that predicts on level 2.
func (at *place) mean() int32 {
	if at.level != 2 {
		return 0
	}
	x, y, p := at.x>>1, at.y>>1, at.plane
	switch {
	case at.pass == 1 && y > 0:
		return int32((int64(p.mean(x, y)) + int64(p.mean(x, y-1))) >> 1)
	case at.pass == 2 && x > 0:
		return int32((int64(p.mean(x, y)) + int64(p.mean(x-1, y))) >> 1)
	}
	return p.mean(x, y)
}

// expect is the expectation of a sample.
func (at *place) expect(least, cross int32) int64 {
	p := at.plane
	e := func(dx, dy int) int64 { return size(at.residual(p, dx, dy)) }
	rows := [9]int64{
		1, size(least), size(cross), at.codeBefore() + e(0, -2), e(-2, -2) + e(2, -2),
		e(0, -1) + e(0, 1), e(-1, 0) + e(1, 0), e(-1, -1) + e(1, -1) + e(-1, 1) + e(1, 1),
	}
	if p.before != nil {
		rows[8] = size(at.residual(p.before, 0, 0))
	}
	if p.fine {
		return at.scaled(&rows)
	}
	v := int64(0)
	for i, r := range rows {
		if v += r * expectationWeights[i][at.pass][p.kind]; i == 2 {
			v /= int64(p.step)
		}
	}
	return v
}

// scaled is the expectation in a fine plane.
func (at *place) scaled(rows *[9]int64) int64 {
	p, s := at.plane, at.plane.scales[at.level]
	left := at.codeBefore()
	rows[3] -= left
	var energy, around int64
	for i, r := range rows {
		v := r * expectationWeights[i][at.pass][p.kind]
		if i < 3 {
			energy += v
		} else {
			around += v
		}
	}
	v := min(energy/int64(p.step)*s.energy>>7+around*s.around>>6, 1<<30)
	return v + expectationWeights[3][at.pass][p.kind]*s.around>>6*left
}

// sum128 is 128 times the prediction.
func (f *forecast) sum128() int64 {
	if f.fine {
		return f.sum >> 4
	}
	return f.sum
}

// codeBefore is Ec(−2,0).
func (at *place) codeBefore() int64 {
	if at.x < 2 {
		return 0
	}
	return size(at.plane.code[at.y<<at.level*at.plane.w+(at.x-2)<<at.level])
}
