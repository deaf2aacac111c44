package transform

// descent moves the AC levels of a leaf by single steps until none brings the samples
// seen any nearer, or they are near enough.
//
// Let b be a step's effect on the samples seen, e their error. A step is taken where
// |e·b| > b·b/2. The steps of all coefficients, Δ times an orthonormal basis that is
// cut to the samples seen, keep Σ(e·b)² = Δ²·e·e and Σ b·b = Δ²·n for n samples seen,
// with b·b ≤ Δ². Where no step is left, therefore, e·e ≤ Σ(b·b)²/4Δ² ≤ nΔ²/4: an RMS
// error of Δ/2 at most, as plain rounding has over a whole leaf. The low block stays
// as it is and has an error of its own, which the same bound holds.
type descent struct {
	*planeEncoder
	lg, x, y int
	w, h     int // seen
	levels   [maxN * maxN]int32
	// Of the samples seen, row by row, in 1/2^errorBits: what the original is more than
	// what is decoded, and what a step of the coefficient at hand adds.
	error, effect [maxN * maxN]int64
}

const (
	errorBits = 12
	maxSweeps = 64
)

// run returns the levels that descent ends at.
func (d *descent) run(levels []acLevel) []acLevel {
	d.w, d.h = d.seenSize(d.lg, d.x, d.y)
	for _, l := range levels {
		d.levels[l.coef] = l.level
	}
	for range maxSweeps {
		if d.measure(d.lg, d.x, d.y, levels) <= d.promise {
			break
		}
		d.takeError()
		if !d.sweep() {
			break
		}
		levels = d.list()
	}
	return levels
}

// takeError holds the samples that measure decoded against the plane.
func (d *descent) takeError() {
	n := 1 << d.lg
	for j := range d.h {
		want := d.plane.Pix[((d.oy+d.y)*8+j)*d.plane.Stride+(d.ox+d.x)*8:][:d.w]
		for i, v := range d.planeEncoder.w.decoded[j*n:][:d.w] {
			d.error[j*d.w+i] = (int64(want[i]) - int64(v)) << errorBits
		}
	}
}

// sweep offers every coefficient a step, low frequencies first, and tells whether any
// took it.
func (d *descent) sweep() (moved bool) {
	pos := scans[d.lg-3].pos
	for k := len(pos) - 1; k >= 0; k-- {
		if d.step(int(pos[k].coef)) {
			moved = true
		}
	}
	return moved
}

// step moves a level up or down where that makes the error smaller.
func (d *descent) step(coef int) bool {
	n := 1 << d.lg
	u, v := coef>>d.lg, coef&(n-1)
	var across [maxN]int64
	for i := range d.w {
		across[i] = cosine(i, u, n) * d.rates.step
	}
	// A coefficient's effect is cos·cos/2^(22+lg) (FORMAT.md, "Inverse transform").
	shift := 22 + d.lg - errorBits
	along, energy := int64(0), int64(0)
	for j := range d.h {
		down := cosine(j, v, n)
		for i, e := range d.error[j*d.w:][:d.w] {
			b := across[i] * down >> shift
			d.effect[j*d.w+i] = b
			along += e * b
			energy += b * b
		}
	}
	sign := int32(1)
	if along < 0 {
		sign, along = -1, -along
	}
	level := d.levels[coef] + sign
	if 2*along <= energy || int64(max(level, -level))*d.rates.step > 1<<15-1 {
		return false
	}
	d.levels[coef] = level
	for i, b := range d.effect[:d.w*d.h] {
		d.error[i] -= int64(sign) * b
	}
	return true
}

// list are the levels that are not 0.
func (d *descent) list() (levels []acLevel) {
	for i, l := range d.levels {
		if l != 0 {
			levels = append(levels, acLevel{uint16(i), l})
		}
	}
	return levels
}
