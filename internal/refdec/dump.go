package refdec

import (
	"cmp"
	"slices"
)

// Note says what some bytes of a file are.
type Note struct {
	Offset, Length int
	What           string
}

// Annotate takes a file apart as Parse does and says what all of its bytes are, in their
// order.
func Annotate(p []byte) ([]Note, error) {
	var notes []Note
	_, err := parse(p, MaxPixels, &notes)
	slices.SortStableFunc(notes, func(a, b Note) int { return cmp.Compare(a.Offset, b.Offset) })
	return notes, err
}
