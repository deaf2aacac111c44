package rans

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func randomTables(r *rand.Rand, n int) ([]Freqs, [][Symbols]uint64) {
	tables := make([]Freqs, n)
	counts := make([][Symbols]uint64, n)
	for c := range tables {
		used := 1 + r.IntN(Symbols)
		for s := range used {
			counts[c][s] = uint64(r.IntN(1 << r.IntN(20)))
		}
		tables[c] = Normalise(&counts[c], used)
	}
	return tables, counts
}

func TestNormalise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		tables, _ := randomTables(r, 1)
		require.True(t, tables[0].Valid(), "%v", tables[0])
	}
	one := Normalise(&[Symbols]uint64{5: 1 << 31}, Symbols)
	require.True(t, one.Valid())
	require.EqualValues(t, Scale-15, one[5])
	flat := Normalise(&[Symbols]uint64{}, 2)
	require.Equal(t, Freqs{1024, 1024}, flat)
}

func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := range 300 {
		tables, _ := randomTables(r, 1+r.IntN(20))
		enc, dec := NewEncTable(tables), NewDecTables(tables)
		var tokens []Token
		var raw BitWriter
		type bitsOf struct{ v, n uint32 }
		var fields []bitsOf
		for range n * 7 {
			c := r.IntN(len(tables))
			s := r.IntN(Symbols)
			if tables[c][s] == 0 {
				s = 0
				for tables[c][s] == 0 {
					s++
				}
			}
			tokens = append(tokens, MakeToken(c, s))
			if r.IntN(3) == 0 {
				k := uint32(r.IntN(33))
				v := uint32(r.Uint64() & (1<<k - 1))
				fields = append(fields, bitsOf{v, k})
				raw.Put(v, uint(k))
			} else if r.IntN(5) == 0 {
				v := r.Uint32() >> (2 + r.IntN(29))
				fields = append(fields, bitsOf{v, 99})
				raw.PutExpGolomb(v)
			}
		}
		seg := enc.AppendSegment(nil, tokens, &raw)
		var d Decoder
		require.NoError(t, d.Init(seg))
		for i, want := range tokens {
			require.Equal(t, int(want&15), d.Symbol(&dec[want>>4]), "token %d", i)
		}
		for i, f := range fields {
			if f.n == 99 {
				require.Equal(t, f.v, d.ExpGolomb(), "field %d", i)
			} else {
				require.Equal(t, f.v, d.Bits(int(f.n)), "field %d", i)
			}
		}
		require.NoError(t, d.Finish())
	}
}

func TestReciprocalIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for f := uint32(1); f <= Scale; f++ {
		var q Freqs
		q[0], q[1] = uint16(f), uint16(Scale-f)
		s := NewEncTable([]Freqs{q})[0]
		for _, x := range []uint32{lower, 1<<31 - 1, f<<20 - 1, f * 7, r.Uint32() >> 1, r.Uint32() >> 1} {
			require.Equal(t, x/f, uint32(uint64(x)*uint64(s.rcp)>>s.shift), "x %d f %d", x, f)
		}
	}
}

// Any bytes decode to symbols that the tables can code, and end in an error or in a clean Finish.
func FuzzDecoder(f *testing.F) {
	tables, _ := randomTables(rand.New(rand.NewPCG(7, 8)), 8)
	enc, dec := NewEncTable(tables), NewDecTables(tables)
	var raw BitWriter
	raw.Put(5, 9)
	f.Add(enc.AppendSegment(nil, nil, &raw))
	f.Fuzz(func(t *testing.T, data []byte) {
		var d Decoder
		if d.Init(data) != nil {
			return
		}
		for i := range 4 * len(data) {
			c := i % len(tables)
			if s := d.Symbol(&dec[c]); tables[c][s] == 0 {
				t.Fatalf("context %d gave symbol %d of frequency 0", c, s)
			}
			d.ExpGolomb()
		}
		_ = d.Finish()
	})
}

func BenchmarkSymbol(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 10))
	tables := make([]Freqs, 400)
	for c := range tables {
		tables[c] = Normalise(&[Symbols]uint64{600, 300, 150, 80, 40, 20, 10, 5, 2, 1}, Symbols)
	}
	enc, dec := NewEncTable(tables), NewDecTables(tables)
	tokens := make([]Token, 1<<16)
	for i := range tokens {
		c := r.IntN(len(tables))
		slot, s := r.IntN(Scale), 0
		for slot >= int(dec[c].cum[s+1]) {
			s++
		}
		tokens[i] = MakeToken(c, s)
	}
	seg := enc.AppendSegment(nil, tokens, &BitWriter{})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			var d Decoder
			_ = d.Init(seg)
			for _, k := range tokens {
				d.Symbol(&dec[k>>4])
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(tokens)), "ns/token")
	})
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			seg = enc.AppendSegment(seg[:0], tokens, &BitWriter{})
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(tokens)), "ns/token")
	})
}

// TestHistogram counts each token, of any number of them.
func TestHistogram(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for n := range 100 {
		tokens, want := make([]Token, n), make(Histogram, 3*Symbols)
		for i := range tokens {
			tokens[i] = Token(r.IntN(len(want)))
			want[tokens[i]]++
		}
		got := make(Histogram, len(want))
		got.Add(tokens)
		require.Equal(t, want, got, "%d tokens", n)
	}
}
