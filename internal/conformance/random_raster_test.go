package conformance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/symbols"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/refdec"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// States of planes (FORMAT.md, "Raster tiles").
const (
	rasterFlag = 4
	ownClasses = 1
	asBefore   = 2
	everywhere = 3
	ownCells   = 4
	sameCells  = 5
	ownBesides = 6
	asBesides  = 7
	orderState = 8
	plainState = 16
	boundState = 32
)

// wildBand is what the plan says of a band.
type wildBand struct {
	sample.Mapping
	parent  int
	bound   int
	classes []uint64
}

// wildRasterFile makes up a raster.
type wildRasterFile struct {
	*rand.Rand
	header container.Header
	bands  []wildBand
	masks  bool // of another engine: planes have states 0 to 3 only
}

// wildRaster makes a file of a raster that no encoder would write: mappings, classes, bounds,
// parents and states of planes at random, and numbers far beyond what samples are.
func wildRaster(t testing.TB, seed uint64) []byte {
	w := &wildRasterFile{Rand: rand.New(rand.NewPCG(seed, 11))}
	w.makeHeader()
	payload := []byte{rasterFlag}
	order := w.Perm(len(w.header.Bands))
	w.bands = make([]wildBand, len(order))
	for k, i := range order {
		w.bands[i].parent = -1
		if k > 0 && w.IntN(3) > 0 {
			w.bands[i].parent = order[w.IntN(k)]
		}
	}
	for i := range w.bands {
		payload = w.putBand(payload, &w.bands[i])
	}
	plan := container.Plan{Engine: uint64(engine.Predictive), Payload: w.model().AppendReversed(payload)}
	return fillTiles(t, &contents{Header: w.header, Plan: plan}, w.tile(t))
}

func (w *wildRasterFile) makeHeader() {
	h := &w.header
	h.Bound, h.TileLog2, h.GroupRows = container.BoundMax, container.MinTileLog2, container.MaxGroupRows
	h.Width, h.Height = 1+w.IntN(90), 1+w.IntN(90)
	h.Type = raster.Uint8 + raster.Type(w.IntN(8))
	h.Bands = make([]raster.Band, 1+w.IntN(5))
	picture := h.Type <= raster.Uint16 && w.IntN(2) == 0
	if picture {
		n := len(h.Bands)
		h.Bands = raster.Bands(raster.Gray)
		if n > 2 {
			h.Bands = raster.Bands(raster.Red, raster.Green, raster.Blue)
		}
		if n%2 == 0 {
			h.Bands = append(h.Bands, raster.Band{Role: []raster.Role{raster.Data, raster.Alpha, raster.Premultiplied}[w.IntN(3)]})
		}
	} else if w.IntN(3) == 0 {
		h.Bands[w.IntN(len(h.Bands))].Role = raster.Alpha
	}
	for i := range h.Bands {
		if picture || w.IntN(2) == 0 {
			v := sample.Number(h.Type, w.word(h.Type))
			h.Bands[i].NoData = &v
		}
	}
	if h.Type < raster.Int8 && w.IntN(4) == 0 {
		h.Max = 1 + w.Int64N(h.Type.Max()-1)
	}
	if w.IntN(2) == 0 {
		h.T = w.Uint64() >> (1 + w.IntN(63))
		if h.Type.Float() {
			h.T = min(h.T, 0x7FF<<52-1)
		}
	}
}

// word is a sample of a type, often a small number.
func (w *wildRasterFile) word(t raster.Type) uint64 {
	if w.IntN(2) == 0 {
		return sample.WordOf(t, float64(w.IntN(41)-20))
	}
	v := w.Uint64()
	switch {
	case t == raster.Float64:
		return v
	case t == raster.Float32:
		return v >> 32
	}
	least := int64(0)
	if t.Signed() {
		least = -t.Max() - 1
	}
	return uint64(least + int64(v>>(64-8*t.Size())))
}

