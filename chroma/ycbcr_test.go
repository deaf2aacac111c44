package chroma

import (
	"encoding/binary"
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// layout is a pixel layout that the tests run over.
type layout struct{ channels, depth, step int }

var layouts = []layout{
	{1, 8, 1}, {2, 8, 2}, {3, 8, 3}, {3, 8, 4}, {3, 8, 5}, {4, 8, 4},
	{1, 16, 2}, {2, 16, 4}, {3, 16, 6}, {3, 16, 8}, {4, 16, 8},
}

func (l layout) String() string { return fmt.Sprintf("%dx%dbit/step%d", l.channels, l.depth, l.step) }

// blank returns a w×h picture with gaps between rows; every byte is fill.
func (l layout) blank(w, h int, fill byte) *Interleaved {
	m := &Interleaved{W: w, H: h, Channels: l.channels, Depth: l.depth, Step: l.step, Stride: w*l.step + 5}
	m.Pix = make([]byte, m.Stride*(h-1)+(w-1)*l.step+l.channels*l.depth/8)
	for i := range m.Pix {
		m.Pix[i] = fill
	}
	return m
}

// noise returns a picture of random bytes, a third of them extreme.
func (l layout) noise(rng *rand.Rand, w, h int) *Interleaved {
	m := l.blank(w, h, 0)
	for i := range m.Pix {
		m.Pix[i] = [3]byte{byte(rng.Uint32()), byte(rng.Uint32()), byte(-int(rng.Uint32() & 1))}[rng.IntN(3)]
	}
	return m
}

func (m *Interleaved) sample(x, y, c int) int64 {
	p := m.Pix[y*m.Stride+x*m.Step+c*m.Depth/8:]
	if m.Depth == 8 {
		return int64(p[0])
	}
	return int64(binary.BigEndian.Uint16(p))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// wantPlane is the definition of Forward for one sample of one plane.
func wantPlane(m *Interleaved, plane, x, y int, sub420 bool) uint16 {
	weights := [3][3]int64{{19595, 38470, 7471}, {-11059, -21709, 32768}, {32768, -27439, -5329}}
	if m.Channels < 3 || plane == 3 {
		v := m.sample(x, y, plane)
		if m.Depth == 8 {
			return uint16(v * 16)
		}
		return uint16((v*16 + 128) / 257)
	}
	n, xs, ys := int64(1), []int{x}, []int{y}
	if sub420 && plane > 0 {
		n, xs, ys = 4, []int{2 * x, min(2*x+1, m.W-1)}, []int{2 * y, min(2*y+1, m.H-1)}
	}
	var sum int64
	for _, sy := range ys {
		for _, sx := range xs {
			for c, w := range weights[plane] {
				sum += w * m.sample(sx, sy, c)
			}
		}
	}
	var centre int64
	if plane > 0 {
		centre = 2048
	}
	if m.Depth == 8 {
		return uint16(centre + floorDiv(sum+2048*n, 4096*n))
	}
	return uint16(centre + floorDiv(sum+526336*n, 1052672*n))
}

func forward(m *Interleaved, sub420 bool) []Plane {
	planes := NewPlanes(m.W, m.H, m.Channels, sub420)
	Forward(planes, m, sub420, 0, m.H)
	for i := range planes {
		Pad(&planes[i])
	}
	return planes
}

func TestForwardKnownColours(t *testing.T) {
	for _, c := range []struct {
		rgb  [3]byte
		want [3]uint16
	}{
		{[3]byte{0, 0, 0}, [3]uint16{0, 2048, 2048}},
		{[3]byte{255, 255, 255}, [3]uint16{4080, 2048, 2048}},
		{[3]byte{255, 0, 0}, [3]uint16{1220, 1360, 4088}},
		{[3]byte{0, 255, 0}, [3]uint16{2395, 696, 340}},
		{[3]byte{0, 0, 255}, [3]uint16{465, 4088, 1716}},
		{[3]byte{1, 2, 3}, [3]uint16{29, 2059, 2039}},
	} {
		m := &Interleaved{W: 1, H: 1, Channels: 3, Depth: 8, Step: 3, Stride: 3, Pix: c.rgb[:]}
		for _, sub := range []bool{false, true} {
			p := forward(m, sub)
			assert.Equal(t, c.want, [3]uint16{p[0].Pix[0], p[1].Pix[0], p[2].Pix[0]}, "%v, 4:2:0 %v", c.rgb, sub)
		}
	}
}

func TestForwardAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, l := range layouts {
		for _, s := range [][2]int{{1, 1}, {2, 2}, {1, 7}, {9, 1}, {5, 4}, {6, 3}, {7, 7}, {33, 31}, {64, 2}} {
			for _, sub := range []bool{false, true} {
				m := l.noise(rng, s[0], s[1])
				for i, p := range forward(m, sub) {
					requirePlane(t, m, p, i, sub, l)
				}
			}
		}
	}
}

// requirePlane compares a plane and its padding with the definition.
func requirePlane(t *testing.T, m *Interleaved, p Plane, plane int, sub bool, l layout) {
	t.Helper()
	require.Equal(t, PlaneSizes(m.W, m.H, m.Channels, sub)[plane], image.Pt(p.W, p.H))
	for y := range p.Rows() {
		for x := range p.Stride {
			want := wantPlane(m, plane, min(x, p.W-1), min(y, p.H-1), sub)
			if got := p.Pix[y*p.Stride+x]; got != want {
				t.Fatalf("%v %dx%d 4:2:0 %v: plane %d (%d,%d): got %d, want %d", l, m.W, m.H, sub, plane, x, y, got, want)
			}
		}
	}
}

func TestForwardBandsEqualWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, l := range layouts {
		m := l.noise(rng, 21, 23)
		for _, sub := range []bool{false, true} {
			got := NewPlanes(m.W, m.H, m.Channels, sub)
			for _, y := range []int{14, 0, 6} { // in any order
				Forward(got, m, sub, y, map[int]int{0: 6, 6: 14, 14: 23}[y])
			}
			for i := range got {
				Pad(&got[i])
			}
			require.Equal(t, forward(m, sub), got, "%v, 4:2:0 %v", l, sub)
		}
	}
}

