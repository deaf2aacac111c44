package refdec

import "math"

// byNumbers tells whether means are taken as FORMAT.md, "Levels by numbers", says.
func (f *File) byNumbers() bool {
	if f.Type == Uint32 || f.Type.float() {
		return true
	}
	for _, b := range f.Bands {
		if b.NoData != nil {
			return true
		}
	}
	return false
}

// noData is the value that stands for none in a band, NaN where none does.
func (f *File) noData(band int) float64 {
	for _, b := range f.Bands {
		switch {
		case b.Number != band || b.NoData == nil:
		case f.Type == Float32:
			return float64(float32(*b.NoData))
		default:
			return *b.NoData
		}
	}
	return math.NaN()
}

// shrinkNumbers averages squares of 2^lg pixels.
func (f *File) shrinkNumbers(m *picture, lg int) *picture {
	n := 1 << lg
	s := newPicture((m.w+n-1)/n, (m.h+n-1)/n, m.bands)
	none := make([]float64, m.bands)
	for c := range none {
		none[c] = f.noData(c)
	}
	for y := range s.h {
		for x := range s.w {
			for c := range m.bands {
				s.samples = append(s.samples, f.meanNumber(m, n*x, n*y, n, c, none[c]))
			}
		}
	}
	return s
}

// meanNumber is the mean of a band of a square of n pixels, none being its value of no data.
func (f *File) meanNumber(m *picture, x, y, n, band int, none float64) int64 {
	var weighted, weights, sum, count float64
	alpha, mask := f.counting()
	for j := y; j < min(y+n, m.h); j++ {
		for i := x; i < min(x+n, m.w); i++ {
			pixel := m.samples[(j*m.w+i)*m.bands:][:m.bands]
			v := f.Type.value(pixel[band])
			if math.IsNaN(v) || math.IsInf(v, 0) || v == none {
				continue
			}
			weight := 1.0
			if alpha >= 0 && alpha != band {
				weight = f.Type.value(pixel[alpha])
			}
			if mask && alpha != band { // 1 where it has data
				if weight == 0 || math.IsNaN(weight) || math.IsInf(weight, 0) {
					weight = 0
				} else {
					weight = 1
				}
			}
			weighted += float64(weight * v)
			weights += weight
			sum += v
			count++
		}
	}
	switch {
	case count == 0:
		return m.samples[(y*m.w+x)*m.bands+band]
	case weights == 0:
		weighted, weights = sum, count
	}
	return f.Type.sample(f.Type.nearestTo(weighted/weights, none))
}

// counting is the band that weights the others, or −1, and whether it is a mask.
func (f *File) counting() (band int, mask bool) {
	if band = f.weighing(); band >= 0 {
		return band, false
	}
	for i, r := range f.Roles {
		if r == Straight {
			band = i
		}
	}
	if band >= 0 && f.noData(band) == 0 {
		return band, true
	}
	return -1, false
}

// nearestTo is the value of the type nearest to v, or, where that is none, the next one.
func (t Type) nearestTo(v, none float64) float64 {
	switch t {
	case Float32:
		v = float64(float32(v))
	case Float64:
		v = max(min(v, math.MaxFloat64), -math.MaxFloat64)
	default:
		v = math.Floor(v + 0.5)
	}
	if v != none {
		return v
	}
	by, ok := t.beside(t.sample(v), true)
	if !ok {
		by, _ = t.beside(t.sample(v), false)
	}
	return t.value(by)
}
