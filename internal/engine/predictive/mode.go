package predictive

import (
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine/symbols"
	"github.com/qtgpu/qtgpu/internal/fixlog"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// The first byte of a tile's front says how it is coded: by prediction after
// the reversible colour transform of that number, or as patterns.
const (
	modeLabels  = 16 // patterns, the front holds every eighth sample
	modePattern = 17 // patterns, the front holds means
	modeWhole   = 18 // patterns, the front holds nothing: the overview is made of the samples
	modeSlow    = 32 // prediction and context mixing, + the transform's number
)

// transformOf is the transform of a mode of prediction.
func transformOf(mode byte) chroma.RCT { return chroma.RCT(mode % modeSlow) }

// predicted tells whether mode is one of prediction that the format allows.
func (f *Format) predicted(mode byte) bool {
	rct := transformOf(mode)
	return mode < 2*modeSlow && rct < chroma.RCTs && (rct == 0 || f.Channels >= 3 && f.Bound == 0)
}

// Format is what all tiles of a file have in common.
type Format struct {
	Channels int
	Alpha    bool  // the last of two or four channels is what the others count by in means
	Depth    int   // bits of a sample: 1 to 32 with a sign, to 31 without
	Maximum  int32 // the largest sample without a sign, 0 for 2^Depth−1
	Bound    int32 // the largest error of a sample, 0 for lossless
	Signed   bool
	// Labels says that samples are names of classes, whose means say nothing.
	Labels bool
	// Values of each channel, nil where it is coded as it is; or none at all.
	Values []Values
	// Merged is the bound that values keep of those they stand for.
	Merged int32
}

// limits is the range of the samples.
func (f *Format) limits() (least, most int32) {
	if f.Signed {
		return -1 << (f.Depth - 1), 1<<(f.Depth-1) - 1
	}
	if f.Maximum > 0 {
		return 0, f.Maximum
	}
	return 0, 1<<f.Depth - 1
}

// wide tells whether samples have more than 16 bits.
func (f *Format) wide() bool { return f.Depth > 16 }

// packable tells whether the samples of a pixel fit a symbol of pattern mode.
func (f *Format) packable() bool {
	return !f.Signed && f.Bound == 0 && f.Channels <= 4 && (f.Depth == 8 || f.Depth == 16 && f.Channels == 1)
}

// ModeName names how a tile is coded that has a given front: "prediction", "labels",
// "patterns" or "slow", or "" where no mode is so.
func ModeName(front []byte) string {
	if len(front) == 0 {
		return ""
	}
	switch mode := front[0]; {
	case mode == modeLabels:
		return "labels"
	case mode == modePattern || mode == modeWhole:
		return "patterns"
	case mode < chroma.RCTs:
		return "prediction"
	case mode >= modeSlow && mode < modeSlow+chroma.RCTs:
		return "slow"
	}
	return ""
}

// Tile is a coded tile before its entropy coding.
type Tile struct {
	mode        byte
	front, body segment
	grid, cells []byte // of pattern mode
	// Worst is the largest error of each plane.
	Worst []int32
}

// Predicted tells whether the tile needs a model.
func (t *Tile) Predicted() bool { return !patterns(t.mode) }

// patterns tells whether a mode is one of patterns.
func patterns(mode byte) bool { return mode >= modeLabels && mode <= modeWhole }

// Add enters a tile into the fit, unless it is one of labels. It takes over the
// channels.
func (f *Fit) Add(w *Worker, format *Format, channels []Plane) {
	if format.Labels {
		return
	}
	planes, means, rct := transform(format, channels)
	f.add(w, format, planes, means, rct)
}

// Effort is how much is tried for a tile to be small; each tries what those before
// it do. Files do not tell it.
type Effort int

const (
	EffortBuiltIn  Effort = iota + 1 // weights that are not fitted, pattern mode where it is likely to win
	EffortFitted                     // Fit
	EffortPatterns                   // pattern mode where an eighth of the tile gains by it
	EffortMixing                     // context mixing, of which both directions are slow
)

// Encode codes the channels of a tile in the mode that is smallest of those tried,
// but for patterns that with EffortMixing save less than a 32nd. It takes over the
// channels.
func (m *Model) Encode(w *Worker, format *Format, effort Effort, channels []Plane) *Tile {
	if format.Labels {
		grid, cells := symbols.Encode(pack(format, channels))
		return &Tile{mode: modeLabels, grid: grid, cells: cells, Worst: make([]int32, len(channels))}
	}
	var packed *symbols.Tile
	if format.packable() && (likelyPattern(format, channels) || effort >= EffortPatterns && m.patternsWin(w, format, effort, channels)) {
		packed = pack(format, channels)
	}
	planes, means, rct := transform(format, channels)
	t := m.predict(w, format, planes, means, byte(rct), m.encode)
	if effort >= EffortMixing {
		slow := m.predict(w, format, planes, means, modeSlow+byte(rct), m.encodeSlow)
		if m.size(slow, effort) < m.size(t, effort) {
			t = slow
		}
	}
	if packed == nil {
		return t
	}
	size := m.size(t, effort)
	if effort >= EffortMixing {
		size -= size / 32 // patterns take the longest to decode
	}
	if p := patternTile(format, packed); len(p.grid)+len(p.cells) < size {
		p.Worst = t.Worst
		return p
	}
	return t
}

// patternTile codes symbols as patterns, with their means where these add no more than
// a share of the size. The means of text and halftones take more than the samples do,
// of which they can be made as well.
func patternTile(format *Format, packed *symbols.Tile) *Tile {
	const share = 8
	cells := symbols.EncodeBody(packed)
	channels := unpack(format, packed.Pix, packed.W, packed.H)
	means := symbols.EncodeBody(pack(format, format.roundedMeans(channels)))
	if len(means) > len(cells)/share {
		return &Tile{mode: modeWhole, cells: cells}
	}
	return &Tile{mode: modePattern, grid: means, cells: cells}
}

// patternsWin tells whether pattern mode makes less of the rows in the middle of a
// tile, an eighth of them, than the other modes.
func (m *Model) patternsWin(w *Worker, format *Format, effort Effort, channels []Plane) bool {
	const share, least = 8, 32
	some := make([]Plane, len(channels))
	for i, c := range channels {
		h := min(max(c.H/share, least), c.H)
		some[i] = Plane{c.W, h, slices.Clone(c.Pix[(c.H-h)/2*c.W:][:h*c.W])}
	}
	cells := symbols.EncodeBody(pack(format, some))
	planes, means, rct := transform(format, some)
	if effort >= EffortMixing {
		slow := m.predict(w, format, planes, means, modeSlow+byte(rct), m.encodeSlow)
		return len(cells) < m.size(slow, effort)
	}
	return len(cells) < m.size(m.predict(w, format, planes, means, byte(rct), m.encode), effort)
}

// predict codes planes and their means in one of the modes of prediction.
func (m *Model) predict(w *Worker, f *Format, planes, means []Plane, mode byte, encode func(t *Tile, w *Worker, f *Format, planes, means []Plane)) *Tile {
	t := &Tile{mode: mode, Worst: make([]int32, len(planes))}
	encode(t, w, f, planes, means)
	if f.Bound > 0 {
		for i := range planes {
			t.Worst[i] = w.enc[i].worst(&planes[i], f)
		}
	}
	return t
}

// likelyPattern asks pattern mode about two rows in eight.
func likelyPattern(f *Format, channels []Plane) bool {
	const every, rows = 8, 2
	some := make([]Plane, len(channels))
	for i, c := range channels {
		some[i].W = c.W
		for y := 0; y < c.H; y++ {
			if y%every < rows {
				some[i].Pix = append(some[i].Pix, c.Pix[y*c.W:][:c.W]...)
				some[i].H++
			}
		}
	}
	return symbols.Likely(pack(f, some))
}

// roundedMeans gives the means of the values of each channel's cells in their
// steps.
func (f *Format) roundedMeans(channels []Plane) []Plane {
	out := f.means(channels)
	_, most := f.limits()
	for i := range out {
		step := f.meanStep(i)
		for k, v := range out[i].Pix {
			out[i].Pix[k] = min((v+step/2)/step*step, most)
		}
	}
	return out
}

// overview copies the means of a plane of w×h samples.
func (p *pyramid) overview(w, h int) Plane {
	out := NewPlane(cells(w, Base), cells(h, Base))
	for y := range out.H {
		copy(out.Pix[y*out.W:][:out.W], p.means.v[p.means.at(0, y):])
	}
	return out
}

// size is the size of a tile in bytes: as tables of its own make it, or with little
// effort by the universal ones, which are some percent off.
func (m *Model) size(t *Tile, effort Effort) int {
	if effort < EffortPatterns {
		return t.front.estimate() + t.body.estimate()
	}
	front, body := m.ChooseTables([]*Tile{t}, func(*rans.BitWriter) {}).Segments(t)
	return len(front) + len(body)
}

// estimate is the size of a segment by the universal tables, in bytes.
func (s *segment) estimate() int {
	bits := int64(0)
	for _, k := range s.tokens {
		bits += rans.Cost(universal.Universal[k>>4][k&15])
	}
	return int(bits>>(3+rans.CostFrac)) + s.raw.Len()
}

// pack makes symbols of the samples of each pixel, the first channel lowest.
func pack(f *Format, channels []Plane) *symbols.Tile {
	t := &symbols.Tile{W: channels[0].W, H: channels[0].H, Channels: f.Channels, Depth: f.Depth}
	t.Pix = make([]uint32, t.W*t.H)
	for c := range channels {
		shift := c * f.Depth
		for i, v := range channels[c].Pix {
			t.Pix[i] |= uint32(v) << shift
		}
	}
	return t
}

func unpack(f *Format, symbols []uint32, w, h int) []Plane {
	out := make([]Plane, f.Channels)
	for c := range out {
		out[c] = NewPlane(w, h)
		shift := c * f.Depth
		for i, v := range symbols {
			out[c].Pix[i] = int32(v >> shift & (1<<f.Depth - 1))
		}
	}
	return out
}

// transform applies the best reversible transform to colours, in place; with a
// bound none, since it would have to hold for their sums. means are the means of
// the planes' cells, or where channels are ranks, or are weighted, the transformed
// means of their values.
func transform(f *Format, channels []Plane) (planes, means []Plane, best chroma.RCT) {
	first := f.ranked() || f.weighs(channels)
	if first {
		means = f.means(channels)
	}
	planes = slices.Clone(channels)
	if f.Bound == 0 && (f.Channels == 3 || f.Channels == 4) {
		best = bestRCT(channels)
		forward(best, planes)
		if first {
			forward(best, means)
		}
	}
	if !first {
		means = make([]Plane, len(planes))
		for i := range planes {
			means[i] = planes[i].means(nil)
		}
	}
	return planes, means, best
}

// bestRCT scores each transform on a sample of pixels by the sum over planes of
// log2(1 + |4c−W−E−N−S|/2).
func bestRCT(channels []Plane) chroma.RCT {
	const rows, cols = 8, 4
	var cross [3][]int32 // c, W, E, N, S of the sampled pixels
	w, h := channels[0].W, channels[0].H
	for c := range cross {
		pix := channels[c].Pix
		for y := 1; y < h-1; y += rows {
			for x := 1; x < w-1; x += cols {
				i := y*w + x
				cross[c] = append(cross[c], pix[i], pix[i-1], pix[i+1], pix[i-w], pix[i+w])
			}
		}
	}
	best, least := chroma.RCT(1), int64(1)<<62
	for t := range chroma.RCT(chroma.RCTs) {
		var v [3][]int32
		for c := range v {
			v[c] = append([]int32(nil), cross[c]...)
		}
		t.Forward(&v)
		score := int64(0)
		for _, p := range v {
			for ; len(p) > 0; p = p[5:] {
				d := 4*p[0] - p[1] - p[2] - p[3] - p[4]
				score += int64(fixlog.Log2(uint64(2+max(d, -d)) << 8))
			}
		}
		if score < least {
			best, least = t, score
		}
	}
	return best
}

// Tables is the model and the table set that all tiles of a file share.
type Tables struct {
	Payload []byte // what a decoder needs to know of them
	enc     rans.EncTable
}

// ChooseTables fits the tables of a file to its tiles. Their payload begins with
// what first writes.
func (m *Model) ChooseTables(tiles []*Tile, first func(*rans.BitWriter)) *Tables {
	h := NewHistogram()
	for _, t := range tiles {
		t.Count(h)
	}
	var w rans.BitWriter
	first(&w)
	m.put(&w)
	tables, _ := universal.Choose(&w, h)
	return &Tables{w.AppendReversed(nil), rans.NewEncTable(tables)}
}

// Segments entropy-codes a tile.
func (t *Tables) Segments(tile *Tile) (front, body []byte) {
	front = []byte{tile.mode}
	if !tile.Predicted() {
		return append(front, tile.grid...), tile.cells
	}
	front = t.enc.AppendSegment(front, tile.front.tokens, &tile.front.raw)
	if tile.mode >= modeSlow {
		return front, tile.cells
	}
	return front, t.enc.AppendSegment(nil, tile.body.tokens, &tile.body.raw)
}

// forward applies a transform to colours in place.
func forward(rct chroma.RCT, planes []Plane) {
	if rct > 0 {
		recolour(planes, rct.Forward)
	}
}

// invert takes a transform back and clamps to the samples' range.
func (f *Format) invert(rct chroma.RCT, planes []Plane) {
	if rct > 0 {
		recolour(planes, rct.Inverse)
	}
	least, most := f.limits()
	for i := range planes {
		for k, v := range planes[i].Pix {
			planes[i].Pix[k] = min(max(v, least), most)
		}
	}
}

// recolour does something to the first three planes.
func recolour(planes []Plane, do func(*[3][]int32)) {
	rgb := [3][]int32{planes[0].Pix, planes[1].Pix, planes[2].Pix}
	do(&rgb)
	for i := range rgb {
		planes[i].Pix = rgb[i]
	}
}
