package transform

// In a predicted file, the levels of a leaf that lies in the image as a whole are dependent
// (FORMAT.md, "Dependent levels"; Schwarz et al., "Hybrid Video Coding with Trellis-Coded
// Quantization", 2019): one of two quantisers of steps 2u stands for each level, of the even multiples of u, or of the odd
// ones and 0, and the parities of the levels before say which. Both together are as fine as u, at the price
// of 2u.

// states are the ones of the quantisers: 0 and 1 have even multiples, 2 and 3 odd ones.
const states = 4

// nextState is the state after a level, by its parity.
var nextState = [states][2]uint8{{0, 2}, {2, 0}, {1, 3}, {3, 1}}

// unitOf is the unit u of dependent levels that stands for a step.
func unitOf(step int32) int32 { return max(1, 11*step>>4) }

// multipleOf is the multiple of the unit that a level above 0 stands for in a state, and levelOf is its inverse.
func multipleOf(level int32, state uint8) int32 { return 2*level - int32(state>>1) }

func levelOf(multiple int32) int32 { return (multiple + 1) >> 1 }

// dependentContext is acContext in a state.
func dependentContext(kind, lg int, state uint8) int {
	return acContext(kind, lg) + int(state>>1)*(ctxDependent-ctxAC)
}

// isDependent tells whether the levels of a leaf are dependent: of leaves that only a part is seen of, no choice
// of such levels would keep the promise for sure.
func (c *Cells) isDependent(n node) bool {
	side := n.cells() * cell
	return c.modes != nil && cell*n.x+side <= c.seen.X && cell*n.y+side <= c.seen.Y
}
