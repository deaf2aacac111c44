package interlace

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A decoder sees the cells that an encoder has marked, at any size of the map.
func TestSkipMap(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 2))
	for range 50 {
		w, h := MinSide+r.IntN(200), MinSide+r.IntN(200)
		share := r.IntN(5)
		var p, q Pyramid
		p.Reset(w, h)
		q.Reset(w, h)
		for i := range p.Skip.cell {
			p.Skip.cell[i] = r.IntN(4) < share
		}
		want := slices.Clone(p.Skip.cell)
		var flags []bool
		var contexts []int
		p.Skip.Encode(func(context int, skip bool) {
			contexts, flags = append(contexts, context), append(flags, skip)
		})
		require.Equal(t, want, p.Skip.cell, "%d×%d", w, h)
		q.Skip.Decode(func(context int) bool {
			require.Equal(t, contexts[0], context, "%d×%d, %d flags before the end", w, h, len(flags))
			require.Less(t, context, SkipContexts)
			skip := flags[0]
			contexts, flags = contexts[1:], flags[1:]
			return skip
		})
		require.Empty(t, flags)
		require.Equal(t, p.Skip.cell, q.Skip.cell, "%d×%d", w, h)
		require.Equal(t, slices.Contains(want, true), q.Skip.Any)
	}
}

// FindSkips marks just the cells without residuals, and Runs visits just the samples
// of the others.
func TestFindSkipsAndRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 2))
	for range 30 {
		var p Pyramid
		p.Reset(MinSide+r.IntN(60), MinSide+r.IntN(60))
		want := map[[2]int]bool{} // cells with residuals
		for range r.IntN(30) {
			lev := r.IntN(Base)
			l := &p.Levels[lev]
			x, y := r.IntN(l.W), r.IntN(l.H)
			if x&1 == 0 && y&1 == 0 { // is of a level above
				continue
			}
			l.Q[l.At(x, y)] = 1
			want[[2]int{x >> (Base - lev), y >> (Base - lev)}] = true
		}
		p.FindSkips()
		for i, skip := range p.Skip.cell {
			x, y := i%p.Skip.w, i/p.Skip.w
			require.NotEqual(t, want[[2]int{x, y}], skip, "cell %d,%d", x, y)
		}
		p.Skip.Any = true
		for lev := range Base {
			p.Levels[lev].EachRow(func(_ Pass, x0, y, n int) {
				seen := make([]bool, n)
				p.Skip.Runs(lev, x0, y, n, func(start, end int) {
					for k := start; k < end; k++ {
						seen[k] = true
					}
				})
				for k, s := range seen {
					x := x0 + 2*k
					require.Equal(t, want[[2]int{x >> (Base - lev), y >> (Base - lev)}], s, "level %d x %d y %d", lev, x, y)
				}
			})
		}
	}
}

// The levels and passes of a plane hold each of its samples once, and those of the
// levels are what a decoder's descent leaves.
func TestPasses(t *testing.T) {
	for _, size := range [][2]int{{16, 16}, {17, 23}, {40, 33}} {
		src := NewPlane(size[0], size[1])
		for i := range src.Pix {
			src.Pix[i] = int32(i)
		}
		overview := src.Overview(nil)
		var from, to Pyramid
		from.Load(&src, &overview)
		to.Reset(src.W, src.H)
		grid, l := &from.Levels[Base], &to.Levels[Base]
		copy(l.V, grid.V)
		seen := l.W * l.H
		to.Descend(Base)
		for lev := Base - 1; lev >= 0; lev-- {
			from.Levels[lev].EachRow(func(_ Pass, x0, y, n int) {
				i := from.Levels[lev].At(x0, y)
				for k := range n {
					to.Levels[lev].V[i+2*k] = from.Levels[lev].V[i+2*k]
				}
				seen += n
			})
			if lev > 0 {
				to.Descend(lev)
			}
		}
		got := NewPlane(src.W, src.H)
		to.Levels[0].Store(&got)
		require.Equal(t, len(src.Pix), seen, "%v", size)
		require.Equal(t, src.Pix, got.Pix, "%v", size)
	}
}

// The margin repeats the nearest sample of the same parity.
func TestExtend(t *testing.T) {
	var l Level
	l.Reset(5, 4)
	for y := range l.H {
		for x := range l.W {
			l.V[l.At(x, y)] = int32(10*y + x)
		}
	}
	l.Extend()
	xs := map[int]int{-3: 1, -2: 0, -1: 1, 5: 3, 6: 4, 7: 3}
	ys := map[int]int{-3: 1, -2: 0, -1: 1, 4: 2, 5: 3, 6: 2}
	in := func(v int, out map[int]int) int32 {
		if o, ok := out[v]; ok {
			return int32(o)
		}
		return int32(v)
	}
	for y := -Margin; y < l.H+Margin; y++ {
		for x := -Margin; x < l.W+Margin; x++ {
			require.Equal(t, 10*in(y, ys)+in(x, xs), l.V[l.At(x, y)], "x %d y %d", x, y)
		}
	}
}
