package sample

import (
	"fmt"
	"image"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

var types = []raster.Type{raster.Uint8, raster.Uint16, raster.Uint32, raster.Int8, raster.Int16, raster.Int32, raster.Float32, raster.Float64}

// blockOf is a row of samples, given as words, among others that nobody must touch.
func blockOf(t raster.Type, words []uint64) *raster.Block {
	b := raster.NewInterleaved(image.Rect(5, 7, 5+len(words), 8), t, 2, 3)
	storeWords(b, 1, 7, 0, words)
	return b
}

func wordsOf(b *raster.Block) []uint64 {
	words := make([]uint64, b.Rect.Dx())
	loadWords(words, b, 1, 7, 0)
	return words
}

// join and split are Join and Split of one row.
func join(m Mapping, t raster.Type, lanes []int32, rem []uint64) []uint64 {
	b := blockOf(t, make([]uint64, len(lanes)))
	m.Join(b, 1, 7, lanes, rem)
	return wordsOf(b)
}

func split(m Mapping, t raster.Type, words []uint64) (lanes []int32, rem []uint64, ok bool) {
	lanes, rem = make([]int32, len(words)), make([]uint64, len(words))
	ok = m.Split(lanes, rem, nil, blockOf(t, words), 1, 7)
	return lanes, rem, ok
}

func splitOne(m Mapping, t raster.Type, word uint64) (int32, uint64, bool) {
	lanes, rem, ok := split(m, t, []uint64{word})
	return lanes[0], rem[0], ok
}

var edges = []int32{0, 1, -1, 2, -2, 3, 127, 128, -128, -129, 255, 256, 32767, 32768, -32769, 65535, 65536, 1<<24 - 1, 1 << 24, 1<<24 + 1,
	-1<<24 - 1, 1<<25 + 1, 1<<25 + 3, 1 << 30, math.MaxInt32, math.MaxInt32 - 1, math.MinInt32, math.MinInt32 + 1}

func someLanes(r *rand.Rand, n int) []int32 {
	lanes := append([]int32{}, edges...)
	for range n {
		lanes = append(lanes, int32(r.Uint32())>>r.IntN(32))
	}
	return lanes
}

// someWords are samples of all sizes, and special ones.
func someWords(r *rand.Rand, t raster.Type, n int) []uint64 {
	var words []uint64
	if t.Float() {
		f := formatOf(t)
		for _, p := range []uint64{0, 1, 2, 1<<f.fraction - 1, 1 << f.fraction, 1<<f.fraction + 1, f.inf - 1, f.inf, f.inf + 1, f.sign - 1, 1 << (f.fraction + 4), uint64(f.bias) << f.fraction} {
			words = append(words, p, p|f.sign)
		}
		for range n {
			words = append(words, r.Uint64()&(f.sign|(f.sign-1)))
		}
		return words
	}
	i := integersOf(t)
	words = append(words, uint64(i.least), uint64(i.most), 0, 1, uint64(i.least/2), uint64(i.most/2))
	for range n {
		words = append(words, uint64(i.least+r.Int64N(i.most-i.least+1)>>r.IntN(32)))
	}
	for k, w := range words {
		words[k] = uint64(min(max(int64(w), i.least), i.most))
	}
	return words
}

func pow2(e int) *big.Rat {
	one := big.NewInt(1)
	if e < 0 {
		return new(big.Rat).SetFrac(one, new(big.Int).Lsh(one, uint(-e)))
	}
	return new(big.Rat).SetInt(new(big.Int).Lsh(one, uint(e)))
}

func (m Mapping) step() *big.Rat {
	s := new(big.Rat).SetFrac(new(big.Int).SetUint64(m.N), new(big.Int).SetUint64(m.D))
	return s.Mul(s, pow2(m.E))
}

// exact is the number of a finite word.
func exact(t raster.Type, word uint64) *big.Rat { return new(big.Rat).SetFloat64(Number(t, word)) }

// round is the oracle of RN, saturating, without −0; inside tells that it did not saturate.
func round(t raster.Type, v *big.Rat) (word uint64, inside bool) {
	switch t {
	case raster.Float32:
		f, _ := v.Float32()
		inside = !math.IsInf(float64(f), 0)
		f = min(max(f, -math.MaxFloat32), math.MaxFloat32)
		if f == 0 {
			f = 0
		}
		word = uint64(math.Float32bits(f))
		if f == 0 {
			word = 0
		}
		return word, inside
	case raster.Float64:
		f, _ := v.Float64()
		inside = !math.IsInf(f, 0)
		f = min(max(f, -math.MaxFloat64), math.MaxFloat64)
		if f == 0 {
			return 0, inside
		}
		return math.Float64bits(f), inside
	}
	k := floor(new(big.Rat).Add(v, big.NewRat(1, 2)))
	if half := new(big.Rat).Sub(new(big.Rat).SetInt(k), v); half.Cmp(big.NewRat(1, 2)) == 0 && k.Bit(0) == 1 {
		k.Sub(k, big.NewInt(1))
	}
	i := integersOf(t)
	switch {
	case k.Cmp(big.NewInt(i.least)) < 0:
		return uint64(i.least), false
	case k.Cmp(big.NewInt(i.most)) > 0:
		return uint64(i.most), false
	}
	return uint64(k.Int64()), true
}

// floor is ⌊v⌋: Div rounds so where the divisor is positive.
func floor(v *big.Rat) *big.Int { return new(big.Int).Div(v.Num(), v.Denom()) }

var scales = []Mapping{
	{Kind: Scaled, N: 1, D: 1}, {Kind: Scaled, N: 1, D: 10}, {Kind: Scaled, N: 1, D: 100}, {Kind: Scaled, N: 1, D: 1e9},
	{Kind: Scaled, N: 381, D: 1250}, {Kind: Scaled, N: 1200, D: 3937}, {Kind: Scaled, N: 10, D: 1}, {Kind: Scaled, N: 3, D: 7},
	{Kind: Scaled, N: 1, D: 1, E: -7}, {Kind: Scaled, N: 1, D: 1, E: 9}, {Kind: Scaled, N: 13757317, D: 1, E: -22},
	{Kind: Scaled, N: 1<<53 - 1, D: 1<<32 - 1}, {Kind: Scaled, N: 1 << 53, D: 1}, {Kind: Scaled, N: 1<<53 - 1, D: 3, E: -60},
	{Kind: Scaled, N: 1<<32 - 1, D: 1<<31 + 1, E: -40}, {Kind: Scaled, N: 5, D: 3, E: -152}, {Kind: Scaled, N: 1, D: 1, E: -149},
	{Kind: Scaled, N: 1, D: 1, E: -1074}, {Kind: Scaled, N: 7, D: 5, E: -1070}, {Kind: Scaled, N: 1, D: 1, E: 1023},
	{Kind: Scaled, N: 1, D: 3, E: 1000}, {Kind: Scaled, N: 9, D: 11, E: 120}, {Kind: Scaled, N: 1, D: 1<<32 - 1, E: -1074},
	{Kind: Scaled, N: 1 << 53, D: 1, E: 1023}, {Kind: Scaled, N: 3, D: 1 << 31, E: 2}, {Kind: Scaled, N: 1, D: 1<<32 - 1, E: 31},
}

// TestScaledJoin holds Join against rationals, with any numerator and exponent.
func TestScaledJoin(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := append([]Mapping{}, scales...)
	for range 200 {
		all = append(all, Mapping{Kind: Scaled, N: 1 + r.Uint64N(maxN)>>r.IntN(53), D: 1 + r.Uint64N(maxD)>>r.IntN(32), E: (r.IntN(2000) - 1000) / (1 + r.IntN(40))})
	}
	for _, typ := range types {
		for _, m := range all {
			require.NoError(t, m.Validate(typ))
			lanes := someLanes(r, 50)
			for i, got := range join(m, typ, lanes, nil) {
				want, _ := round(typ, new(big.Rat).Mul(big.NewRat(int64(lanes[i]), 1), m.step()))
				require.Equal(t, want, got, "%v, %+v, lane %d: %v, expected %v", typ, m, lanes[i], Number(typ, got), Number(typ, want))
				require.Equal(t, Number(typ, got), m.Value(typ, lanes[i]))
			}
		}
	}
}

// TestScaledSplit: samples of lanes, those beside them and others split where the oracle
// finds a lane that rounds to them, into one that does.
func TestScaledSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, typ := range types {
		for _, m := range scales {
			words := join(m, typ, someLanes(r, 40), nil)
			for _, w := range words[:len(words):len(words)] {
				words = append(words, w+1, w-1)
			}
			words = append(words, someWords(r, typ, 30)...)
			if !typ.Float() {
				for i, w := range words {
					words[i] = uint64(min(max(int64(w), integersOf(typ).least), integersOf(typ).most))
				}
			}
			for _, w := range words {
				checkScaledSplit(t, m, typ, w)
			}
		}
	}
}

