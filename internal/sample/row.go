package sample

import (
	"math"

	"github.com/qtgpu/qtgpu/raster"
)

// chunk is the number of samples that are converted at a time.
const chunk = 128

// Split brings row y of a band, Rect.Min.Y ≤ y < Rect.Max.Y, to lanes and remainders,
// Rect.Dx() of each. A sample is skipped, and its lane left alone, where mask is not 0;
// mask is nil or has a byte for each sample. A rem of nil stands for remainders of 0. ok
// is false where a sample is not exactly the one of a lane and its remainder; what dst and
// rem hold is then of no use.
func (m Mapping) Split(dst []int32, rem []uint64, mask []byte, b *raster.Block, band, y int) (ok bool) {
	if m == (Mapping{}) && mask == nil && Integers(b.Type) {
		Load(dst, b, band, y)
		clear(rem)
		return true
	}
	c := m.converter(b.Type)
	return eachWord(mask, b, band, y, func(x int, word uint64) bool {
		lane, r, ok := c.split(word)
		dst[x] = lane
		if rem != nil {
			rem[x] = r
			return ok
		}
		return ok && r == 0
	})
}

// Nearest brings row y of a band to the lanes whose samples, with remainders of 0, are
// nearest, of two the one farther from 0; an Ordered mapping of float32 keeps the sample.
// ok is false where that is beyond the lanes' range, or a sample is not finite. dst and
// mask are as for Split.
func (m Mapping) Nearest(dst []int32, mask []byte, b *raster.Block, band, y int) (ok bool) {
	c := m.converter(b.Type)
	return eachWord(mask, b, band, y, func(x int, word uint64) (ok bool) {
		dst[x], ok = c.nearest(word)
		return ok
	})
}

// eachWord calls f with the samples of a row that are not masked, as long as it returns
// true, which it tells.
func eachWord(mask []byte, b *raster.Block, band, y int, f func(x int, word uint64) bool) bool {
	var words [chunk]uint64
	width := b.Rect.Dx()
	for x := 0; x < width; x += chunk {
		w := words[:min(chunk, width-x)]
		loadWords(w, b, band, y, x)
		for i, word := range w {
			if mask != nil && mask[x+i] != 0 {
				continue
			}
			if !f(x+i, word) {
				return false
			}
		}
	}
	return true
}

// Join is the inverse of Split: it sets row y of a band to the samples of lanes and
// remainders, Rect.Dx() of each; a rem of nil stands for remainders of 0. Whatever they
// are the sample is defined: the nearest of the type where it is beyond the type's finite
// ones, the last of a lane where its remainder is too large.
func (m Mapping) Join(b *raster.Block, band, y int, lanes []int32, rem []uint64) {
	if m == (Mapping{}) && b.Type == raster.Int32 {
		Store(b, band, y, lanes)
		return
	}
	c := m.converter(b.Type)
	var words [chunk]uint64
	for x := 0; x < len(lanes); x += chunk {
		w := words[:min(chunk, len(lanes)-x)]
		for i := range w {
			var r uint64
			if rem != nil {
				r = rem[x+i]
			}
			w[i] = c.join(lanes[x+i], r)
		}
		storeWords(b, band, y, x, w)
	}
}

// Value is the sample of a lane with a remainder of 0. It is exact.
func (m Mapping) Value(t raster.Type, lane int32) float64 {
	return Number(t, m.converter(t).join(lane, 0))
}

// Number is the sample of a word, exactly.
func Number(t raster.Type, word uint64) float64 {
	switch t {
	case raster.Float32:
		return float64(math.Float32frombits(uint32(word)))
	case raster.Float64:
		return math.Float64frombits(word)
	}
	return float64(int64(word))
}

// WordOf is the word of a number: of the nearest float, or of the nearest integer below that
// the type has.
func WordOf(t raster.Type, v float64) uint64 {
	switch t {
	case raster.Float32:
		return uint64(math.Float32bits(float32(v)))
	case raster.Float64:
		return math.Float64bits(v)
	}
	r := integersOf(t)
	return uint64(min(max(int64(math.Floor(v)), r.least), r.most))
}

