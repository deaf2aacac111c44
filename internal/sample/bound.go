package sample

import (
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/raster"
)

// Words gives row y of a band, Rect.Min.Y ≤ y < Rect.Max.Y, as words, Rect.Dx() of them: the
// bits of floats, the two's complement of integers.
func Words(dst []uint64, b *raster.Block, band, y int) { loadWords(dst, b, band, y, 0) }

// SetWords is the inverse of Words.
func SetWords(b *raster.Block, band, y int, src []uint64) { storeWords(b, band, y, 0, src) }

// Lane is the lane of a word; ok is false where it is not exactly a lane's, with a
// remainder of 0.
func (m Mapping) Lane(t raster.Type, word uint64) (lane int32, ok bool) {
	lane, rem, ok := m.converter(t).split(word)
	return lane, ok && rem == 0
}

// Lanes are the different lanes of some words, in ascending order, whatever the remainders.
func (m Mapping) Lanes(t raster.Type, words []uint64) []int32 {
	c := m.converter(t)
	lanes := make([]int32, 0, len(words))
	for _, w := range words {
		if lane, _, ok := c.split(w); ok {
			lanes = append(lanes, lane)
		}
	}
	slices.Sort(lanes)
	return slices.Compact(lanes)
}

// Word is the word of a lane with a remainder of 0.
func (m Mapping) Word(t raster.Type, lane int32) uint64 { return m.converter(t).join(lane, 0) }

// Distance is |a−b| of two words of a type: of integers that number, of floats the bits of
// it as a float64. Distances of one type are in the order of these numbers; NaNs are
// farther from anything but themselves than all others.
func Distance(t raster.Type, a, b uint64) uint64 {
	if a == b {
		return 0
	}
	if !t.Float() {
		d := int64(a) - int64(b)
		return uint64(max(d, -d))
	}
	return math.Float64bits(math.Abs(Number(t, a) - Number(t, b)))
}

// Worst is the largest Distance of the samples of row y of two bands, but for those whose
// mask, if there is one, is not 0.
func Worst(a *raster.Block, bandA int, b *raster.Block, bandB, y int, mask []byte) (worst uint64) {
	wa, wb := make([]uint64, a.Rect.Dx()), make([]uint64, a.Rect.Dx())
	Words(wa, a, bandA, y)
	Words(wb, b, bandB, y)
	for x, v := range wa {
		if mask == nil || mask[x] == 0 {
			worst = max(worst, Distance(a.Type, v, wb[x]))
		}
	}
	return worst
}

// Substitute is a sample that stands in the place of another one, which means no data and
// must not come out where there is some.
type Substitute struct{ Word, By uint64 }

// Substitutes are the ones of the words that mean no data and are finite: the next sample of
// the type above, or, where that is none, below, that means no data neither.
func Substitutes(t raster.Type, words []uint64) (out []Substitute) {
	for _, word := range words {
		if t.Float() && word&^formatOf(t).sign >= formatOf(t).inf {
			continue
		}
		for _, up := range []bool{true, false} {
			if by, ok := beside(t, word, up, words); ok {
				out = append(out, Substitute{word, by})
				break
			}
		}
	}
	return out
}

// beside is the first sample on the way from a word that is none of some words; ok is false
// where samples end before.
func beside(t raster.Type, word uint64, up bool, words []uint64) (by uint64, ok bool) {
	for by, ok = next(t, word, up); ok && slices.Contains(words, by); by, ok = next(t, by, up) {
	}
	return by, ok
}

// next is the finite sample above a word or below; ok is false where there is none.
func next(t raster.Type, word uint64, up bool) (by uint64, ok bool) {
	if !t.Float() {
		r, step := integersOf(t), int64(-1)
		if up {
			step = 1
		}
		v := int64(word) + step
		return uint64(v), r.least <= v && v <= r.most
	}
	f := formatOf(t)
	pattern, negative := word&^f.sign, word&f.sign != 0
	switch {
	case pattern == 0:
		pattern, negative = 1, !up
	case negative == up:
		pattern--
	default:
		pattern++
	}
	return f.word(pattern, negative), pattern < f.inf
}

// Replace puts substitutes in the place of words.
func Replace(words []uint64, s []Substitute) {
	for _, r := range s {
		for i, w := range words {
			if w == r.Word {
				words[i] = r.By
			}
		}
	}
}

// Bound is the largest bound of lanes, at most the given one, with which the samples of row
// y of a band keep a promise t, a Distance: any lane within the bound of one of lanes has a
// sample within t of the one there, or a substitute that is; −1 for none. mask is as for
// Split.
func (m Mapping) Bound(lanes []int32, mask []byte, b *raster.Block, band, y int, bound int32, t uint64, s []Substitute) int32 {
	c := m.converter(b.Type)
	words := make([]uint64, len(lanes))
	Words(words, b, band, y)
	for x, lane := range lanes {
		if mask != nil && mask[x] != 0 {
			continue
		}
		ok := func(bound int32) bool { return reaches(c, b.Type, lane, bound, words[x], t, s) }
		if !ok(bound) {
			bound = largest(bound, ok)
		}
		if bound < 0 {
			return -1
		}
	}
	return bound
}

