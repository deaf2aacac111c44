package sample

import (
	"maps"
	"math/bits"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/raster"
)

// Detector proposes a Mapping for the samples that it is fed. The outcome depends on
// which rows these are, not on their order, nor on the goroutines that feed them:
// whatever it keeps is a set, a sum, a least, a largest, or a greatest common divisor.
//
// It is fed all samples once, or twice where Mapping asks for it: it keeps up to maxValues
// different ones, and a step that was found in a part of them has to be proven on all.
type Detector struct {
	mu sync.Mutex
	t  raster.Type

	any     bool // sample that is not masked
	special bool // float that is in no grid: infinite, NaN, −0
	values  subset[uint64]
	pairs   subset[[2]uint64] // of neighbours, for the price of a mapping

	least, most int64 // integers
	divisor     uint64

	magnitude uint64 // of floats: the largest pattern of either sign
	negative  bool   // there is one of that magnitude below 0
	dyadic    dyadic
	families  []*family

	proof    Mapping // a factor that all values have to fit, in the second pass
	proving  bool
	disproof bool
}

// How much a Detector keeps, and of which pairs it thinks at all.
const (
	maxValues = 1 << 16
	maxPairs  = 1 << 14
	pairEvery = 4
)

// NewDetector returns a Detector for samples of a type.
func NewDetector(t raster.Type) *Detector {
	return &Detector{
		t:        t,
		values:   newSubset[uint64](maxValues),
		pairs:    newSubset[[2]uint64](maxPairs),
		families: newFamilies(t),
	}
}

// Add feeds row y of a band, without the samples where mask is not 0; mask is nil or has
// a byte for each. It may be called from several goroutines.
func (d *Detector) Add(mask []byte, b *raster.Block, band, y int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.proving {
		d.disproof = d.disproof || !d.proof.holds(mask, b, band, y)
		return
	}
	var last uint64
	at := -2
	eachWord(mask, b, band, y, func(x int, word uint64) bool {
		if at < 0 || word != last {
			d.add(word)
		}
		if d.t.Float() && x%pairEvery == 1 && at == x-1 {
			d.pairs.add([2]uint64{last, word}, hash(hash(last)+word))
		}
		last, at = word, x
		return true
	})
}

// holds tells whether samples are ones of lanes.
func (m Mapping) holds(mask []byte, b *raster.Block, band, y int) bool {
	c := m.converter(b.Type)
	return eachWord(mask, b, band, y, func(_ int, word uint64) bool {
		_, _, ok := c.split(word)
		return ok
	})
}

func (d *Detector) add(word uint64) {
	if !d.t.Float() {
		d.addInteger(int64(word))
		return
	}
	f := formatOf(d.t)
	pattern, negative := word&^f.sign, word&f.sign != 0
	d.any = true
	if pattern >= f.inf || negative && pattern == 0 {
		d.special = true
		return
	}
	d.values.add(word, hash(word))
	if pattern >= d.magnitude {
		d.negative = negative || d.negative && pattern == d.magnitude
		d.magnitude = pattern
	}
	d.dyadic.add(f.number(pattern))
	for _, g := range d.families {
		g.add(word)
	}
}

func (d *Detector) addInteger(v int64) {
	if !d.any {
		d.least, d.most = v, v
	}
	d.any = true
	d.least, d.most = min(d.least, v), max(d.most, v)
	d.divisor = gcd(d.divisor, uint64(max(v, -v)))
	d.values.add(uint64(v), hash(uint64(v)))
}

// enough values have a common divisor that is not chance: two, and 0 perhaps, are always
// multiples of something.
const enough = 3

// Mapping is the mapping that fits all samples fed: Split is ok with each of them. done is
// false where all have to be fed once more first. Of integers it is Scaled where they
// are multiples of a number above 1, else Offset. Of floats it is the coarsest grid where
// there is one; Fixed or Ordered where there is none, or where these cost less, as they do
// if it is merely the grid of the floats themselves.
func (d *Detector) Mapping() (m Mapping, done bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !d.t.Float():
		return d.integerMapping(), true
	case !d.any || d.special:
		return Mapping{Kind: Ordered}, true
	}
	grid, found := d.grid()
	switch {
	case d.proving && !d.disproof:
		grid, found = d.proof, true
	case !d.proving:
		if m, ok := d.factor(grid, found); ok && !d.values.complete() {
			d.proof, d.proving = m, true
			return Mapping{}, false
		} else if ok {
			grid, found = m, true
		}
	}
	return d.cheapest(grid, found), true
}

// integerMapping puts the lanes of uint32 about 0 where not all fit as they are.
func (d *Detector) integerMapping() Mapping {
	switch {
	case d.divisor > 1 && len(d.values.counts) >= enough:
		return Mapping{Kind: Scaled, N: d.divisor, D: 1}
	case d.most > 1<<31-1:
		return Mapping{Offset: d.least + (d.most-d.least+1)/2}
	}
	return Mapping{}
}

// Words are all different samples that were fed, in no order, or none where these are more
// than 65,536.
func (d *Detector) Words() []uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.values.complete() {
		return nil
	}
	return slices.Collect(maps.Keys(d.values.counts))
}

// subset counts different keys: all where these are no more than limit, else those whose
// hash begins with zeros, as many zeros as it takes. Which ones, and how often, does not
// depend on their order: a key whose hash is small enough is counted from the first time.
type subset[K comparable] struct {
	counts map[K]uint32
	hashes map[K]uint64
	limit  int
	zeros  int
}

func newSubset[K comparable](limit int) subset[K] {
	return subset[K]{counts: map[K]uint32{}, hashes: map[K]uint64{}, limit: limit}
}

func (s *subset[K]) add(k K, hash uint64) {
	if bits.LeadingZeros64(hash) < s.zeros {
		return
	}
	s.counts[k]++
	if len(s.counts) == len(s.hashes) {
		return
	}
	s.hashes[k] = hash
	for len(s.counts) > s.limit {
		s.zeros++
		for k, h := range s.hashes {
			if bits.LeadingZeros64(h) < s.zeros {
				delete(s.counts, k)
				delete(s.hashes, k)
			}
		}
	}
}

func (s *subset[K]) complete() bool { return s.zeros == 0 }

// hash mixes by the finaliser of SplitMix64 (Steele, Lea, Flood 2014), after an odd
// number that keeps 0 from being its own hash.
func hash(v uint64) uint64 {
	v += 0x9e3779b97f4a7c15
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