func (w *wildRasterFile) putBand(p []byte, b *wildBand) []byte {
	t := w.header.Type
	b.Mapping = w.mapping(t)
	if w.IntN(3) == 0 {
		b.bound = w.IntN(1<<29) >> w.IntN(29)
	}
	p = b.Append(p)
	p = binary.AppendUvarint(p, uint64(b.parent+1))
	p = binary.AppendUvarint(p, uint64(b.bound))
	p = binary.AppendUvarint(p, uint64(w.IntN(1<<30)>>w.IntN(31)))
	if t.Size() > 2 {
		for range 6 {
			p = append(p, byte(w.IntN(256)))
		}
	}
	if w.IntN(3) > 0 {
		b.classes = make([]uint64, w.IntN(256)>>w.IntN(8))
	}
	p = binary.AppendUvarint(p, uint64(len(b.classes)))
	for i := range b.classes {
		if b.classes[i] = w.word(t); w.IntN(2) == 0 {
			b.classes[i] = b.Word(t, int32(w.IntN(41)-20))
		}
		p = binary.AppendUvarint(p, b.classes[i])
		p = append(p, byte(w.IntN(2)))
	}
	return p
}

func (w *wildRasterFile) mapping(t raster.Type) sample.Mapping {
	least := int64(0)
	if t.Signed() {
		least = -t.Max() - 1
	}
	if t.Size() <= 2 {
		return sample.Mapping{Offset: least}
	}
	scaled := sample.Mapping{Kind: sample.Scaled, N: 1 + w.Uint64N(1<<53)>>w.IntN(53), D: 1 + w.Uint64N(1<<32-1)>>w.IntN(32), E: w.IntN(60) - 40}
	if w.IntN(8) == 0 {
		scaled.E = w.IntN(2098) - 1074
	}
	switch choice := w.IntN(4); {
	case choice == 0:
		return sample.Mapping{Kind: sample.Ordered}
	case choice == 1:
		return scaled
	case !t.Float():
		return sample.Mapping{Offset: w.Int64N(1<<33+1) - 1<<32}
	case t == raster.Float32:
		return sample.Mapping{Kind: sample.Fixed, P: max(min(w.IntN(80)-40, 149), -128)}
	}
	return sample.Mapping{Kind: sample.Fixed, P: w.IntN(160) - 60}
}

// model writes values, weights and tables. Values are unlike samples, mostly.
func (w *wildRasterFile) model() *rans.BitWriter {
	var b rans.BitWriter
	t := w.header.Type
	depth := 8 * min(t.Size(), 4)
	fine := make([]bool, len(w.bands))
	for i := range w.bands {
		n := w.IntN(200) * w.IntN(2)
		fine[i] = t.Size() > 2 && n == 0
		if t.Size() <= 2 {
			putValues(&b, w.Rand, depth, n)
			continue
		}
		b.PutExpGolomb(uint32(n))
		for k := range n {
			if k == 0 {
				b.Put(w.Uint32()|1<<31, 32)
			} else {
				b.PutExpGolomb(w.Uint32N(1<<23) >> w.IntN(23))
			}
		}
	}
	for _, fine := range fine {
		for range weightClasses {
			if !fine {
				putWildWeights(&b, w.Rand)
				continue
			}
			if w.IntN(3) > 0 {
				b.Put(0, 1)
				continue
			}
			b.Put(1, 1)
			for range 18 {
				z := uint32(w.IntN(1<<14) >> w.IntN(14))
				b.PutExpGolomb(z >> 6)
				b.Put(z&63, 6)
			}
		}
	}
	putWildTables(&b, w.Rand, refdec.PredictiveContexts, refdec.PredictiveAlphabet)
	return &b
}

// tile makes tiles up.
func (w *wildRasterFile) tile(t testing.TB) func(f *refdec.File, tile int) (front, body []byte) {
	return func(f *refdec.File, tile int) (front, body []byte) {
		if w.packable() && w.IntN(3) == 0 {
			return w.patterns(t, f, tile)
		}
		m := &codeMaker{Rand: w.Rand, runs: true}
		r := container.Header{Format: w.header.Format, TileLog2: w.header.TileLog2}
		across, _ := r.Grid()
		width, height := min(64, r.Width-tile%across*64), min(64, r.Height-tile/across*64)
		head, prefix, rest := w.head(f.PlaneBand, m, width, height)
		mode := byte(w.IntN(2)*slowMode + w.IntN(largestMode+1))
		front, body = append([]byte{mode}, head...), bytes.Clone(prefix)
		if rest {
			body = append(body, 0)
		}
		known := m.known
		if err := f.ReadTile(m, tile, front, body, false); err != nil { // none joins these planes
			require.ErrorContains(t, err, "Reversible colour")
			front[0] &= slowMode
			m = &codeMaker{Rand: w.Rand, runs: true, known: known}
			require.NoError(t, f.ReadTile(m, tile, front, body, false))
		}
		front = append(front, m.segments[0]...)
		body = prefix
		if rest {
			body = append(binary.AppendUvarint(body, uint64(len(m.segments[2]))), m.segments[2]...)
		}
		return front, append(body, m.segments[1]...)
	}
}

