package symbols

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/cm"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// draw makes a tile of which f gives the symbol at (x, y).
func draw(w, h, channels, depth int, f func(x, y int) uint32) *Tile {
	t := &Tile{W: w, H: h, Channels: channels, Depth: depth, Pix: make([]uint32, w*h)}
	for i := range t.Pix {
		t.Pix[i] = f(i%w, i/w)
	}
	return t
}

// noise draws symbols from 0 to below n, 2^32 for n = 0.
func noise(seed uint64, n uint32) func(x, y int) uint32 {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(int, int) uint32 {
		if n == 0 {
			return r.Uint32()
		}
		return r.Uint32N(n)
	}
}

func constant(v uint32) func(x, y int) uint32 { return func(int, int) uint32 { return v } }

// repeated tiles the plane with a block of n×n symbols of f.
func repeated(n int, f func(x, y int) uint32) func(x, y int) uint32 {
	block := draw(n, n, 4, 8, f)
	return func(x, y int) uint32 { return block.Pix[y%n*n+x%n] }
}

// drawings are tiles with the most bytes that each may take.
var drawings = []struct {
	name string
	tile *Tile
	most int
}{
	{"one sample", draw(1, 1, 1, 8, constant(200)), 3},
	{"one sample of 32 bits", draw(1, 1, 4, 8, constant(1<<32-1)), 10},
	{"row", draw(77, 1, 1, 8, noise(1, 4)), 60},
	{"column", draw(1, 77, 1, 8, noise(2, 4)), 60},
	{"black", draw(500, 300, 1, 8, constant(0)), 3},
	{"white", draw(500, 300, 4, 8, constant(1<<32-1)), 24},
	{"two colours", draw(200, 200, 3, 8, func(x, y int) uint32 {
		return 0x102030 + 0x334455*asBit((x-90)*(x-90)+(y-110)*(y-110) < 4900)
	}), 160},
	{"stripes", draw(256, 256, 1, 8, func(x, y int) uint32 { return uint32(x) / 3 % 5 }), 350},
	{"blocks", draw(256, 256, 4, 8, repeated(24, noise(3, 0))), 4200},
	{"ramp", draw(256, 64, 1, 8, func(x, y int) uint32 { return uint32(x+y) & 255 }), 1300},
	{"ramp of 16 bits", draw(100, 64, 1, 16, func(x, y int) uint32 { return uint32(x*600 + y) }), 11000},
	{"gray and alpha", draw(99, 65, 2, 8, func(x, y int) uint32 { return uint32(x+y) | uint32(x*y)>>5&255<<8 }), 7000},
	{"noise of 1 bit", draw(256, 256, 1, 8, noise(4, 2)), 256 * 256 / 8 * 102 / 100},
	{"noise of 8 bits", draw(256, 256, 1, 8, noise(5, 256)), 256 * 256 * 102 / 100},
	{"noise of 16 bits", draw(256, 256, 1, 16, noise(6, 65536)), 256 * 256 * 2 * 102 / 100},
	{"noise of 2 channels", draw(256, 256, 2, 8, noise(7, 65536)), 256 * 256 * 2 * 102 / 100},
	{"noise of 3 channels", draw(256, 256, 3, 8, noise(8, 1<<24)), 256 * 256 * 3 * 102 / 100},
	{"noise of 4 channels", draw(256, 256, 4, 8, noise(9, 0)), 256 * 256 * 4 * 102 / 100},
}

// requireRoundTrip encodes a tile and returns its bytes, after comparing what
// they decode to.
func requireRoundTrip(t *testing.T, tile *Tile) (front, body []byte) {
	front, body = Encode(tile)
	grid, err := DecodeFront(front, tile.W, tile.H, tile.Channels, tile.Depth)
	require.NoError(t, err)
	for i, v := range grid {
		x, y := i%gridSize(tile.W)*gridStep, i/gridSize(tile.W)*gridStep
		require.Equalf(t, tile.Pix[y*tile.W+x], v, "front: x %d y %d", x, y)
	}
	pix, err := DecodeBody(body, grid, tile.W, tile.H, tile.Channels, tile.Depth)
	require.NoError(t, err)
	requireSame(t, tile, pix)
	return front, body
}