// wantPixel is the definition of Inverse for one channel of one pixel.
func wantPixel(planes []Plane, sub420 bool, depth, x, y, c int) int64 {
	at := func(i, x, y int) int64 {
		p := &planes[i]
		return int64(p.Pix[max(0, min(y, p.H-1))*p.Stride+max(0, min(x, p.W-1))])
	}
	if len(planes) < 3 || c == 3 {
		if depth == 8 {
			return min((at(c, x, y)+8)>>4, 255)
		}
		return min((257*at(c, x, y)+8)>>4, 65535)
	}
	chroma := func(i int) int64 {
		if !sub420 {
			return at(i, x, y) - 2048
		}
		cx, cy, dx, dy := x/2, y/2, x%2*2-1, y%2*2-1
		sum := 9*at(i, cx, cy) + 3*at(i, cx+dx, cy) + 3*at(i, cx, cy+dy) + at(i, cx+dx, cy+dy)
		return (sum+8)>>4 - 2048
	}
	cb, cr := chroma(1), chroma(2)
	s := 16384*at(0, x, y) + [3]int64{22970 * cr, -5638*cb - 11700*cr, 29032 * cb}[c]
	if depth == 8 {
		return max(0, min((s+131072)>>18, 255))
	}
	return max(0, min((257*s+131072)>>18, 65535))
}

// noisePlanes holds random samples of the range that Inverse accepts, with
// random padding, since a decoder's padding need not repeat the edge.
func noisePlanes(rng *rand.Rand, w, h, channels int, sub bool) []Plane {
	planes := NewPlanes(w, h, channels, sub)
	for i := range planes {
		for j := range planes[i].Pix {
			planes[i].Pix[j] = [3]uint16{uint16(rng.IntN(4096)), 4095, 0}[max(0, rng.IntN(6)-3)]
		}
	}
	return planes
}

func TestInverseAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, l := range layouts {
		for _, s := range [][2]int{{1, 1}, {2, 2}, {1, 7}, {9, 1}, {33, 31}, {254, 3}, {255, 2}, {256, 2}, {801, 2}} {
			for _, sub := range []bool{false, true} {
				planes := noisePlanes(rng, s[0], s[1], l.channels, sub)
				got := l.blank(s[0], s[1], 0xa5)
				Inverse(got, planes, sub, image.Point{}, image.Rect(0, 0, got.W, got.H))
				requirePixels(t, got, planes, sub, l)
			}
		}
	}
}

