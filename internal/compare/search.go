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

// mostProbes bounds a search: halving the largest scale takes no more.
const mostProbes = 12

// find is the setting nearest to a target: one within the tolerance or, where the settings
// come no nearer, the nearer of two neighbours with the target in between, or the end of the
// scale. sure tells that it is one of these, and not where the search was given up.
func (s *search) find(target, within float64) (best int, sure bool, err error) {
	halve := false
	for range mostProbes {
		lo, hi := s.bracket(target)
		if i, ok := s.nearest(target); ok && math.Abs(s.known[i]-target) <= within {
			return i, true, nil
		}
		if hi-lo <= 1 {
			break
		}
		i := s.next(target, lo, hi, halve)
		v, err := s.measure(i)
		if err != nil {
			return 0, false, err
		}
		s.known[i] = v
		newLo, newHi := s.bracket(target)
		halve = 2*(newHi-newLo) > hi-lo
	}
	lo, hi := s.bracket(target)
	best, _ = s.nearest(target)
	return best, hi-lo <= 1 || math.Abs(s.known[best]-target) <= within, nil
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
// else is known, else where the guess or the line between the two comes to the target.
func (s *search) next(target float64, lo, hi int, halve bool) int {
	i := (lo + hi) / 2
	switch below, above := lo >= 0, hi <= s.steps; {
	case halve && below && above:
	case s.guess != nil && !(below && above && hi-lo <= 8):
		i = s.foretold(target, lo, hi)
	case below && above && s.known[hi] > s.known[lo]:
		part := (target - s.known[lo]) / (s.known[hi] - s.known[lo])
		i = lo + int(math.Round(part*float64(hi-lo)))
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