// TestScaledClose: lanes a little closer than floats, about a power of two: the lane that
// rounds to it need not be the nearest.
func TestScaledClose(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for range 300 {
		m := Mapping{Kind: Scaled, N: 1<<30 + r.Uint64N(1<<29), D: 1, E: -54}
		checkScaledSplit(t, m, raster.Float32, uint64(math.Float32bits(1)))
		checkScaledSplit(t, m, raster.Float32, uint64(math.Float32bits(-1)))
	}
}

func checkScaledSplit(t *testing.T, m Mapping, typ raster.Type, w uint64) {
	lane, rem, ok := splitOne(m, typ, w)
	name := fmt.Sprintf("%v, %+v, sample %x = %v: lane %d, %v", typ, m, w, Number(typ, w), lane, ok)
	require.Zero(t, rem, name)
	near := make([]int32, 1)
	nearOK := m.Nearest(near, nil, blockOf(typ, []uint64{w}), 1, 7)
	if v := Number(typ, w); math.IsInf(v, 0) || math.IsNaN(v) {
		require.False(t, ok, name)
		require.False(t, nearOK, name)
		return
	}
	negativeZero := typ.Float() && w == formatOf(typ).sign
	at := new(big.Rat).Quo(exact(typ, w), m.step())
	k := floor(at)
	found := false
	for _, l := range []*big.Int{k, new(big.Int).Add(k, big.NewInt(-1)), new(big.Int).Add(k, big.NewInt(1)), new(big.Int).Add(k, big.NewInt(2)), big.NewInt(math.MinInt32), big.NewInt(math.MaxInt32)} {
		if !l.IsInt64() || int64(int32(l.Int64())) != l.Int64() {
			continue
		}
		v := new(big.Rat).Mul(new(big.Rat).SetInt(l), m.step())
		if word, inside := round(typ, v); word == w && inside && (typ.Float() || v.IsInt()) && !negativeZero {
			found = true
		}
	}
	require.Equal(t, found, ok, name)
	if ok {
		require.Equal(t, w, join(m, typ, []int32{lane}, nil)[0], name)
	}
	abs := new(big.Rat).Abs(at)
	n := floor(abs.Add(abs, big.NewRat(1, 2)))
	if at.Sign() < 0 {
		n.Neg(n)
	}
	fits := n.IsInt64() && int64(int32(n.Int64())) == n.Int64()
	require.Equal(t, fits, nearOK, name)
	if fits {
		require.Equal(t, n.Int64(), int64(near[0]), name)
	}
}

