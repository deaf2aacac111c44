package cpufallback

import (
	"encoding/binary"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/reducetest"
	"github.com/qtgpu/qtgpu/tree"
)

func TestBackend(t *testing.T) {
	for _, workers := range []int{1, 7} {
		t.Run(fmt.Sprintf("workers=%d", workers), func(t *testing.T) { reducetest.RunBackend(t, New(workers)) })
	}
}

// TestLargeAllMaximum: sums of a plane of 16 Mi samples, each at its maximum,
// pass 32 bits by far; the top node is known by arithmetic.
func TestLargeAllMaximum(t *testing.T) {
	const w, h, v = 4099, 4093, 65535
	s := tree.Samples{W: w, H: h, Stride: w, Pix: make([]uint16, w*h)}
	for i := range s.Pix {
		s.Pix[i] = v
	}
	p, err := tree.Reduce(t.Context(), New(0), []tree.Samples{s})
	require.NoError(t, err)
	top := p[0].At(p[0].Top())
	assert.Equal(t, tree.Level{W: 1, H: 1, Sum: []uint64{w * h * v}, SumSq: []uint64{w * h * v * v},
		Min: []uint16{v}, Max: []uint16{v}}, *top)
	for l := tree.Base; l <= p[0].Top(); l++ {
		level := p[0].At(l)
		for i, sum := range level.Sum {
			x, y := i%level.W, i/level.W
			require.Equal(t, p[0].Count(l, x, y)*v, sum, "level %d (%d,%d)", l, x, y)
		}
	}
}

// TestWorkersAgree: planes of many bands at every level, which the suite's
// small sizes do not reach.
func TestWorkersAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	s := tree.Samples{W: 2051, H: 1103, Stride: 2060, Pix: make([]uint16, 2060*1103)}
	for i := range s.Pix {
		s.Pix[i] = uint16(rng.Uint32())
	}
	want, err := tree.Reduce(t.Context(), New(1), []tree.Samples{s})
	require.NoError(t, err)
	for _, workers := range []int{2, 5} {
		got, err := tree.Reduce(t.Context(), New(workers), []tree.Samples{s})
		require.NoError(t, err)
		for i := range got[0].Levels {
			require.True(t, assert.ObjectsAreEqual(want[0].Levels[i], got[0].Levels[i]), "level %d with %d workers", tree.Base+i, workers)
		}
	}
}

// TestWholeNodes holds the kernel to plain code, on rows of any nodes, with samples of 16 bits here and there.
func TestWholeNodes(t *testing.T) {
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 400 {
		s := tree.Samples{W: side * (1 + rng.IntN(20)), H: side}
		s.Stride = s.W + rng.IntN(20)
		s.Pix = make([]uint16, s.Stride*s.H)
		most := []int{0, 1, 4094, 4095, 4096, 65535}[round%6]
		for i := range s.Pix {
			if s.Pix[i] = uint16(most); round%5 > 0 {
				s.Pix[i] = uint16(rng.IntN(most + 1))
			}
			if round%7 == 0 && rng.IntN(300) == 0 {
				s.Pix[i] = uint16(rng.IntN(65536))
			}
		}
		got, want := tree.NewPyramid(s.W, s.H), tree.NewPyramid(s.W, s.H)
		baseRow(&got.Levels[0], &s, 0)
		for x := range s.W / side {
			reduce8x8(s.Pix[x*side:], s.Stride).store(&want.Levels[0], x)
		}
		require.Equal(t, want.Levels[0], got.Levels[0], "round %d: %d nodes, samples up to %d", round, s.W/side, most)
	}
}

