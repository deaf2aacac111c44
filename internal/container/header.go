package container

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Engine is the coder of the tiles.
type Engine int

// The engines.
const (
	Lossy Engine = 0
	Exact Engine = 1
)

func (e Engine) String() string { return name(int(e), "lossy", "exact") }

// Subsampling is the resolution of the chroma planes.
type Subsampling int

// The subsamplings; images of one or two channels have S444.
const (
	S444 Subsampling = 0 // full resolution
	S420 Subsampling = 1 // half the width and half the height
)

func (s Subsampling) String() string { return name(int(s), "4:4:4", "4:2:0") }

// Bound is the criterion of the promise about the error.
type Bound int

// The criteria.
const (
	BoundRMS Bound = 0 // the root mean square error of every leaf of every coded plane
	BoundMax Bound = 1 // the error of every sample; T = 0 is lossless
)

func (b Bound) String() string { return name(int(b), "rms", "max") }

// Alpha is what the last of two or four channels holds.
type Alpha int

// The kinds of a last channel; images of one or three channels have NoAlpha.
const (
	NoAlpha       Alpha = 0 // one more band
	Straight      Alpha = 1 // opacity; the colours are as they are
	Premultiplied Alpha = 2 // opacity; the colours have been multiplied by it
)

func (a Alpha) String() string { return name(int(a), "none", "straight", "premultiplied") }

func name(v int, names ...string) string {
	if v >= 0 && v < len(names) {
		return names[v]
	}
	return fmt.Sprint(v)
}

// Units of the header's fixed-point fields.
const (
	ErrorUnit = 1 << 16 // T and Worst: parts of an 8-bit level
	StepUnit  = 1 << 3  // Step: parts of an 8-bit level
)

// Limits of the header's fields.
const (
	MaxSide     = math.MaxInt32
	MinTileLog2 = 6
	MaxTileLog2 = 11
	MaxT        = 255 * ErrorUnit
	MinStep     = 3
	MaxStep     = 4096
	MaxBound    = 1<<16 - 1 // T of BoundMax
	maxRMS      = 256 * ErrorUnit
)

// Header flags: the first four are reserved.
const (
	flagLabels  = 16
	flagPalette = 32
	flagLayered = 64
	flagMerged  = 128
)

// flagNames are the reserved header flags, bit 0 first.
var flagNames = []string{"rectangular leaves", "dependent quantisation", "chroma from luma", "visual tuning"}

// Header is the content of HEAD.
type Header struct {
	Engine        Engine
	Width, Height int // in pixels, 1..MaxSide
	Channels      int // 1 gray, 2 gray and another, 3 RGB, 4 RGB and another; there are as many planes
	Alpha         Alpha
	Depth         int // bits of a sample, 8 or 16
	Maximum       int // the sample of full scale: 2..255 of 8 bits, 256..65535 of 16
	Subsampling   Subsampling
	TileLog2      int // of the side of a tile in pixels, MinTileLog2..MaxTileLog2, less 1 of several channels
	Bound         Bound
	// T is the promise: of BoundRMS in 1/ErrorUnit of an 8-bit level, 1..MaxT;
	// of BoundMax in steps of the samples, 0..MaxBound.
	T    int
	Step int // of Lossy's quantiser, in 1/StepUnit of an 8-bit level, MinStep..MaxStep; 0 for Exact
	// Worst is the largest error of each plane, in the unit of T.
	Worst []int
	// Labels says that samples are names, not amounts: overviews are samples.
	// Palette, which implies it, that they are indices of colours. Only of one
	// channel of Exact.
	Labels, Palette bool
	// Layered says that tiles are a lossy base and corrections. Only of three or
	// four channels of 8 bits up to 255 of Exact, T 1..255.
	Layered bool
	// Merged says that each sample is coded without loss as the rank of a value
	// that stands for all within T. Only of Exact, T from 1 on, not Layered.
	Merged bool
}

// Grid returns the number of tiles across and down.
func (h *Header) Grid() (nx, ny int) {
	side := 1 << h.TileLog2
	return (h.Width-1)/side + 1, (h.Height-1)/side + 1
}

// tiles may exceed an int before the index has been checked.
func (h *Header) tiles() int64 {
	nx, ny := h.Grid()
	return int64(nx) * int64(ny)
}

