package refdec

import "slices"

// restoration restores the samples of a plane (FORMAT.md, "Restoration"). It reads was, which
// are deblocked, and luma, which is too.
type restoration struct {
	*plane
	step, subsampling int
	was               []int32
	luma              *plane
	lumaWas           []int32
}

// opposites are (i, j) of the pairs.
var opposites = [12][2]int{{1, 0}, {0, 1}, {1, 1}, {1, -1}, {2, 0}, {0, 2}, {2, 1}, {2, -1}, {1, 2}, {1, -2}, {3, 0}, {0, 3}}

// activityBounds are the bounds of activities, by kind.
var activityBounds = [][]int{{4, 9, 21, 43, 89, 179}, {1, 2, 5, 11, 22, 45}}

// strengths are r, by strength.
var strengths = []int{0, 8, 11, 16}

// restore restores all planes but alpha.
func (h *Header) restorePlanes(planes []*plane) {
	was := make([][]int32, len(planes))
	for i, p := range planes {
		was[i] = slices.Clone(p.pix)
	}
	for i, p := range planes {
		if !h.filtered(i) {
			continue
		}
		r := restoration{p, h.Step, h.Subsampling, was[i], planes[0], was[0]}
		for y := 0; y < p.rows; y += 4 {
			for x := 0; x < p.stride; x += 4 {
				r.step = p.base(y/8*p.cells+x/8, h.Step)
				r.block(x, y)
			}
		}
	}
}

// fill gives all cells of a tile a value.
func (t *part) fill(values []int, v int) {
	for y := range t.h {
		for x := range t.w {
			values[t.cell(x, y)] = v
		}
	}
}

// nearestSample is the sample of a plane at (x,y), or the nearest one.
func (p *plane) nearestSample(pix []int32, x, y int) int {
	return int(pix[clamp(y, 0, p.rows-1)*p.stride+clamp(x, 0, p.stride-1)])
}

func (r *restoration) x(i, j int) int { return r.nearestSample(r.was, i, j) }

// y is the luma of the sample at (i,j).
func (r *restoration) y(i, j int) int {
	i, j = clamp(i, 0, r.stride-1), clamp(j, 0, r.rows-1)
	if r.subsampling == 0 {
		return r.luma.nearestSample(r.lumaWas, i, j)
	}
	sum := 2
	for k := range 4 {
		sum += r.luma.nearestSample(r.lumaWas, 2*i+k%2, 2*j+k/2)
	}
	return sum >> 2
}

// class is the class of the block that begins at (x,y), −1 of activity 0.
func (r *restoration) class(x, y int) int {
	gh, gv, g1, g2 := 0, 0, 0, 0
	for j := y - 2; j <= y+4; j += 2 {
		for i := x - 2; i <= x+5; i++ {
			twice := 2 * r.x(i, j)
			gh += abs(twice - r.x(i-1, j) - r.x(i+1, j))
			gv += abs(twice - r.x(i, j-1) - r.x(i, j+1))
			g1 += abs(twice - r.x(i-1, j-1) - r.x(i+1, j+1))
			g2 += abs(twice - r.x(i+1, j-1) - r.x(i-1, j+1))
		}
	}
	activity := 0
	for _, bound := range activityBounds[r.kind] {
		if gh+gv >= bound*r.step {
			activity++
		}
	}
	return 9*(activity-1) + directionOf(gh, gv, g1, g2)
}

// directionOf is the direction of a block.
func directionOf(gh, gv, g1, g2 int) int {
	a, b, c, d := int64(max(gh, gv)+4), int64(min(gh, gv)+4), int64(max(g1, g2)+4), int64(min(g1, g2)+4)
	direction := 0
	switch {
	case a*d > c*b && 2*a > 3*b:
		direction = stands(1, gv > gh, a > 3*b)
	case a*d <= c*b && 2*c > 3*d:
		direction = stands(5, g2 > g1, c > 3*d)
	}
	return direction
}

// stands is a direction that stands out.
func stands(first int, second, far bool) int {
	if second {
		first++
	}
	if far {
		first += 2
	}
	return first
}

// block restores the block that begins at (x,y).
func (r *restoration) block(x, y int) {
	class := r.class(x, y)
	if class < 0 {
		return
	}
	w := r.weights(class)
	for k := range 16 {
		i, j := x+k%4, y+k/4
		r.pix[j*r.stride+i] = int32(r.sample(i, j, w))
	}
}

// sample is the restored sample at (x,y) with the weights w.
func (r *restoration) sample(x, y int, w []int) int {
	own, sum := r.x(x, y), 0
	for k, o := range opposites {
		a, b, c := r.pair(x, y, o[0], o[1])
		sum += 16 * (w[k]*a + w[12+k]*b)
		if r.kind == 1 {
			sum += w[24+k] * c
		}
	}
	strength := strengths[r.strength[y/8*r.cells+x/8]]
	return clamp(own+(((sum+8)>>4)*strength+1<<13)>>14, 0, 4095)
}

// pair is A, B and C of the pair at (i,j) and (−i,−j) from a sample.
func (r *restoration) pair(x, y, i, j int) (a, b, c int) {
	n, s := (3*r.step+2)/5, (1572864+r.step)/(2*r.step)
	for range 2 {
		d := r.x(x+i, y+j) - r.x(x, y)
		wide := clamp(d, -6*r.step, 6*r.step)
		a += wide
		b += clamp(d, -n, n)
		if r.kind == 1 {
			far := int64(abs(r.y(x+i, y+j)-r.y(x, y))) * int64(s) >> 16
			c += wide * int(max(0, 16-far))
		}
		i, j = -i, -j
	}
	return a, b, c
}

// weights are the weights of a class.
func (r *restoration) weights(class int) []int {
	n, at := 24, 24*class
	if r.kind == 1 {
		n, at = 36, 54*24+36*class
	}
	w := make([]int, n)
	for i := range w {
		w[i] = int(int16(uint16(restoreWeights[2*(at+i)]) | uint16(restoreWeights[2*(at+i)+1])<<8))
	}
	return w
}
