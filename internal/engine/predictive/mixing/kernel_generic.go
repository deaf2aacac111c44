//go:build !amd64 || purego

package mixing

// gather sets the inputs of the filter and weighs them.
func (n *neighbourhood) gather() { n.gatherPlain() }

// move moves the weights by gain·x/2^gainBits.
func (f *filter) move(gain int64) { f.movePlain(gain) }

// prefetch does nothing without an instruction for it.
func (c *Coder) prefetch(n *neighbourhood, kind, k int, pred int32) {}
