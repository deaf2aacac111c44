package chroma

// RCT is a reversible colour transform: integers that give R, G, B back
// exactly. With a base channel b and the others x and y it is
//
//	0     R, G, B as they are
//	1…6   b, x−b, y−((b+x)>>1) for the orders of rctOrders
//	7…9   b, x−b, y−b for the base G, R, B
//
// Samples of d bits give differences of d+1 bits and a sign.
type RCT uint8

// RCTs is the number of transforms.
const RCTs = 10

// rctOrders are the channels b, x, y of transforms 1 to 6.
var rctOrders = [...][3]int{{1, 0, 2}, {1, 2, 0}, {0, 1, 2}, {0, 2, 1}, {2, 0, 1}, {2, 1, 0}}

func (t RCT) order() [3]int {
	switch {
	case t == 0:
		return [3]int{0, 1, 2}
	case t <= 6:
		return rctOrders[t-1]
	}
	return rctOrders[2*(t-7)]
}

// Base is the channel that stays as it is, of transforms from 1 on.
func (t RCT) Base() int { return t.order()[0] }

// Forward transforms channels R, G, B in place; the slices change their roles:
// the result is base and differences.
func (t RCT) Forward(c *[3][]int32) {
	o := t.order()
	b, x, y := c[o[0]], c[o[1]], c[o[2]]
	switch {
	case t > 6:
		for i, v := range b {
			x[i] -= v
			y[i] -= v
		}
	case t > 0:
		for i, v := range b {
			y[i] -= (v + x[i]) >> 1
			x[i] -= v
		}
	}
	*c = [3][]int32{b, x, y}
}

// Inverse is the inverse of Forward, back to R, G, B.
func (t RCT) Inverse(c *[3][]int32) {
	b, x, y := c[0], c[1], c[2]
	switch {
	case t > 6:
		for i, v := range b {
			x[i] += v
			y[i] += v
		}
	case t > 0:
		for i, v := range b {
			x[i] += v
			y[i] += (v + x[i]) >> 1
		}
	}
	o := t.order()
	c[o[0]], c[o[1]], c[o[2]] = b, x, y
}
