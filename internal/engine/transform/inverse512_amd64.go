//go:build !purego

package transform

// wideInverse8Table has registers of cosines of two frequencies, each for two samples of 8 rows or columns: of the frequencies 0 and 2, 4 and 6,
// 1 and 3, 5 and 7, of the samples 0 and 1, then of 2 and 3. Then numbers of words: lower ones; coefficients and, after the first pass, of
// rows 0 to 3, 5, 4, 7, 6, what is of these pairs of frequencies, twice; samples of four rows, of the words of columns as they are packed then.
var wideInverse8Table = func() (t []uint32) {
	pairs := [][2]int{{0, 2}, {4, 6}, {1, 3}, {5, 7}}
	for sample := 0; sample < 4; sample += 2 {
		for _, p := range pairs {
			for i := range 16 {
				t = append(t, uint32(uint16(cosine(sample+i>>3, p[0], 8)))|uint32(cosine(sample+i>>3, p[1], 8))<<16)
			}
		}
	}
	for i := range 16 {
		t = append(t, uint32(4*i|(4*i+2)<<16))
	}
	for pass := range 2 {
		for _, p := range pairs {
			for i := range 16 {
				at := i & 7 << 3
				if pass > 0 && at >= 32 {
					at ^= 8
				}
				t = append(t, uint32(at+p[0]|(at+p[1])<<16))
			}
		}
	}
	word := func(x, y int) int {
		return x>>2<<5 | (x^x>>2)&1<<4 | y>>2<<3 | x>>1&1<<2 | y&3
	}
	for i := range 32 {
		x, y := 2*i&7, i>>2
		t = append(t, uint32(word(x, y)|word(x+1, y)<<16))
	}
	return t
}()

// wideInverse8 is inverseSums of a leaf of 8, by wideInverse8Table.
//
//go:noescape
func wideInverse8(k *inverseKernel, dst *uint16, stride int, coefs *int32, predicted *uint16, below int)

// wideInverseSums is inverseSums with products that are added at once.
//
//go:noescape
func wideInverseSums(k *inverseKernel, dst *uint16, stride int, coefs *int32, predicted *uint16, below int)