// packable tells whether tiles may be of patterns.
func (w *wildRasterFile) packable() bool {
	for _, b := range w.bands {
		if b.bound > 0 {
			return false
		}
	}
	return len(w.bands) <= 4 && (w.header.Type.Size() == 1 || w.header.Type.Size() == 2 && len(w.bands) == 1)
}

func (w *wildRasterFile) patterns(t testing.TB, f *refdec.File, tile int) (front, body []byte) {
	m := &codeMaker{Rand: w.Rand}
	if w.IntN(2) == 0 {
		require.NoError(t, f.ReadTile(m, tile, []byte{wholeMode}, nil, false))
		return []byte{wholeMode}, m.segments[0]
	}
	require.NoError(t, f.ReadTile(m, tile, []byte{patternMode}, nil, true))
	front = append([]byte{patternMode}, m.segments[0]...)
	require.NoError(t, f.ReadTile(m, tile, front, nil, false))
	return front, m.segments[1]
}

// head is the head of a tile of w×h, band being the one of a plane, and what the body begins
// with; rest tells whether it goes on with remainders.
func (w *wildRasterFile) head(band func(plane int) int, m *codeMaker, width, height int) (head, body []byte, rest bool) {
	says := w.IntN(3) > 0
	head = []byte{byte(map[bool]int{true: 1}[says])}
	var codes []byte
	before, classes := 0, []byte(nil)
	for i := range w.bands {
		b := &w.bands[band(i)]
		state, order := 0, false
		if says {
			state, order = w.state(b, before, classes)
			head = binary.AppendUvarint(head, uint64(state))
			before = state & 7
			switch before {
			case everywhere:
				head = binary.AppendUvarint(head, 1+w.Uint64N(uint64(len(b.classes))))
			case ownClasses, ownCells, ownBesides:
				classes = w.classes(len(b.classes), width, height)
				codes = appendClasses(codes, cellClasses(classes, width, height), (width+7)/8, (height+7)/8)
				if m.known++; before != ownCells {
					body = appendClasses(body, classes, width, height)
					m.known++
				}
			}
			if before >= ownBesides {
				codes = appendClasses(codes, w.besides(len(b.classes), classes, width, height), (width+7)/8, (height+7)/8)
				m.known++
			}
			if state&boundState != 0 {
				head = binary.AppendUvarint(head, w.Uint64N(uint64(b.bound)))
			}
		}
		rest = rest || b.Kind == sample.Fixed && !order || (b.Kind == sample.Ordered || order) && w.header.Type == raster.Float64
	}
	return append(head, codes...), body, rest
}

// state is one that a plane may have; classes are the last ones of a plane before.
func (w *wildRasterFile) state(b *wildBand, before int, classes []byte) (state int, order bool) {
	least := byte(0)
	for _, c := range classes {
		least = max(least, c)
	}
	kinds := []int{0}
	if len(b.classes) > 0 {
		kinds = append(kinds, ownClasses, ownClasses, everywhere)
		if b.bound == 0 && !w.masks {
			kinds = append(kinds, ownCells, ownBesides)
		}
		fits := int(least) <= len(b.classes)
		switch before {
		case ownClasses, asBefore, ownBesides, asBesides:
			if fits {
				kinds = append(kinds, asBefore, asBefore, asBefore)
			}
			if fits && b.bound == 0 && !w.masks {
				kinds = append(kinds, asBesides, asBesides)
			}
		case ownCells, sameCells:
			if fits && b.bound == 0 {
				kinds = append(kinds, sameCells, sameCells, sameCells)
			}
		}
	}
	state = kinds[w.IntN(len(kinds))]
	switch choice := w.IntN(4); {
	case w.masks:
		return state, false
	case choice == 0 && state < ownCells:
		state, order = state|orderState, true
	case choice == 1 && b.bound > 0:
		state |= boundState
	}
	return state | plainState*w.IntN(2), order
}

