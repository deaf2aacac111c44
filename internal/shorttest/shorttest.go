// Package shorttest is what tests leave out under -short, which is how the race detector runs
// them: six of seven rounds of what one goroutine does alone. Tests of workers, caches,
// signals and the ends of contexts make no use of it.
package shorttest

import "testing"

// of is how many rounds there are to one that is left: a prime, so that cases of nested loops
// keep some of every turn of the inner ones.
const of = 7

// Rounds is n, or a seventh under -short, rounded up.
func Rounds[N int | uint64](n N) N {
	if testing.Short() {
		return (n + of - 1) / of
	}
	return n
}

// Cases are all cases, or the first of each seven under -short.
func Cases[C any](all []C) []C {
	if !testing.Short() {
		return all
	}
	var some []C
	for i := 0; i < len(all); i += of {
		some = append(some, all[i])
	}
	return some
}
