package predictive

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

var update = flag.Bool("update", false, "rewrite testdata/mixing.txt")

// mixingCode codes a tile by context mixing and returns the file's parts.
func mixingCode(f *Format, tile []Plane) (payload, front, body []byte, worst []int32) {
	var scratch Scratch
	m := DefaultModel(f)
	planes, overviews, rct := transform(f, clone(tile))
	t := m.predict(&scratch, f, modeMixing+byte(rct), planes, overviews)
	tables := m.ChooseTables([]*Tile{t}, f)
	front, body = tables.Segments(t)
	return tables.Payload, front, body, t.Worst
}

// Context mixing brings back tiles of any content within the bound, with memory kept
// from tile to tile.
func TestMixingRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	var scratch Scratch // kept from tile to tile
	for _, depth := range []int{8, 16} {
		for _, channels := range shorttest.Cases([]int{3, 1, 2, 4}) {
			for _, bound := range []int32{0, 1, 7} {
				f := &Format{Channels: channels, Depth: depth, Bound: bound}
				for _, kind := range drawings {
					for _, s := range [][2]int{{1, 1}, {2, 40}, {15, 17}, {70, 33}} {
						want := drawing(r, f, s[0], s[1], kind)
						name := fmt.Sprintf("%d×%d, %d channels of %d bits, bound %d, %s", s[0], s[1], channels, depth, bound, kind)
						payload, front, body, worst := mixingCode(f, want)
						d, err := NewDecoder(payload, *f)
						require.NoError(t, err, name)
						got, err := d.Decode(&scratch, front, body, s[0], s[1])
						require.NoError(t, err, name)
						requireWithin(t, got, want, bound, worst, name)
						small, err := d.Overview(&scratch, front, body, s[0], s[1])
						require.NoError(t, err, name)
						require.Len(t, small[0].Pix, interlace.Cells(s[0], interlace.Base)*interlace.Cells(s[1], interlace.Base), name)
					}
				}
			}
		}
	}
}

// More effort makes a tile larger by a 32nd at most, by its own tables; the modes are
// those that each effort may take.
func TestEffort(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	f := &Format{Channels: 3, Depth: 8}
	for _, kind := range drawings {
		p := drawing(r, f, 200, 150, kind)
		fit := NewFit(f, 1)
		var scratch Scratch
		fit.Add(&scratch, f, clone(p))
		before := 1 << 30
		for effort := EffortBuiltIn; effort <= EffortMixing; effort++ {
			m := DefaultModel(f)
			if effort >= EffortFitted {
				m = fit.Model()
			}
			tile := m.Encode(&scratch, f, effort, clone(p))
			if kind == "ramp" {
				require.Equal(t, effort == EffortMixing, tile.mode >= modeMixing, "effort %d: mode %d", effort, tile.mode)
			}
			if !tile.Predicted() {
				m = DefaultModel(f) // what a file without predicted tiles holds
			}
			tables := m.ChooseTables([]*Tile{tile}, f)
			_, body := tables.Segments(tile)
			size := len(tables.Payload) + len(body)
			require.LessOrEqual(t, size, before+before/32, "%s: effort %d", kind, effort)
			before = size
		}
	}
}

// A damaged tile of context mixing is refused.
func TestMixingDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	gray, rgb := Format{Channels: 1, Depth: 8}, Format{Channels: 3, Depth: 8}
	bounded := Format{Channels: 3, Depth: 8, Bound: 2}
	for _, c := range []struct {
		name   string
		format Format
		damage func(front, body *[]byte)
	}{
		{"half a body", rgb, func(_, body *[]byte) { *body = (*body)[:len(*body)/2] }},
		{"bytes after the body", rgb, func(_, body *[]byte) { *body = append(*body, 0, 0, 0, 0, 0) }},
		{"no front", rgb, func(front, _ *[]byte) { *front = nil }},
		{"half a front", rgb, func(front, _ *[]byte) { *front = (*front)[:len(*front)/2] }},
		{"mode before", rgb, func(front, _ *[]byte) { (*front)[0] = modeMixing - 1 }},
		{"mode beyond", rgb, func(front, _ *[]byte) { (*front)[0] = modeMixing + chroma.RCTs }},
		{"transform of gray", gray, func(front, _ *[]byte) { (*front)[0] = modeMixing + 1 }},
		{"transform under a bound", bounded, func(front, _ *[]byte) { (*front)[0] = modeMixing + 1 }},
	} {
		payload, front, body, _ := mixingCode(&c.format, drawing(r, &c.format, 60, 50, "noise"))
		c.damage(&front, &body)
		d, err := NewDecoder(payload, c.format)
		require.NoError(t, err, c.name)
		_, err = d.Decode(new(Scratch), front, body, 60, 50)
		require.ErrorIs(t, err, rans.ErrCorrupt, c.name)
	}
}

// TestMixingGolden holds the bytes of the format: every machine writes the same.
func TestMixingGolden(t *testing.T) {
	if testing.Short() {
		t.Skip("what one goroutine does alone, which TestMixingRoundTrip has some of")
	}
	r := rand.New(rand.NewPCG(6, 3))
	var lines []string
	for _, f := range []Format{{Channels: 1, Depth: 16}, {Channels: 3, Depth: 8}, {Channels: 4, Depth: 8, Bound: 2}} {
		for _, kind := range drawings {
			_, front, body, _ := mixingCode(&f, drawing(r, &f, 150, 90, kind))
			lines = append(lines, fmt.Sprintf("%d×%d bits, bound %d, %-6s %6d %x", f.Channels, f.Depth, f.Bound, kind,
				len(body), sha256.Sum256(append(front, body...))))
		}
	}
	path := filepath.Join("testdata", "mixing.txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o777))
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o666))
	}
	golden, err := os.ReadFile(path)
	require.NoError(t, err, "run with -update")
	require.Equal(t, strings.Split(strings.TrimSuffix(string(golden), "\n"), "\n"), lines)
}

// Any body decodes to samples in range or to an error.
func FuzzMixingDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 3))
	format := Format{Channels: 3, Depth: 8}
	payload, front, _, _ := mixingCode(&format, drawing(r, &format, 40, 30, "ramp"))
	for _, kind := range drawings {
		_, front, body, _ := mixingCode(&format, drawing(r, &format, 40, 30, kind))
		f.Add(front[0], front[1:], body)
	}
	d, err := NewDecoder(payload, format)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, mode byte, means, body []byte) {
		var scratch Scratch
		for _, means := range [][]byte{means, front[1:]} {
			planes, err := d.Decode(&scratch, append([]byte{modeMixing + mode%chroma.RCTs}, means...), body, 40, 30)
			if err != nil {
				require.ErrorIs(t, err, rans.ErrCorrupt)
				continue
			}
			for c := range planes {
				for i, v := range planes[c].Pix {
					if v < 0 || v > 255 {
						t.Fatalf("plane %d x %d y %d is %d", c, i%40, i/40, v)
					}
				}
			}
		}
	})
}
