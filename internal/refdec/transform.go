package refdec

// quarterTurn is QUARTER of FORMAT.md, "Inverse transform".
var quarterTurn = []int32{4096, 4091, 4076, 4052, 4017, 3973, 3920, 3857, 3784, 3703, 3612, 3513, 3406, 3290, 3166, 3035,
	2896, 2751, 2598, 2440, 2276, 2106, 1931, 1751, 1567, 1380, 1189, 995, 799, 601, 401, 201, 0}

// cosine is cos(n, k) of a transform of size points.
func cosine(n, k, size int) int32 {
	if k == 0 {
		return 2896
	}
	a := (2*n + 1) * k * (32 / size) % 128
	b := min(a, 128-a)
	if b > 32 {
		return -quarterTurn[64-b]
	}
	return quarterTurn[b]
}

// transform turns the coefficients of a leaf whose first cell is (x,y) into samples, on what is
// predicted, if anything is.
// Sums are of 32 bits and wrap.
func (t *part) transform(c, predicted block, lg, x, y int) {
	n := len(c)
	mid := newBlock(n)
	for u := range n {
		for j := range n {
			sum := int32(1 << 11)
			for v := range n {
				sum += int32(c[u][v]) * cosine(j, v, n)
			}
			mid[u][j] = int(sum >> 12)
		}
	}
	shift := lg + 10
	for j := range n {
		for i := range n {
			sum := int32(2048<<shift + 1<<(shift-1))
			for u := range n {
				sum += int32(mid[u][j]) * cosine(i, u, n)
			}
			sum >>= shift
			if predicted != nil {
				sum += int32(predicted[j][i]) - 2048
			}
			t.pix[((t.y+y)*8+j)*t.stride+(t.x+x)*8+i] = clamp(sum, 0, 4095)
		}
	}
}