func FuzzReducer(f *testing.F) {
	f.Add([]byte{0xff, 0xff, 0, 0, 1, 2}, uint16(2), uint16(1))
	f.Add(make([]byte, 600), uint16(17), uint16(3))
	f.Fuzz(func(t *testing.T, b []byte, w, pad uint16) {
		pix := make([]uint16, min(len(b)/2, 4096))
		for i := range pix {
			pix[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		s := tree.Samples{W: int(w), Stride: int(w) + int(pad), Pix: pix}
		if s.Stride > 0 {
			s.H = len(pix) / s.Stride
		}
		p, err := tree.Reduce(t.Context(), New(1+len(b)%4), []tree.Samples{s})
		if err != nil {
			require.Error(t, s.Check())
			return
		}
		require.NoError(t, reducetest.Compare(&s, &p[0]))
	})
}

func BenchmarkReduce(b *testing.B) {
	s := tree.Samples{W: 2048, H: 1024, Stride: 2048, Pix: make([]uint16, 2048*1024)}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range s.Pix {
		s.Pix[i] = uint16(rng.Uint32N(4081))
	}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			r := New(workers)
			for b.Loop() {
				if _, err := r.Reduce(b.Context(), []tree.Samples{s}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.W*s.H), "ns/sample")
		})
	}
}

// TestRecycle: an image prepared in the memory of another is as one prepared in memory of its own, whatever the sizes,
// and one whose planes are on a device is no memory.
func TestRecycle(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	recycling := New(2)
	for round := range 40 {
		m := &chroma.Interleaved{W: 20 + 30*rng.IntN(2), H: 9 + 8*rng.IntN(2), Channels: 1 + rng.IntN(4), Depth: 8}
		m.Step, m.Stride = m.Channels, m.Channels*m.W
		m.Pix = make([]byte, m.Stride*m.H)
		for i := range m.Pix {
			m.Pix[i] = byte(rng.IntN(256))
		}
		sub420 := m.Channels >= 3 && round%2 == 0
		want, err := New(2).Prepare(t.Context(), m, sub420)
		require.NoError(t, err)
		elsewhere, err := reducetest.PrepareResident(t.Context(), New(2), m, sub420)
		require.NoError(t, err)
		recycling.Recycle(elsewhere)
		got, err := recycling.Prepare(t.Context(), m, sub420)
		require.NoError(t, err)
		require.Equal(t, want.Planes, got.Planes, "round %d", round)
		require.Equal(t, want.Pyramids, got.Pyramids, "round %d", round)
		recycling.Recycle(got)
	}
}

// TestTiles: tiles that goroutines prepare one by one have the samples and the statistics of the image.
func TestTiles(t *testing.T) {
	const side = 512
	for _, sub420 := range []bool{false, true} {
		m := reducetest.Picture(rand.New(rand.NewPCG(3, 3)), 2*side+77, side+301, 3, 8, 0)
		whole, err := tree.Prepare(t.Context(), New(2), m, sub420)
		require.NoError(t, err)
		b := New(2).Tiles()
		all := image.Rect(0, 0, m.W, m.H)
		require.NoError(t, parallel.For(t.Context(), 2, 6, func(i int) error {
			r := image.Rect(0, 0, side, side).Add(image.Pt(i%3*side, i/3*side)).Intersect(all)
			part := m.Sub(r)
			tile, err := tree.Prepare(t.Context(), b, &part, sub420)
			if err != nil {
				return err
			}
			for k := range tile.Planes {
				at, p, q := r.Min, &tile.Planes[k], &whole.Planes[k]
				if sub420 && k > 0 {
					at = at.Div(2)
				}
				for y := range p.H {
					x := slices.Compare(p.Pix[y*p.Stride:][:p.W], q.Pix[(at.Y+y)*q.Stride+at.X:][:p.W])
					assert.Zero(t, x, "4:2:0 %t, tile %d, plane %d, row %d of the samples", sub420, i, k, y)
				}
				for l := tree.Base; l <= 5; l++ {
					got, want := tile.Pyramids[k].At(l), whole.Pyramids[k].At(l)
					for j := range got.Sum {
						x, y := j%got.W, j/got.W
						o := (at.Y>>l+y)*want.W + at.X>>l + x
						assert.Equal(t, [4]uint64{want.Sum[o], want.SumSq[o], uint64(want.Min[o]), uint64(want.Max[o])},
							[4]uint64{got.Sum[j], got.SumSq[j], uint64(got.Min[j]), uint64(got.Max[j])},
							"4:2:0 %t, tile %d, plane %d, level %d (%d,%d)", sub420, i, k, l, x, y)
					}
				}
			}
			b.(tree.Recycler).Recycle(tile)
			return nil
		}))
	}
}
