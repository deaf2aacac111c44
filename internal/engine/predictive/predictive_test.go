package predictive

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// drawing fills planes with what the engine meets: noise, smooth ramps with
// some noise, flat areas, hard edges.
func drawing(r *rand.Rand, f *Format, w, h int, kind string) []Plane {
	most := int32(1)<<f.Depth - 1
	out := make([]Plane, f.Channels)
	for c := range out {
		out[c] = NewPlane(w, h)
		for i := range out[c].Pix {
			x, y := int32(i%w), int32(i/w)
			v := most / 3
			switch kind {
			case "noise":
				v = int32(r.Uint32()) & most
			case "ramp":
				v = (x*5+y*3+int32(c)*40)*(most/255)/4 + int32(r.IntN(4))
			case "edges":
				v = (x/9 ^ y/7) & 3 * (most / 4)
			}
			out[c].Pix[i] = v & most
		}
	}
	return out
}

var drawings = []string{"noise", "ramp", "flat", "edges"}

func clone(planes []Plane) []Plane {
	out := slices.Clone(planes)
	for i := range out {
		out[i].Pix = slices.Clone(out[i].Pix)
	}
	return out
}

// code encodes tiles and returns the file's parts.
func code(f *Format, tiles [][]Plane) (payload []byte, fronts, bodies [][]byte, worst [][]int32) {
	var scratch Scratch
	fit := NewFit(f, 1)
	for _, t := range tiles {
		fit.Add(&scratch, f, clone(t))
	}
	m := fit.Model()
	var coded []*Tile
	for _, t := range tiles {
		coded = append(coded, m.Encode(&scratch, f, EffortFitted, clone(t)))
	}
	tables := m.ChooseTables(coded, f)
	for _, t := range coded {
		front, body := tables.Segments(t)
		fronts, bodies, worst = append(fronts, front), append(bodies, body), append(worst, t.Worst)
	}
	return tables.Payload, fronts, bodies, worst
}

// Tiles of any content come back within the bound, and the stated errors are the largest.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, depth := range []int{8, 16} {
		for _, channels := range shorttest.Cases([]int{3, 1, 2, 4}) {
			for _, bound := range []int32{0, 1, 7} {
				for _, kind := range drawings {
					f := &Format{Channels: channels, Depth: depth, Bound: bound}
					var tiles [][]Plane
					for _, s := range [][2]int{{1, 1}, {2, 40}, {15, 17}, {70, 33}} {
						tiles = append(tiles, drawing(r, f, s[0], s[1], kind))
					}
					name := fmt.Sprintf("%d channels of %d bits, bound %d, %s", channels, depth, bound, kind)
					payload, fronts, bodies, worst := code(f, tiles)
					d, err := NewDecoder(payload, *f)
					require.NoError(t, err, name)
					var scratch Scratch
					for i, want := range tiles {
						got, err := d.Decode(&scratch, fronts[i], bodies[i], want[0].W, want[0].H)
						require.NoError(t, err, name)
						requireWithin(t, got, want, bound, worst[i], name)
					}
				}
			}
		}
	}
}

// requireWithin holds planes against the originals and the stated errors.
func requireWithin(t *testing.T, got, want []Plane, bound int32, stated []int32, name string) {
	t.Helper()
	for c := range want {
		worst := int32(0)
		for i, v := range want[c].Pix {
			d := arith.AbsDiff(v, got[c].Pix[i])
			if d > bound {
				t.Fatalf("%s: plane %d x %d y %d: %d came back as %d", name, c, i%want[c].W, i/want[c].W, v, got[c].Pix[i])
			}
			worst = max(worst, d)
		}
		require.Equal(t, worst, stated[c], "%s: plane %d, largest error", name, c)
	}
}

// Any number of planes of 8 to 32 bits with a sign come back, the ends of their
// range too.
func TestSignedPlanes(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 2))
	for _, depth := range []int{8, 12, 16, 24, 32} {
		for _, channels := range shorttest.Cases([]int{5, 1, 2, 9}) {
			for _, effort := range []engine.Effort{EffortFitted, EffortMixing} {
				f := &Format{Channels: channels, Depth: depth, Signed: true}
				least, most := f.numbers(0)
				planes := make([]Plane, channels)
				for c := range planes {
					planes[c] = NewPlane(40, 21)
					for i := range planes[c].Pix {
						v := int64(i*i*(c+1)) % (int64(most) + 1)
						switch r.IntN(40) {
						case 0:
							v = int64(least)
						case 1:
							v = int64(most)
						case 2:
							v = -v
						}
						planes[c].Pix[i] = int32(v)
					}
				}
				var scratch Scratch
				fit := NewFit(f, 1)
				fit.Add(&scratch, f, clone(planes))
				m := fit.Model()
				tile := m.Encode(&scratch, f, effort, clone(planes))
				tables := m.ChooseTables([]*Tile{tile}, f)
				front, body := tables.Segments(tile)
				d, err := NewDecoder(tables.Payload, *f)
				require.NoError(t, err)
				got, err := d.Decode(&scratch, front, body, 40, 21)
				require.NoError(t, err)
				require.Equal(t, planes, got, "%d channels of %d bits, effort %d", channels, depth, effort)
			}
		}
	}
}

