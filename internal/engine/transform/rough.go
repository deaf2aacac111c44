package transform

// What a prediction leaves is estimated by the Hadamard transform of each square of 8, in less time than by the
// cosine transform of the leaf: which of many predictions are worth that is all it has to tell.

// roughCosts are about what coefficients cost, in 1/128 of Δ²: near has a number for each eighth of a step below 2 steps, far one
// for each two steps from there on.
type roughCosts struct{ near, far [16]uint8 }

var roughly = makeRoughCosts()

func makeRoughCosts() *roughCosts {
	var c roughCosts
	for i := range c.near {
		c.near[i] = uint8(estimates[i] / 2)
		c.far[i] = uint8(estimates[16*i+8] / 2)
	}
	return &c
}

// roughEstimate is about what the levels of a leaf cost that is predicted, less its low block: the samples of the leaf begin at
// pix, in rows stride apart, and step is its step.
func (r *rates) roughEstimate(predicted, pix []uint16, stride, lg int, step int32) int64 {
	n, sum := 1<<lg, int64(0)
	reciprocal := uint16(min((4<<16+step-1)/step, 1<<16-1))
	for y := 0; y < n; y += cell {
		for x := 0; x < n; x += cell {
			p, o := predicted[y*n+x:], pix[y*stride+x:]
			if vector {
				sum += roughCost(&p[0], n, &o[0], stride, reciprocal, roughly)
			} else {
				sum += genericRoughCost(p, n, o, stride, reciprocal, roughly)
			}
		}
	}
	return sum * r.step * r.step >> (7 - distScale)
}

// genericRoughCost is what a square of 8 costs, of samples in 1/16 level. The first pass of the transform has its
// sums divided by 8, for 16 bits to be enough, which leaves what the second one makes in 1/16 level, too. A step is in
// 1/8 level: the reciprocal is 4 divided by it, and what is multiplied comes in eighths of the step.
func genericRoughCost(predicted []uint16, width int, pix []uint16, stride int, reciprocal uint16, costs *roughCosts) (sum int64) {
	var rows [cell][cell]int16
	for x := range cell {
		var d [cell]int16
		for y := range d {
			d[y] = int16(pix[y*stride+x]) - int16(predicted[y*width+x])
		}
		hadamard(&d)
		for y, v := range d {
			rows[y][x] = v >> 3
		}
	}
	for y := range rows {
		hadamard(&rows[y])
		for x, v := range rows[y] {
			if x == 0 && y == 0 {
				continue
			}
			k := min(int(uint32(max(v, -v))*uint32(reciprocal)>>16), 255)
			if k < 16 {
				sum += int64(costs.near[k])
			} else {
				sum += int64(costs.far[k/16])
			}
		}
	}
	return sum
}

// hadamard transforms 8 numbers.
func hadamard(d *[cell]int16) {
	for half := 1; half < cell; half *= 2 {
		for i := range d {
			if i&half == 0 {
				d[i], d[i+half] = d[i]+d[i+half], d[i]-d[i+half]
			}
		}
	}
}
