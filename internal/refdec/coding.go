package refdec

// coding is what decoding a plane of a tile takes besides its codes.
type coding struct {
	kind     int
	parent   int   // the plane whose residuals are terms, −1 for none
	bound    int32 // T
	wide     bool  // numbers are of 32 bits; else of 0 … maximum
	maximum  int32
	values   []int64 // nil where numbers are no ranks
	fine     bool    // weights have 4 bits more, and expectations are scaled
	scales   [3]scale
	meanStep int32
	// classes of samples, not 0 where there is no number, and of cells where there is no mean;
	// nil where there are some everywhere.
	classes, cellClasses []byte
}

// scale is what a level of a fine plane says of expectations.
type scale struct{ energy, around int64 }

// kindOf is the kind of a plane of a picture.
func (h *Header) kindOf(plane int) int {
	if h.NumBands() >= 3 && plane < 3 {
		return plane
	}
	return 0
}

// kinds are the kinds of all planes.
func (f *File) kinds() []int {
	kinds := make([]int, f.NumBands())
	for i := range kinds {
		if kinds[i] = f.kindOf(i); f.Has(Mapped) {
			kinds[i] = 0
			for b := f.mapped[f.planeBands[i]].parent; b >= 0 && kinds[i] < 2; b = f.mapped[b].parent {
				kinds[i]++
			}
		}
	}
	return kinds
}

// pictureCodings are the codings of a tile of a picture, plain or not.
func (f *File) pictureCodings(plain bool) []coding {
	planes := make([]coding, f.NumBands())
	for i := range planes {
		c := coding{kind: f.kindOf(i), bound: int32(f.T), maximum: int32(f.Maximum)}
		c.parent = i - min(c.kind, 1)
		c.meanStep = 2*c.bound + 1
		if !plain {
			c.values = f.Values[i]
		}
		if f.Has(Merged) && !plain {
			c.bound = 0
		}
		c.meanStep = c.stepOfMeans(c.meanStep)
		planes[i] = c
	}
	return planes
}

// stepOfMeans is the step of means (FORMAT.md, "Means"), of at least a given one.
func (c *coding) stepOfMeans(least int32) int32 {
	step := max(4, least)
	if n := len(c.values); n > 0 {
		step = max(step, int32(2*(c.values[n-1]-c.values[0])/int64(max(n, 128))))
	}
	return step
}

// exact tells whether all planes are coded without loss.
func exact(planes []coding) bool {
	for i := range planes {
		if planes[i].bound > 0 {
			return false
		}
	}
	return true
}

// limit gives the range of the samples of a plane, where it is known (FORMAT.md, "Limits"),
// from the coding of the band that the plane is.
func (c *coding) limit() (high int32, ok bool) {
	switch n := len(c.values); {
	case c.bound > 0 || c.wide && n == 0:
		return 0, false
	case n > 0:
		return int32(n - 1), true
	}
	return c.maximum, true
}

// clip holds a number to its range.
func (c *coding) clip(v int32) int32 {
	if c.wide {
		return v
	}
	return clamp(v, 0, c.maximum)
}