// TestScaledLanes: where floats are at least as close as lanes, lanes come back.
func TestScaledLanes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, typ := range []raster.Type{raster.Float32, raster.Float64} {
		for _, m := range scales {
			for _, lane := range someLanes(r, 200) {
				w := join(m, typ, []int32{lane}, nil)[0]
				v := new(big.Rat).Mul(big.NewRat(int64(lane), 1), m.step())
				f := formatOf(typ)
				_, e := f.number(w &^ f.sign)
				if _, inside := round(typ, v); !inside || pow2(e).Cmp(m.step()) > 0 {
					continue
				}
				got, _, ok := splitOne(m, typ, w)
				require.True(t, ok && got == lane, "%v, %+v, lane %d: %v gave %d, %v", typ, m, lane, Number(typ, w), got, ok)
			}
		}
	}
}

// TestOffset: lanes are differences, samples saturate.
func TestOffset(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, typ := range types[:6] {
		i := integersOf(typ)
		for _, off := range []int64{0, 1, -1, 100, -128, 1 << 31, -1 << 31, 1 << 32, -1 << 32} {
			m := Mapping{Offset: off}
			for _, w := range someWords(r, typ, 40) {
				lane, rem, ok := splitOne(m, typ, w)
				d := int64(w) - off
				require.Equal(t, d == int64(int32(d)), ok, "%v − %d of %v", int64(w), off, typ)
				if ok {
					require.Equal(t, d, int64(lane))
					require.Zero(t, rem)
					require.Equal(t, w, join(m, typ, []int32{lane}, nil)[0])
				}
			}
			for k, w := range join(m, typ, edges, nil) {
				require.Equal(t, min(max(int64(edges[k])+off, i.least), i.most), int64(w), "lane %d + %d of %v", edges[k], off, typ)
			}
		}
	}
}