// Labels come back, and their overview holds every eighth sample.
func TestLabels(t *testing.T) {
	f := &Format{Channels: 1, Depth: 8, Labels: true}
	p := drawing(nil, f, 100, 50, "edges")
	payload, fronts, bodies, _ := code(f, [][]Plane{p})
	d, err := NewDecoder(payload, *f)
	require.NoError(t, err)
	var scratch Scratch
	got, err := d.Decode(&scratch, fronts[0], bodies[0], 100, 50)
	require.NoError(t, err)
	require.Equal(t, p, got)
	small, err := d.Overview(&scratch, fronts[0], nil, 100, 50)
	require.NoError(t, err)
	require.Equal(t, p[0].Pix[16*100+24], small[0].Pix[2*small[0].W+3])
}

// The overview is the mean of each 8×8 to within half a step, and 3 with a
// colour transform.
func TestOverviewIsMean(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 2))
	for _, bound := range []int32{0, 4} {
		for _, kind := range drawings {
			f := &Format{Channels: 3, Depth: 8, Bound: bound}
			p := drawing(r, f, 61, 50, kind)
			payload, fronts, bodies, _ := code(f, [][]Plane{p})
			d, err := NewDecoder(payload, *f)
			require.NoError(t, err)
			var scratch Scratch
			small, err := d.Overview(&scratch, fronts[0], bodies[0], 61, 50)
			require.NoError(t, err)
			for c := range small {
				for i, v := range small[c].Pix {
					x, y := i%small[c].W, i/small[c].W
					sum, n := int32(0), int32(0)
					for yy := 8 * y; yy < min(8*y+8, 50); yy++ {
						for xx := 8 * x; xx < min(8*x+8, 61); xx++ {
							sum += p[c].Pix[yy*61+xx]
							n++
						}
					}
					require.InDelta(t, float64(sum)/float64(n), float64(v), 5, "%s plane %d x %d y %d", kind, c, x, y)
				}
			}
		}
	}
}

// Any bytes decode to samples in range, packed ones to their values, or to an error;
// means to samples in range.
func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(8, 2))
	formats := map[bool]Format{
		false: {Channels: 3, Depth: 8},
		true:  {Channels: 3, Depth: 8, Values: []Values{{0, 90, 91, 255}, nil, {7}}},
	}
	for _, packed := range []bool{false, true} {
		format := formats[packed]
		for _, kind := range []string{"ramp", "edges"} {
			planes := drawing(r, &format, 40, 30, kind)
			for c, s := range format.Values {
				for i := range planes[c].Pix {
					if s != nil {
						planes[c].Pix[i] %= int32(len(s))
					}
				}
			}
			payload, fronts, bodies, _ := code(&format, [][]Plane{planes})
			f.Add(packed, payload, fronts[0], bodies[0])
		}
	}
	f.Fuzz(func(t *testing.T, packed bool, payload, front, body []byte) {
		format := formats[packed]
		d, err := NewDecoder(payload, format)
		if err != nil {
			return
		}
		var scratch Scratch
		means, err := d.Overview(&scratch, front, body, 40, 30)
		if err == nil {
			requireInRange(t, means, 255)
		}
		planes, err := d.Decode(&scratch, front, body, 40, 30)
		if err != nil {
			return
		}
		requireInRange(t, planes, 255)
		if front[0]&modePlain != 0 {
			return // any sample
		}
		for c, s := range d.format.Values {
			for i, v := range planes[c].Pix {
				if s != nil && !slices.Contains(s, int32(v)) {
					t.Fatalf("plane %d x %d y %d is %d, none of %v", c, i%40, i/40, v, s)
				}
			}
		}
	})
}

func requireInRange(t *testing.T, planes []Plane, most int32) {
	t.Helper()
	for c, p := range planes {
		for i, v := range p.Pix {
			if v < 0 || v > most {
				t.Fatalf("plane %d x %d y %d is %d", c, i%p.W, i/p.W, v)
			}
		}
	}
}

// BenchmarkTile measures a tile of a smooth image with noise, in both ways of coding
// its residuals, and what fitting weights to it takes.
func BenchmarkTile(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 2))
	f := &Format{Channels: 3, Depth: 8}
	p := drawing(r, f, 512, 512, "ramp")
	var scratch Scratch
	m := DefaultModel(f)
	for _, c := range []struct {
		name string
		mode byte
	}{{"tables", 0}, {"mixing", modeMixing}} {
		planes, overviews, rct := transform(f, clone(p))
		t := m.predict(&scratch, f, c.mode+byte(rct), planes, overviews)
		tables := m.ChooseTables([]*Tile{t}, f)
		front, body := tables.Segments(t)
		d, err := NewDecoder(tables.Payload, *f)
		require.NoError(b, err)
		measure(b, "encode/"+c.name, p, func() { m.predict(&scratch, f, c.mode+byte(rct), planes, overviews) })
		measure(b, "decode/"+c.name, p, func() { _, _ = d.Decode(&scratch, front, body, 512, 512) })
	}
	measure(b, "fit", p, func() { NewFit(f, 4).Add(&scratch, f, clone(p)) })
}

func measure(b *testing.B, name string, p []Plane, do func()) {
	b.Run(name, func(b *testing.B) {
		b.SetBytes(int64(len(p) * len(p[0].Pix)))
		for b.Loop() {
			do()
		}
	})
}
