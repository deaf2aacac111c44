package symbols

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// shape maps arbitrary bytes to a shape that decoders accept.
func shape(w, h, kind byte) (int, int, int, int) {
	channels, depth := int(kind%5), 8
	if channels == 0 {
		channels, depth = 1, 16
	}
	return int(w) + 1, int(h) + 1, channels, depth
}

func FuzzDecode(f *testing.F) {
	for i, d := range shorttest.Cases(drawings) {
		front, body := Encode(d.tile)
		if len(body) < 5000 {
			f.Add(front, body, byte(min(d.tile.W, 256)-1), byte(min(d.tile.H, 256)-1), byte(i))
		}
	}
	f.Fuzz(func(t *testing.T, front, body []byte, w, h, kind byte) {
		W, H, channels, depth := shape(w, h, kind)
		grid, err := DecodeFront(front, W, H, channels, depth)
		if err != nil {
			require.ErrorIs(t, err, rans.ErrCorrupt)
			require.Nil(t, grid)
			grid = make([]uint32, gridSize(W)*gridSize(H))
		}
		pix, err := DecodeBody(body, grid, W, H, channels, depth)
		if err != nil {
			require.ErrorIs(t, err, rans.ErrCorrupt)
			require.Nil(t, pix)
			return
		}
		for i, v := range pix {
			require.Zerof(t, uint64(v)>>(channels*depth), "x %d y %d: %#x", i%W, i/W, v)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{0}, byte(0), byte(0), byte(0))
	f.Add([]byte("pattern pattern pattern"), byte(20), byte(9), byte(3))
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 255}, byte(63), byte(30), byte(1))
	f.Fuzz(func(t *testing.T, data []byte, w, h, kind byte) {
		if len(data) == 0 {
			t.Skip("no data")
		}
		W, H, channels, depth := shape(w, h, kind)
		i := 0
		requireRoundTrip(t, draw(W, H, channels, depth, func(x, y int) uint32 {
			v := uint32(0)
			for range channels * depth / 8 {
				v = v<<8 | uint32(data[i%len(data)])
				i++
			}
			return v
		}))
	})
}
