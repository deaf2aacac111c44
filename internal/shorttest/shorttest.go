// Package shorttest is what tests leave out under -short, which is how the race detector runs
// them: six of seven rounds of what one goroutine does alone. Tests of workers, of goroutines
// side by side, of caches, signals and contexts that end keep every one of these, if of fewer
// images.
package shorttest

import (
	"maps"
	"slices"
	"testing"
)

// Step is 1, or 7 under -short, from one round to the next: a prime, so that what comes in
// twos, threes or eights keeps some of each.
func Step() int {
	if testing.Short() {
		return 7
	}
	return 1
}

// Rounds is how many of n rounds there are, at least one.
func Rounds[N int | uint64](n N) N {
	step := N(Step())
	return (n + step - 1) / step
}

// Side is a length in pixels, a third of it under -short, for images that workers share: what
// is across them may be few pixels, and the tiles stay as many along the other side.
func Side(n int) int {
	if testing.Short() {
		return max(n/3, 1)
	}
	return n
}

// Cases are the cases that there are, the first among them.
func Cases[C any](all []C) []C {
	var some []C
	for i := 0; i < len(all); i += Step() {
		some = append(some, all[i])
	}
	return some
}

// Names are the names of the cases that there are, in the order of the alphabet.
func Names[C any](all map[string]C) []string {
	return Cases(slices.Sorted(maps.Keys(all)))
}
