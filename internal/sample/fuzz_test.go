package sample

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

var valid = append([]Mapping{{}, {Offset: -5}, {Offset: 1 << 32}, {Offset: -1 << 32}, {Kind: Ordered},
	{Kind: Fixed, P: 15}, {Kind: Fixed, P: -128}, {Kind: Fixed, P: 149}, {Kind: Fixed, P: 1074}, {Kind: Fixed, P: -1024}}, scales...)

// TestAppend: a mapping is read as it was written, and what follows is left; cut short it
// is an error.
func TestAppend(t *testing.T) {
	for _, typ := range types {
		for _, m := range valid {
			if m.Validate(typ) != nil {
				continue
			}
			p := m.Append([]byte{1, 2})[2:]
			got, rest, err := ParseMapping(append(p, 0xff, 3), typ)
			require.NoError(t, err, "%+v of %v", m, typ)
			require.Equal(t, m, got)
			require.Equal(t, []byte{0xff, 3}, rest)
			for n := range p {
				_, _, err := ParseMapping(p[:n], typ)
				require.ErrorContains(t, err, "ends in the field", "%+v, %d bytes", m, n)
			}
		}
	}
}

// TestValidate: errors name the field and its range, whoever finds them.
func TestValidate(t *testing.T) {
	for _, c := range []struct {
		m    Mapping
		typ  raster.Type
		want string
	}{
		{Mapping{}, raster.Float32, "kind offset of float32, expected integers"},
		{Mapping{Kind: Fixed}, raster.Int32, "kind fixed of int32, expected floats"},
		{Mapping{}, 0, "mapping of type 0"},
		{Mapping{Kind: 4}, raster.Int8, "kind 4, expected"},
		{Mapping{Offset: 1<<32 + 1}, raster.Uint32, "offset 4294967297, expected -4294967296 to 4294967296"},
		{Mapping{Offset: math.MinInt64}, raster.Uint32, "offset -9223372036854775808, expected -4294967296"},
		{Mapping{Kind: Scaled, D: 1}, raster.Float32, "N 0, expected 1 to 9007199254740992"},
		{Mapping{Kind: Scaled, N: 1<<53 + 1, D: 1}, raster.Float32, "N 9007199254740993, expected 1"},
		{Mapping{Kind: Scaled, N: math.MaxUint64, D: 1}, raster.Float32, "N 9223372036854775807, expected 1"},
		{Mapping{Kind: Scaled, N: 1}, raster.Float32, "D 0, expected 1 to 4294967295"},
		{Mapping{Kind: Scaled, N: 1, D: 1 << 32}, raster.Int8, "D 4294967296, expected 1 to"},
		{Mapping{Kind: Scaled, N: 1, D: 1, E: -1075}, raster.Float64, "E -1075, expected -1074 to 1023"},
		{Mapping{Kind: Scaled, N: 1, D: 1, E: 1024}, raster.Float64, "E 1024, expected -1074 to 1023"},
		{Mapping{Kind: Fixed, P: 150}, raster.Float32, "P 150, expected -128 to 149"},
		{Mapping{Kind: Fixed, P: -129}, raster.Float32, "P -129, expected -128 to 149"},
		{Mapping{Kind: Fixed, P: 1075}, raster.Float64, "P 1075, expected -1024 to 1074"},
	} {
		err := c.m.Validate(c.typ)
		if assert.ErrorContains(t, err, c.want, "%+v", c.m) {
			_, _, err := ParseMapping(c.m.Append(nil), c.typ)
			assert.ErrorContains(t, err, "mapping", "%+v", c.m)
		}
	}
	assert.ErrorContains(t, Mapping{Kind: Ordered, P: 3}.Validate(raster.Int8), "expected zeros")
	_, _, err := ParseMapping([]byte{0x83, 0x00}, raster.Int8)
	assert.ErrorContains(t, err, "shortest form")
	_, _, err = ParseMapping([]byte{1, 1, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1}, raster.Float64)
	assert.ErrorContains(t, err, "E 2199023255552, expected -1074 to 1023")
}

// FuzzParseMapping: what is read is valid, and written to the same bytes.
func FuzzParseMapping(f *testing.F) {
	for i, m := range valid {
		f.Add(m.Append(nil), uint8(1+i%8))
	}
	f.Fuzz(func(t *testing.T, p []byte, typ uint8) {
		m, rest, err := ParseMapping(p, raster.Type(typ))
		if err != nil {
			require.Zero(t, m)
			require.Nil(t, rest)
			return
		}
		require.NoError(t, m.Validate(raster.Type(typ)))
		require.Equal(t, p, append(m.Append(nil), rest...))
	})
}