func requireSame(t *testing.T, tile *Tile, pix []uint32) {
	require.Len(t, pix, len(tile.Pix))
	for i, v := range tile.Pix {
		if pix[i] != v {
			require.Failf(t, "body", "x %d y %d: %#x, expected %#x", i%tile.W, i/tile.W, pix[i], v)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, d := range shorttest.Cases(drawings) {
		t.Run(d.name, func(t *testing.T) {
			front, body := requireRoundTrip(t, d.tile)
			assert.LessOrEqual(t, len(front)+len(body), d.most, "bytes")
			alone := EncodeBody(d.tile)
			pix, err := DecodeBody(alone, nil, d.tile.W, d.tile.H, d.tile.Channels, d.tile.Depth)
			require.NoError(t, err)
			requireSame(t, d.tile, pix)
			assert.LessOrEqual(t, len(alone), d.most, "bytes without a front")
		})
	}
}

func TestRoundTripOfEverySize(t *testing.T) {
	f := noise(10, 3)
	for h := 1; h <= 18; h += shorttest.Step() {
		for w := 1; w <= 18; w++ {
			requireRoundTrip(t, draw(w, h, 1, 8, f))
			requireRoundTrip(t, draw(w, h, 3, 8, func(x, y int) uint32 { return uint32(x/5+y/7) * 0x0A0B0C }))
		}
	}
}

func TestEncodeLeavesTheTile(t *testing.T) {
	tile := draw(64, 64, 3, 8, noise(11, 9))
	before := append([]uint32(nil), tile.Pix...)
	Encode(tile)
	require.Equal(t, before, tile.Pix)
}

func TestCutAndExtendedCodes(t *testing.T) {
	tile := draw(128, 128, 1, 8, noise(12, 6))
	front, body := Encode(tile)
	grid, err := DecodeFront(front, 128, 128, 1, 8)
	require.NoError(t, err)
	for _, n := range []int{0, 1, len(body) / 2, len(body) - cm.Slack - 1} {
		_, err := DecodeBody(body[:n], grid, 128, 128, 1, 8)
		require.ErrorIsf(t, err, rans.ErrCorrupt, "%d of %d bytes", n, len(body))
	}
	_, err = DecodeFront(append(front, 0, 0, 0, 0, 0), 128, 128, 1, 8)
	require.ErrorIs(t, err, rans.ErrCorrupt, "bytes after the end")
}

func TestShapes(t *testing.T) {
	for _, s := range []struct {
		w, h, channels, depth int
		want                  string
	}{
		{0, 5, 1, 8, "0×5 samples"},
		{5, -1, 1, 8, "5×-1 samples"},
		{1 << 20, 1 << 11, 1, 8, "expected 1 to 2^31−1"},
		{5, 5, 0, 8, "0 channels"},
		{5, 5, 5, 8, "5 channels"},
		{5, 5, 1, 12, "12 bits"},
		{5, 5, 2, 16, "2 channels of 16 bits"},
	} {
		_, err := DecodeFront(nil, s.w, s.h, s.channels, s.depth)
		assert.ErrorContains(t, err, s.want)
		_, err = DecodeBody(nil, nil, s.w, s.h, s.channels, s.depth)
		assert.ErrorContains(t, err, s.want)
		tile := &Tile{W: s.w, H: s.h, Channels: s.channels, Depth: s.depth}
		assert.Panics(t, func() { Encode(tile) })
		assert.Panics(t, func() { EncodeBody(tile) })
	}
	_, err := DecodeBody(nil, make([]uint32, 3), 9, 9, 1, 8)
	assert.ErrorContains(t, err, "3 samples for a tile of 9×9, expected 4")
}

func TestLikely(t *testing.T) {
	for _, l := range []struct {
		name string
		tile *Tile
		want bool
	}{
		{"flat", draw(100, 100, 1, 8, constant(7)), true},
		{"one row", draw(100, 1, 1, 8, constant(7)), true},
		{"one column", draw(1, 100, 1, 8, constant(7)), true},
		{"labels", draw(100, 100, 1, 16, func(x, y int) uint32 { return uint32(x/9*100 + y/9) }), true},
		{"two colours", draw(100, 100, 3, 8, noise(1, 2)), true},
		{"noise", draw(100, 100, 1, 8, noise(1, 256)), false},
		{"gradient", draw(100, 100, 3, 8, func(x, y int) uint32 { return uint32(x*3 + y*5) }), false},
	} {
		var counts Likeness
		for y := range l.tile.H {
			var up []uint32
			if y > 0 {
				up = l.tile.Pix[(y-1)*l.tile.W:][:l.tile.W]
			}
			counts.Add(l.tile.Pix[y*l.tile.W:][:l.tile.W], up)
		}
		assert.Equal(t, l.want, counts.Likely(), l.name)
	}
}

func BenchmarkEncode(b *testing.B) {
	tile := screen()
	b.SetBytes(int64(len(tile.Pix)))
	for b.Loop() {
		Encode(tile)
	}
}

func BenchmarkDecode(b *testing.B) {
	tile := screen()
	front, body := Encode(tile)
	b.SetBytes(int64(len(tile.Pix)))
	for b.Loop() {
		grid, err := DecodeFront(front, tile.W, tile.H, 3, 8)
		require.NoError(b, err)
		_, err = DecodeBody(body, grid, tile.W, tile.H, 3, 8)
		require.NoError(b, err)
	}
}

// screen is a drawing with flat areas, repeated glyphs and a noisy gradient;
// MB/s of the benchmarks are its Mpixel/s.
func screen() *Tile {
	glyphs, grain := repeated(16, noise(1, 4)), noise(2, 3)
	return draw(1024, 512, 3, 8, func(x, y int) uint32 {
		switch {
		case x > 800 && y > 400:
			return uint32(x/4+y/4)*0x010101&0xFFFFFF + grain(x, y)
		case x > 500 && y/24%2 == 1:
			return glyphs(x, y) * 0x404040
		default:
			return 0xF0F0F0
		}
	})
}