// TestOrdered: one to one, and in order.
func TestOrdered(t *testing.T) {
	m := Mapping{Kind: Ordered}
	c := m.converter(raster.Float32)
	for w := uint64(0); w < 1<<32; w += 97 {
		lane, rem, ok := c.split(w)
		if v := uint64(uint32(lane)); !ok || rem != 0 || c.join(lane, 0) != w || w < 1<<31 && v != w || w >= 1<<31 && v != 3<<31-1-w {
			require.Fail(t, "float32", "%x: lane %d, back %x", w, lane, c.join(lane, 0))
		}
	}
	r := rand.New(rand.NewPCG(9, 10))
	for _, typ := range types {
		words := someWords(r, typ, 300)
		lanes, rem, ok := split(m, typ, words)
		require.True(t, ok)
		require.Equal(t, words, join(m, typ, lanes, rem), "%v", typ)
		for i, a := range words {
			bits := m.RemainderBits(typ, lanes[i])
			require.Less(t, rem[i], uint64(1)<<bits, "%v", typ)
			for k, b := range words {
				if Number(typ, a) < Number(typ, b) {
					less := lanes[i] < lanes[k] || lanes[i] == lanes[k] && rem[i] < rem[k]
					require.True(t, less, "%v: %v and %v", typ, Number(typ, a), Number(typ, b))
				}
			}
		}
		all := join(m, typ, edges, nil)
		for i, lane := range edges {
			if n := typ.Size() * 8; n < 32 && (lane < -1<<(n-1) || lane >= 1<<(n-1)) {
				continue
			}
			got, rem, _ := splitOne(m, typ, all[i])
			require.Equal(t, lane, got, "%v", typ)
			require.Zero(t, rem, "%v", typ)
		}
	}
}

