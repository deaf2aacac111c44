package refdec

// filter is the weights of a filter of the slow mode.
type filter [27]int64

const largestInput = 1 << 16

// correction takes inputs before they are clamped.
func (w *filter) correction(inputs *[27]int32) int64 {
	sum := int64(0)
	for i, x := range inputs {
		sum += w[i] * clamp(int64(x), -largestInput, largestInput)
	}
	return clamp(sum>>16, -1<<23, 1<<23)
}

func (w *filter) learn(inputs *[27]int32, err int64) {
	var xs [27]int64
	energy := int64(243)
	for i, x := range inputs {
		xs[i] = clamp(int64(x), -largestInput, largestInput)
		energy += xs[i] * xs[i]
	}
	gain := clamp(clamp(err, -1<<23, 1<<23)<<17/energy, -1<<31, 1<<31-1)
	for i, x := range xs {
		w[i] = clamp(w[i]+gain*x>>8, -1<<26, 1<<26)
	}
}

// others are the planes before, as far as there are any.
func (at *place) others() (planes []*predicted) {
	for _, p := range []*predicted{at.plane.before, at.plane.first} {
		if p != nil {
			planes = append(planes, p)
		}
	}
	return planes
}

// residualPlaces are the offsets of inputs 12 … 21 by pass.
var residualPlaces = [3][][2]int{
	{{-2, 0}, {0, -2}, {-2, -2}, {2, -2}},
	{{-2, 0}, {0, -2}, {-2, -2}, {2, -2}, {0, -1}, {0, 1}},
	{{-2, 0}, {0, -2}, {-2, -2}, {2, -2}, {-1, 0}, {1, 0}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}},
}

// inputs are the filter's inputs before they are clamped.
func (at *place) inputs(f *forecast) (inputs [27]int32) {
	for i, t := range f.taps {
		inputs[i] = t - f.middle()
	}
	for i, d := range residualPlaces[at.pass] {
		inputs[12+i] = at.residual(at.plane, d[0], d[1])
	}
	for i, p := range at.others() {
		inputs[22+2*i] = at.residual(p, 0, 0)
		inputs[23+2*i] = at.residual(p, -2, 0) + at.residual(p, 2, 0) + at.residual(p, 0, -2) + at.residual(p, 0, 2)
	}
	inputs[26] = 4
	return inputs
}

// middle is the mean of the nearest taps.
func (f *forecast) middle() int32 { return (f.taps[0] + f.taps[1] + f.taps[2] + f.taps[3] + 2) >> 2 }

// features are what the contexts of a sample are made of.
type features struct {
	kind, pass, direction int
	prediction            int32
	fraction              int
	correction            int64
	mean, spread          int32
	beside                int32
	r1, r2, around        int32
	v1, v2                int32
}

func (at *place) features(f *forecast, inputs *[27]int32, correction int64) *features {
	sum := f.sum128() + correction + 64
	prediction := int32(sum >> 7)
	t := f.taps
	g := &features{
		kind: at.plane.kind, pass: at.pass, direction: f.direction,
		prediction: prediction, fraction: int(sum >> 4 & 7), correction: correction,
		mean: f.middle() - prediction, spread: max(t[0], t[1], t[2], t[3]) - min(t[0], t[1], t[2], t[3]),
		beside: inputs[12] + inputs[13],
		r1:     inputs[22], r2: inputs[24],
	}
	for i, p := range at.others() {
		e := func(dx, dy int) int32 { return int32(size(at.residual(p, dx, dy))) }
		g.around += 2*e(0, 0) + e(-2, 0) + e(2, 0) + e(0, -2) + e(0, 2)
		*[]*int32{&g.v1, &g.v2}[i] = p.pix[at.index()]
	}
	return g
}
