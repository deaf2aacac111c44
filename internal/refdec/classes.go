package refdec

// Multipliers of FORMAT.md, "Step classes".
var (
	lumaMultipliers = []int{128, 152, 181, 215, 256, 304, 362, 431, 512}
	halfMultipliers = []int{136, 148, 161, 176, 192, 209, 228, 249, 272}
	fullMultipliers = []int{253, 276, 301, 329, 358, 391, 426, 465, 507}
)

// middleClass is the class of what says none.
const middleClass = 4

// classify gives planes the multipliers of their steps.
func (h *Header) classify(planes []*plane) {
	for i, p := range planes {
		for k := range p.class {
			p.class[k] = middleClass
		}
		switch {
		case i == 0:
			p.multipliers = lumaMultipliers
		case p.kind == 1 && h.Subsampling == 1:
			p.multipliers = halfMultipliers
		case p.kind == 1:
			p.multipliers = fullMultipliers
		default:
			p.times = 2
		}
	}
}

// readClass reads the class of a node, or takes it from luma.
func (t *part) readClass(s Symbols, lg, x, y int, split bool) {
	m := 1 << (lg - 3)
	class := 0
	switch {
	case t.kind == 0 && lg > 3 && (!split || lg == 4):
		class = s.Symbol(t.classContext(lg, x, y, split))
	case t.kind == 1 && !split:
		class = t.meanClass(m, x, y)
	default:
		return
	}
	for i := range m * m {
		t.class[t.cell(x+i%m, y+i/m)] = class
	}
}

// classContext is the context of the class of a node of luma.
func (t *part) classContext(lg, x, y int, split bool) int {
	var around []int
	if x > 0 {
		around = append(around, t.class[t.cell(x-1, y)])
	}
	if y > 0 {
		around = append(around, t.class[t.cell(x, y-1)])
	}
	k := 9
	switch len(around) {
	case 1:
		k = around[0]
	case 2:
		k = (around[0] + around[1] + 1) / 2
	}
	kind := 5 - lg
	if split {
		kind = 2
	}
	return PredictedContexts + 10*kind + k
}

// meanClass is the class of a leaf of chroma of m×m cells.
func (t *part) meanClass(m, x, y int) int {
	times, sum := 1, 0
	if t.half {
		times = 2
	}
	for i := range m * m {
		at := t.luma.cell(min(times*(x+i%m), t.luma.w-1), min(times*(y+i/m), t.luma.h-1))
		sum += t.luma.class[at]
	}
	return (2*sum + m*m) / (2 * m * m)
}

// base is the step of a cell before weights.
func (p *plane) base(cell, step int) int {
	if p.multipliers == nil {
		return p.times * step
	}
	return max(1, step*p.multipliers[p.class[cell]]>>8)
}

// stepOf is the step of coefficient (u,v) of a leaf of n×n.
func (t *part) stepOf(n, u, v, class int) int {
	if t.multipliers == nil {
		return t.times * t.step
	}
	return max(1, t.step*t.multipliers[class]*coefficientWeight((u*u+v*v)*(32/n)*(32/n))>>13)
}

// coefficientWeight is w of FORMAT.md, "Step classes".
func coefficientWeight(s int) int {
	k, cube := 0, int64(s)*int64(s)*int64(s)
	for o := int64(1); 22*o*o*o*o <= cube; o += 2 {
		k++
	}
	return 32 + k
}
