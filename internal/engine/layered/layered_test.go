package layered

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// patterns give a sample of a channel at (x,y).
var patterns = map[string]func(r *rand.Rand, c, x, y int) int{
	"flat":  func(*rand.Rand, int, int, int) int { return 77 },
	"noise": func(r *rand.Rand, _, _, _ int) int { return r.IntN(256) },
	"edges": func(_ *rand.Rand, c, x, y int) int { return 255 * ((x/(3+c) + y/5) & 1) },
	"photo": func(r *rand.Rand, c, x, y int) int { return (2*x+y+40*c)/2 + (x*y/9)%(20+c) + r.IntN(9) },
	"holes": func(r *rand.Rand, c, x, y int) int {
		if c == 3 {
			return 255 * (x / 16 & 1)
		}
		return 3*x + y + r.IntN(4)
	},
}

func picture(pattern string, w, h, channels int) *chroma.Interleaved {
	r := rand.New(rand.NewPCG(1, 2))
	m := chroma.NewInterleaved(w, h, channels, 8)
	for i := range m.Pix {
		v := patterns[pattern](r, i%channels, i/channels%w, i/channels/w)
		m.Pix[i] = byte(min(v, 255))
	}
	return m
}

func encodeTile(t testing.TB, f Format, m *chroma.Interleaved) *Tile {
	t.Helper()
	tile, err := NewEncoder(f, cpufallback.New(1), engine.SplitHybrid).Tile(context.Background(), new(Scratch), m)
	require.NoError(t, err)
	return tile
}

// segments is what a file would hold of one tile.
func segments(t testing.TB, f Format, m *chroma.Interleaved) (s engine.Segments, tables []byte) {
	tile := encodeTile(t, f, m)
	ts := ChooseTables([]*Tile{tile})
	return ts.Segments(tile), ts.Payload
}

var sizes = []image.Point{{1, 1}, {1, 70}, {33, 1}, {31, 33}, {96, 64}}

// TestBound: no sample is off by more than the bound, and Worst tells by how much.
func TestBound(t *testing.T) {
	for name := range patterns {
		for _, channels := range []int{3, 4} {
			for _, s := range sizes {
				for _, bound := range shorttest.Cases([]int{4, 1, 2, 8, 30, 255}) {
					t.Run(fmt.Sprintf("%s %d×%v t %d", name, channels, s, bound), func(t *testing.T) {
						requireBound(t, format(channels, bound), picture(name, s.X, s.Y, channels))
					})
				}
			}
		}
	}
}

func requireBound(t *testing.T, f Format, m *chroma.Interleaved) {
	tile := encodeTile(t, f, m)
	tables := ChooseTables([]*Tile{tile})
	d, err := NewDecoder(tables.Payload, f)
	require.NoError(t, err)
	back, err := d.Decode(new(Scratch), tables.Segments(tile), m.W, m.H)
	require.NoError(t, err)
	most := make([]int32, f.channels())
	for i, v := range m.Pix {
		off := int(distance(v, back.Pix[i]))
		c := i % f.channels()
		require.LessOrEqual(t, off, f.Bound, "channel %d x %d y %d: %d, expected %d",
			c, i/f.channels()%m.W, i/f.channels()/m.W, back.Pix[i], v)
		most[c] = max(most[c], int32(off))
	}
	assert.Equal(t, most, tile.Worst)
}

// TestOverview: the overview holds means, near enough to recognise.
func TestOverview(t *testing.T) {
	f := format(4, 2)
	m := picture("photo", 100, 77, 4)
	s, payload := segments(t, f, m)
	d, err := NewDecoder(payload, f)
	require.NoError(t, err)
	small, err := d.Overview(s.Overview, m.W, m.H)
	require.NoError(t, err)
	require.Equal(t, [2]int{13, 10}, [2]int{small.W, small.H})
	for c := range 4 {
		for y := range m.H / 8 {
			for x := range m.W / 8 {
				sum := 0
				for i := range 64 {
					sum += int(m.Pix[(8*y+i/8)*m.Stride+(8*x+i%8)*m.Step+c])
				}
				got := small.Pix[y*small.Stride+x*small.Step+c]
				assert.InDelta(t, float64(sum)/64, float64(got), 4, "channel %d x %d y %d", c, x, y)
			}
		}
	}
}