// requirePixels compares all samples with the definition, and the bytes
// between pixels and rows with the fill of blank.
func requirePixels(t *testing.T, got *Interleaved, planes []Plane, sub bool, l layout) {
	t.Helper()
	size := l.channels * l.depth / 8
	for i, v := range got.Pix {
		x, y, o := i%got.Stride/l.step, i/got.Stride, i%got.Stride%l.step
		if x >= got.W || o >= size {
			require.Equal(t, byte(0xa5), v, "%v: byte %d between pixels, (%d,%d)", l, o, x, y)
			continue
		}
		c := o * 8 / l.depth
		want, have := wantPixel(planes, sub, l.depth, x, y, c), got.sample(x, y, c)
		if have != want {
			t.Fatalf("%v %dx%d 4:2:0 %v: channel %d (%d,%d): got %d, want %d", l, got.W, got.H, sub, c, x, y, have, want)
		}
	}
}

// TestRoundTrip444 holds the two directions together: 4:4:4 alone loses nothing
// of an 8-bit source.
func TestRoundTrip444(t *testing.T) {
	l := layout{3, 8, 3}
	m := l.blank(256, 256, 0)
	got := l.blank(256, 256, 0)
	for b := 0; b < 256; b += 5 * shorttest.Step() {
		for y := range m.H {
			for x := range m.W {
				copy(m.Pix[y*m.Stride+x*m.Step:], []byte{byte(x), byte(y), byte(b)})
			}
		}
		Inverse(got, forward(m, false), false, image.Point{}, image.Rect(0, 0, m.W, m.H))
		for i := range m.Pix {
			if m.Pix[i] != got.Pix[i] {
				t.Fatalf("(%d,%d) blue %d: byte %d: got %d, want %d", i%m.Stride/3, i/m.Stride, b, i, got.Pix[i], m.Pix[i])
			}
		}
	}
}

func TestGrayRoundTrip(t *testing.T) {
	for _, depth := range []int{8, 16} {
		l := layout{1, depth, depth / 8}
		m, got := l.blank(1<<depth, 1, 0), l.blank(1<<depth, 1, 0)
		for v := range m.W {
			m.Pix[v*m.Step] = byte(v >> (depth - 8))
			m.Pix[v*m.Step+m.Step-1] = byte(v)
		}
		Inverse(got, forward(m, false), false, image.Point{}, image.Rect(0, 0, m.W, 1))
		for v := range m.W {
			// 16-bit samples come back within half a plane unit, 257/32.
			assert.InDelta(t, v, got.sample(v, 0, 0), float64(depth-8), "%d-bit sample %d", depth, v)
		}
	}
}

func benchmarkForward(b *testing.B, l layout, sub bool) {
	m := l.noise(rand.New(rand.NewPCG(1, 1)), 1024, 256)
	planes := NewPlanes(m.W, m.H, m.Channels, sub)
	for b.Loop() {
		Forward(planes, m, sub, 0, m.H)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*m.W*m.H), "ns/px")
}

func benchmarkInverse(b *testing.B, l layout, sub bool) {
	src := l.noise(rand.New(rand.NewPCG(1, 1)), 1024, 256)
	planes := forward(src, sub)
	for b.Loop() {
		Inverse(src, planes, sub, image.Point{}, image.Rect(0, 0, src.W, src.H))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*src.W*src.H), "ns/px")
}

func BenchmarkForward(b *testing.B) { eachLayout(b, benchmarkForward) }
func BenchmarkInverse(b *testing.B) { eachLayout(b, benchmarkInverse) }

func eachLayout(b *testing.B, f func(*testing.B, layout, bool)) {
	for _, l := range []layout{{1, 8, 1}, {3, 8, 3}, {3, 8, 4}, {4, 8, 4}, {3, 16, 6}} {
		for sub, name := range map[bool]string{false: "444", true: "420"} {
			if l.channels >= 3 || !sub {
				b.Run(l.String()+"/"+name, func(b *testing.B) { f(b, l, sub) })
			}
		}
	}
}