// Validate reports a field out of range as a *FormatError, a reserved value as an
// *UnsupportedError and an image above maxPixels (0 = DefaultMaxPixels) as an
// error that wraps ErrTooLarge.
func (h *Header) Validate(maxPixels int64) error {
	if err := h.validateReserved(); err != nil {
		return err
	}
	e := engines[h.Engine]
	for _, f := range []struct {
		name      string
		v, lo, hi int
	}{
		{"width", h.Width, 1, MaxSide},
		{"height", h.Height, 1, MaxSide},
		{"channels", h.Channels, 1, 4},
		{"alpha", int(h.Alpha), int(NoAlpha), h.maxAlpha()},
		{"tile log2", h.TileLog2, MinTileLog2, h.maxTileLog2()},
		{"number of errors", len(h.Worst), h.Channels, h.Channels},
		{"t", h.T, e.minT, e.maxT},
		{"step", h.Step, e.minStep, e.maxStep},
	} {
		if f.v < f.lo || f.v > f.hi {
			return malformed(headOffset, "HEAD: %s %d, expected %d to %d", f.name, f.v, f.lo, f.hi)
		}
	}
	if h.Depth != 8 && h.Depth != 16 {
		return malformed(headOffset, "HEAD: depth %d, expected 8 or 16", h.Depth)
	}
	if least := max(1<<(h.Depth-8), 2); h.Maximum < least || h.Maximum >= 1<<h.Depth {
		return malformed(headOffset, "HEAD: maximum %d of %d bits, expected %d to %d", h.Maximum, h.Depth, least, 1<<h.Depth-1)
	}
	if h.Channels < 3 && h.Subsampling != S444 {
		return malformed(headOffset, "HEAD: subsampling %v of %d channels, expected none", h.Subsampling, h.Channels)
	}
	if (h.Labels || h.Palette) && (h.Engine != Exact || h.Channels != 1 || !h.Labels || h.Palette && h.Depth != 8) {
		return malformed(headOffset, "HEAD: labels of engine %v, %d channels and %d bits, expected one channel of %v",
			h.Engine, h.Channels, h.Depth, Exact)
	}
	if h.Layered && (h.Engine != Exact || h.Channels < 3 || h.Depth != 8 || h.Maximum != 255 || h.T < 1 || h.T > 255) {
		return malformed(headOffset, "HEAD: layers of engine %v, %d channels of %d bits up to %d and t %d, expected three or four channels of 8 bits up to 255 of %v and t 1 to 255",
			h.Engine, h.Channels, h.Depth, h.Maximum, h.T, Exact)
	}
	if h.Merged && (h.Engine != Exact || h.T < 1 || h.Layered || h.Labels) {
		return malformed(headOffset, "HEAD: merged values of engine %v and t %d, expected %v and t from 1 on, neither layers nor labels",
			h.Engine, h.T, Exact)
	}
	for i, v := range h.Worst {
		if v < 0 || v > e.maxWorst {
			return malformed(headOffset, "HEAD: largest error %d of plane %d, expected 0 to %d", v, i, e.maxWorst)
		}
	}
	return h.checkSize(maxPixels)
}

// engines are the ranges of the fields that differ between engines.
var engines = map[Engine]struct {
	bound                                  Bound
	minT, maxT, minStep, maxStep, maxWorst int
	subsampling                            Subsampling // the largest
}{
	Lossy: {BoundRMS, 1, MaxT, MinStep, MaxStep, maxRMS, S420},
	Exact: {BoundMax, 0, MaxBound, 0, 0, MaxBound, S444},
}

// maxAlpha is the largest value that alpha can have.
func (h *Header) maxAlpha() int {
	if h.Channels%2 == 0 {
		return int(Premultiplied)
	}
	return int(NoAlpha)
}

// maxTileLog2 is the largest side of a tile: what decoding a tile takes is bounded.
func (h *Header) maxTileLog2() int {
	if h.Channels > 1 {
		return MaxTileLog2 - 1
	}
	return MaxTileLog2
}

func (h *Header) validateReserved() error {
	e, ok := engines[h.Engine]
	switch {
	case !ok:
		return unsupported(headOffset, "HEAD: engine %v, expected %v or %v", h.Engine, Lossy, Exact)
	case h.Subsampling != S444 && h.Subsampling != S420:
		return unsupported(headOffset, "HEAD: subsampling %v, expected %v or %v", h.Subsampling, S444, S420)
	case h.Subsampling > e.subsampling:
		return unsupported(headOffset, "HEAD: subsampling %v of engine %v, expected %v", h.Subsampling, h.Engine, S444)
	case h.Bound != e.bound:
		return unsupported(headOffset, "HEAD: bound %v of engine %v, expected %v", h.Bound, h.Engine, e.bound)
	}
	return nil
}

