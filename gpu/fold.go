package gpu

import (
	"fmt"
	"strings"
)

// foldFile is the name under which shaders include what foldSource makes.
const foldFile = "fold.glsl"

// foldSource is a function of a shader that transforms n points: y[k] = Σ cosines[k·n+i]·x[i]. The
// cosines of a frequency are the same from either end but for the sign, so that an even one needs
// but the sums of both ends, and is a frequency of half as many points, and an odd one their
// differences. Written out, all indices and factors are constants.
func foldSource(cosines []int32, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "void fold(out int y[%d], int x[%d])\n{\n", n, n)
	points := make([]string, n)
	for i := range points {
		points[i] = fmt.Sprintf("x[%d]", i)
	}
	every := 1 // what a frequency of the points at hand is among all
	for ; len(points) > 1; every *= 2 {
		half := len(points) / 2
		sums := make([]string, half)
		for i := range sums {
			sums[i] = fmt.Sprintf("s%d_%d", half, i)
			a, c := points[i], points[len(points)-1-i]
			fmt.Fprintf(&b, "\tint %s = %s + %s, d%d_%d = %s - %s;\n", sums[i], a, c, half, i, a, c)
		}
		for k := 1; k < len(points); k += 2 {
			terms := make([]string, half)
			for i := range terms {
				terms[i] = fmt.Sprintf("%d * d%d_%d", cosines[k*every*n+i], half, i)
			}
			fmt.Fprintf(&b, "\ty[%d] = %s;\n", k*every, strings.Join(terms, " + "))
		}
		points = sums
	}
	fmt.Fprintf(&b, "\ty[0] = %d * %s;\n}\n", cosines[0], points[0])
	return b.String()
}
