package tree

import (
	"context"
	"fmt"
	"iter"
)

// Coder takes images that its Backend has prepared through the stages below the pyramid, for the nodes that the walk over the pyramid names. What it makes
// are the integers of the engine whose Model it is given; what is worth asking for is the
// engine's to decide, and so is every leaf. For ctx and goroutines holds what Reducer says.
//
// Every stage takes any number of works, and returns one result for each, in their order.
type Coder interface {
	// Transform runs the stage transform and reads it back: the coefficients of each node,
	// 4^Level of them, [u][v]. Nothing but a comparison needs them outside the device.
	Transform(ctx context.Context, p *Prepared, works []Work) ([][]int32, error)
	// Costs runs the stages transform and cost.
	Costs(ctx context.Context, p *Prepared, works []Work) ([][]Cost, error)
	// Quantise runs the stages transform and quantise.
	Quantise(ctx context.Context, p *Prepared, works []Work) ([]Outcomes, error)
}

// Cost is what a node costs as a leaf, but for its flag.
type Cost struct {
	J        int64 // as quantising it tells
	Forecast int64 // as its magnitudes tell, J where the engine forecasts nothing
}

// Work is some nodes of one level of one plane.
type Work struct {
	Plane, Level int      // Level is Base to Base+Sizes-1
	Numbers      []uint32 // of the nodes in their Level, y·W + x
	Model        *Model
}

// Sizes is the number of levels whose nodes may be leaves, from Base on.
const Sizes = 3

// Bounds of what a Model has: classes of what is known when the last group of a leaf is priced,
// values of a token, groups of diagonals, classes of frequencies and of magnitudes, diagonals of the
// largest leaf, and the largest weighted sum of magnitudes.
const (
	LastClasses      = 4
	Tokens           = 16
	Groups           = 16
	FrequencyClasses = 6
	MagnitudeClasses = 13
	Diagonals        = 63
	LargestSum       = 360
	ForecastParts    = 16
	LargestLeaf      = 1 << (2 * (Base + Sizes - 1))
)

// Model is what the stages need to know of an engine, for the leaves of planes of one kind: its
// tables for a device, and its own code for the CPU, which says what is right.
type Model struct {
	Step    int          // of the quantiser, 3 to 4096
	Least   int          // the magnitude from which on a coefficient may make a leaf longer
	Bit     int          // the price of a raw bit
	Escape  int          // the token of what has none of its own
	Cap     int          // of magnitudes in contexts
	Typical int          // the class of last groups by which a node is priced before its neighbours are known
	Shift1  int          // of the first pass of the transform, without the level
	Shift2  int          // of the second pass
	Doubt   [Sizes]int64 // the squared error from which on plain rounding is wanted as well
	Parts   int          // 2^16 times what makes a magnitude parts of the step, 0 where nothing is forecast

	Cosines   [Sizes][]int32                                           // [k][i] of frequency k at sample i
	Means     [Sizes][]int32                                           // [j][k], the low block to the means of cells, in 1/4096
	Last      [Sizes][LastClasses][Tokens]int32                        // prices of last groups
	Levels    [Sizes][FrequencyClasses][MagnitudeClasses][Tokens]int32 // prices of tokens of levels
	Group     [Sizes][Diagonals]uint8                                  // of a diagonal
	Frequency [Sizes][Diagonals]uint8                                  // its class
	Magnitude [LargestSum + 1]uint8                                    // the class of a weighted sum of magnitudes
	Forecast  [Sizes]Forecast
	Logs      [LargestLeaf + 1]int32 // log2 of numbers from 1 on, in 1/256

	// NewKernel gives the engine's code for one node after the other, each of them for one
	// goroutine.
	NewKernel func() Kernel
}

// Forecast is what forecasting takes, of leaves of a size.
type Forecast struct {
	Fine, Whole        [ForecastParts]uint8 // prices of a magnitude from Least on, by parts of the step, and by whole steps
	Spread, Each, Once int32                // weights of where these lie, of each coefficient that is coded, and of a leaf
	Through            [Diagonals]uint16    // how many are coded, by the highest diagonal
}