// TestFixedCells counts the floats of lanes one by one.
func TestFixedCells(t *testing.T) {
	for _, c := range []struct {
		typ        raster.Type
		first, end float64 // not negative
		p          int
	}{
		{raster.Float32, 0, 0x1p-138, 149}, {raster.Float32, 0, 0x1p-138, 147}, {raster.Float32, 0, 0x1p-138, 142}, {raster.Float32, 0x1p-127, 0x1.01p-127, 145},
		{raster.Float32, 0x1.ffep-127, 0x1.001p-126, 146}, {raster.Float32, 0x1.fffp0, 0x1.002p1, 23}, {raster.Float32, 0x1.fffp0, 0x1.002p1, 24},
		{raster.Float32, 0x1.fffp0, 0x1.002p1, 26}, {raster.Float32, 0x1.fffp0, 0x1.002p1, 17}, {raster.Float32, 0x1.fffp9, 0x1.002p10, 15},
		{raster.Float32, 0x1.fffp40, 0x1.002p41, -20}, {raster.Float32, 0x1.fff8p127, math.MaxFloat32, -107}, {raster.Float32, 0x1.fff8p127, math.MaxFloat32, -100},
		{raster.Float64, 0, 0x1p-1064, 1074}, {raster.Float64, 0, 0x1p-1064, 1070},
	} {
		f, m := formatOf(c.typ), Mapping{Kind: Fixed, P: c.p}
		require.NoError(t, m.Validate(c.typ))
		pattern := func(v float64) uint64 {
			if c.typ == raster.Float32 {
				return uint64(math.Float32bits(float32(v)))
			}
			return math.Float64bits(v)
		}
		for _, sign := range []uint64{0, f.sign} {
			cells := map[int32][]uint64{} // the samples of lanes, from the least up
			for p := pattern(c.first); p < pattern(c.end); p++ {
				w := p | sign
				if w == f.sign {
					continue
				}
				k := floor(new(big.Rat).Mul(exact(c.typ, w), pow2(c.p)))
				require.True(t, k.IsInt64() && int64(int32(k.Int64())) == k.Int64(), "a test within lanes")
				lane := int32(k.Int64())
				if sign == 0 {
					cells[lane] = append(cells[lane], w)
				} else {
					cells[lane] = append([]uint64{w}, cells[lane]...)
				}
			}
			checkCells(t, m, c.typ, cells)
		}
	}
}

func checkCells(t *testing.T, m Mapping, typ raster.Type, cells map[int32][]uint64) {
	whole, least, most := 0, int32(math.MaxInt32), int32(math.MinInt32)
	for lane := range cells {
		least, most = min(least, lane), max(most, lane)
	}
	for lane, words := range cells {
		name := fmt.Sprintf("%v, P %d, lane %d", typ, m.P, lane)
		edge := exact(typ, words[0]).Sign() == 0 || new(big.Rat).Neg(exact(typ, words[len(words)-1])).Cmp(pow2(formatOf(typ).least)) == 0
		if (lane == least || lane == most) && !edge {
			continue // only a part of the lane was counted
		}
		whole++
		bits := 0
		for 1<<bits < len(words) {
			bits++
		}
		require.Equal(t, bits, m.RemainderBits(typ, lane), "%s: %d floats", name, len(words))
		for i, w := range words {
			got, rem, ok := splitOne(m, typ, w)
			require.True(t, ok && got == lane && rem == uint64(i), "%s: %v gave %d, %d, %v; expected remainder %d", name, Number(typ, w), got, rem, ok, i)
			require.Equal(t, w, join(m, typ, []int32{lane}, []uint64{rem})[0], name)
		}
		require.Equal(t, words[0], join(m, typ, []int32{lane}, nil)[0], name)
		require.Equal(t, words[len(words)-1], join(m, typ, []int32{lane}, []uint64{math.MaxUint64})[0], name)
	}
	require.NotZero(t, whole, "%v, P %d", typ, m.P)
	for lane := least + 1; lane < most; lane += 1 + (most-least)/1000 {
		if len(cells[lane]) == 0 {
			require.Zero(t, m.RemainderBits(typ, lane), "%v, P %d, lane %d without floats", typ, m.P, lane)
		}
	}
}

