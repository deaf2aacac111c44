package transform

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// TestCoefficientWeights holds the weights to their formula, and their steps to 32 bits.
func TestCoefficientWeights(t *testing.T) {
	for size, weights := range weightsOfSize {
		n := 8 << size
		require.Len(t, weights, n*n)
		sum := 0.0
		for i, w := range weights {
			rho := math.Hypot(float64(i/n), float64(i%n)) / float64(n)
			require.InDelta(t, 32*(1+1.3*math.Pow(rho, 1.5)), float64(w), 1, "%d: u %d v %d", n, i/n, i%n)
			sum += float64(w) * float64(w) / (32 * 32)
		}
		assert.Less(t, math.Sqrt(sum)/float64(n), 1.95, "the root of the mean square that VisualStepFor counts on")
	}
	for _, p := range []Plane{{}, {Chroma: true}, {Chroma: true, Half: true}} {
		s := visualSteps(MaxVisualStep, p).leaf(rootLog2, stepClasses-1)
		require.Less(t, (maxEscape+15)*int64(s.of(maxN*maxN-1)), int64(1)<<31)
	}
}

// TestWeightsOfParts: no part of a leaf from its corner on, which is what the image may show of it,
// weights the steps more than VisualStepFor counts on.
func TestWeightsOfParts(t *testing.T) {
	for size, weights := range weightsOfSize {
		lg := size + cellLog2
		n := 1 << lg
		var squares [maxN][maxN]float64 // of basis n, sample by frequency
		for x := range n {
			for u := range n {
				c := float64(cosine(x, u, n)) / (1 << basisBits)
				squares[x][u] = c * c * 2 / float64(n)
			}
		}
		var until [maxN + 1][maxN + 1]float64 // Σ w² of the samples left of x and above y
		for x := range n {
			var column [maxN]float64 // by v
			for v := range n {
				for u := range n {
					w := float64(weights[u*n+v]) / 32
					column[v] += w * w * squares[x][u]
				}
			}
			for y := range n {
				at := 0.0
				for v := range n {
					at += column[v] * squares[y][v]
				}
				until[x+1][y+1] = until[x][y+1] + until[x+1][y] - until[x][y] + at
				require.Less(t, math.Sqrt(until[x+1][y+1]/float64((x+1)*(y+1))), 1.97, "%d×%d of %d", x+1, y+1, n)
			}
		}
	}
}

// TestStepClass holds the classes to their formula.
func TestStepClass(t *testing.T) {
	seen := map[uint8]bool{}
	for name, f := range sources {
		p := newPlane(f, 128, 96)
		pyramid := &reduce(t, []chroma.Plane{p})[0]
		for lg := classLog2; lg <= rootLog2; lg++ {
			for i := range (128 >> lg) * (96 >> lg) {
				x, y := i%(128>>lg), i/(128>>lg)
				sum := 0.0
				cells := 1 << (lg - cellLog2)
				for c := range cells * cells {
					sum += math.Log2(variance(&p, x<<lg+c%cells*cell, y<<lg+c/cells*cell) + 4)
				}
				want := 4 + 0.72*(sum/float64(cells*cells)-7)
				got := stepClass(pyramid, lg, x, y)
				require.InDelta(t, min(max(want, 0), stepClasses-1), float64(got), 0.501, "%s: %d at %d,%d", name, 1<<lg, x, y)
				seen[got] = true
			}
		}
	}
	require.Greater(t, len(seen), 4)
}

// variance is the variance of a cell, in levels.
func variance(p *chroma.Plane, x, y int) float64 {
	sum, squares := 0.0, 0.0
	for i := range cell * cell {
		v := float64(p.Pix[(y+i/cell)*p.Stride+x+i%cell]) / 16
		sum, squares = sum+v, squares+v*v
	}
	return squares/(cell*cell) - sum*sum/(cell*cell*cell*cell)
}

// visualDefs are planes with all that a plane may be.
var visualDefs = map[string][]Plane{
	"gray":  {{}},
	"4:2:0": {{}, {Chroma: true, Half: true}, {Chroma: true, Half: true}, {Alpha: true}},
	"4:4:4": {{}, {Chroma: true}, {Chroma: true}, {}},
}

// TestVisualKeeps: over its samples in the image no leaf is off by more than the promise times the
// multiplier of its class, Worst is what the worst is off by, and decoders find the classes.
func TestVisualKeeps(t *testing.T) {
	classes := map[uint8]bool{}
	for _, name := range shorttest.Names(sources) {
		f := sources[name]
		for _, size := range clippedSizes {
			for defs, planes := range visualDefs {
				for _, threshold := range shorttest.Cases([]float64{5, 1, 2, 12, 40, 255}) {
					what := fmt.Sprintf("%s %v %s T %g", name, size, defs, threshold)
					for _, predicts := range []bool{false, true} {
						checkVisual(t, f, image.Pt(size[0], size[1]), planes, int64(threshold*engine.ErrorUnit), predicts, classes, fmt.Sprintf("%s predicts %t", what, predicts))
					}
				}
			}
		}
	}
	require.Greater(t, len(classes), 5, "classes in use")
}

