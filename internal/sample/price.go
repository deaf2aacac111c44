package sample

import (
	"math/bits"

	"github.com/qtgpu/qtgpu/internal/fixlog"
)

// headroom is the bits of a lane that samples which a Detector has not seen may need.
const headroom = 2

// tie is the price, in bits of 2^−fixlog.Frac for a sample, that a later candidate has to
// be below the earlier ones.
const tie = 1 << fixlog.Frac / 16

// coarsest is the bits of the largest lane of the coarsest Fixed mapping that is tried: 1
// place fewer than a float32 has.
const coarsest = 23

// cheapest is the grid, if there is one, or the Fixed mapping or the Ordered one that costs
// less. Fixed ones are tried from the coarsest to the finest that leaves headroom: as long
// as neighbours differ by many lanes a place costs a bit in a lane or in a remainder, but
// lanes are the harder to predict the finer they are. So the first of equals is taken.
func (d *Detector) cheapest(grid Mapping, found bool) Mapping {
	m, e := formatOf(d.t).number(d.magnitude)
	size := e + bits.Len64(m)
	var candidates []Mapping
	if found {
		candidates = append(candidates, grid)
	}
	for p := coarsest - size; p <= 31-headroom-size; p++ {
		if fixed := (Mapping{Kind: Fixed, P: p}); fixed.Validate(d.t) == nil {
			candidates = append(candidates, fixed)
		}
	}
	candidates = append(candidates, Mapping{Kind: Ordered})
	best, least := candidates[0], d.price(candidates[0])
	for _, m := range candidates[1:] {
		if p := d.price(m); p < least-tie {
			best, least = m, p
		}
	}
	return best
}

// price is the mean number of bits of a sample, in 2^−fixlog.Frac: of the difference from
// its neighbour, and of its remainder.
func (d *Detector) price(m Mapping) int64 {
	c := m.converter(d.t)
	var sum, n int64
	for pair, count := range d.pairs.counts {
		a, _, _ := c.split(pair[0])
		b, _, _ := c.split(pair[1])
		difference := int64(b) - int64(a)
		log := int64(fixlog.Log2(1 + uint64(max(difference, -difference))))
		sum += int64(count) * (log + int64(m.RemainderBits(d.t, b))<<fixlog.Frac)
		n += int64(count)
	}
	return sum / max(n, 1)
}
