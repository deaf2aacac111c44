package predictive

const residualTaps = 10 // of the plane, at most

// residualOffsets are the offsets of the residuals that are inputs in each pass.
var residualOffsets = [passes][][2]int{
	passA:  {{-2, 0}, {0, -2}, {-2, -2}, {2, -2}},
	passB0: {{-2, 0}, {0, -2}, {-2, -2}, {2, -2}, {0, -1}, {0, 1}},
	passB1: {{-2, 0}, {0, -2}, {-2, -2}, {2, -2}, {-1, 0}, {1, 0}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}},
}

// window is what a filter sees: a sample of a level, and of the same level of
// the planes before, nil where there are none.
type window struct {
	level  *level
	before [2]*level
	filter *filter
	at     int // index of the sample

	taps      [neighbours]int32 // offsets
	residuals [12]int32         // offsets, the last two for whole vectors
	has       [8]int32          // −1 for each of residuals from the fifth on that a pass has

	mean, spread int32 // of the four nearest
	sum          int64 // of the weighted inputs
}

func newWindow(l *level, before [2]*level, ps pass, f *filter) *window {
	w := &window{level: l, before: before, filter: f}
	for k, o := range &offsets[ps] {
		w.taps[k] = int32(o[1]*l.stride + o[0])
	}
	for k, o := range residualOffsets[ps] {
		w.residuals[k] = int32(o[1]*l.stride + o[0])
		if k >= 4 {
			w.has[k-4] = -1
		}
	}
	return w
}

// look sets the inputs of the filter and weighs them.
func (w *window) look() {
	if vector {
		look(w)
	} else {
		w.lookPlain()
	}
}

func (w *window) lookPlain() {
	w.nearest()
	x := w.filter.x[neighbours:]
	for k := range residualTaps {
		if k < 4 || w.has[k-4] != 0 {
			x[k] = limit(w.level.q[w.at+int(w.residuals[k])])
		}
	}
	for k, o := range w.before {
		if o != nil {
			q, i, s := o.q, w.at, o.stride
			x[residualTaps+2*k] = limit(q[i])
			x[residualTaps+2*k+1] = limit(q[i-2] + q[i+2] + q[i-2*s] + q[i+2*s])
		}
	}
	w.filter.x[filterTaps-1] = filterOne
	w.sum = w.filter.sum()
}

// nearest sets the inputs of the taps to their differences from mean.
func (w *window) nearest() {
	var t [neighbours]int32
	for k, o := range &w.taps {
		t[k] = w.level.v[w.at+int(o)]
	}
	w.mean = (t[0] + t[1] + t[2] + t[3] + 2) >> 2
	w.spread = max(t[0], t[1], t[2], t[3]) - min(t[0], t[1], t[2], t[3])
	for k := range t {
		w.filter.x[k] = limit(t[k] - w.mean)
	}
}

// correction is in 1/weightOne.
func (w *window) correction() int32 {
	return int32(max(min(w.sum>>filterBits, filterError), -filterError))
}
