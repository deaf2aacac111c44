package interlace

// Margin is the reach of the taps beyond a level's edges.
const Margin = 3

// Slack is the number of samples beyond the last of a level that may be read,
// whatever they are: the reach of a vector kernel.
const Slack = 16

// Level holds every 2^l-th sample of a plane in both directions, with a margin
// that repeats samples of the same parity, so that a tap outside finds a
// sample of its own pass.
type Level struct {
	W, H, Stride int
	V            []int32 // samples
	Q            []int32 // their residuals, in steps, 0 in the margin
}

// Reset prepares a level for w×h samples. Margins of Q stay 0, and no sample or
// residual is read before it is written: one of the same size is left as it is.
func (l *Level) Reset(w, h int) {
	if l.W == w && l.H == h {
		return
	}
	l.W, l.H, l.Stride = w, h, w+2*Margin
	n := l.Stride * (h + 2*Margin)
	if room := n + Slack; cap(l.V) < room {
		l.V, l.Q = make([]int32, n, room), make([]int32, n, room)
	}
	l.V, l.Q = l.V[:n], l.Q[:n]
	clear(l.V)
	clear(l.Q)
}

// At is the index of a sample.
func (l *Level) At(x, y int) int { return (y+Margin)*l.Stride + x + Margin }

// within moves a coordinate to one of the same parity in [0,n), n ≥ 2.
func within(x, n int) int {
	for x < 0 {
		x += 2
	}
	for x >= n {
		x -= 2
	}
	return x
}

// Extend fills the margin from the samples.
func (l *Level) Extend() {
	for y := range l.H {
		row := l.Row(y)
		for m := 1; m <= Margin; m++ {
			row[Margin-m] = row[Margin+within(-m, l.W)]
			row[Margin+l.W-1+m] = row[Margin+within(l.W-1+m, l.W)]
		}
	}
	for m := 1; m <= Margin; m++ {
		copy(l.Row(-m), l.Row(within(-m, l.H)))
		copy(l.Row(l.H-1+m), l.Row(within(l.H-1+m, l.H)))
	}
}

// Row is row y with its margins.
func (l *Level) Row(y int) []int32 {
	i := (y + Margin) * l.Stride
	return l.V[i : i+l.Stride]
}
