package transform

import (
	"encoding/binary"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// naiveRestorer is FORMAT.md, "Restoration", sample by sample.
type naiveRestorer struct {
	step    int
	def     Plane
	p, luma *chroma.Plane
}

// nearestSample is a sample of a plane with its padding, or the nearest one.
func nearestSample(p *chroma.Plane, x, y int) int {
	return int(p.Pix[min(max(y, 0), p.Rows()-1)*p.Stride+min(max(x, 0), p.Stride-1)])
}

// guide is luma at a sample of chroma.
func (r *naiveRestorer) guide(x, y int) int {
	x, y = min(max(x, 0), r.p.Stride-1), min(max(y, 0), r.p.Rows()-1)
	if !r.def.Half {
		return nearestSample(r.luma, x, y)
	}
	sum := 2
	for i := range 4 {
		sum += nearestSample(r.luma, 2*x+i%2, 2*y+i/2)
	}
	return sum >> 2
}

// class is the class of a block, −1 for none.
func (r *naiveRestorer) class(bx, by int) int {
	abs := func(v int) int { return max(v, -v) }
	var g [4]int
	for y := 4*by - 2; y < 4*by+6; y += 2 {
		for x := 4*bx - 2; x < 4*bx+6; x++ {
			for k, o := range [4]image.Point{{1, 0}, {0, 1}, {1, 1}, {-1, 1}} {
				g[k] += abs(2*nearestSample(r.p, x, y) - nearestSample(r.p, x-o.X, y-o.Y) - nearestSample(r.p, x+o.X, y+o.Y))
			}
		}
	}
	bounds := []int{4, 9, 21, 43, 89, 179}
	if r.def.Chroma {
		bounds = []int{1, 2, 5, 11, 22, 45}
	}
	activity := 0
	for activity < 6 && g[0]+g[1] >= bounds[activity]*r.step {
		activity++
	}
	if activity == 0 {
		return -1
	}
	more, less := []int{max(g[0], g[1]) + 4, max(g[2], g[3]) + 4}, []int{min(g[0], g[1]) + 4, min(g[2], g[3]) + 4}
	k := 0
	if more[0]*less[1] <= more[1]*less[0] {
		k = 1
	}
	direction := 0
	if 2*more[k] > 3*less[k] {
		direction = 1 + 4*k
		if g[2*k+1] > g[2*k] {
			direction++
		}
		if more[k] > 3*less[k] {
			direction += 2
		}
	}
	return 9*(activity-1) + direction
}

// sample is a restored sample.
func (r *naiveRestorer) sample(x, y, strength int) int {
	own, class := nearestSample(r.p, x, y), r.class(x/4, y/4)
	if class < 0 || strength == 0 {
		return own
	}
	limit := func(v, most int) int { return min(max(v, -most), most) }
	slope, sum := (1572864+2*r.step/2)/(2*r.step), 0
	for k, o := range opposites {
		var f [3]int
		for _, sign := range []int{1, -1} {
			d := nearestSample(r.p, x+sign*o.x, y+sign*o.y) - own
			luma := r.guide(x+sign*o.x, y+sign*o.y) - r.guide(x, y)
			f[0] += limit(d, 6*r.step)
			f[1] += limit(d, (3*r.step+2)/5)
			f[2] += limit(d, 6*r.step) * max(0, 16-max(luma, -luma)*slope>>16)
		}
		sum += 16 * (weight(r.def.kind(), class, k)*f[0] + weight(r.def.kind(), class, pairs+k)*f[1])
		if r.def.Chroma {
			sum += weight(kindChroma, class, 2*pairs+k) * f[2]
		}
	}
	return min(max(own+((sum+8)>>4*[]int{0, 8, 11, 16}[strength]+1<<13)>>14, 0), 4095)
}

// weight is a weight of a class, as restore.bin has it.
func weight(kind, class, tap int) int {
	at := 24*class + tap
	if kind == kindChroma {
		at = 24*classes + 36*class + tap
	}
	return int(int16(uint16(restoreBytes[2*at]) | uint16(restoreBytes[2*at+1])<<8))
}

// TestWeights holds the weights to what sums of 32 bits bear.
func TestWeights(t *testing.T) {
	require.Equal(t, 2*classes*(lumaTaps+chromaTaps), len(restoreBytes))
	for kind := range 2 {
		for class := range classes {
			sum, some := 0, map[int]bool{}
			for tap := range RestoreTaps[kind] {
				if v := weight(kind, class, tap); v != 0 {
					sum += max(v, -v)
					some[tap%pairs] = true
				}
			}
			require.LessOrEqual(t, sum, 1<<13, "kind %d, class %d", kind, class)
			require.LessOrEqual(t, len(some), 6, "kind %d, class %d", kind, class)
			require.Len(t, weightsOf()[kind][class], len(some))
		}
	}
}

// at is the filter of a class.
func (r *naiveRestorer) at(s *steps, class uint8) *naiveRestorer {
	return &naiveRestorer{int(s.base[class]), r.def, r.p, r.luma}
}

// TestRestore holds restored parts of planes to the naive filter.
func TestRestore(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, f := range sources {
		for _, step := range shorttest.Cases(hostileSteps) {
			for _, half := range []bool{false, true} {
				defs := []Plane{{}, {Chroma: true, Half: half}, {Chroma: true, Half: half}, {Alpha: true}, {}} // and data
				w, h := 1+rng.IntN(150), 1+rng.IntN(90)
				var planes []chroma.Plane
				for _, def := range defs {
					p := newPlane(f, w, h)
					if def.Half {
						p = newPlane(f, (w+1)/2, (h+1)/2)
					}
					planes = append(planes, p)
				}
				checkRestore(t, rng, name, step, defs, planes)
			}
		}
	}
}

func checkRestore(t *testing.T, rng *rand.Rand, name string, step int, defs []Plane, planes []chroma.Plane) {
	t.Helper()
	d, err := NewDecoder(step, defs, nil)
	require.NoError(t, err)
	if step <= MaxVisualStep && rng.IntN(2) == 0 {
		d = d.Tuning()
	}
	grids, rects := make([]Grid, len(planes)), make([]image.Rectangle, len(planes))
	for i := range planes {
		grids[i] = newGrid(planes[i].Stride/cell, planes[i].Rows()/cell, 0)
		for k := range grids[i].of {
			grids[i].of[k].strength, grids[i].of[k].class = uint8(rng.IntN(len(strengths))), uint8(rng.IntN(stepClasses))
		}
		w, h := planes[i].W, planes[i].H
		x, y := rng.IntN(w)/block*block, rng.IntN(h)/block*block
		rects[i] = image.Rect(x, y, x+1+rng.IntN(w-x), y+1+rng.IntN(h-y))
		if i == 2 && rng.IntN(2) == 0 { // as of windows
			rects[i] = rects[1]
		}
	}
	got := make([]chroma.Plane, len(planes))
	for i := range planes {
		got[i] = planes[i]
		got[i].Pix = slices.Clone(planes[i].Pix)
	}
	require.NoError(t, d.Restoring().Restore(t.Context(), 2, got, grids, rects))
	for i, rect := range rects {
		naive := naiveRestorer{step, defs[i], &planes[i], &planes[0]}
		for y := rect.Min.Y; y < rect.Max.Y; y++ {
			for x := rect.Min.X; x < rect.Max.X; x++ {
				trait := grids[i].of[y/cell*grids[i].w+x/cell]
				strength := int(trait.strength)
				if defs[i].Alpha {
					strength = 0
				}
				want := naive.at(d.steps[i], trait.class).sample(x, y, strength)
				if v := int(got[i].Pix[y*got[i].Stride+x]); v != want {
					t.Fatalf("%s, step %d, half %t, plane %d of %v, x %d, y %d, strength %d: %d, expected %d",
						name, step, defs[1].Half, i, planes[i].Stride, x, y, strength, v, want)
				}
			}
		}
	}
}

// TestStrengthsAreBest: of a tile that is one area, the squared error of what is decoded is the
// smallest that any strength gives; flat planes are left alone.
func TestStrengthsAreBest(t *testing.T) {
	for _, name := range shorttest.Names(sources) {
		f := sources[name]
		for _, step := range shorttest.Cases([]int{40, 900}) {
			defs := []Plane{{}, {Chroma: true, Half: true}, {Chroma: true, Half: true}, {Alpha: true}}
			planes := []chroma.Plane{newPlane(f, 61, 50), newPlane(f, 31, 25), newPlane(sources["smooth"], 31, 25), newPlane(f, 61, 50)}
			cells, decoded := throughTile(t, step, defs, planes)
			for i := range planes {
				best, least := 0, int64(-1)
				for strength := range strengths {
					naive := naiveRestorer{step, defs[i], &decoded[i], &decoded[0]}
					sum := int64(0)
					for y := range planes[i].H {
						for x := range planes[i].W {
							d := int64(naive.sample(x, y, strength)) - int64(planes[i].Pix[y*planes[i].Stride+x])
							sum += d * d
						}
					}
					if least < 0 || sum < least {
						best, least = strength, sum
					}
				}
				if defs[i].Alpha || name == "flat" && i != 2 {
					best = 0
				}
				require.Equal(t, best, int(cells[i].strength), "%s, step %d, plane %d", name, step, i)
			}
		}
	}
}

// throughTile codes planes as one tile and decodes it up to deblocking.
func throughTile(t *testing.T, step int, defs []Plane, planes []chroma.Plane) ([]Cells, []chroma.Plane) {
	t.Helper()
	rects, decoded := make([]image.Rectangle, len(planes)), make([]chroma.Plane, len(planes))
	for i := range planes {
		chroma.Pad(&planes[i])
		rects[i] = image.Rect(0, 0, planes[i].Stride, planes[i].Rows())
		decoded[i] = chroma.NewPlane(planes[i].W, planes[i].H)
	}
	tile := NewEncoder(step, defs, engine.SplitHybrid).Restoring().Tile(new(EncoderScratch), planes, reduce(t, planes), rects, nil)
	tables := tablesOf(tile)
	segments := tables.Segments(tile)
	d, err := NewDecoder(step, defs, tables.Payload)
	require.NoError(t, err)
	d = d.Restoring()
	cells, err := d.Overview(segments.Overview, rects)
	require.NoError(t, err)
	require.NoError(t, d.Detail(new(DecoderScratch), segments.Detail, cells, decoded, make([]image.Point, len(planes))))
	require.NoError(t, d.Filter(t.Context(), 1, decoded, GridsOf(cells, 0)))
	return cells, decoded
}

// TestVectorBlocks holds the kernels to the plain sums of blocks, and to what is made of them, of whatever samples there are.
func TestVectorBlocks(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(12, 9))
	c := new(chooser)
	w := &c.window
	for round := range 400 {
		step := int32(MinStep + rng.IntN(60))
		if round%4 == 0 {
			step = int32(MinStep + rng.IntN(2*MaxStep))
		}
		w.usesOne(newRestoration(step))
		spread := 1 << rng.IntN(13)
		for _, p := range []*samples{&w.pix, &w.guide} {
			from := rng.IntN(1<<12 - spread + 1)
			for i := 0; i < len(p)-1; i += 2 {
				binary.LittleEndian.PutUint16(p[i:], uint16(from+rng.IntN(spread)))
			}
		}
		for kind := range kinds {
			w.kind = kind
			c.some = round%2 > 0
			checkBlocks(t, rng, c, fmt.Sprintf("round %d: step %d, kind %d", round, step, kind))
		}
	}
}