// largest is the largest n below a limit for which ok holds, −1 where it does for none; if
// it does for one, it does for all below.
func largest(limit int32, ok func(n int32) bool) int32 {
	least, most := int32(-1), limit // ok of least, not of most
	for most-least > 1 {
		if n := least + (most-least)/2; ok(n) {
			least = n
		} else {
			most = n
		}
	}
	return least
}

// reaches tells whether all lanes within a bound of one keep a promise about a word.
func reaches(c converter, t raster.Type, lane, bound int32, word, promise uint64, substitutes []Substitute) bool {
	low, high := int64(lane)-int64(bound), int64(lane)+int64(bound)
	if low < math.MinInt32 || high > math.MaxInt32 {
		return false
	}
	first, last := c.join(int32(low), 0), c.join(int32(high), 0)
	if Distance(t, first, word) > promise || Distance(t, last, word) > promise {
		return false
	}
	for _, s := range substitutes {
		v := Number(t, s.Word)
		if Number(t, first) <= v && v <= Number(t, last) && Distance(t, s.By, word) > promise {
			return false
		}
	}
	return true
}

// HasRemainders tells whether samples of a type are more than their lanes.
func (m Mapping) HasRemainders(t raster.Type) bool {
	return m.Kind == Fixed || m.Kind == Ordered && t == raster.Float64
}

// Remainders gives RemainderBits of any lane of a type.
func (m Mapping) Remainders(t raster.Type) func(lane int32) int {
	switch {
	case m.Kind == Fixed:
		f := fixed{formatOf(t), m.P}
		return f.bits
	case m.Kind == Ordered && t == raster.Float64:
		return func(int32) int { return 32 }
	}
	return func(int32) int { return 0 }
}

// Special tells whether a word is of a float that is in no grid: infinite, no number, or −0.
func Special(t raster.Type, word uint64) bool {
	if !t.Float() {
		return false
	}
	f := formatOf(t)
	return word&^f.sign >= f.inf || word == f.sign
}

// NaN tells whether a word is of a float that is no number.
func NaN(t raster.Type, word uint64) bool {
	return t.Float() && word&^formatOf(t).sign > formatOf(t).inf
}

// IsWord tells whether a number is the word of a sample of a type.
func IsWord(t raster.Type, word uint64) bool {
	if t.Float() {
		return t == raster.Float64 || word>>32 == 0
	}
	r := integersOf(t)
	return r.least <= int64(word) && int64(word) <= r.most
}

// NoData is the word that stands for no data in a band, of float32 the nearest to the number
// that is stated. ok is false where none is, or where it is no sample of the type.
func NoData(f *raster.Format, band int) (word uint64, ok bool) {
	if f.Bands[band].NoData == nil {
		return 0, false
	}
	v := *f.Bands[band].NoData
	switch f.Type {
	case raster.Float32:
		return float32Word(v)
	case raster.Float64:
		return math.Float64bits(v), true
	}
	r := integersOf(f.Type)
	if v != math.Trunc(v) || v < float64(r.least) || v > float64(r.most) {
		return 0, false
	}
	return uint64(int64(v)), true
}

// NoDataNumber is the number that stands for no data in a band, NaN where none does.
func NoDataNumber(f *raster.Format, band int) float64 {
	if word, ok := NoData(f, band); ok {
		return Number(f.Type, word)
	}
	return math.NaN()
}

// Counts tells whether a sample is finite and not the one that stands for no data, as
// NoDataNumber gives it.
func Counts(v, noData float64) bool {
	return !math.IsNaN(v) && !math.IsInf(v, 0) && v != noData
}

// float32Word is the word of the nearest float32. What machines keep of a NaN differs, so
// the upper bits of it are kept, and it is a quiet one.
func float32Word(v float64) (word uint64, ok bool) {
	if math.IsNaN(v) {
		b := math.Float64bits(v)
		const quiet = 1 << 22
		return b>>63<<31 | binary32.inf | quiet | b<<12>>(64-23), true
	}
	f := float32(v)
	return uint64(math.Float32bits(f)), !math.IsInf(float64(f), 0) || math.IsInf(v, 0)
}

// fineSteps is the number of steps of a grid in a promise from which on a coarser one, of
// gridSteps at least, loses nothing.
const (
	fineSteps = 1 << 10
	gridSteps = 32
)

// Grid is the mapping of floats, and the bound of its lanes, for a promise t above 0, a
// Distance: of m itself where that is a grid of not much finer steps, else of a power of
// two between a 64th and a 32nd of t.
func Grid(m Mapping, t raster.Type, promise uint64) (Mapping, int32) {
	p := math.Float64frombits(promise)
	if m.Kind == Scaled {
		step := float64(m.N) / float64(m.D) * math.Ldexp(1, m.E)
		if n := p / step; n < fineSteps {
			return m, int32(n * (1 + 1e-9))
		}
	}
	e := max(math.Ilogb(p/gridSteps), minE)
	step := math.Ldexp(1, e)
	return Mapping{Kind: Scaled, N: 1, D: 1, E: e}, int32(p/step - 0.5)
}
