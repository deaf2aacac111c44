package transform

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/tree"
)

// source gives the samples of a test plane, 0 to chroma.MaxLevel.
type source func(rng *rand.Rand, x, y int) uint16

var sources = map[string]source{
	"noise":    func(rng *rand.Rand, _, _ int) uint16 { return uint16(rng.IntN(chroma.MaxLevel + 1)) },
	"extremes": func(rng *rand.Rand, _, _ int) uint16 { return uint16(rng.IntN(2) * chroma.MaxLevel) },
	"checker":  func(_ *rand.Rand, x, y int) uint16 { return uint16((x + y) % 2 * chroma.MaxLevel) },
	"smooth": func(_ *rand.Rand, x, y int) uint16 {
		return uint16(2000 + 1500*math.Sin(float64(x)/19)*math.Cos(float64(y)/13))
	},
	"weak noise": func(rng *rand.Rand, x, _ int) uint16 { return uint16(1000 + 10*x + rng.IntN(64)) },
	"edges":      func(_ *rand.Rand, x, y int) uint16 { return uint16((x/11 + y/17) % 2 * 3000) },
	"paper":      paper,
	"sky": func(rng *rand.Rand, x, y int) uint16 {
		return uint16(2200 + 300*math.Sin(float64(x)/90) + 2*float64(y) + float64(rng.IntN(20)))
	},
	"flat": func(*rand.Rand, int, int) uint16 { return 777 },
}

// paper is areas of full scale and of 0 with strokes, specks and slopes between.
func paper(rng *rand.Rand, x, y int) uint16 {
	switch area := (x/24*7 + y/16*5) % 9; {
	case area < 4, area == 4 && (x*3+y*5)%31 > 0, area == 5 && (x+y)%6 > 1:
		return chroma.MaxLevel
	case area == 6:
		return 0
	case area == 7:
		return uint16(min(3600+20*(x%24+y%16), chroma.MaxLevel))
	}
	return uint16(rng.IntN(chroma.MaxLevel + 1))
}

// kindsOfPlane are luma, chroma and alpha.
var kindsOfPlane = []Plane{{}, {Chroma: true}, {Alpha: true}}

var hostileSteps = []int{MinStep, 4, 7, 15, 150, 999, MaxStep - 1, MaxStep}

func newPlane(f source, w, h int) chroma.Plane {
	rng := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	p := chroma.NewPlane(w, h)
	for i := range p.Pix {
		p.Pix[i] = f(rng, i%p.Stride, i/p.Stride)
	}
	return p
}

func reduce(t testing.TB, planes []chroma.Plane) []tree.Pyramid {
	t.Helper()
	pyramids, err := tree.Reduce(t.Context(), cpufallback.New(1), tree.Padded(planes))
	require.NoError(t, err)
	return pyramids
}

// coded is a tile of one plane and what its encoder knew.
type coded struct {
	encoder  *planeEncoder
	segments engine.Segments
	tables   []byte
}

func encodePlane(t testing.TB, step, promise int, def Plane, split engine.Split, p chroma.Plane) coded {
	t.Helper()
	planes := []chroma.Plane{p}
	tile := &Tile{Worst: make([]uint32, 1)}
	cells := []Cells{newCells(image.Rect(0, 0, p.Stride, p.Rows()), plainSteps(step), def)}
	e := newPlaneEncoder(NewEncoder(step, []Plane{def}, split).Promising(int64(promise)), new(EncoderScratch), tile, 0,
		&original{samples: &planes[0], pyramid: &reduce(t, planes)[0], ends: !def.Chroma}, cells)
	e.encode()
	tables := tablesOf(tile)
	return coded{e, tables.Segments(tile), tables.Payload}
}

// tablesOf fits tables to tiles.
func tablesOf(tiles ...*Tile) *Tables {
	h := NewHistogram()
	for _, t := range tiles {
		h.Add(t)
	}
	return h.Tables()
}

// decodePlane is the inverse of encodePlane.
func decodePlane(t testing.TB, step int, def Plane, c *coded) ([]Cells, chroma.Plane) {
	t.Helper()
	d, err := NewDecoder(step, []Plane{def}, c.tables)
	require.NoError(t, err)
	dst := chroma.NewPlane(cell*c.encoder.cells.w, cell*c.encoder.cells.h)
	cells, err := d.Overview(c.segments.Overview, []image.Rectangle{image.Rect(0, 0, dst.W, dst.H)})
	require.NoError(t, err)
	require.NoError(t, d.Detail(new(DecoderScratch), c.segments.Detail, cells, []chroma.Plane{dst}, []image.Point{{}}))
	return cells, dst
}