// classes are some of n, in rectangles.
func (w *wildRasterFile) classes(n, width, height int) []byte {
	out := make([]byte, width*height)
	for range 1 + w.IntN(5) {
		class := byte(w.IntN(n + 1))
		x0, y0 := w.IntN(width), w.IntN(height)
		x1, y1 := x0+1+w.IntN(40), y0+1+w.IntN(40)
		for y := y0; y < min(y1, height); y++ {
			for x := x0; x < min(x1, width); x++ {
				out[y*width+x] = class
			}
		}
	}
	return out
}

// besides are classes of cells, of n, that are not masked by the classes of samples.
func (w *wildRasterFile) besides(n int, classes []byte, width, height int) []byte {
	out := cellClasses(w.classes(n, width, height), width, height)
	for i, c := range cellClasses(classes, width, height) {
		if c > 0 {
			out[i] = 0
		}
	}
	return out
}

// cellClasses are the first classes of cells that have no numbers, else 0.
func cellClasses(classes []byte, w, h int) []byte {
	across := (w + 7) / 8
	out := make([]byte, across*((h+7)/8))
	for i := range out {
		x0, y0 := i%across*8, i/across*8
		out[i] = classes[y0*w+x0]
		for y := y0; y < min(y0+8, h); y++ {
			if bytes.IndexByte(classes[y*w+x0:y*w+min(x0+8, w)], 0) >= 0 {
				out[i] = 0
			}
		}
	}
	return out
}

func appendClasses(p, classes []byte, w, h int) []byte {
	t := &symbols.Tile{W: w, H: h, Channels: 1, Depth: 8}
	for _, c := range classes {
		t.Pix = append(t.Pix, uint32(c))
	}
	code := symbols.EncodeBody(t)
	return append(binary.AppendUvarint(p, uint64(len(code))), code...)
}

// wildMasks makes a file of an engine that knows of no data, with masks at random.
func wildMasks(t testing.TB, seed uint64) []byte {
	layered := seed%2 == 1
	c := takenApart(t, []maker{wild, wildLayered}[seed%2](t, seed))
	w := &wildRasterFile{Rand: rand.New(rand.NewPCG(seed, 12)), header: c.Header, bands: make([]wildBand, len(c.Bands)), masks: true}
	none := w.IntN(len(c.Bands))
	for i := range c.Bands {
		v := float64(w.Int64N(2) * c.Type.Max())
		if !layered && w.IntN(3) == 0 {
			v = float64(w.Int64N(c.Type.Max()))
		}
		switch {
		case i != none && w.IntN(2) == 0:
			continue
		case w.IntN(5) == 0:
			v = -1 // which no sample is
		default:
			w.bands[i].classes = []uint64{uint64(v)}
		}
		c.Bands[i].NoData = &v
	}
	across, _ := c.Grid()
	side := 1 << c.TileLog2
	for tile := range c.fronts {
		width, height := min(side, c.Width-tile%across*side), min(side, c.Height-tile/across*side)
		head, prefix, _ := w.head(func(plane int) int { return plane }, &codeMaker{}, width, height)
		c.fronts[tile], c.bodies[tile] = append(head, c.fronts[tile]...), append(prefix, c.bodies[tile]...)
	}
	return c.write(t)
}

// TestWildMasks: the decoders agree on masks that no encoder would write.
func TestWildMasks(t *testing.T) {
	for seed := range shorttest.Rounds(uint64(60)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compareLevels(t, wildMasks(t, seed)) })
	}
}

// TestWildRasters: the decoders agree on rasters that no encoder would write.
func TestWildRasters(t *testing.T) {
	for seed := range shorttest.Rounds(uint64(100)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compareLevels(t, wildRaster(t, seed)) })
	}
}
