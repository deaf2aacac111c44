package main

import (
	"fmt"
)

// promise is what a file promises and how far its encoder went: the largest RMS error of
// a leaf of each plane, or the largest error of a sample of each band, in units of the
// samples.
type promise struct {
	Bound  string    `json:"bound"` // "rms" or "max"
	T      float64   `json:"t"`     // 0 of "max" is lossless
	Stated []float64 `json:"largest_error"`
}

func newPromise(bound string, t float64, leafRMS, maxError []float64) promise {
	if bound == boundMax {
		return promise{bound, t, maxError}
	}
	return promise{bound, t, leafRMS}
}

// Names of the bounds.
const (
	boundAuto = "auto"
	boundRMS  = "rms"
	boundMax  = "max"
)

func (p *promise) lossless() bool { return p.Bound == boundMax && p.T == 0 }

func (p *promise) String() string {
	switch {
	case p.lossless():
		return "lossless"
	case p.Bound == boundMax:
		return fmt.Sprintf("no sample off by more than %g", p.T)
	}
	return fmt.Sprintf("no leaf's RMS error above %g", p.T)
}

// values writes an error of each plane.
func (p *promise) values(v []float64) string {
	if p.Bound == boundMax {
		return channelErrors(v)
	}
	return levels(v)
}

// check returns the brokenPromise of errors that somebody says or measured.
func (p *promise) check(says string, errors []float64) error {
	for i, v := range errors {
		if v <= p.T {
			continue
		}
		if p.Bound == boundMax {
			return brokenPromise{fmt.Errorf("channel %s %s an error of %g, above the promised %g", channelNames(len(errors))[i], says, v, p.T)}
		}
		return brokenPromise{fmt.Errorf("plane %s %s a leaf RMS of %g, above the promised %g", planeNames(len(errors))[i], says, v, p.T)}
	}
	return nil
}

func channelNames(n int) []string {
	pictures := [][]string{{"gray"}, {"gray", "alpha"}, {"R", "G", "B"}, {"R", "G", "B", "alpha"}}
	if n <= len(pictures) {
		return pictures[n-1]
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("band %d", i+1)
	}
	return names
}
