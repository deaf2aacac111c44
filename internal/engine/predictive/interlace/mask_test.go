package interlace

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// blots is a mask of w×h with areas and single samples.
func blots(r *rand.Rand, w, h int) []byte {
	mask := make([]byte, w*h)
	for range r.IntN(5) {
		x0, y0, x1, y1 := r.IntN(w), r.IntN(h), r.IntN(w), r.IntN(h)
		for y := min(y0, y1); y <= max(y0, y1); y++ {
			for x := min(x0, x1); x <= max(x0, x1); x++ {
				mask[y*w+x] = byte(1 + r.IntN(3))
			}
		}
	}
	for range r.IntN(20) {
		mask[r.IntN(len(mask))] = 1
	}
	return mask
}

// TestMask: a sample of any level is visited unless it is masked or in a skipped cell, and
// a cell is masked where all of its samples are.
func TestMask(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for range 40 {
		w, h := 1+r.IntN(70), 1+r.IntN(70)
		mask := blots(r, w, h)
		var p Pyramid
		p.Reset(w, h)
		p.SetMask(mask, w, h)
		at := func(x, y int) bool { return mask[min(y, h-1)*w+min(x, w-1)] != 0 }
		p.Skip.Any = true
		for i := range p.Skip.cell {
			p.Skip.cell[i] = r.IntN(4) == 0
		}
		coded := 0
		for lev := range Base {
			p.Levels[lev].EachRow(func(_ Pass, x0, y, n int) {
				seen := make([]bool, n)
				p.Runs(lev, x0, y, n, func(start, end int) {
					for k := start; k < end; k++ {
						seen[k] = true
					}
				})
				for k, s := range seen {
					x := x0 + 2*k
					skipped := p.Skip.cell[y>>(Base-lev)*p.Skip.w+x>>(Base-lev)]
					require.Equal(t, !skipped && !at(x<<lev, y<<lev), s, "%d×%d level %d x %d y %d", w, h, lev, x, y)
				}
			})
		}
		for y := range p.H {
			for x := range p.W {
				if !at(x, y) {
					coded++
				}
			}
		}
		require.Equal(t, coded, p.Coded(), "%d×%d", w, h)
		for y := range Cells(h, Base) {
			for x := range Cells(w, Base) {
				all := true
				for j := y << Base; j < min((y+1)<<Base, h); j++ {
					for i := x << Base; i < min((x+1)<<Base, w); i++ {
						all = all && mask[j*w+i] != 0
					}
				}
				require.Equal(t, all, CellMasked(mask, w, h, x, y), "%d×%d cell %d,%d", w, h, x, y)
				require.Equal(t, all, p.Overview.Mask[p.Overview.At(x, y)] != 0, "%d×%d cell %d,%d", w, h, x, y)
			}
		}
	}
}

// TestMaskedSkips: nodes without a coded sample have no flag and are skipped; the others
// come back.
func TestMaskedSkips(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 9))
	for range 40 {
		w, h := MinSide+r.IntN(150), MinSide+r.IntN(150)
		mask := blots(r, w, h)
		var p, q Pyramid
		p.Reset(w, h)
		q.Reset(w, h)
		p.SetMask(mask, w, h)
		q.SetMask(mask, w, h)
		for i := range p.Skip.cell {
			p.Skip.cell[i] = p.Skip.masked[i] || r.IntN(2) == 0
		}
		var flags []bool
		p.Skip.Encode(func(_ int, skip bool) { flags = append(flags, skip) })
		q.Skip.Decode(func(int) bool {
			skip := flags[0]
			flags = flags[1:]
			return skip
		})
		require.Empty(t, flags)
		require.Equal(t, p.Skip.cell, q.Skip.cell)
	}
}

// TestMaskedMeans: means are of the samples that are coded alone, and Fill leaves these.
func TestMaskedMeans(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	for range 20 {
		p := NewPlane(1+r.IntN(40), 1+r.IntN(40))
		for i := range p.Pix {
			p.Pix[i] = int32(r.IntN(2000) - 1000)
		}
		p.Mask = blots(r, p.W, p.H)
		got := p.Overview(nil)
		by := p.OverviewBy(func(samples []int32) int32 { return int32(len(samples)) })
		for i, v := range got.Pix {
			x, y := i%got.W<<Base, i/got.W<<Base
			sum, n := 0.0, 0
			for j := y; j < min(y+8, p.H); j++ {
				for k := x; k < min(x+8, p.W); k++ {
					if p.Mask[j*p.W+k] == 0 {
						sum += float64(p.Pix[j*p.W+k])
						n++
					}
				}
			}
			require.EqualValues(t, n, by.Pix[i])
			if n == 0 {
				require.Zero(t, v)
				continue
			}
			require.InDelta(t, sum/float64(n), float64(v), 0.5, "cell %d", i)
		}
		before := append([]int32(nil), p.Pix...)
		p.Fill()
		for i, m := range p.Mask {
			if m == 0 {
				require.Equal(t, before[i], p.Pix[i], "sample %d", i)
			}
		}
	}
}

// TestRoughness: a plane has none, and what is not coded says nothing.
func TestRoughness(t *testing.T) {
	p := NewPlane(30, 20)
	for i := range p.Pix {
		p.Pix[i] = int32(3*(i%p.W) - 7*(i/p.W))
	}
	sum, n := p.Roughness()
	require.Zero(t, sum)
	require.EqualValues(t, 3*28, n, "rows 0, 8 and 16")
	p.Pix[8*p.W+5] += 10
	sum, _ = p.Roughness()
	require.EqualValues(t, 10+20+10, sum)
	p.Mask = make([]byte, len(p.Pix))
	p.Mask[8*p.W+5] = 1
	sum, n = p.Roughness()
	require.Zero(t, sum)
	require.EqualValues(t, 3*28-3, n)
}
