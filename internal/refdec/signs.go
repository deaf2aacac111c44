package refdec

import "math/bits"

// edges is what is missing of a leaf beside the samples above it and on its left (FORMAT.md,
// "Signs").
type edges struct {
	row, column       []int // A and B
	hasRow, hasColumn bool
}

// scaledCosine is b(x, k).
func scaledCosine(x, k, size int) int {
	scale := map[int]int{8: 2048, 16: 1448, 32: 1024}[size]
	return (int(cosine(x, k, size))*scale + 1<<11) >> 12
}

// edgesOf are the edges of a leaf whose first cell is (x,y), of which c has the low block.
func (t *part) edgesOf(c, predicted block, x, y int) *edges {
	n := len(c)
	e := &edges{row: make([]int, n), column: make([]int, n), hasRow: y > 0, hasColumn: x > 0}
	p := func(i, j int) int {
		if predicted == nil {
			return 2048
		}
		return predicted[j][i]
	}
	at := func(i, j int) int { return int(t.pix[((t.y+y)*8+j)*t.stride+(t.x+x)*8+i]) }
	for k := range n {
		for i := range n {
			if e.hasRow {
				e.row[k] += scaledCosine(i, k, n) * (at(i, -1) - p(i, 0))
			}
			if e.hasColumn {
				e.column[k] += scaledCosine(i, k, n) * (at(-1, i) - p(0, i))
			}
		}
		e.row[k] >>= 13
		e.column[k] >>= 13
	}
	for u := range n / 8 {
		for v := range n / 8 {
			e.take(u, v, c[u][v])
		}
	}
	return e
}

// take adds a coefficient to the leaf.
func (e *edges) take(u, v, c int) {
	n := len(e.row)
	e.row[u] -= scaledCosine(0, v, n) * c >> 12
	e.column[v] -= scaledCosine(0, u, n) * c >> 12
}

// readSign reads the sign of a level of k units: whether it is negative.
func (e *edges) readSign(s Symbols, u, v, k, unit int) bool {
	n := len(e.row)
	r, l := 0, 0
	if e.hasRow {
		r = scaledCosine(0, v, n) * e.row[u] >> 12
	}
	if e.hasColumn {
		l = scaledCosine(0, u, n) * e.column[v] >> 12
	}
	a := 0
	if e.hasRow && e.hasColumn {
		a = 1 + min(4, halfOctaves(8*min(abs(r), abs(l))/unit))
		if r < 0 == (l < 0) {
			a += 5
		}
	}
	m := min(11, halfOctaves(8*abs(r+l)/unit*min(k, 6)/2))
	unexpected := s.Symbol(614+11*m+a) == 1
	return unexpected != (r+l < 0)
}

// halfOctaves is h.
func halfOctaves(v int) int {
	if v < 4 {
		return v / 2
	}
	n := bits.Len(uint(v))
	return 2*(n-2) + v>>(n-2)&1
}
