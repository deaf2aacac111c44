package pipeline

import (
	"context"

	"github.com/qtgpu/qtgpu/internal/fixlog"
)

// octave is a factor of two in the logarithms of this file, which are integers: so the way of
// a search is the same on every machine.
const octave = 1 << fixlog.Frac

// reading is what is found at a place.
type reading struct {
	value  int64 // a logarithm
	enough bool  // whether it has fallen far enough
	last   bool  // whether no place before is of any use
}

// descent is a row of places, 0 to n−1, along which a value falls, or hardly rises, each of
// which is dear to read: where the value has fallen to a goal is searched for.
type descent struct {
	n     int64
	start int64                                                   // that is read first
	axis  func(place int64) int64                                 // ascending; values are about linear in it
	slope int64                                                   // by how much they fall in an octave of it
	read  func(ctx context.Context, place int64) (reading, error) // each once
	known map[int64]reading
}

// at is what is found at a place, and is read once.
func (d *descent) at(ctx context.Context, place int64) (r reading, err error) {
	if r, ok := d.known[place]; ok {
		return r, nil
	}
	if r, err = d.read(ctx, place); err != nil {
		return r, err
	}
	if d.known == nil {
		d.known = map[int64]reading{}
	}
	d.known[place] = r
	return r, nil
}

// find is the first place with enough of what is wanted, n where there is none: by regula
// falsi, and by halves where that comes closer from one side alone. A place is good enough
// whose value is no further below the goal than near, or that is fine at most from one
// without enough.
func (d *descent) find(ctx context.Context, goal, near int64, enough func(reading) bool) (int64, error) {
	for side := 0; ; {
		above, below := d.bracket(enough)
		if d.found(above, below, goal, near) {
			return below, nil
		}
		place := d.between(above, below, goal, side < -1 || side > 1)
		r, err := d.at(ctx, place)
		if err != nil {
			return 0, err
		}
		if enough(r) {
			side = max(side, 0) + 1
		} else {
			side = min(side, 0) - 1
		}
	}
}

// fine is how much T may miss, half a percent.
const fine = octave / 128

// found tells whether the last place of a bracket is good enough.
func (d *descent) found(above, below, goal, near int64) bool {
	if below-above <= 1 {
		return true
	}
	r := d.known[below]
	return below < d.n && (r.last || goal-r.value <= near || above >= 0 && d.axis(below)-d.axis(above) <= fine)
}

// bracket is the places between which the first one with enough lies, by what is known.
func (d *descent) bracket(enough func(reading) bool) (above, below int64) {
	above, below = -1, d.n
	for place, r := range d.known {
		if enough(r) {
			below = min(below, place)
		}
	}
	for place, r := range d.known {
		if !enough(r) && place < below {
			above = max(above, place)
		}
	}
	return above, below
}

// between is the place to read next of those between two: where the value is likely to reach
// the goal, or in the middle.
func (d *descent) between(above, below, goal int64, middle bool) int64 {
	to := d.axis(d.start)
	switch a, b := d.known[above], d.known[below]; {
	case above >= 0 && below < d.n:
		from, end := d.axis(above), d.axis(below)
		to = (from + end) / 2
		if fall := a.value - b.value; !middle && fall > 0 {
			to = from + (end-from)*(a.value-goal)/fall
		}
	case above >= 0:
		to = d.axis(above) + d.further(above, a.value-goal)
	case below < d.n:
		to = d.axis(below) - d.further(below, goal-b.value)
	}
	place := least(0, d.n, func(place int64) bool { return d.axis(place) >= to })
	return min(max(place, above+1), below-1)
}

// further is how far along the axis from a place the value changes by some, if it goes on as
// from the nearest place that is known: an eighth of an octave at least, so that places that
// all have the same value are passed.
func (d *descent) further(place, change int64) int64 {
	slope, nearest := d.slope, int64(-1)
	for other := range d.known {
		if other != place && (nearest < 0 || abs(other-place) < abs(nearest-place)) {
			nearest = other
		}
	}
	if nearest >= 0 {
		run := d.axis(nearest) - d.axis(place)
		slope = max((d.known[place].value-d.known[nearest].value)*octave/run, d.slope/8)
	}
	return max(change*octave/slope, octave/8)
}

func abs(v int64) int64 { return max(v, -v) }

// guided is find where another descent, which costs less, goes along with this one at a
// distance, the offset: that is the one to be searched. After few places one that has enough
// is good enough, and so is one that lacks little where the other says that no place before
// it has enough.
func (d *descent) guided(ctx context.Context, by *descent, offset, goal, near int64) (int64, error) {
	const few = 5
	for reads := 0; ; reads++ {
		above, below := d.bracket(isEnough)
		if below < d.n && reads >= few || d.found(above, below, goal, near) {
			return below, nil
		}
		place, err := by.find(ctx, goal-offset, near/4, func(r reading) bool { return r.value <= goal-offset })
		if err != nil {
			return 0, err
		}
		if place >= below && below < d.n && goal-d.known[below].value <= 2*near {
			return below, nil
		}
		switch {
		case place == d.n && below == d.n && above < d.n-1:
			place--
		case place <= above || place >= below || reads >= few:
			place = d.between(above, below, goal, false)
		}
		if offset, err = d.offset(ctx, by, place); err != nil {
			return 0, err
		}
	}
}

// offset is the value of a place, less the one that another descent has there.
func (d *descent) offset(ctx context.Context, by *descent, place int64) (int64, error) {
	r, err := d.at(ctx, place)
	if err != nil {
		return 0, err
	}
	cheap, err := by.at(ctx, place)
	return r.value - cheap.value, err
}

func isEnough(r reading) bool { return r.enough }
