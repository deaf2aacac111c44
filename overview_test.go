package qtgpu

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// farValues draws an image whose channels have two groups of values far apart,
// gaps in both, and edges between the groups in most cells: samples of noise or
// blocks of few pixels. Alpha is 0 or full.
func farValues(w, h, channels, depth int, blocks bool) *imagefile.Image {
	r := rand.New(rand.NewPCG(uint64(w), uint64(depth+channels)))
	m := imagefile.New(w, h, channels, depth)
	colours := make([]int, 512)
	for i := range colours {
		colours[i] = r.IntN(40)
	}
	for y := range h {
		for x := range w {
			far := (x/7^y/5)&1 == 1
			for c := range channels {
				v := 2 * r.IntN(40)
				if blocks {
					v = 2 * colours[(x/7+29*(y/5)+101*c)%len(colours)]
				}
				if far {
					v += 175
				}
				if channels%2 == 0 && c == channels-1 {
					v = 0
					if far {
						v = 255
					}
				}
				at := m.Pix[y*m.Stride+x*m.Step+c*depth/8:]
				if depth == 8 {
					at[0] = byte(v)
				} else {
					binary.BigEndian.PutUint16(at, uint16(257*v))
				}
			}
		}
	}
	return m
}

// sampleAt is a sample of an image.
func sampleAt(m *imagefile.Image, x, y, c int) int {
	at := m.Pix[y*m.Stride+x*m.Step+c*m.Depth/8:]
	if m.Depth == 8 {
		return int(at[0])
	}
	return int(binary.BigEndian.Uint16(at))
}

// overviewDistance is how far a sample of level 3 may be from the mean of the
// source, whose channels have 128 values at most: half a step, what transforms of
// colour make of it and of their roundings, and the bound.
func overviewDistance(t *testing.T, m *imagefile.Image, bound int) float64 {
	sets, err := usedValues(context.Background(), 1, m)
	require.NoError(t, err)
	step := max(4, 2*bound+1)
	for _, s := range sets {
		require.LessOrEqual(t, len(s), 128)
		step = max(step, int(s[len(s)-1]-s[0])/64)
	}
	d := float64(step) / 2
	if m.Channels >= 3 {
		d = 2.5*d + 1
	}
	return d + float64(bound) + 1
}

// TestOverviewIsMeanOfValues: level 3 holds means of the values where the engine
// codes their ranks, in every mode, and coarser levels means of these.
func TestOverviewIsMeanOfValues(t *testing.T) {
	modes := map[string]bool{}
	sizes := []image.Point{{70, 90}, {1031, 20}}
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, size := range sizes {
		for _, depth := range []int{8, 16} {
			for channels := 1; channels <= 4; channels++ {
				for _, blocks := range []bool{false, true} {
					for _, o := range []Options{{}, {Effort: 4}, {T: 3, Bound: BoundMax}} {
						m := farValues(size.X, size.Y, channels, depth, blocks)
						name := fmt.Sprintf("%v, %d channels of %d bits, blocks %t, T %g, effort %d", size, channels, depth, blocks, o.T, o.Effort)
						var b bytes.Buffer
						require.NoError(t, Encode(&b, m, &o), name)
						r, err := NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
						require.NoError(t, err, name)
						require.False(t, r.layout.Labels || r.layout.Layered, name)
						requireMeans(t, r, m, overviewDistance(t, m, int(o.T)), name)
						front, err := r.file.Front(0)
						require.NoError(t, err, name)
						modes[fmt.Sprintf("merged %t, mode %d", r.layout.Merged, front[0]&^15)] = true
					}
				}
			}
		}
	}
	require.Subset(t, modes, map[string]bool{
		"merged false, mode 0": true, "merged false, mode 16": true, "merged false, mode 32": true,
		"merged true, mode 0": true, "merged true, mode 16": true,
	})
}

func requireMeans(t *testing.T, r *Reader, m *imagefile.Image, distance float64, name string) {
	t.Helper()
	for level := 3; level < r.Levels(); level++ {
		want := shrink(shrink(m, 3), level-3)
		got, err := r.decodeRegion(context.Background(), image.Rectangle{Max: r.Size(level)}, level)
		require.NoError(t, err, name)
		for y := range got.H {
			for x := range got.W {
				for c := range got.Channels {
					g, w := sampleAt(got, x, y, c), sampleAt(want, x, y, c)
					if math.Abs(float64(g-w)) > distance {
						t.Fatalf("%s: level %d x %d y %d channel %d: the overview has %d, the mean is %d", name, level, x, y, c, g, w)
					}
				}
			}
		}
	}
}