func checkVisual(t *testing.T, f source, size image.Point, defs []Plane, promise int64, predicts bool, classes map[uint8]bool, what string) {
	t.Helper()
	var planes, decoded []chroma.Plane
	var rects []image.Rectangle
	for _, def := range defs {
		w, h := size.X, size.Y
		if def.Half {
			w, h = (w+1)/2, (h+1)/2
		}
		p := newPlane(f, w, h)
		chroma.Pad(&p)
		planes = append(planes, p)
		decoded = append(decoded, chroma.NewPlane(w, h))
		rects = append(rects, image.Rect(0, 0, p.Stride, p.Rows()))
	}
	step := VisualStepFor(promise)
	e := NewEncoder(step, defs, engine.SplitHybrid).Promising(promise).Tuning()
	if predicts {
		e = e.Predicting()
	}
	tile := e.Tile(new(EncoderScratch), planes, reduce(t, planes), rects, nil)
	h := newHistogram(predicts)
	h.Add(tile)
	tables := h.Tables()
	segments := tables.Segments(tile)
	d, err := newDecoder(step, defs, tables.Payload, predicts)
	require.NoError(t, err)
	d = d.Tuning()
	cells, err := d.Overview(segments.Overview, seen(planes))
	require.NoError(t, err, what)
	require.NoError(t, d.Detail(new(DecoderScratch), segments.Detail, cells, decoded, make([]image.Point, len(planes))), what)
	for i := range planes {
		worst := uint32(0)
		for at, lg := range cells[i].size {
			x, y := at%cells[i].w, at/cells[i].w
			if !border(x, lg) || !border(y, lg) {
				continue
			}
			n := node{int(lg), x, y}
			w, h := min(1<<lg, planes[i].W-cell*x), min(1<<lg, planes[i].H-cell*y)
			rms := rmsOf(planes[i].Pix[cell*(y*planes[i].Stride+x):], planes[i].Stride, decoded[i].Pix[cell*(y*decoded[i].Stride+x):], decoded[i].Stride, w, h)
			require.LessOrEqual(t, rms, cells[i].limit(n, uint32(promise)), "%s: plane %d, leaf of %d at x %d y %d", what, i, 1<<lg, cell*x, cell*y)
			worst = max(worst, cells[i].counted(n, rms))
			classes[cells[i].class[at]] = true
		}
		require.Equal(t, worst, tile.Worst[i], "%s: plane %d", what, i)
		require.LessOrEqual(t, int64(worst), promise, "%s: plane %d", what, i)
	}
}

// TestUnseenPlanes: bands beside gray and colours have no classes, whatever luma has.
func TestUnseenPlanes(t *testing.T) {
	for _, p := range visualPlanes(100, []Plane{{}, {Chroma: true}, {Chroma: true}, {}})[3:] {
		s := p.leaf(rootLog2, stepClasses-1)
		require.Equal(t, int32(200), s.of(0))
		require.Equal(t, int32(200), s.of(maxN*maxN-1))
	}
}

// TestDescentEndsWeighted: with steps that differ, too, descent comes as near as VisualStepFor says,
// over any samples that are seen, from any levels.
func TestDescentEndsWeighted(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for round := range 60 {
		w, h := 1+rng.IntN(32), 1+rng.IntN(4)
		if round%2 == 0 {
			w, h = h, w
		}
		p := newPlane(sources["noise"], w, h)
		chroma.Pad(&p)
		planes := []chroma.Plane{p}
		const step = 400
		e := NewEncoder(step, []Plane{{}}, engine.SplitHybrid).Promising(1).Tuning()
		cells := []Cells{newCells(image.Rect(0, 0, p.Stride, p.Rows()), e.steps[0], Plane{})}
		tile := &Tile{Worst: make([]uint32, 1)}
		enc := newPlaneEncoder(e, new(EncoderScratch), tile, 0, &original{samples: &planes[0], pyramid: &reduce(t, planes)[0], ends: true}, cells)
		enc.encode()
		for _, l := range enc.scratch.leaves {
			w, h := enc.src.seen(l.node)
			base := float64(e.steps[0].base[cells[0].class[cells[0].index(l.node.x, l.node.y)]])
			rms := enc.gauge.rms(l.node, enc.scratch.levels[l.from:l.to])
			require.LessOrEqual(t, float64(rms), 1.97*base/2/8*(1<<16)*1.01, "round %d: leaf of %d, %d×%d seen", round, 1<<l.node.lg, w, h)
		}
	}
}
