//go:build !purego

package transform

import (
	"math"
	"unsafe"
)

// The wide kernels of diagonals find the bin of a magnitude, in which its level is the number of the bin or one less, so that one limit
// tells, which is looked up by the bin and the class of the neighbourhood. What the level costs is looked up likewise. No branch asks how high levels
// are, but for the ones of 8 and more, whose tables are more than two registers.

// frequencyBins are the limits of a class of frequencies, by level << 4 | class.
type frequencyBins struct {
	over  [256]uint8    // what a magnitude's place in the bin is to be more than to have the level; both less 128, as signed bytes
	costs [3][256]uint8 // in bytes, low ones first; 0 of what is no class
}

// levelBins are the limits of leaves of one kind and size. The bin of a magnitude a is ⌊(a + lead)·reciprocal / 2¹⁶⌋, its place in it a + lead
// less the number times the step.
type levelBins struct {
	frequencies      *[frequencyClasses]frequencyBins
	reciprocal, lead uint16
	end              int // what lies beyond the bin of escape
}

// within tells whether there are bins for all magnitudes up to most. Then no level is above escape.
func (b *levelBins) within(most int) bool { return most < b.end }

// makeBins are the limits of the leaves of a context, nil where they do not lie in bins.
func (r *rates) makeBins(context int) *levelBins {
	b := &levelBins{
		frequencies: linedUp[[frequencyClasses]frequencyBins](),
		reciprocal:  uint16((1<<16 + r.step/2) / r.step),
		lead:        uint16(r.step/2 + r.step/8),
	}
	for f := range b.frequencies {
		for class := range 1 << 4 {
			b.frequencies[f].over[class] = math.MaxInt8 // level 0
		}
		for class := range magnitudeClasses {
			if !b.put(r, f, class, r.levelCosts(context+f*magnitudeClasses+class)) {
				return nil
			}
		}
	}
	b.end = int(b.begin(escape + 1))
	return b
}

// begin is the first magnitude of a bin.
func (b *levelBins) begin(bin int64) int64 {
	r := int64(b.reciprocal)
	return (bin<<16+r-1)/r - int64(b.lead)
}

// put writes the limits and costs of a class, and tells whether all of them lie in their bins: a magnitude in one reaches the level below, and
// none in the one below reaches its level.
func (b *levelBins) put(r *rates, f, class int, costs [escape + 1]int64) bool {
	of, limits := &b.frequencies[f], r.limits(&costs)
	for k := range int64(escape + 1) {
		at := k<<4 | int64(class)
		for i := range of.costs {
			of.costs[i][at] = uint8(costs[k] >> (8 * i))
		}
		if k == 0 {
			continue
		}
		begin, over := b.begin(k), limits[k]-1-k*r.step+int64(b.lead)
		if begin > limits[k] || k > 1 && begin < limits[k-1] || over < 0 || over >= 255 {
			return false
		}
		of.over[at] = uint8(over) ^ 0x80
	}
	return limits[escape] <= b.begin(escape+1)
}

// linedUp is memory that begins with a whole line.
func linedUp[T any]() *T {
	const line = 64
	var t T
	m := make([]byte, unsafe.Sizeof(t)+line)
	return (*T)(unsafe.Pointer(&m[-uintptr(unsafe.Pointer(&m[0]))%line]))
}

// quantise quantises what k has, of magnitudes up to most, where leaves of that size have kernels.
func (b *levelBins) quantise(k *diagonals, lg, most int, beside bool) bool {
	if b == nil || lg < rootLog2 && !beside {
		return false
	}
	k.bins = b
	switch within := b.within(most); {
	case lg == rootLog2 && within:
		quantiseBins32(k)
	case lg == rootLog2:
		quantiseAny32(k)
	case lg == cellLog2 && within:
		quantiseBinsFour(k)
	case lg == cellLog2:
		quantiseAnyFour(k)
	case within:
		quantiseBinsTwo(k)
	default:
		quantiseAnyTwo(k)
	}
	return true
}

// quantiseBins32 is quantiseDiagonals32 by bins, of a leaf that has all its magnitudes in them.
//
//go:noescape
func quantiseBins32(k *diagonals)

// quantiseAny32 is quantiseBins32 of any leaf.
//
//go:noescape
func quantiseAny32(k *diagonals)

// quantiseBinsTwo is quantiseTwo by bins, likewise.
//
//go:noescape
func quantiseBinsTwo(k *diagonals)

// quantiseAnyTwo is quantiseBinsTwo of any leaves.
//
//go:noescape
func quantiseAnyTwo(k *diagonals)

// quantiseBinsFour is quantiseFour by bins, likewise.
//
//go:noescape
func quantiseBinsFour(k *diagonals)

// quantiseAnyFour is quantiseBinsFour of any leaves.
//
//go:noescape
func quantiseAnyFour(k *diagonals)