// TestTileRoundTrip: the decoder finds the encoder's leaves, last groups and overview, and
// samples that are as far from the source as the encoder says of every leaf, which no
// other level would give.
func TestTileRoundTrip(t *testing.T) {
	for name, f := range sources {
		p := newPlane(f, 96, 64)
		for _, def := range kindsOfPlane {
			for _, step := range shorttest.Cases(hostileSteps) {
				for _, split := range []engine.Split{engine.SplitHybrid, engine.SplitPyramid, engine.SplitCost} {
					c := encodePlane(t, step, 1<<24, def, split, p)
					cells, dst := decodePlane(t, step, def, &c)
					name := fmt.Sprintf("%s %+v step %d split %d", name, def, step, split)
					require.Equal(t, *c.encoder.cells, cells[0], name)
					checkLeaves(t, &c, &dst, name)
				}
			}
		}
	}
}

// TestTimes: what choosing the leaves took and the rest are parts of the time, of tiles of one root as well.
func TestTimes(t *testing.T) {
	for _, side := range []int{32, 96} {
		start := time.Now()
		c := encodePlane(t, 20, 1<<24, Plane{}, engine.SplitHybrid, newPlane(sources["weak noise"], side, side))
		tile := c.encoder.tile
		require.Positive(t, tile.SplitTime, "%d: choosing", side)
		require.Positive(t, tile.TransformTime, "%d: the rest", side)
		require.Less(t, tile.SplitTime+tile.TransformTime, time.Since(start), "%d: both", side)
	}
}

// checkLeaves compares the error of each leaf, as measured, to the encoder's.
// Less is measured where samples clip, and of flat leaves, whose energy counts
// the low block too.
func checkLeaves(t *testing.T, c *coded, dst *chroma.Plane, name string) {
	t.Helper()
	worst := uint32(0)
	src := c.encoder.src
	for _, l := range c.encoder.scratch.leaves {
		lg := l.node.lg
		sum := 0.0
		x, y := src.place(l.node)
		less := c.encoder.encoder.rule.Flat(src.pyramid, lg, x, y)
		x, y = x<<lg, y<<lg
		for i := range 1 << (2 * lg) {
			at := (y+i>>lg)*dst.Stride + x + i&(1<<lg-1)
			d := float64(dst.Pix[at]) - float64(src.samples.Pix[at])
			sum += d * d
			less = less || dst.Pix[at] == 0 || dst.Pix[at] >= chroma.MaxLevel
		}
		// In 1/8 levels: of a sample, and of an orthonormal coefficient.
		measured := math.Sqrt(sum/4) / float64(int(1)<<lg)
		dist := l.dist
		if !withinHalf(c.encoder.encoder.rates.step, dist, lg) {
			t.Fatalf("%s: leaf %d at x %d y %d: squared error %d is above the bound", name, 1<<lg, x, y, dist)
		}
		stated := math.Sqrt(float64(dist)) / float64(int(1)<<lg)
		roundings := 0.45
		if less { // at full scale the basis of larger leaves loses more of the mean
			roundings = 0.65
		}
		if measured > stated+roundings || !less && measured < stated-roundings {
			t.Fatalf("%s: leaf %d at x %d y %d: RMS %.3f, the encoder's is %.3f", name, 1<<lg, x, y, measured, stated)
		}
		worst = max(worst, RMS(uint64(sum), 1<<(2*lg)))
	}
	assert.Equal(t, worst, c.encoder.tile.Worst[0], "%s: worst", name)
}

// TestCutSegments: a segment that is cut, or has a word more, is damaged, and
// leaves no overview.
func TestCutSegments(t *testing.T) {
	p := newPlane(sources["noise"], 64, 32)
	c := encodePlane(t, 60, 1<<24, Plane{}, engine.SplitHybrid, p)
	cells, dst := decodePlane(t, 60, Plane{}, &c)
	d, err := NewDecoder(60, []Plane{{}}, c.tables)
	require.NoError(t, err)
	rects := []image.Rectangle{image.Rect(0, 0, 64, 32)}
	s := c.segments
	for n := range len(s.Overview) {
		got, err := d.Overview(s.Overview[:n], rects)
		require.ErrorIs(t, err, rans.ErrCorrupt, "overview of %d bytes", n)
		require.Nil(t, got, "overview of %d bytes", n)
	}
	detail := func(segment []byte) error {
		return d.Detail(new(DecoderScratch), segment, cells, []chroma.Plane{dst}, []image.Point{{}})
	}
	for n := range len(s.Detail) {
		require.ErrorIs(t, detail(s.Detail[:n]), rans.ErrCorrupt, "detail of %d bytes", n)
	}
	const words = 8 // where they begin
	got, err := d.Overview(slices.Insert(s.Overview, words, 0, 0), rects)
	assert.ErrorIs(t, err, rans.ErrCorrupt, "overview with a word more")
	assert.Nil(t, got)
	assert.ErrorIs(t, detail(slices.Insert(s.Detail, words, 0, 0)), rans.ErrCorrupt, "detail with a word more")
}

