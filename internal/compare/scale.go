package compare

import (
	"math"
	"strconv"
)

// scale are the settings of a program, number 0 to steps, from the one of the fewest bytes
// on. Where a program takes any number, steps are finer than what they change.
type scale struct {
	from, to float64
	steps    int
	log      bool   // steps are factors
	digits   int    // behind the point
	form     string // of a setting in words
}

// whole are whole numbers.
func whole(from, to int, form string) *scale {
	return &scale{from: float64(from), to: float64(to), steps: max(from-to, to-from), form: form}
}

// at is a setting by its number.
func (s *scale) at(i int) float64 {
	part := float64(i) / float64(s.steps)
	if s.log {
		return s.from * math.Pow(s.to/s.from, part)
	}
	return s.from + (s.to-s.from)*part
}

// text is a setting as the program takes it.
func (s *scale) text(i int) string {
	return strconv.FormatFloat(math.Round(s.at(i)*math.Pow10(s.digits))/math.Pow10(s.digits), 'f', -1, 64)
}

// near is the number of the setting that is nearest to a value.
func (s *scale) near(v float64) int {
	part := (v - s.from) / (s.to - s.from)
	if s.log {
		part = math.Log(v/s.from) / math.Log(s.to/s.from)
	}
	return min(max(int(math.Round(part*float64(s.steps))), 0), s.steps)
}
