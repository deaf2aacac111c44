package predictive

import (
	"context"
	"errors"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// histogram is how often a band has each number from 0 on.
type histogram []int64

// values are the numbers that there are.
func (h histogram) values() (s Values) {
	for v, n := range h {
		if n > 0 {
			s = append(s, int32(v))
		}
	}
	return s
}

// errEnough ends a count of which more would change nothing.
var errEnough = errors.New("enough is known of all bands")

// histograms counts the numbers that the tiles of a grid have in each band, of narrow samples,
// all of them or, where that is enough, until each band is dense.
func histograms(ctx context.Context, src raster.Source, grid tiles.Grid, list []int, untilDense bool, workers int, work *progress.Work) ([]histogram, error) {
	f := src.Format()
	sum, sparse := make([]histogram, len(f.Bands)), len(f.Bands)
	for c := range sum {
		sum[c] = make(histogram, 1<<(8*f.Type.Size()))
	}
	err := countBands(ctx, src, grid, list, workers, work, func(c int, counts []uint32) error {
		was := sum[c].dense()
		for v, n := range counts {
			sum[c][v] += int64(n)
		}
		if !was && sum[c].dense() {
			sparse--
		}
		if untilDense && sparse == 0 {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return sum, err
}

// dense tells whether there are so many numbers that whatever else there is, their list is not
// worth it (Values.sparse), and they name no classes.
func (h histogram) dense() bool {
	used := 0
	for _, n := range h {
		used += int(min(n, 1))
	}
	return used > maxLabels && 8*used > 7*len(h)
}

// usedValues finds the numbers that the tiles of a grid have in each band, of narrow samples:
// all of them or, where that is not nil, until they are enough in any band.
// A bit for each is all that it holds: there may be 65,535 bands.
func usedValues(ctx context.Context, src raster.Source, grid tiles.Grid, list []int, enough func(Values) bool, workers int, work *progress.Work) ([]Values, error) {
	f := src.Format()
	used := make([]valueSet, len(f.Bands))
	for c := range used {
		used[c] = make(valueSet, 1<<(8*f.Type.Size())/64)
	}
	err := countBands(ctx, src, grid, list, workers, work, func(c int, counts []uint32) error {
		for v, n := range counts {
			if n > 0 {
				used[c][v/64] |= 1 << (v % 64)
			}
		}
		if enough != nil && enough(used[c].values()) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	out := make([]Values, len(used))
	for c := range used {
		out[c] = used[c].values()
	}
	return out, err
}

// valueSet has a bit for each number from 0 on.
type valueSet []uint64

// values are the numbers whose bits are set.
func (s valueSet) values() (v Values) {
	for i, set := range s {
		for ; set != 0; set &= set - 1 {
			v = append(v, int32(64*i+bits.TrailingZeros64(set)))
		}
	}
	return v
}

// countBands counts the samples of each band of tiles of a grid that are each number from 0
// on, of narrow samples. take gets the counts of a band of a tile, which change when it is
// done, one after the other; its error ends the count.
func countBands(ctx context.Context, src raster.Source, grid tiles.Grid, list []int, workers int, work *progress.Work, take func(band int, counts []uint32) error) error {
	var mu sync.Mutex
	lockedTake := func(band int, counts []uint32) error {
		mu.Lock()
		defer mu.Unlock()
		return take(band, counts)
	}
	return engine.Each(ctx, src, grid, list, 1, workers, work, func(_ int, b *raster.Block) error {
		counts := make([]uint32, 1<<(8*b.Type.Size()))
		row, offset := make([]int32, b.Rect.Dx()), int32(offsetOf(b.Type))
		for c := range b.Planes {
			clear(counts)
			for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
				sample.Load(row, b, c, y)
				for _, v := range row {
					counts[v-offset]++
				}
			}
			if err := lockedTake(c, counts); err != nil {
				return err
			}
		}
		return nil
	})
}

// maxLabels is the number of different gray values up to which a raster is taken for a
// map of classes, unless they look like amounts.
const maxLabels = 64

// amounts tells whether few values look like grays of few bits, which have means:
// 0 and 1, or some of 16 even steps, as text of one bit and scans of 4 are.
func (s Values) amounts(depth int) bool {
	const steps = 15
	step := (1<<depth - 1) / steps
	even := !slices.ContainsFunc(s, func(v int32) bool { return int(v)%step != 0 })
	return even || s[len(s)-1] <= 1
}

// sparse tells whether ranks among the used values are worth their list: where
// an eighth of the values between the least and the largest are not used, and
// the list is short against the raster.
func (s Values) sparse(pixels int64) bool {
	n := len(s)
	used := int64(s[n-1]) - int64(s[0]) + 1
	return 8*int64(n) <= 7*used && int64(n) <= pixels/32
}

// put writes the list of values of depth bits: its length, then gaps; 0 for a band that is
// coded as it is. Of 32 bits values have a sign, and the first is raw.
func (s Values) put(w *rans.BitWriter, depth int) {
	w.PutExpGolomb(uint32(len(s)))
	next := int64(0)
	for i, v := range s {
		if i == 0 && depth == 32 {
			w.Put(uint32(v), 32)
		} else {
			w.PutExpGolomb(uint32(int64(v) - next))
		}
		next = int64(v) + 1
	}
}

// parseValues is the inverse of put.
func parseValues(r *rans.BitReader, depth int) (Values, error) {
	n := r.ExpGolomb()
	if int64(n) > min(int64(1)<<depth, maxValues) {
		return nil, rans.ErrCorrupt
	}
	var s Values
	next := int64(0)
	for i := range n {
		var v int64
		if depth == 32 && i == 0 {
			v = int64(int32(r.Bits(32)))
		} else {
			v = next + int64(r.ExpGolomb())
		}
		if depth < 32 && v >= 1<<depth || v > math.MaxInt32 {
			return nil, rans.ErrCorrupt
		}
		s = append(s, int32(v))
		next = v + 1
	}
	return s, nil
}

// maxValues is the largest number of values of a band: indices have 16 bits.
const maxValues = 1 << 16

// indices is the index of the value nearest to each of depth bits, the lower one of two,
// as far as it lies within t; −1 for others.
func (s Values) indices(t int64, depth int) valueIndex {
	out := make([]int32, 1<<depth)
	for v := range out {
		out[v] = -1
		if len(s) == 0 {
			continue
		}
		k := s.index(int32(v))
		if d := int64(s[k]) - int64(v); max(d, -d) <= t {
			out[v] = k
		}
	}
	return valueIndex{table: out}
}

// valueIndex finds the index of a number among values, −1 where none stands for it.
type valueIndex struct {
	table  []int32 // of all numbers from 0 on, or nil
	values Values  // without one
}

func (x *valueIndex) of(v int32) int32 {
	if x.table != nil {
		return x.table[v]
	}
	if i, ok := slices.BinarySearch(x.values, v); ok {
		return int32(i)
	}
	return -1
}