// Mean is the lane whose sample is nearest to the mean of the samples of lanes, 0 where
// there are none. Lanes of all mappings but Ordered ones of floats are as far apart as
// their samples: it is their mean, ⌊(2Σ+n)/(2n)⌋. Ordered floats are added in float64 from
// the first to the last, without infinities and NaNs; where nothing else is left, it is
// the first lane.
func (m Mapping) Mean(t raster.Type, lanes []int32) int32 {
	if len(lanes) == 0 {
		return 0
	}
	if m.Kind == Ordered && t.Float() {
		return orderedMean(t, lanes)
	}
	var sum int64
	for _, v := range lanes {
		sum += int64(v)
	}
	n := int64(len(lanes))
	q, rest := (2*sum+n)/(2*n), (2*sum+n)%(2*n)
	if rest < 0 {
		q--
	}
	return int32(q)
}

// loadWords makes words of the samples of a row from number x on.
func loadWords(dst []uint64, b *raster.Block, band, y, x int) {
	x *= b.Step
	switch b.Type {
	case raster.Uint8:
		loadIntegers(dst, raster.Row[uint8](b, band, y)[x:], b.Step)
	case raster.Uint16:
		loadIntegers(dst, raster.Row[uint16](b, band, y)[x:], b.Step)
	case raster.Uint32:
		loadIntegers(dst, raster.Row[uint32](b, band, y)[x:], b.Step)
	case raster.Int8:
		loadIntegers(dst, raster.Row[int8](b, band, y)[x:], b.Step)
	case raster.Int16:
		loadIntegers(dst, raster.Row[int16](b, band, y)[x:], b.Step)
	case raster.Int32:
		loadIntegers(dst, raster.Row[int32](b, band, y)[x:], b.Step)
	case raster.Float32:
		for i, row := 0, raster.Row[float32](b, band, y)[x:]; i < len(dst); i++ {
			dst[i] = uint64(math.Float32bits(row[i*b.Step]))
		}
	case raster.Float64:
		for i, row := 0, raster.Row[float64](b, band, y)[x:]; i < len(dst); i++ {
			dst[i] = math.Float64bits(row[i*b.Step])
		}
	}
}

// storeWords is the inverse of loadWords.
func storeWords(b *raster.Block, band, y, x int, src []uint64) {
	x *= b.Step
	switch b.Type {
	case raster.Uint8:
		storeIntegers(raster.Row[uint8](b, band, y)[x:], src, b.Step)
	case raster.Uint16:
		storeIntegers(raster.Row[uint16](b, band, y)[x:], src, b.Step)
	case raster.Uint32:
		storeIntegers(raster.Row[uint32](b, band, y)[x:], src, b.Step)
	case raster.Int8:
		storeIntegers(raster.Row[int8](b, band, y)[x:], src, b.Step)
	case raster.Int16:
		storeIntegers(raster.Row[int16](b, band, y)[x:], src, b.Step)
	case raster.Int32:
		storeIntegers(raster.Row[int32](b, band, y)[x:], src, b.Step)
	case raster.Float32:
		for i, row := 0, raster.Row[float32](b, band, y)[x:]; i < len(src); i++ {
			row[i*b.Step] = math.Float32frombits(uint32(src[i]))
		}
	case raster.Float64:
		for i, row := 0, raster.Row[float64](b, band, y)[x:]; i < len(src); i++ {
			row[i*b.Step] = math.Float64frombits(src[i])
		}
	}
}

func loadIntegers[T integer | uint32](dst []uint64, row []T, step int) {
	for i := range dst {
		dst[i] = uint64(int64(row[i*step]))
	}
}

func storeIntegers[T integer | uint32](row []T, src []uint64, step int) {
	for i, v := range src {
		row[i*step] = T(v)
	}
}