func (h *Header) checkSize(maxPixels int64) error {
	if maxPixels <= 0 {
		maxPixels = DefaultMaxPixels
	}
	if n := int64(h.Width) * int64(h.Height); n > maxPixels {
		return fmt.Errorf("%w: %d×%d is %d pixels, the limit is %d", ErrTooLarge, h.Width, h.Height, n, maxPixels)
	}
	return nil
}

// append appends the payload of HEAD to p.
func (h *Header) append(p []byte) []byte {
	flags := 0
	if h.Labels {
		flags |= flagLabels
	}
	if h.Palette {
		flags |= flagPalette
	}
	if h.Layered {
		flags |= flagLayered
	}
	if h.Merged {
		flags |= flagMerged
	}
	for _, v := range append([]int{
		int(h.Engine), flags, h.Width, h.Height, h.Channels, int(h.Alpha), h.Depth, h.Maximum, int(h.Subsampling),
		h.TileLog2, int(h.Bound), h.T, h.Step,
	}, h.Worst...) {
		p = binary.AppendUvarint(p, uint64(v))
	}
	return p
}

// parseHeader reads and validates the payload of HEAD, which it must fill exactly.
func parseHeader(p []byte, maxPixels int64) (Header, error) {
	d := fields{rest: p}
	h := Header{Engine: Engine(d.next("engine"))}
	flags := d.next("flags")
	h.Width = d.next("width")
	h.Height = d.next("height")
	h.Channels = d.next("channels")
	h.Alpha = Alpha(d.next("alpha"))
	h.Depth = d.next("depth")
	h.Maximum = d.next("maximum")
	h.Subsampling = Subsampling(d.next("subsampling"))
	h.TileLog2 = d.next("tile log2")
	h.Bound = Bound(d.next("bound"))
	h.T = d.next("t")
	h.Step = d.next("step")
	for i := 0; i < min(h.Channels, 4); i++ {
		h.Worst = append(h.Worst, d.next("largest error"))
	}
	if d.err != nil {
		return Header{}, d.err
	}
	if flags&^(flagLabels|flagPalette|flagLayered|flagMerged) != 0 {
		return Header{}, flagError(flags)
	}
	h.Labels, h.Palette = flags&flagLabels != 0, flags&flagPalette != 0
	h.Layered, h.Merged = flags&flagLayered != 0, flags&flagMerged != 0
	if err := h.Validate(maxPixels); err != nil {
		return Header{}, err
	}
	if len(d.rest) > 0 {
		return Header{}, malformed(headOffset, "HEAD: %d bytes after the last field, expected none", len(d.rest))
	}
	return h, nil
}

func flagError(flags int) error {
	for i, s := range flagNames {
		if flags>>i&1 != 0 {
			return unsupported(headOffset, "HEAD: flag %d (%s)", 1<<i, s)
		}
	}
	return unsupported(headOffset, "HEAD: flags %#x", flags)
}

// fields cuts the uvarints of HEAD; after an error all are zero. No field exceeds
// MaxInt32, so each fits an int on every platform.
type fields struct {
	rest []byte
	err  error
}

func (d *fields) next(name string) int {
	if d.err != nil {
		return 0
	}
	v, n := binary.Uvarint(d.rest)
	if n == 0 {
		d.err = malformed(headOffset, "HEAD ends before the field %s", name)
		return 0
	}
	if n < 0 || v > math.MaxInt32 {
		d.err = malformed(headOffset, "HEAD: %s above %d", name, math.MaxInt32)
		return 0
	}
	d.rest = d.rest[n:]
	return int(v)
}

// ReadHeader reads the header from a stream. It reads a few hundred bytes at most
// and sets no limit on the image's size.
func ReadHeader(r io.Reader) (Header, error) {
	p := make([]byte, headPrefix)
	n, err := io.ReadFull(r, p)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return Header{}, fmt.Errorf("reading the header: %w", err)
	}
	return newScanner(prefix(p[:n]), int64(n)).header(math.MaxInt64)
}

// prefix is an io.ReaderAt over the first bytes of a stream.
type prefix []byte

func (p prefix) ReadAt(b []byte, off int64) (int, error) {
	n := copy(b, p[min(off, int64(len(p))):])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}
