package predictive

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// class is a bit pattern of samples that are not numbers of a plane: no data, NaN, sea
// level. A plane of its own says where they are, without loss whatever the promise.
type class struct {
	word   uint64 // of the sample, as sample.Words gives it
	noData bool   // means know nothing of it, and no number may come out as it
}

// Limits of a band of a raster.
const (
	maxClasses = math.MaxUint8
	maxBound   = 1 << 29 // of numbers, whose steps fit 32 bits
	maxStep    = 1 << 30
)

// band says how the samples of a band become the numbers of a plane.
type band struct {
	mapping sample.Mapping
	parent  int           // the band whose residuals are context, −1 for none
	bound   int32         // the largest error of a number
	step    int32         // the least step of the overview
	scales  linear.Scales // of numbers of 32 bits
	classes []class
}

// rasterPlan says how the bands of a raster become planes.
type rasterPlan struct {
	kind  raster.Type
	bands []band
	order []int // the band of each plane
	// mask is the band that tells where the others count, counted from 1, for encoders; else 0.
	mask int
}

// Narrow tells whether samples are numbers of 8 or 16 bits without a sign: by an offset,
// the type's least.
func Narrow(t raster.Type) bool {
	switch t {
	case raster.Uint8, raster.Uint16, raster.Int8, raster.Int16:
		return true
	}
	return false
}

// offsetOf is the least sample of a narrow type.
func offsetOf(t raster.Type) int64 {
	if t.Signed() {
		return -t.Max() - 1
	}
	return 0
}

