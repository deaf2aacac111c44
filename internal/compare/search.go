package compare

import "math"

// search finds the setting of a scale at which a program reaches a target. What is measured
// grows with the setting, but for small steps back.
type search struct {
	steps   int
	measure func(i int) (float64, error)
	known   map[int]float64 // what is measured already
	// guess foretells what measure says, but for a part that is the same everywhere; nil where
	// nothing is known. shift is about this part, until there is something measured.
	guess func(i int) float64
	shift float64
}

// mostProbes bounds a search: running from one end of the largest scale in strides that double,
// and halving what is between the last two, takes no more.
const mostProbes = 24

// find is the setting nearest to a target: one within the tolerance or, where the settings
// come no nearer, the nearer of two neighbours with the target in between, or the end of the
// scale.
func (s *search) find(target, within float64) (best int, err error) {
	stride, short := 0, 0 // short are the steps that have not halved the bracket
	for range mostProbes {
		lo, hi := s.bracket(target)
		if i, ok := s.nearest(target); ok && math.Abs(s.known[i]-target) <= within || hi-lo <= 1 {
			return i, nil
		}
		i := s.next(target, lo, hi, stride, short >= 2)
		v, err := s.measure(i)
		if err != nil {
			return 0, err
		}
		s.known[i] = v
		stride = max(2*stride, 1)
		if newLo, newHi := s.bracket(target); lo >= 0 && hi <= s.steps && 2*(newHi-newLo) > hi-lo {
			short++
		}
	}
	best, _ = s.nearest(target)
	return best, nil
}

// bracket is the largest setting that is known to be below the target and the smallest above
// that is known not to be; -1 and steps+1 where there are none.
func (s *search) bracket(target float64) (lo, hi int) {
	lo, hi = -1, s.steps+1
	for i, v := range s.known {
		if v < target {
			lo = max(lo, i)
		}
	}
	for i, v := range s.known {
		if v >= target && i > lo {
			hi = min(hi, i)
		}
	}
	return lo, hi
}

// nearest is the known setting that is nearest to a target, of several the smallest.
func (s *search) nearest(target float64) (best int, ok bool) {
	for i, v := range s.known {
		d := math.Abs(v-target) - math.Abs(s.known[best]-target)
		if !ok || d < 0 || d == 0 && i < best {
			best, ok = i, true
		}
	}
	return best, ok
}

// next is where to look between two settings: at the middle where halving is due or nothing
// else is known, else where the guess or the line between the two comes to the target. Away
// from an end that is not known it goes by a stride at least.
func (s *search) next(target float64, lo, hi, stride int, halve bool) int {
	i := (lo + hi) / 2
	below, above := lo >= 0, hi <= s.steps
	switch {
	case halve && below && above:
	case s.guess != nil && !(below && above && hi-lo <= 8):
		i = s.foretold(target, lo, hi)
	case below && above && s.known[hi] > s.known[lo]:
		part := (target - s.known[lo]) / (s.known[hi] - s.known[lo])
		i = lo + int(math.Round(part*float64(hi-lo)))
	}
	switch {
	case below && !above:
		i = max(i, lo+stride)
	case above && !below:
		i = min(i, hi-stride)
	}
	return min(max(i, lo+1), hi-1)
}

// foretold is where the guess comes to the target, when it is shifted to what is known next
// to it.
func (s *search) foretold(target float64, lo, hi int) int {
	shift := s.shift
	if i, ok := s.nearest(target); ok {
		shift = s.known[i] - s.guess(i)
	}
	best := lo + 1
	for i := lo + 1; i < hi; i++ {
		if math.Abs(s.guess(i)+shift-target) < math.Abs(s.guess(best)+shift-target) {
			best = i
		}
	}
	return best
}