// TestContext compares with the words of the package comment.
func TestContext(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	f := format(4, 3)
	c := newCorrections(&f, picture("noise", 9, 7, 4))
	for k := range c.planes {
		for y := range 7 {
			for x := range 9 {
				c.planes[k][c.at(y)+x] = int8(max(r.IntN(7), 3)-3) * int8(1-2*r.IntN(2))
			}
		}
	}
	rows := rowContexts{make([]uint16, 9), make([]uint8, 9), make([]uint8, 9*7)}
	for k, channel := range [4]int{1, 0, 2, 3} {
		clear(rows.flip)
		for y := range 7 {
			c.contrasts(channel, y)
			c.rowContexts(&rows, k, y)
			for x := range 9 {
				wantCtx, wantS := naiveContext(c, k, channel, x, y)
				ctx, s := c.context(k, c.at(y)+x, x)
				require.Equal(t, [2]int{wantCtx, wantS}, [2]int{ctx, s}, "plane %d x %d y %d", k, x, y)
				require.EqualValues(t, wantCtx, rows.ctx[x], "plane %d x %d y %d, by rows", k, x, y)
				require.Equal(t, wantS < 0, rows.flip[x] == 1, "plane %d x %d y %d: sense by rows", k, x, y)
			}
		}
	}
}

func naiveContext(c *corrections, k, channel, x, y int) (ctx, s int) {
	q := func(k, x, y int) int {
		if x < 0 || y < 0 || x >= c.base.W || y >= c.base.H {
			return 0
		}
		return int(c.planes[k][c.at(y)+x])
	}
	abs := func(v int) int { return max(v, -v) }
	class := func(v int, limits ...int) int {
		n := 0
		for _, l := range limits {
			if v >= l {
				n++
			}
		}
		return n
	}
	pix := func(x, y int) int {
		x, y = min(max(x, 0), c.base.W-1), min(max(y, 0), c.base.H-1)
		return int(c.base.Pix[y*c.base.Stride+x*c.base.Step+channel])
	}
	around := 2*(abs(q(k, x-1, y))+abs(q(k, x, y-1))) + abs(q(k, x-1, y-1)) + abs(q(k, x+1, y-1))
	contrast := abs(pix(x+1, y)-pix(x-1, y)) + abs(pix(x, y+1)-pix(x, y-1))
	unit := c.format.Bound + 1
	ctx = 4*class(around, 1, 2, 3, 5, 8) + class(contrast, unit, 3*unit, 7*unit)
	if k == 0 || k == 3 {
		return ctx, 0
	}
	ring, any := 0, false
	for j := range k {
		s += q(j, x, y)
		any = any || q(j, x, y) != 0
		ring += abs(q(j, x-1, y)) + abs(q(j, x+1, y)) + abs(q(j, x, y-1)) + abs(q(j, x, y+1))
	}
	here := class(abs(s), 1, 2)
	if any && s == 0 {
		here = 3
	}
	return 24 + (k-1)*288 + (3*here+class(ring, 1, 2))*24 + ctx, s
}