// append appends what the payload of a plan says of the bands.
func (r *rasterPlan) append(p []byte) []byte {
	for i := range r.bands {
		b := &r.bands[i]
		p = b.mapping.Append(p)
		p = binary.AppendUvarint(p, uint64(b.parent+1))
		p = binary.AppendUvarint(p, uint64(b.bound))
		p = binary.AppendUvarint(p, uint64(b.step))
		if !Narrow(r.kind) {
			for _, s := range b.scales {
				p = append(p, s.Energy, s.Around)
			}
		}
		p = binary.AppendUvarint(p, uint64(len(b.classes)))
		for _, c := range b.classes {
			p = binary.AppendUvarint(p, c.word)
			p = append(p, boolByte(c.noData))
		}
	}
	return p
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// parseRaster is the inverse of append for samples of a type; it returns what follows.
func parseRaster(p []byte, t raster.Type, bands int) (*rasterPlan, []byte, error) {
	r := &rasterPlan{kind: t}
	for i := range bands {
		b, rest, err := parseBand(p, t, bands)
		if err != nil {
			return nil, nil, fmt.Errorf("band %d: %w", i, err)
		}
		r.bands, p = append(r.bands, b), rest
	}
	return r, p, r.arrange()
}

func parseBand(p []byte, t raster.Type, bands int) (b band, rest []byte, err error) {
	if b.mapping, p, err = sample.ParseMapping(p, t); err != nil {
		return b, nil, err
	}
	if Narrow(t) && (b.mapping != sample.Mapping{Offset: offsetOf(t)}) {
		return b, nil, fmt.Errorf("mapping %+v of %v, expected an offset of %d", b.mapping, t, offsetOf(t))
	}
	d := numbers{rest: p}
	b.parent = int(d.uint("parent", uint64(bands))) - 1
	b.bound = int32(d.uint("bound", maxBound))
	b.step = int32(d.uint("step of means", maxStep))
	if !Narrow(t) {
		for i := range b.scales {
			b.scales[i] = linear.Scale{Energy: d.octet("scale"), Around: d.octet("scale")}
		}
	}
	n := d.uint("number of classes", maxClasses)
	for range n {
		word := d.uint("class", math.MaxUint64)
		if d.err == nil && !sample.IsWord(t, word) {
			d.err = fmt.Errorf("class %#x, expected the bits of a sample of %v", word, t)
		}
		b.classes = append(b.classes, class{word, d.uint("no data", 1) != 0})
		if d.err != nil {
			break
		}
	}
	return b, d.rest, d.err
}

// numbers cuts uvarints of bytes.
type numbers struct {
	rest []byte
	err  error
}

func (d *numbers) uint(name string, most uint64) uint64 {
	if d.err != nil {
		return 0
	}
	v, n := rans.Uvarint(d.rest)
	switch {
	case n <= 0:
		d.err = fmt.Errorf("%s: %w", name, rans.ErrCorrupt)
		return 0
	case v > most:
		d.err = fmt.Errorf("%s %d, expected at most %d", name, v, most)
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// octet cuts a byte.
func (d *numbers) octet(name string) byte {
	if d.err == nil && len(d.rest) == 0 {
		d.err = fmt.Errorf("%s: %w", name, rans.ErrCorrupt)
	}
	if d.err != nil {
		return 0
	}
	v := d.rest[0]
	d.rest = d.rest[1:]
	return v
}

// bytes cuts a number of bytes, and that many.
func (d *numbers) bytes(name string) []byte {
	n := d.uint("length of "+name, uint64(len(d.rest)))
	if d.err != nil {
		return nil
	}
	if n > uint64(len(d.rest)) {
		d.err = fmt.Errorf("%s of %d bytes, %d are left", name, n, len(d.rest))
		return nil
	}
	p := d.rest[:n]
	d.rest = d.rest[n:]
	return p
}

// arrange finds the order of the planes: each band in turn, its ancestors that have no
// place yet before it. The error is a circle of parents.
func (r *rasterPlan) arrange() error {
	placed := make([]bool, len(r.bands))
	r.order = make([]int, 0, len(r.bands))
	var chain []int
	for i := range r.bands {
		chain = chain[:0]
		for b := i; b >= 0 && !placed[b]; b = r.bands[b].parent {
			if chain = append(chain, b); len(chain) > len(r.bands) {
				return fmt.Errorf("band %d: it is its own ancestor", i)
			}
		}
		for k := len(chain) - 1; k >= 0; k-- {
			placed[chain[k]] = true
			r.order = append(r.order, chain[k])
		}
	}
	return nil
}

// IsRaster tells whether a format is one that mappings make numbers of: all but pictures
// without values of no data, and labels.
func IsRaster(f *raster.Format) bool {
	if role := f.Bands[0].Role; role == raster.Index || role == raster.Label {
		return false
	}
	return engine.CheckPicture(f) != nil || engine.HasNoData(f)
}

// acceptsRaster is Engine.Accepts for a raster.
func acceptsRaster(p *engine.Params) error {
	f := &p.Format
	for i := range f.Bands {
		if role := f.Bands[i].Role; role == raster.Index || role == raster.Label {
			return fmt.Errorf("band %d of %d of role %v, expected it to be the only one", i, len(f.Bands), role)
		}
	}
	switch {
	case p.T < 0:
		return fmt.Errorf("threshold %d, expected 0 or more", p.T)
	case f.Type.Float() && p.T >= infinity:
		return fmt.Errorf("threshold that is not finite")
	}
	return nil
}

// infinity is the bits of a float64.
const infinity = 0x7FF << 52

// unknown is the sample in the place of one that is lost.
func (b *band) unknown() uint64 {
	for _, c := range b.classes {
		if c.noData {
			return c.word
		}
	}
	return 0
}

// formatOf is the format of planes of numbers as the plan's mappings make them.
func (r *rasterPlan) formatOf(of *raster.Format) Format {
	place := make([]int, len(r.bands))
	for i, b := range r.order {
		place[b] = i
	}
	f := Format{Channels: len(r.bands), Depth: 8 * min(r.kind.Size(), 4), Lanes: make([]Lanes, len(r.bands))}
	f.Alpha = engine.CheckPicture(of) == nil && of.Bands[len(of.Bands)-1].Role == raster.Alpha
	if Narrow(r.kind) && !r.kind.Signed() {
		f.Maximum = int32(of.FullScale())
	}
	for i, b := range r.order {
		band := &r.bands[b]
		f.Lanes[i] = Lanes{Bound: band.bound, Wide: !Narrow(r.kind), Parent: -1, Step: band.step, Scales: band.scales}
		if band.parent >= 0 {
			f.Lanes[i].Parent = place[band.parent]
		}
	}
	return f
}

// classify gives the class of each sample of a band of a block, counted from 1 on, 0 for
// none; or nil where there is none of any.
func (b *band) classify(in *raster.Block, number int) []byte {
	if len(b.classes) == 0 {
		return nil
	}
	w, h := in.Rect.Dx(), in.Rect.Dy()
	out := make([]byte, w*h)
	words := make([]uint64, w)
	found := false
	for y := range h {
		sample.Words(words, in, number, in.Rect.Min.Y+y)
		row := out[y*w:][:w]
		for c := range b.classes {
			word := b.classes[c].word
			for x, v := range words {
				if v == word {
					row[x], found = byte(c+1), true
				}
			}
		}
	}
	if !found {
		return nil
	}
	return out
}

// rowOf is row y of a plane of bytes that is w wide, nil of none.
func rowOf(p []byte, y, w int) []byte {
	if p == nil {
		return nil
	}
	return p[y*w:][:w]
}

// restore sets the samples of classes in row y of a band of a block.
func (b *band) restore(dst *raster.Block, number, y int, classes []byte, words []uint64) {
	sample.Words(words, dst, number, y)
	for x, c := range classes {
		if c > 0 {
			words[x] = b.classes[c-1].word
		}
	}
	sample.SetWords(dst, number, y, words)
}

// substitutes are what stands in the place of no data.
func (b *band) substitutes(t raster.Type) []sample.Substitute {
	var words []uint64
	for _, c := range b.classes {
		if c.noData {
			words = append(words, c.word)
		}
	}
	return sample.Substitutes(t, words)
}

// substitute puts them into row y of a band of a block.
func substitute(dst *raster.Block, number, y int, s []sample.Substitute, words []uint64) {
	if len(s) == 0 {
		return
	}
	sample.Words(words, dst, number, y)
	sample.Replace(words, s)
	sample.SetWords(dst, number, y, words)
}
