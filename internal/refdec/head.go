package refdec

import (
	"fmt"
	"math"
)

// Header is the content of HEAD, in its words.
type Header struct {
	Engine        Engine
	Flags         int
	Width, Height int // in pixels
	Channels      int // 1 … 4
	Alpha         int // what the last of 2 or 4 channels is: Band, Straight or Premultiplied
	Depth         int // bits of a sample, 8 or 16
	Maximum       int // the sample of full scale
	Subsampling   int // 0 none, 1 4:2:0
	TileLog2      int // of the side of a tile in pixels
	Bound         int // 0 RMS, 1 the largest error of a sample
	T             int // the promise, in 1/65536 level with bound 0, in steps of the samples with bound 1
	Step          int // Δ of the quantiser in 1/8 level
	LargestErrors []int
}

// Engine is the coder of the tiles.
type Engine int

// The engines.
const (
	Lossy Engine = 0
	Exact Engine = 1
)

// What the last of 2 or 4 channels is.
const (
	Band          = 0
	Straight      = 1
	Premultiplied = 2
)

// The flags of HEAD that are not reserved.
const (
	Labels  = 16
	Palette = 32
	Layered = 64
	Merged  = 128
)

// Has tells whether a flag is set.
func (h *Header) Has(flag int) bool { return h.Flags&flag != 0 }

// tileSide is the side of a tile in pixels.
func (h *Header) tileSide() int { return 1 << h.TileLog2 }

// grid is the number of tiles across and down.
func (h *Header) grid() (across, down int) {
	return (h.Width-1)/h.tileSide() + 1, (h.Height-1)/h.tileSide() + 1
}

// tileSize is the size of a tile in pixels, and where it lies.
func (h *Header) tileSize(tile int) (left, top, w, height int) {
	across, _ := h.grid()
	left, top = tile%across*h.tileSide(), tile/across*h.tileSide()
	return left, top, min(h.tileSide(), h.Width-left), min(h.tileSide(), h.Height-top)
}

// readHead reads HEAD.
func (f *File) readHead(r *reader, maxPixels int64) error {
	if len(r.data) > maxHead {
		return fmt.Errorf("HEAD: %d bytes, expected at most %d", len(r.data), maxHead)
	}
	next := func(name string) int {
		v := r.uvarint(name)
		if v > math.MaxInt32 {
			r.fail("%s %d, expected it to be below 2^31", name, v)
			return 0
		}
		return int(v)
	}
	h := Header{
		Engine: Engine(next("engine")), Flags: next("flags"), Width: next("width"), Height: next("height"),
		Channels: next("channels"), Alpha: next("alpha"), Depth: next("depth"), Maximum: next("maximum"),
		Subsampling: next("subsampling"), TileLog2: next("tile log2"), Bound: next("bound"), T: next("t"), Step: next("step"),
	}
	for range min(h.Channels, 4) {
		h.LargestErrors = append(h.LargestErrors, next("largest error"))
	}
	f.Header = h
	if err := r.end(); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	if n := padded(h.Width) * padded(h.Height); n > maxPixels {
		return fmt.Errorf("HEAD: %d×%d pixels, %d in multiples of 32, above the limit of %d", h.Width, h.Height, n, maxPixels)
	}
	return nil
}

// padded is a side rounded up to a multiple of 32.
func padded(side int) int64 { return (int64(side) + 31) / 32 * 32 }

// field is a field of HEAD and its range.
type field struct {
	name            string
	is, least, most int
}

// check holds the fields to their ranges.
func (h *Header) check() error {
	fields := []field{
		{"engine", int(h.Engine), 0, 1},
		{"width", h.Width, 1, math.MaxInt32},
		{"height", h.Height, 1, math.MaxInt32},
		{"channels", h.Channels, 1, 4},
		{"alpha", h.Alpha, 0, 2 * ((h.Channels + 1) % 2)},
		{"depth", h.Depth, 8, 16},
		{"depth mod 8", h.Depth % 8, 0, 0},
		{"number of largest errors", len(h.LargestErrors), h.Channels, h.Channels},
	}
	if h.Depth == 16 {
		fields = append(fields, field{"maximum", h.Maximum, 256, 65535})
	} else {
		fields = append(fields, field{"maximum", h.Maximum, 2, 255})
	}
	if h.Channels == 1 {
		fields = append(fields, field{"tile log2", h.TileLog2, 6, 11})
	} else {
		fields = append(fields, field{"tile log2", h.TileLog2, 6, 10})
	}
	if h.Engine == Lossy {
		fields = append(fields, h.lossyFields()...)
	} else {
		fields = append(fields, h.exactFields()...)
	}
	for _, f := range fields {
		if f.is < f.least || f.is > f.most {
			return fmt.Errorf("HEAD: %s %d, expected %d to %d", f.name, f.is, f.least, f.most)
		}
	}
	return h.checkFlags()
}

// lossyFields are the fields that have other ranges with the lossy engine.
func (h *Header) lossyFields() []field {
	subsampling := 0
	if h.Channels >= 3 {
		subsampling = 1
	}
	fields := []field{
		{"flags", h.Flags, 0, 0},
		{"subsampling", h.Subsampling, 0, subsampling},
		{"bound", h.Bound, 0, 0},
		{"t", h.T, 1, 255 * 65536},
		{"step", h.Step, 3, 4096},
	}
	for _, v := range h.LargestErrors {
		fields = append(fields, field{"largest error", v, 0, 256 * 65536})
	}
	return fields
}

// exactFields are the fields that have other ranges with the exact engine.
func (h *Header) exactFields() []field {
	fields := []field{
		{"flags that mean nothing,", h.Flags &^ (Labels | Palette | Layered | Merged), 0, 0},
		{"subsampling", h.Subsampling, 0, 0},
		{"bound", h.Bound, 1, 1},
		{"t", h.T, 0, 65535},
		{"step", h.Step, 0, 0},
	}
	for _, v := range h.LargestErrors {
		fields = append(fields, field{"largest error", v, 0, 65535})
	}
	return fields
}

// checkFlags holds the flags to go together.
func (h *Header) checkFlags() error {
	for _, rule := range []struct {
		broken bool
		what   string
	}{
		{h.Has(Labels) && h.Channels != 1, "labels of one channel only"},
		{h.Has(Palette) && (!h.Has(Labels) || h.Depth != 8), "a palette of labels of 8 bits only"},
		{h.Has(Merged) && (h.T == 0 || h.Has(Labels)), "merged values with t above 0 and without labels only"},
		{h.Has(Layered) && (h.Channels < 3 || h.Depth != 8 || h.Maximum != 255 || h.T < 1 || h.T > 255 || h.Has(Merged)),
			"layered tiles of 3 or 4 channels of 8 bits up to 255, with t 1 to 255, without merged values only"},
	} {
		if rule.broken {
			return fmt.Errorf("HEAD: flags %d with %d channels of %d bits up to %d and t %d, expected %s",
				h.Flags, h.Channels, h.Depth, h.Maximum, h.T, rule.what)
		}
	}
	return nil
}