// TestTokens: a segment decodes to the very tokens that went in, with tables
// fitted to them, which are never worse than the universal ones.
func TestTokens(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for round := range shorttest.Rounds(60) {
		tile := randomTile(rng, round)
		tables := tablesOf(tile)
		s := tables.Segments(tile)
		bare := Tables{enc: rans.NewEncTable(universal.Universal)}
		plain := len(bare.append(&tile.overview)) + len(bare.append(&tile.detail))
		// The bits of two segments are rounded up to words, and of the tables to bytes.
		const ends = 2*2 + 1
		require.LessOrEqual(t, len(tables.Payload)+len(s.Overview)+len(s.Detail), plain+ends+plain/200, "round %d", round)

		d, err := NewDecoder(MinStep, nil, tables.Payload)
		require.NoError(t, err, "round %d", round)
		for _, s := range []struct {
			tokens  []rans.Token
			segment []byte
		}{{tile.overview.tokens, s.Overview}, {tile.detail.tokens, s.Detail}} {
			var r rans.Decoder
			require.NoError(t, r.Init(s.segment))
			for i, want := range s.tokens {
				c := int(want) / rans.Symbols
				require.Equal(t, want, rans.MakeToken(c, r.Symbol(&d.tables[c])), "round %d token %d", round, i)
			}
			require.NoError(t, r.Finish())
		}
	}
}

// randomTile has tokens in some contexts, skewed in its own way in each.
func randomTile(rng *rand.Rand, round int) *Tile {
	tile := &Tile{}
	for _, tokens := range []*[]rans.Token{&tile.overview.tokens, &tile.detail.tokens} {
		for range rng.IntN(12) {
			c := rng.IntN(nContexts)
			n := alphabet(c)
			likely := rng.IntN(n)
			for range rng.IntN(1 << (round % 12)) {
				s := likely
				if rng.IntN(8) == 0 {
					s = rng.IntN(n)
				}
				*tokens = append(*tokens, rans.MakeToken(c, s))
			}
		}
		rng.Shuffle(len(*tokens), func(i, j int) { (*tokens)[i], (*tokens)[j] = (*tokens)[j], (*tokens)[i] })
	}
	return tile
}

// TestDamagedTables: what no encoder writes is refused.
func TestDamagedTables(t *testing.T) {
	write := func(w *rans.BitWriter, difference uint32) { // of the first context of 16 symbols
		w.PutExpGolomb(ctxLast)
		for range alphabet(ctxLast) {
			w.PutExpGolomb(difference)
		}
		w.PutExpGolomb(nContexts - ctxLast - 1)
	}
	for name, c := range map[string]struct {
		write func(w *rans.BitWriter)
		want  error
	}{
		"valid":      {func(w *rans.BitWriter) { write(w, 3) }, nil},
		"cut":        {func(w *rans.BitWriter) { w.PutExpGolomb(ctxLast) }, rans.ErrCorrupt},
		"bytes over": {func(w *rans.BitWriter) { write(w, 3); w.Put(0, 16) }, rans.ErrCorrupt},
		"gap":        {func(w *rans.BitWriter) { w.PutExpGolomb(nContexts + 1) }, rans.ErrCorrupt},
		"difference": {func(w *rans.BitWriter) { write(w, 200) }, rans.ErrCorrupt},
	} {
		var w rans.BitWriter
		c.write(&w)
		_, err := NewDecoder(MinStep, nil, w.AppendReversed(nil))
		assert.ErrorIs(t, err, c.want, name)
	}
}

// TestOverviewLimit: values that no encoder writes are clamped.
func TestOverviewLimit(t *testing.T) {
	for _, v := range []int32{maxOverview, maxOverview + 1, 10 * maxOverview, -10 * maxOverview} {
		c := newCells(image.Rect(0, 0, 32, 32), plainSteps(MaxStep), Plane{})
		c.overview[15] = v
		tile := &Tile{}
		o := new(EncoderScratch).overviewOf(0, nil, &c, kindLuma)
		o.put(&tile.overview, nil)
		tables := tablesOf()
		d, err := NewDecoder(MaxStep, []Plane{{}}, tables.Payload)
		require.NoError(t, err)
		cells, err := d.Overview(tables.Segments(tile).Overview, []image.Rectangle{image.Rect(0, 0, 32, 32)})
		require.NoError(t, err)
		assert.Equal(t, min(max(v, -maxOverview), maxOverview), cells[0].overview[15], "%d", v)
	}
}