// TestFixed: samples of all sizes split where ⌊v·2^P⌋ fits a lane, and come back; every
// lane with any remainder is a finite sample.
func TestFixed(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, typ := range types[6:] {
		f := formatOf(typ)
		least, most := f.places()
		for p := least; p <= most; p += 1 + r.Int64N(40) {
			m := Mapping{Kind: Fixed, P: int(p)}
			require.NoError(t, m.Validate(typ))
			words := someWords(r, typ, 20)
			for range 20 { // near the lanes
				e := uint64(max(0, min(int64(f.inf>>f.fraction)-1, int64(f.bias)-p+r.Int64N(34))))
				words = append(words, e<<f.fraction|r.Uint64()&(1<<f.fraction-1)>>r.IntN(20)|r.Uint64()&f.sign)
			}
			for _, w := range words {
				lane, rem, ok := splitOne(m, typ, w)
				name := fmt.Sprintf("%v, P %d, %v: lane %d, rem %d, %v", typ, p, Number(typ, w), lane, rem, ok)
				if w&^f.sign >= f.inf || w == f.sign {
					require.False(t, ok, name)
					continue
				}
				at := new(big.Rat).Mul(exact(typ, w), pow2(int(p)))
				k := floor(at)
				fits := k.IsInt64() && int64(int32(k.Int64())) == k.Int64()
				require.Equal(t, fits, ok, name)
				if ok {
					require.Equal(t, k.Int64(), int64(lane), name)
					require.LessOrEqual(t, rem, uint64(1)<<m.RemainderBits(typ, lane)-1, name)
					require.Equal(t, w, join(m, typ, []int32{lane}, []uint64{rem})[0], name)
				}
			}
			lanes := someLanes(r, 20)
			rem := make([]uint64, len(lanes))
			for i := range rem {
				rem[i] = r.Uint64() >> r.IntN(64)
			}
			for i, w := range join(m, typ, lanes, rem) {
				require.Less(t, w&^f.sign, f.inf, "%v, P %d, lane %d, rem %d", typ, p, lanes[i], rem[i])
				require.NotEqual(t, f.sign, w)
			}
			checkEnds(t, m, typ, lanes)
			for i, w := range join(m, typ, lanes, nil) { // the first float from the lane up, none above all
				v := new(big.Rat).Mul(big.NewRat(int64(lanes[i]), 1), pow2(-int(p)))
				name := fmt.Sprintf("%v, P %d, lane %d: %v", typ, p, lanes[i], Number(typ, w))
				if w != f.inf-1 {
					require.GreaterOrEqual(t, exact(typ, w).Cmp(v), 0, name)
				}
				if w != f.sign|f.inf-1 && w != 0 {
					below := w - 1
					if w&f.sign != 0 {
						below = w + 1
					}
					require.Negative(t, exact(typ, below).Cmp(v), name)
				}
			}
		}
	}
}

// checkEnds: a lane with floats ends with the last below the next lane, and there are
// as many as remainders are long.
func checkEnds(t *testing.T, m Mapping, typ raster.Type, lanes []int32) {
	rem := make([]uint64, len(lanes))
	for i := range rem {
		rem[i] = math.MaxUint64
	}
	first, last := join(m, typ, lanes, nil), join(m, typ, lanes, rem)
	for i, lane := range lanes {
		name := fmt.Sprintf("%v, P %d, lane %d: %v to %v", typ, m.P, lane, Number(typ, first[i]), Number(typ, last[i]))
		end := new(big.Rat).Mul(big.NewRat(int64(lane)+1, 1), pow2(-m.P))
		if exact(typ, first[i]).Cmp(end) >= 0 {
			require.Equal(t, first[i], last[i], name)
			require.Zero(t, m.RemainderBits(typ, lane), name)
			continue
		}
		require.Negative(t, exact(typ, last[i]).Cmp(end), name)
		if v := Number(typ, last[i]); typ == raster.Float32 && v < math.MaxFloat32 {
			require.GreaterOrEqual(t, new(big.Rat).SetFloat64(float64(math.Nextafter32(float32(v), math.MaxFloat32))).Cmp(end), 0, name)
		} else if typ == raster.Float64 && v < math.MaxFloat64 {
			require.GreaterOrEqual(t, new(big.Rat).SetFloat64(math.Nextafter(v, math.MaxFloat64)).Cmp(end), 0, name)
		}
		more := max(first[i], last[i]) - min(first[i], last[i]) // floats but one
		require.Equal(t, new(big.Int).SetUint64(more).BitLen(), m.RemainderBits(typ, lane), name)
	}
}