// TestDamage: any byte of a tile may be wrong and any may be missing.
func TestDamage(t *testing.T) {
	f := format(3, 2)
	m := picture("photo", 40, 35, 3)
	s, payload := segments(t, f, m)
	overview, detail := s.Overview, s.Detail
	d, err := NewDecoder(payload, f)
	require.NoError(t, err)
	check := func(overview, detail []byte) bool {
		back, err := d.Decode(new(Scratch), engine.Segments{Overview: overview, Detail: detail}, m.W, m.H)
		if err != nil {
			require.ErrorIs(t, err, rans.ErrCorrupt)
			require.Nil(t, back)
		}
		return err != nil
	}
	failed := 0
	for i := range detail {
		bad := append([]byte(nil), detail...)
		bad[i] ^= 0x41
		if check(overview, bad) {
			failed++
		}
		require.True(t, check(overview, detail[:i]), "%d of %d bytes", i, len(detail))
	}
	assert.Greater(t, failed, len(detail)*3/4)
	for i := range overview {
		bad := append([]byte(nil), overview...)
		bad[i] ^= 0x41
		check(bad, detail)
	}
	for i := range payload {
		_, err := NewDecoder(payload[:i], f)
		require.ErrorIs(t, err, rans.ErrCorrupt, "%d of %d bytes of tables", i, len(payload))
	}
	_, err = NewDecoder(binary.AppendUvarint(nil, 1<<40), f)
	require.ErrorIs(t, err, rans.ErrCorrupt)
}

// FuzzCorrections: any bytes are an error or corrections in range.
func FuzzCorrections(f *testing.F) {
	of := format(4, 1)
	base := picture("photo", 20, 9, 4)
	for name := range patterns {
		s, _ := segments(f, of, picture(name, 20, 9, 4))
		_, rest, err := cut(s.Detail)
		require.NoError(f, err)
		f.Add(rest)
	}
	tables := rans.NewDecTables(universal.Universal)
	f.Fuzz(func(t *testing.T, segment []byte) {
		c := newCorrections(&of, base)
		if err := c.decode(tables, segment); err != nil {
			require.ErrorIs(t, err, rans.ErrCorrupt)
			return
		}
		var raw rans.BitWriter
		var tokens []rans.Token
		for k := range c.planes {
			for i, q := range c.planes[k] {
				require.LessOrEqual(t, abs(q), largest, "plane %d index %d", k, i)
			}
		}
		again := newCorrections(&of, base)
		again.code(func(ctx int, flip bool, channel, x, y int) int8 {
			k := [4]int{1, 0, 2, 3}[channel]
			q := c.planes[k][c.at(y)+x]
			u := symbol(int(q), flip)
			tokens = append(tokens, rans.MakeToken(ctx, min(u, escape)))
			if u >= escape {
				raw.PutExpGolomb(uint32(u - escape))
			}
			return q
		})
		third := newCorrections(&of, base)
		require.NoError(t, third.decode(tables, rans.NewEncTable(universal.Universal).AppendSegment(nil, tokens, &raw)))
		require.Equal(t, c.planes, third.planes)
	})
}

// FuzzTile: any bytes are an error or a tile.
func FuzzTile(f *testing.F) {
	of := format(3, 4)
	for name := range patterns {
		s, payload := segments(f, of, picture(name, 40, 33, 3))
		f.Add(s.Overview, s.Detail, payload)
	}
	f.Fuzz(func(t *testing.T, overview, detail, payload []byte) {
		d, err := NewDecoder(payload, of)
		if err != nil {
			require.ErrorIs(t, err, rans.ErrCorrupt)
			return
		}
		if m, err := d.Decode(new(Scratch), engine.Segments{Overview: overview, Detail: detail}, 40, 33); err != nil {
			require.ErrorIs(t, err, rans.ErrCorrupt)
			require.Nil(t, m)
		}
		if m, err := d.Overview(overview, 40, 33); err != nil {
			require.ErrorIs(t, err, rans.ErrCorrupt)
			require.Nil(t, m)
		}
	})
}

// format is one of three channels, or of four with straight alpha.
func format(channels, bound int) Format {
	planes := []transform.Plane{{}, {Chroma: true}, {Chroma: true}, {Alpha: true, Hides: true}}
	return Format{planes[:channels], bound}
}
