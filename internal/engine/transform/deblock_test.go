package transform

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
)

// leafSizes are random leaves over w×h cells, whole blocks of four.
func leafSizes(rng *rand.Rand, w, h int) []uint8 {
	c := newCells(image.Rect(0, 0, cell*w, cell*h), plainSteps(MinStep), Plane{})
	var place func(n node)
	place = func(n node) {
		if n.lg == cellLog2 || rng.IntN(3) == 0 {
			c.setLeaf(n)
			return
		}
		for i := range 4 {
			place(n.child(i))
		}
	}
	for root := range c.roots {
		place(root)
	}
	return c.size
}

// naiveDeblock is FORMAT.md, "Deblocking", sample by sample, from copies.
func naiveDeblock(p *chroma.Plane, size []uint8, step []int) {
	naivePass(p, size, step, 1, 0)
	naivePass(p, size, step, 0, 1)
}

// naivePass filters all borders across one axis.
func naivePass(p *chroma.Plane, size []uint8, step []int, dx, dy int) {
	old := append([]uint16(nil), p.Pix...)
	for y := 8 * dy; y < p.Rows(); y++ {
		for x := 8 * dx; x < p.Stride; x++ {
			if (x*dx+y*dy)%8 != 0 || leafAt(size, p.Stride/8, x, y) == leafAt(size, p.Stride/8, x-dx, y-dy) {
				continue
			}
			beta := (77*(step[y/8*(p.Stride/8)+x/8]+step[(y-dy)/8*(p.Stride/8)+(x-dx)/8]) + 256) >> 9
			at := func(i int) int { return int(old[(y+i*dy)*p.Stride+x+i*dx]) }
			for i, v := range naiveFilter(beta, at(-3), at(-2), at(-1), at(0), at(1), at(2)) {
				p.Pix[(y+(i-2)*dy)*p.Stride+x+(i-2)*dx] = uint16(v)
			}
		}
	}
}

// leafAt is the leaf of a sample: origin and size.
func leafAt(size []uint8, w, x, y int) [3]int {
	lg := size[y/8*w+x/8]
	return [3]int{x >> lg << lg, y >> lg << lg, int(lg)}
}

// naiveFilter returns p1, p0, q0 and q1.
func naiveFilter(beta, p2, p1, p0, q0, q1, q2 int) [4]int {
	abs := func(v int) int { return max(v, -v) }
	clamp := func(v, lo, hi int) int { return min(max(v, lo), hi) }
	keep := [4]int{p1, p0, q0, q1}
	if abs(p2-2*p1+p0)+abs(q2-2*q1+q0) > beta {
		return keep
	}
	delta := (9*(q0-p0) - 3*(q1-p1) + 8) >> 4
	if delta == 0 || abs(delta) > 10*beta {
		return keep
	}
	delta = clamp(delta, -beta, beta)
	h := beta / 2
	keep = [4]int{
		p1 + clamp(((p0+p2+1)>>1-p1+delta)>>1, -h, h), p0 + delta,
		q0 - delta, q1 + clamp(((q0+q2+1)>>1-q1-delta)>>1, -h, h),
	}
	for i := range keep {
		keep[i] = clamp(keep[i], 0, 4095)
	}
	return keep
}

// TestDeblocker: it equals the naive form, with rows in any order.
func TestDeblocker(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 40 {
		step := []int{MinStep, 20, 150, 700, MaxStep}[round%5]
		p := blocky(rng, 96, 64, step)
		size := leafSizes(rng, p.Stride/8, p.Rows()/8)
		of := plainSteps(step)
		if round >= 20 {
			of = visualSteps(step, Plane{})
		}
		g := newGrid(p.Stride/8, p.Rows()/8, 0)
		stepAt := make([]int, len(size))
		for i, lg := range size {
			g.of[i].size, g.of[i].class = lg, uint8(rng.IntN(stepClasses))
			stepAt[i] = int(of.base[g.of[i].class])
		}
		want := p
		want.Pix = append([]uint16(nil), p.Pix...)
		naiveDeblock(&want, size, stepAt)

		before := append([]uint16(nil), p.Pix...)
		d := newDeblocker(new(memory), of, &p, &g)
		for _, pass := range []func(int){d.vertical, d.horizontal} {
			for _, y := range rng.Perm(g.h) {
				pass(y)
			}
		}
		changed := 0
		for i := range p.Pix {
			require.Equal(t, want.Pix[i], p.Pix[i], "round %d step %d x %d y %d", round, step, i%p.Stride, i/p.Stride)
			if p.Pix[i] != before[i] {
				changed++
			}
		}
		require.Positive(t, changed, fmt.Sprintf("step %d: nothing was filtered", step))
	}
}

// blocky is a plane of 8×8 of slopes whose offsets differ by up to a step, at
// some places near the ends of the range.
func blocky(rng *rand.Rand, w, h, step int) chroma.Plane {
	p := chroma.NewPlane(w, h)
	for by := 0; by < h; by += 8 {
		for bx := 0; bx < w; bx += 8 {
			base := []int{0, 1500, maxSample}[bx/32%3] + rng.IntN(step+3) - step/2
			slope := rng.IntN(3)
			for i := range 64 {
				v := base + slope*(i%8) + rng.IntN(2+step/40)
				p.Pix[(by+i/8)*w+bx+i%8] = uint16(min(max(v, 0), maxSample))
			}
		}
	}
	return p
}

// TestVectorDeblock: whatever the samples, kernels filter them as plain code does.
func TestVectorDeblock(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(1, 3))
	for round := range 200 {
		w, h := maxN*(1+rng.IntN(4)), maxN*(1+rng.IntN(3))
		g := newGrid(w/cell, h/cell, 0)
		for i, lg := range leafSizes(rng, g.w, g.h) {
			g.of[i].size, g.of[i].class = lg, uint8(rng.IntN(stepClasses))
		}
		of := visualSteps(hostileSteps[round%len(hostileSteps)], Plane{})
		got := chroma.NewPlane(w, h)
		copy(got.Pix, wildSamples(rng, len(got.Pix)))
		if spread := 1 + rng.IntN(100); round%2 > 0 { // so smooth that much is filtered
			for i := range got.Pix {
				got.Pix[i] = min(uint16(rng.IntN(spread)+40*round), maxSample)
			}
		}
		want := got
		want.Pix = append([]uint16(nil), got.Pix...)
		deblock := func(p *chroma.Plane) {
			d := newDeblocker(new(memory), of, p, &g)
			for _, pass := range []func(int){d.vertical, d.horizontal} {
				for y := range g.h {
					pass(y)
				}
			}
		}
		deblock(&got)
		plainly(func() { deblock(&want) })
		for i := range got.Pix {
			require.Equalf(t, want.Pix[i], got.Pix[i], "round %d: x %d y %d", round, i%w, i/w)
		}
	}
}