// Kernel is what an engine does of a node.
type Kernel interface {
	// Transform gives the coefficients of the node that begins at pix[0], in rows stride apart.
	Transform(coefs []int32, pix []uint16, stride, level int)
	// Cost gives the cost of a leaf of these coefficients.
	Cost(coefs []int32, level int) Cost
	// Quantise appends the record of a leaf of these coefficients.
	Quantise(record []uint32, coefs []int32, level int) []uint32
}

// Outcomes are what the stage quantise makes of the leaves of a Work.
type Outcomes []Record

// Record is what quantising a leaf comes to, in words. The neighbours of a leaf tell how its last
// group is priced, so it comes to one of several variants by the class that they make, and plain
// rounding is one more where the promise may need it:
//
//	word 0        four bits for each class: its variant; then four for plain rounding's,
//	              NoVariant where it is not there; then the number of variants
//	m²            the exact means of its cells, column by column, m of them along a side
//	then each variant:
//	word 0        last group in the low 8 bits, the number n of levels above
//	words 1, 2    squared error of the AC coefficients, low word first
//	n             levels that are not 0, in coding order: coefficient in the low half, level above
type Record []uint32

// NoVariant is in the place of plain rounding's where it is not there.
const NoVariant = 15

// Variant is one way to quantise a leaf.
type Variant struct {
	Last   int
	Error  int64
	Levels []uint32 // as in a Record
}

// Means are the exact means of the cells of a leaf of a level.
func (r Record) Means(level int) []uint32 { return r[1 : 1+1<<(2*(level-Base))] }

// By is the variant of a class of last groups.
func (r Record) By(level, class int) Variant { return r.variant(level, int(r[0]>>(4*class)&15)) }

// Plain is the variant of plain rounding, if it is there.
func (r Record) Plain(level int) (v Variant, ok bool) {
	i := int(r[0] >> (4 * LastClasses) & 15)
	if i == NoVariant {
		return v, false
	}
	return r.variant(level, i), true
}

// variant is the i-th variant.
func (r Record) variant(level, i int) (v Variant) {
	for v = range r.variants(level) {
		if i == 0 {
			break
		}
		i--
	}
	return v
}

// variants are all of them.
func (r Record) variants(level int) iter.Seq[Variant] {
	return func(yield func(Variant) bool) {
		at := r[1+1<<(2*(level-Base)):]
		for range r[0] >> (4*LastClasses + 4) {
			n := int(at[0] >> 8)
			v := Variant{Last: int(at[0] & 0xff), Error: int64(at[1]) | int64(at[2])<<32, Levels: at[VariantHead : VariantHead+n]}
			if !yield(v) {
				return
			}
			at = at[VariantHead+n:]
		}
	}
}

// VariantHead is the words of a variant before its levels.
const VariantHead = 3

// AppendRecord appends the Record of a leaf: by says which of the variants each class has, plain
// which plain rounding has, or NoVariant.
func AppendRecord(words []uint32, means []int32, variants []Variant, by [LastClasses]int, plain int) []uint32 {
	head := uint32(len(variants))<<(4*LastClasses+4) | uint32(plain)<<(4*LastClasses)
	for class, i := range by {
		head |= uint32(i) << (4 * class)
	}
	words = append(words, head)
	for _, v := range means {
		words = append(words, uint32(v))
	}
	for _, v := range variants {
		words = append(words, uint32(v.Last)|uint32(len(v.Levels))<<8, uint32(v.Error), uint32(v.Error>>32))
		words = append(words, v.Levels...)
	}
	return words
}

// Check reports whether w names nodes that p has.
func (w *Work) Check(p *Prepared) error {
	switch {
	case w.Plane < 0 || w.Plane >= len(p.Planes):
		return fmt.Errorf("plane %d of %d", w.Plane, len(p.Planes))
	case w.Level < Base || w.Level >= Base+Sizes || w.Level > p.Pyramids[w.Plane].Top():
		return fmt.Errorf("level %d, want %d to %d", w.Level, Base, min(Base+Sizes-1, p.Pyramids[w.Plane].Top()))
	}
	l := p.Pyramids[w.Plane].At(w.Level)
	for _, n := range w.Numbers {
		if int(n) >= l.W*l.H {
			return fmt.Errorf("node %d of %d", n, l.W*l.H)
		}
	}
	return nil
}