// checkBlocks holds blocks of any classes of a window to the plain code, some of which end within a block.
func checkBlocks(t *testing.T, rng *rand.Rand, c *chooser, what string) {
	t.Helper()
	w := &c.window
	width, height := 1+rng.IntN(windowSide), 1+rng.IntN(windowSide)
	for by := range w.class {
		for bx := range w.class[by] {
			w.class[by][bx] = int8(rng.IntN(classes+1) - 1)
		}
	}
	a := area{plane: chroma.NewPlane(width, height)}
	for y := range wholeBlocks(height) {
		for x := range wholeBlocks(width) {
			a.plane.Pix[y*a.plane.Stride+x] = uint16(sampleAt(&w.pix, w.at(x, y)))
		}
	}
	stride := width + rng.IntN(9)
	want := wildSamples(rng, height*stride)
	judge := func() (errors strengthErrors, kept []keptSums) {
		c.kept = c.kept[:0]
		c.judge(&errors, &a, want, stride, width, height)
		kept = slices.Clone(c.kept)
		slices.SortFunc(kept, func(a, b keptSums) int { return a.at - b.at })
		return errors, kept
	}
	got, sums := judge()
	var plain strengthErrors
	var plainSums []keptSums
	plainly(func() { plain, plainSums = judge() })
	require.Equal(t, plain, got, "%s: errors of %d×%d", what, width, height)
	require.Equal(t, plainSums, sums, "%s: sums of %d×%d", what, width, height)
	for i := range sums { // and others, as large as they come
		for k := range sums[i].sums {
			sums[i].sums[k] += int32(rng.IntN(1<<27)-1<<26)>>rng.IntN(27) - sums[i].sums[k]/2
		}
	}
	for _, strength := range strengths[1:] {
		if len(sums) == 0 {
			break
		}
		got, plain := slices.Clone(a.plane.Pix), slices.Clone(a.plane.Pix)
		restoreKept(&sums[0], len(sums), &got[0], sampleBytes*a.plane.Stride, strength)
		for i := range sums {
			addSums(plain[sums[i].at:], a.plane.Stride, &sums[i].sums, strength)
		}
		require.Equal(t, plain, got, "%s: strength %d", what, strength)
	}
}
