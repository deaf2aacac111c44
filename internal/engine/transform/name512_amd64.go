//go:build !purego

package transform

// listedLevels are the magnitudes, up to escape, and the coefficients of levels that are not 0, and what is written beyond.
type listedLevels struct {
	//lint:ignore U1000 memory of the kernel
	magnitudes [maxN*maxN + 64]uint8
	//lint:ignore U1000 memory of the kernel
	coefs [maxN*maxN + 64]uint16
}

// scanCoefs are the coefficients of leaves in coding order, and 63 more.
var scanCoefs = func() (t [sizes][]uint16) {
	for size := range t {
		for _, at := range scans[size].pos {
			t[size] = append(t[size], at.coef)
		}
		t[size] = append(t[size], make([]uint16, 63)...)
	}
	return t
}()

// list is listed by the wide kernel.
func (t *levelTokens) list(r *rates, c []int32, lg, n int) []acLevel {
	order := scanCoefs[lg-cellLog2]
	order = order[len(order)-63-n:]
	listed, high := listLevels(&t.levels[0], &t.diagonals.listed, &t.names[0], &order[0], &c[:1<<(2*lg)][0], n)
	levels := t.levels[:listed]
	if !high {
		return levels
	}
	escapes := r.escapes()
	for i := range levels {
		l := &levels[i]
		if x := int64(c[l.coef]); max(l.level, -l.level) == escape && max(x, -x) >= escapes {
			l.level = int32((r.escaped(max(x, -x)) ^ x>>63) - x>>63)
		}
	}
	return levels
}

// listLevels lists what is not 0 of n levels up to escape, given their names and coefficients in coding order, and tells whether there is
// escape among them. It reads 63 names and coefficients, and writes 15 levels, beyond the last one.
//
//go:noescape
func listLevels(levels *acLevel, m *listedLevels, names *uint8, order *uint16, c *int32, n int) (listed int, high bool)