// TestNames: the tokens of leaves are where their last groups are, and the ones of their names in coding order.
func TestNames(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 9))
	var s segment
	var want []rans.Token
	for range 2000 {
		kind, lg, last := rng.IntN(kinds), cellLog2+rng.IntN(sizes), rng.IntN(groups)
		if rng.IntN(2) == 0 {
			s.put(splitContext(kind, rootLog2, 0), rng.IntN(2))
			want = append(want, s.tokens[len(s.tokens)-1])
		}
		s.put(lastContext(kind, lg, rng.IntN(30)-1), last)
		want = append(want, s.tokens[len(s.tokens)-1])
		if last == 0 {
			continue
		}
		for _, at := range scanOf(lg).through(last) {
			class, level := rng.IntN(magnitudeClasses), rng.IntN(2*escape)
			s.names = append(s.names, nameOf(class, int64(level)))
			want = append(want, rans.MakeToken(acContext(kind, lg)+int(at.ctx)+class, min(level, escape)))
		}
	}
	memory := make([]rans.Token, 3)
	require.Equal(t, want, s.all(memory))
	s.names = append(make([]uint8, 0, len(s.names)+maxN), s.names...)
	require.Equal(t, want, s.all(nil), "with room for more")
}

// TestNoReplacement: tiles without tokens take the universal tables, and those
// need no bytes.
func TestNoReplacement(t *testing.T) {
	assert.Empty(t, tablesOf().Payload)
	assert.Empty(t, tablesOf(&Tile{}).Payload)
}

// TestStepFor: steps lie in the range of a file, grow with t, and leave plain
// rounding below the promise.
func TestStepFor(t *testing.T) {
	last := 0
	for i := 4 * 64; i <= 255*1024; i++ {
		threshold := float64(i) / 1024
		step := StepFor(int64(threshold * engine.ErrorUnit))
		require.True(t, step >= MinStep && step <= MaxStep && step >= last, "t %g: step %d after %d", threshold, step, last)
		// What withinHalf allows, in levels of which a step is an eighth, and the
		// roundings of coefficients and samples.
		require.Less(t, math.Sqrt(65.0/64)*float64(step)/2/8+0.05, threshold, "t %g: step %d", threshold, step)
		last = step
	}
	assert.Equal(t, MinStep, StepFor(engine.ErrorUnit/4))
}

// TestOverview: the overview of a plane is near the means of its 8×8 where it
// is smooth, for each size of leaf.
func TestOverview(t *testing.T) {
	p := newPlane(func(_ *rand.Rand, x, y int) uint16 { return uint16(600 + 17*x + 9*y) }, 128, 64)
	for _, step := range []int{MinStep, 40, 400} {
		c := encodePlane(t, step, 1<<24, Plane{}, engine.SplitHybrid, p)
		d, err := NewDecoder(step, []Plane{{}}, c.tables)
		require.NoError(t, err)
		cells, err := d.Overview(c.segments.Overview, []image.Rectangle{image.Rect(0, 0, 128, 64)})
		require.NoError(t, err)
		dst := chroma.NewPlane(20, 10)
		d.Level3(&dst, 3, 1, &cells[0])
		for y := range 8 {
			for x := range 16 {
				want := 600 + 17*(8*float64(x)+3.5) + 9*(8*float64(y)+3.5)
				// A value of the overview is 4 to the sample; it may be moved by a step and a half.
				limit := 1.5*float64(overviewStepOf(step, Plane{}))/4 + 8
				assert.InDelta(t, want, float64(dst.Pix[(y+1)*dst.Stride+x+3]), limit, "step %d x %d y %d", step, x, y)
			}
		}
	}
}

// TestConceal: a tile without a detail is its overview, smooth; without that it is
// mid-scale.
func TestConceal(t *testing.T) {
	p := newPlane(sources["smooth"], 96, 64)
	c := encodePlane(t, 100, 1<<24, Plane{}, engine.SplitHybrid, p)
	d, err := NewDecoder(100, []Plane{{}}, c.tables)
	require.NoError(t, err)
	rects := []image.Rectangle{image.Rect(0, 0, 96, 64)}
	cells, err := d.Overview(c.segments.Overview, rects)
	require.NoError(t, err)
	dst := chroma.NewPlane(96, 64)
	d.Conceal(new(DecoderScratch), cells, []chroma.Plane{dst}, []image.Point{{}})
	sum := 0.0
	for i, v := range dst.Pix {
		d := float64(v) - float64(p.Pix[i])
		sum += d * d
	}
	assert.Less(t, math.Sqrt(sum/float64(len(dst.Pix))), 300.0, "of 4080")

	cells = d.blankCells(rects)
	d.Conceal(new(DecoderScratch), cells, []chroma.Plane{dst}, []image.Point{{}})
	for i, v := range dst.Pix {
		require.EqualValues(t, chroma.Centre, v, "x %d y %d", i%96, i/96)
	}
	for i, lg := range cells[0].size {
		require.EqualValues(t, 5, lg, "cell %d", i)
	}
}
