package predictive

import (
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/symbols"
)

// The first byte of a tile's front says how it is coded: by prediction after
// the reversible colour transform of that number, or as symbols.
const (
	modeLabels  = 16 // symbols, the front holds every eighth sample
	modeSymbols = 17 // symbols, the front holds their overview
	modeWhole   = 18 // symbols, the front holds nothing: the overview is made of the samples
	modeMixing  = 32 // prediction and context mixing, + the transform's number
	modePlain   = 64 // + any: samples as they are, where other tiles have packed ones
)

// transformOf is the transform of a mode of prediction.
func transformOf(mode byte) chroma.RCT { return chroma.RCT(mode % modeMixing) }

// predicted tells whether mode is one of prediction that the format allows.
func (f *Format) predicted(mode byte) bool {
	rct := transformOf(mode)
	return mode < 2*modeMixing && rct < chroma.RCTs && (rct == 0 || f.joins())
}

// symbolic tells whether a mode is one of symbols.
func symbolic(mode byte) bool { return mode >= modeLabels && mode <= modeWhole }

// ModeName names how a tile is coded that has a given front: "prediction", "labels",
// "patterns" or "slow", or "" where no mode is so.
func ModeName(front []byte) string {
	if len(front) == 0 {
		return ""
	}
	switch mode := front[0] &^ modePlain; {
	case mode == modeLabels:
		return "labels"
	case mode == modeSymbols || mode == modeWhole:
		return "patterns"
	case mode < chroma.RCTs:
		return "prediction"
	case mode >= modeMixing && mode < modeMixing+chroma.RCTs:
		return "slow"
	}
	return ""
}

// The efforts: each tries what those before it do.
const (
	EffortBuiltIn engine.Effort = iota + 1 // weights that are not fitted, symbols where they are likely to win
	EffortFitted                           // Fit
	EffortSymbols                          // symbols where an eighth of the tile gains by them
	EffortMixing                           // context mixing, of which both directions are slow
)

// Encode codes the channels of a tile in the mode that is smallest of those tried,
// but for symbols that with EffortMixing save less than a 32nd. It takes over the
// channels.
func (m *Model) Encode(scratch *Scratch, format *Format, effort engine.Effort, channels []Plane) *Tile {
	if format.Labels {
		packed := pack(format, channels)
		packed.Work = scratch.work
		grid, cells := symbols.Encode(packed)
		return &Tile{mode: modeLabels, grid: grid, cells: cells, Worst: make([]int32, len(channels))}
	}
	var packed *symbols.Tile
	work := scratch.work.Of(16)
	scratch.work = work.Part(2)
	if format.packable() && (likelySymbols(format, channels) || effort >= EffortSymbols && m.symbolsWin(scratch, format, effort, channels)) {
		packed = pack(format, channels)
	}
	scratch.work = work
	if packed != nil {
		scratch.work = work.Part(7) // symbols take as long
	}
	planes, overviews, rct := transform(format, channels)
	t := m.predict(scratch, format, byte(rct), planes, overviews)
	if effort >= EffortMixing {
		mixed := m.predict(scratch, format, modeMixing+byte(rct), planes, overviews)
		if m.size(mixed, effort) < m.size(t, effort) {
			t = mixed
		}
	}
	if packed == nil {
		return t
	}
	size := m.size(t, effort)
	if effort >= EffortMixing {
		size -= size / 32 // symbols take the longest to decode
	}
	packed.Work = work.Rest()
	if s := symbolTile(format, packed, format.roundedOverview); len(s.grid)+len(s.cells) < size {
		s.Worst = t.Worst
		return s
	}
	return t
}

// symbolsWin tells whether symbols make less of the rows in the middle of a tile, an
// eighth of them, than the other modes.
func (m *Model) symbolsWin(scratch *Scratch, format *Format, effort engine.Effort, channels []Plane) bool {
	const share, least = 8, 32
	some := make([]Plane, len(channels))
	for i, c := range channels {
		h := min(max(c.H/share, least), c.H)
		some[i] = Plane{W: c.W, H: h, Pix: slices.Clone(c.Pix[(c.H-h)/2*c.W:][:h*c.W])}
	}
	packed := pack(format, some)
	packed.Work = scratch.work.Half()
	cells := symbols.EncodeBody(packed)
	planes, overviews, rct := transform(format, some)
	mode := byte(rct)
	if effort >= EffortMixing {
		mode += modeMixing
	}
	return len(cells) < m.size(m.predict(scratch, format, mode, planes, overviews), effort)
}

// predict codes the planes of a tile and their overviews in one of the modes of
// prediction.
func (m *Model) predict(scratch *Scratch, f *Format, mode byte, planes, overviews []Plane) *Tile {
	t := &Tile{mode: mode, Worst: make([]int32, len(planes))}
	ps := scratch.predictors(f, transformOf(mode))
	for i := range ps {
		ps[i].Load(&planes[i], &overviews[i])
		encodeOverview(&t.front, &ps[i])
	}
	f.packOverview(transformOf(mode), ps)
	if mode >= modeMixing {
		scratch.mixing.Work = scratch.work.Of(8).Part(7).Of(int64(len(planes) * len(planes[0].Pix)))
		t.cells = scratch.mixing.Encode(ps, m.planes)
	} else {
		scratch.encode(&t.body, ps, m.planes)
	}
	if f.Bound > 0 { // of a picture
		for i := range ps {
			t.Worst[i] = f.worst(i, &ps[i], &planes[i])
		}
	}
	return t
}
