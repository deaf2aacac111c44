package container

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHeaderRanges(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Header)
		want   string // "" = valid
	}{
		{"sample", func(h *Header) {}, ""},
		{"width 0", func(h *Header) { h.Width = 0 }, "width 0, expected 1 to 2147483647"},
		{"width -1", func(h *Header) { h.Width = -1 }, "width -1"},
		{"largest width", func(h *Header) { h.Width = MaxSide }, ""},
		{"height 0", func(h *Header) { h.Height = 0 }, "height 0"},
		{"channels 0", func(h *Header) { h.Channels, h.Worst = 0, nil }, "channels 0, expected 1 to 4"},
		{"channels 5", func(h *Header) { h.Channels, h.Worst = 5, make([]int, 5) }, "channels 5"},
		{"depth 12", func(h *Header) { h.Depth = 12 }, "depth 12, expected 8 or 16"},
		{"tile 5", func(h *Header) { h.TileLog2 = 5 }, "tile log2 5, expected 6 to 10"},
		{"tile 11", func(h *Header) { h.TileLog2 = 11 }, "tile log2 11"},
		{"tile 11 of gray", func(h *Header) { h.Channels, h.Subsampling, h.Worst, h.TileLog2 = 1, S444, []int{0}, 11 }, ""},
		{"alpha of 3", func(h *Header) { h.Alpha = Straight }, "alpha 1, expected 0 to 0"},
		{"alpha", func(h *Header) { h.Channels, h.Worst, h.Alpha = 4, make([]int, 4), Premultiplied }, ""},
		{"alpha 3", func(h *Header) { h.Channels, h.Worst, h.Alpha = 4, make([]int, 4), 3 }, "alpha 3, expected 0 to 2"},
		{"maximum 1", func(h *Header) { h.Maximum = 1 }, "maximum 1 of 8 bits, expected 2 to 255"},
		{"maximum 256", func(h *Header) { h.Maximum = 256 }, "maximum 256 of 8 bits"},
		{"maximum 255 of 16", func(h *Header) { h.Depth = 16 }, "maximum 255 of 16 bits, expected 256 to 65535"},
		{"maximum 1023", func(h *Header) { h.Depth, h.Maximum = 16, 1023 }, ""},
		{"t 0", func(h *Header) { h.T = 0 }, "t 0"},
		{"largest t", func(h *Header) { h.T = MaxT }, ""},
		{"t above", func(h *Header) { h.T = MaxT + 1 }, "t 16711681"},
		{"step 2", func(h *Header) { h.Step = 2 }, "step 2, expected 3 to 4096"},
		{"step 4097", func(h *Header) { h.Step = 4097 }, "step 4097"},
		{"leaf errors", func(h *Header) { h.Worst = []int{1} }, "number of errors 1, expected 3 to 3"},
		{"leaf error", func(h *Header) { h.Worst[1] = maxRMS + 1 }, "largest error 16777217 of plane 1"},
		{"gray at 4:2:0", func(h *Header) { h.Channels, h.Worst = 1, []int{0} }, "subsampling 4:2:0 of 1 channels"},
		{"exact of rms", func(h *Header) { h.Engine, h.Subsampling = Exact, S444 }, "unsupported: HEAD: bound rms of engine exact, expected max"},
		{"engine 9", func(h *Header) { h.Engine = 9 }, "unsupported: HEAD: engine 9"},
		{"subsampling 2", func(h *Header) { h.Subsampling = 2 }, "unsupported: HEAD: subsampling 2"},
		{"layers", func(h *Header) { h.exact(255); h.Layered = true }, ""},
		{"layers of lossy", func(h *Header) { h.Layered = true }, "layers of engine lossy"},
		{"layers of gray", func(h *Header) { h.exact(2); h.Layered, h.Channels, h.Worst = true, 1, []int{0} }, "layers of engine exact, 1 channels"},
		{"layers of 16 bits", func(h *Header) { h.exact(2); h.Layered, h.Depth, h.Maximum = true, 16, 65535 }, "3 channels of 16 bits up to 65535"},
		{"layers without loss", func(h *Header) { h.exact(0); h.Layered = true }, "t 0, expected three or four channels of 8 bits up to 255 of exact and t 1 to 255"},
		{"layers of t 256", func(h *Header) { h.exact(256); h.Layered = true }, "t 256, expected"},
		{"merged", func(h *Header) { h.exact(1); h.Merged = true }, ""},
		{"merged without loss", func(h *Header) { h.exact(0); h.Merged = true }, "merged values of engine exact and t 0"},
		{"merged layers", func(h *Header) { h.exact(1); h.Layered, h.Merged = true, true }, "neither layers nor labels"},
		{"bound 1", func(h *Header) { h.Bound = 1 }, "unsupported: HEAD: bound max of engine lossy, expected rms"},
	} {
		h := sample().Header
		c.change(&h)
		err := h.Validate(math.MaxInt64)
		if c.want == "" {
			assert.NoError(t, err, c.name)
			got, err := parseHeader(h.append(nil), math.MaxInt64)
			require.NoError(t, err, c.name)
			assert.Equal(t, h, got, c.name)
			continue
		}
		assert.ErrorContains(t, err, c.want, c.name)
	}
}

// exact makes h the header of a bounded file.
func (h *Header) exact(t int) {
	h.Engine, h.Bound, h.Subsampling, h.T, h.Step = Exact, BoundMax, S444, t, 0
	clear(h.Worst)
}

func TestHeaderFlagsAreReserved(t *testing.T) {
	for flags, want := range map[uint64]string{
		1: "flag 1 (rectangular leaves)", 2: "flag 2 (dependent quantisation)",
		4: "flag 4 (chroma from luma)", 8: "flag 8 (visual tuning)", 256: "flags 0x100",
	} {
		h := sample().Header
		p := h.append(nil)
		p = append(binary.AppendUvarint(p[:1:1], flags), p[2:]...)
		_, err := parseHeader(p, 0)
		var unsup *UnsupportedError
		require.ErrorAs(t, err, &unsup)
		assert.ErrorContains(t, err, want)
	}
}

func TestHeaderFieldAbove31Bits(t *testing.T) {
	h := sample().Header
	h.Width = MaxSide
	p := h.append(nil)
	p[6] = 0x08 // 2^31 - 1 becomes 2^31 and more
	_, err := parseHeader(p, math.MaxInt64)
	assert.ErrorContains(t, err, "HEAD: width above 2147483647")
}

func TestGrid(t *testing.T) {
	for _, c := range []struct{ w, h, log2, nx, ny int }{
		{1, 1, 6, 1, 1}, {64, 65, 6, 1, 2}, {4878, 3322, 9, 10, 7}, {MaxSide, MaxSide, 6, 1 << 25, 1 << 25},
	} {
		h := Header{Width: c.w, Height: c.h, TileLog2: c.log2}
		nx, ny := h.Grid()
		assert.Equal(t, [2]int{c.nx, c.ny}, [2]int{nx, ny}, "%dx%d at 2^%d", c.w, c.h, c.log2)
	}
}