// FuzzRoundTrip: a sample that splits comes back, its remainder as long as it may be; a
// lane's sample, with any remainder, splits into something that is the same sample, unless
// it is beyond the lanes or the type.
func FuzzRoundTrip(f *testing.F) {
	for i, m := range valid {
		f.Add(m.Append(nil), uint8(1+i%8), math.Float64bits(1.5), int32(77), uint64(3))
		f.Add(m.Append(nil), uint8(7), uint64(math.Float32bits(-1.3)), int32(-1<<31), uint64(1<<63))
		f.Add(m.Append(nil), uint8(8), math.Float64bits(-1e-310), int32(1<<31-1), uint64(0))
	}
	f.Fuzz(func(t *testing.T, p []byte, kind uint8, word uint64, lane int32, rem uint64) {
		typ := raster.Type(kind)
		m, _, err := ParseMapping(p, typ)
		if err != nil {
			return
		}
		word = wordsOf(blockOf(typ, []uint64{word}))[0]
		if l, r, ok := splitOne(m, typ, word); ok {
			require.Zero(t, r>>m.RemainderBits(typ, l), "%+v of %v, sample %x", m, typ, word)
			require.Equal(t, word, join(m, typ, []int32{l}, []uint64{r})[0], "%+v of %v, lane %d, remainder %d", m, typ, l, r)
		}
		m.Mean(typ, []int32{lane, int32(rem), int32(word)})
		w := join(m, typ, []int32{lane}, []uint64{rem})[0]
		if l, r, ok := splitOne(m, typ, w); ok {
			require.Equal(t, w, join(m, typ, []int32{l}, []uint64{r})[0], "%+v of %v, lane %d", m, typ, l)
		} else if typ.Float() {
			v := formatOf(typ)
			beyond := w&^v.sign == v.inf-1 || m.Kind == Fixed && exact(typ, w).Cmp(pow2(31-m.P)) >= 0
			require.True(t, m.Kind != Ordered && beyond, "%+v of %v, lane %d: %v does not split", m, typ, lane, Number(typ, w))
		}
	})
}

// FuzzDetect: every sample fed is one of the mapping proposed, which does not depend on order.
func FuzzDetect(f *testing.F) {
	for typ := raster.Uint8; typ <= raster.Float64; typ++ {
		f.Add([]byte{}, uint8(typ), uint16(1), uint16(100))
		f.Add([]byte{1, 2, 3, 7, 200, 0, 1, 5, 9, 11, 45, 250}, uint8(typ), uint16(1), uint16(100))
		f.Add([]byte{1, 2, 3, 7, 200, 0, 1, 5, 9, 11, 45, 250}, uint8(typ), uint16(381), uint16(1250))
		f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 0x80, 0, 0, 0xf0, 0x7f, 1, 0, 0, 0}, uint8(typ), uint16(0), uint16(0))
	}
	f.Fuzz(func(t *testing.T, p []byte, kind uint8, n, d uint16) {
		typ := raster.Type(kind)
		if !typ.Valid() {
			return
		}
		var words []uint64
		for i := 0; i+2 <= len(p); i += 2 {
			k := int64(int16(binary.LittleEndian.Uint16(p[i:])))
			word := uint64(k)
			if typ.Float() && d != 0 {
				word, _ = round(typ, new(big.Rat).Mul(big.NewRat(k, 1), big.NewRat(int64(n), int64(d))))
			} else if d == 0 && i+8 <= len(p) {
				word = binary.LittleEndian.Uint64(p[i:])
			}
			words = append(words, word)
		}
		if len(words) == 0 {
			return
		}
		b := blockOf(typ, words)
		words = wordsOf(b)
		m := detect(b, 1, nil)
		require.NoError(t, m.Validate(typ))
		lanes, rem, ok := split(m, typ, words)
		require.True(t, ok, "%+v of %v: %x", m, typ, words)
		require.Equal(t, words, join(m, typ, lanes, rem), "%+v of %v", m, typ)
		slices.Reverse(words)
		turned := detect(blockOf(typ, words), 1, nil)
		if m.Kind != Fixed && turned.Kind != Fixed && m.Kind != Ordered && turned.Kind != Ordered { // which neighbours have prices
			require.Equal(t, m, turned, "%v", typ)
		}
	})
}

// BenchmarkRow converts rows of a decimal grid and of random mantissas.
func BenchmarkRow(b *testing.B) {
	for _, c := range []struct {
		name string
		m    Mapping
		typ  raster.Type
	}{
		{"offset-uint16", Mapping{Offset: 1}, raster.Uint16},
		{"cm-float32", Mapping{Kind: Scaled, N: 1, D: 100}, raster.Float32},
		{"feet-float32", Mapping{Kind: Scaled, N: 381, D: 1250}, raster.Float32},
		{"cm-float64", Mapping{Kind: Scaled, N: 1, D: 100}, raster.Float64},
		{"fixed-float32", Mapping{Kind: Fixed, P: 10}, raster.Float32},
		{"ordered-float32", Mapping{Kind: Ordered}, raster.Float32},
	} {
		lanes, rem := make([]int32, 1024), make([]uint64, 1024)
		for i := range lanes {
			lanes[i] = int32(100000 + i*i%5000)
			if c.typ == raster.Uint16 {
				lanes[i] /= 4
			}
		}
		blk := blockOf(c.typ, make([]uint64, len(lanes)))
		b.Run("join/"+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(lanes))) // MB/s are Msamples/s
			for b.Loop() {
				c.m.Join(blk, 1, 7, lanes, rem)
			}
		})
		b.Run("split/"+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(lanes)))
			for b.Loop() {
				if !c.m.Split(lanes, rem, nil, blk, 1, 7) {
					b.Fatal("no match")
				}
			}
		})
	}
}

// BenchmarkDetector feeds rows of a decimal grid and of random mantissas.
func BenchmarkDetector(b *testing.B) {
	for name, step := range map[string]float64{"cm": 0.01, "random": 0x1p-40} {
		blk := floats(raster.Float32, 512, 512, multiples(terrain(rand.New(rand.NewPCG(1, 1))), step, func(k float64) float64 { return k * step }))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(512 * 512) // MB/s are Msamples/s
			for b.Loop() {
				detect(blk, 0, nil)
			}
		})
	}
}