// TestNearest of Fixed: half a lane at most; ordered integers keep the sample.
func TestNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for _, typ := range types[6:] {
		m := Mapping{Kind: Fixed, P: 9}
		for _, w := range someWords(r, typ, 3000) {
			lane := make([]int32, 1)
			ok := m.Nearest(lane, nil, blockOf(typ, []uint64{w}), 1, 7)
			if v := Number(typ, w) * 512; math.Abs(v) < 1<<31-1 {
				assert.True(t, ok && math.Abs(v-float64(lane[0])) <= 0.5, "%v, %v: %d, %v", typ, v, lane[0], ok)
			} else {
				assert.False(t, ok, "%v, %v: %d", typ, v, lane[0])
			}
		}
	}
	m := Mapping{Kind: Ordered}
	for _, v := range []float64{1, -1, 0x1.00000fffffp3, -0x1.00000fffffp3, math.MaxFloat64, -math.MaxFloat64, 0, 5e-324, -5e-324} {
		lane := make([]int32, 1)
		require.True(t, m.Nearest(lane, nil, blockOf(raster.Float64, []uint64{math.Float64bits(v)}), 1, 7), v)
		at := math.Abs(m.Value(raster.Float64, lane[0]) - v)
		require.False(t, math.IsInf(at, 0), v)
		for _, d := range []int32{-1, 1} {
			if beside := math.Abs(m.Value(raster.Float64, lane[0]+d) - v); !math.IsNaN(beside) {
				require.LessOrEqual(t, at, beside*(1+1e-9), "%v beside lane %d", v, lane[0])
			}
		}
	}
	require.False(t, m.Nearest(make([]int32, 1), nil, blockOf(raster.Float64, []uint64{math.Float64bits(math.NaN())}), 1, 7))
	require.False(t, m.Nearest(make([]int32, 1), nil, blockOf(raster.Float32, []uint64{0xff << 23}), 1, 7))
}

// TestMask: what is masked is neither looked at nor changed; a remainder that nobody
// takes must be 0.
func TestMask(t *testing.T) {
	m := Mapping{Kind: Fixed, P: 2}
	words := []uint64{}
	for _, v := range []float32{1.25, float32(math.NaN()), -3, float32(math.Inf(1)), 1.3} {
		words = append(words, uint64(math.Float32bits(v)))
	}
	b := blockOf(raster.Float32, words)
	dst, rem := []int32{9, 9, 9, 9, 9}, []uint64{8, 8, 8, 8, 8}
	require.True(t, m.Split(dst, rem, []byte{0, 1, 0, 255, 0}, b, 1, 7))
	require.Equal(t, []int32{5, 9, -12, 9, 5}, dst)
	require.Equal(t, []uint64{0, 8, 0, 8}, rem[:4])
	require.NotZero(t, rem[4])
	require.False(t, m.Split(dst, nil, []byte{0, 1, 0, 1, 0}, b, 1, 7), "1.3 has a remainder")
	require.True(t, m.Split(dst, nil, []byte{0, 1, 0, 1, 1}, b, 1, 7))
	require.False(t, m.Split(dst, rem, []byte{0, 1, 0, 0, 0}, b, 1, 7), "infinity")
	dst = []int32{9, 9, 9, 9, 9}
	require.True(t, m.Nearest(dst, []byte{0, 1, 0, 1, 0}, b, 1, 7))
	require.Equal(t, []int32{5, 9, -12, 9, 5}, dst)
	require.False(t, m.Nearest(dst, []byte{0, 0, 0, 1, 0}, b, 1, 7), "NaN")
}

