// Package arith holds the few operations on integers that the engines have in common.
package arith

type integer interface{ ~int | ~int32 | ~int64 }

// Med is the predictor of JPEG-LS (ITU-T T.87, A.4.1): west + north − northwest,
// clamped to the range of the first two, which is the median of the three.
func Med(west, north, northwest int32) int32 {
	return min(max(west, north), max(min(west, north), west+north-northwest))
}

// Nearest is v in steps, rounded to the nearest, halves away from 0. Most often the
// step is 1, which needs no division.
func Nearest[T integer](v, step T) T {
	if step == 1 {
		return v
	}
	if v < 0 {
		return -((-v + step/2) / step)
	}
	return (v + step/2) / step
}

// AbsDiff is |a−b|.
func AbsDiff(a, b int32) int32 {
	d := a - b
	return max(d, -d)
}

// FloorDiv is a/b, rounded down; b is positive.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