// TestRows: rows longer than a chunk, in blocks of any layout; At agrees.
func TestRows(t *testing.T) {
	m := Mapping{Kind: Scaled, N: 1, D: 4}
	for _, b := range []*raster.Block{raster.NewBlock(image.Rect(1, 2, 301, 5), raster.Float64, 2), raster.NewInterleaved(image.Rect(1, 2, 301, 5), raster.Float64, 2, 2)} {
		lanes, got := make([]int32, 300), make([]int32, 300)
		for i := range lanes {
			lanes[i] = int32(i*i - 1000)
		}
		m.Join(b, 1, 3, lanes, nil)
		require.True(t, m.Split(got, nil, nil, b, 1, 3))
		require.Equal(t, lanes, got)
		for x, lane := range lanes {
			require.Equal(t, float64(lane)/4, b.At(1, 1+x, 3))
			require.Zero(t, b.At(0, 1+x, 3))
			require.Zero(t, b.At(1, 1+x, 4))
		}
	}
}

// TestMean: rounded means of lanes; of samples where lanes are unevenly apart.
func TestMean(t *testing.T) {
	for _, c := range []struct {
		m     Mapping
		typ   raster.Type
		lanes []int32
		want  int32
	}{
		{Mapping{}, raster.Int16, nil, 0},
		{Mapping{}, raster.Int16, []int32{1, 2}, 2},
		{Mapping{}, raster.Int16, []int32{-1, -2}, -1},
		{Mapping{}, raster.Int16, []int32{-1, -2, -2}, -2},
		{Mapping{Kind: Fixed}, raster.Float32, []int32{math.MaxInt32, math.MaxInt32, math.MaxInt32}, math.MaxInt32},
		{Mapping{Kind: Scaled, N: 1, D: 1}, raster.Float32, []int32{math.MinInt32, math.MinInt32 + 1}, math.MinInt32 + 1},
		{Mapping{Kind: Ordered}, raster.Uint32, []int32{-4, 1}, -1},
	} {
		assert.Equal(t, c.want, c.m.Mean(c.typ, c.lanes), "%+v of %v: %v", c.m, c.typ, c.lanes)
	}
	m, inf, nan := Mapping{Kind: Ordered}, math.Inf(1), math.NaN()
	for _, c := range []struct {
		typ    raster.Type
		values []float64
		want   float64
	}{
		{raster.Float32, []float64{1, 2, 6}, 3}, {raster.Float32, []float64{-1, -2, nan, -6, inf}, -3}, {raster.Float32, []float64{nan}, nan},
		{raster.Float32, []float64{math.MaxFloat32, math.MaxFloat32}, math.MaxFloat32}, {raster.Float32, []float64{-0.25, 0.25}, 0},
		{raster.Float64, []float64{1, 2, 6, -inf}, 3}, {raster.Float64, []float64{0x1p1023, 0x1p1023, 0x1p1023, 0x1p1022, 0x1p1022}, 0x1.999998p1022 + 0},
	} {
		var words []uint64
		for _, v := range c.values {
			if c.typ == raster.Float32 {
				words = append(words, uint64(math.Float32bits(float32(v))))
			} else {
				words = append(words, math.Float64bits(v))
			}
		}
		lanes, _, _ := split(m, c.typ, words)
		got := m.Value(c.typ, m.Mean(c.typ, lanes))
		if math.IsNaN(c.want) {
			assert.True(t, math.IsNaN(got), "%v: %v", c.values, got)
			continue
		}
		assert.InEpsilon(t, c.want+1e-300, got+1e-300, 1e-6, "%v of %v", c.typ, c.values)
	}
}

// TestDivisor: the quotient by a multiplication is the quotient.
func TestDivisor(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	numbers := []uint64{1, 2, 3, 5, 7, 10, 100, 1e9, 381, 1250, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 53, 1 << 63, 1<<63 + 1, math.MaxUint64 - 1, math.MaxUint64}
	for range 3000 {
		numbers = append(numbers, max(1, r.Uint64()>>r.IntN(64)))
	}
	for _, n := range numbers {
		d := divisorOf(n)
		for _, x := range numbers {
			for _, x := range []uint64{0, x, x / n * n, x/n*n - 1, x / n * (n - 1)} {
				if q, rest := d.div(x); q != x/n || rest != x%n {
					require.Fail(t, "quotient", "%d / %d: %d, %d", x, n, q, rest)
				}
			}
		}
	}
}
