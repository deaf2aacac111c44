package qtgpu_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/containertest"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// tall is an image of several rows of tiles, the options for it and the engine that it
// then gets.
type tall struct {
	name   string
	m      image.Image
	o      qtgpu.Options
	engine engine.ID
}

func talls(t *testing.T) []tall {
	photo := readImage(t, "testdata/images/dandelion.png")
	classes := image.NewPaletted(image.Rect(0, 0, 70, 4200), color.Palette{
		color.NRGBA{10, 20, 30, 255}, color.NRGBA{200, 0, 0, 255}, color.NRGBA{0, 0, 0, 0}, color.NRGBA{9, 9, 9, 77},
	})
	for i := range classes.Pix {
		classes.Pix[i] = byte(i / 70 / 9 % 4)
	}
	return []tall{
		{"lossy", picture(patterns["edges"], 90, 1600, 3, 8), qtgpu.Options{T: 10, Engine: qtgpu.Transform}, engine.Transform},
		{"lossy with alpha", picture(patterns["smooth"], 80, 1300, 4, 16), qtgpu.Options{T: 5 * 257, Engine: qtgpu.Transform, Bound: qtgpu.BoundRMS}, engine.Transform},
		{"lossless with alpha", picture(patterns["smooth"], 80, 2100, 4, 8), qtgpu.Options{}, engine.Predictive},
		{"layered", picture(func(x, y, c int) float64 {
			return float64(photo.Pix[(150+y%97)*photo.Stride+(300+x)*photo.Step+c]) / 255 * (0.7 + 0.3*math.Sin(float64(y)/200)) // no row twice
		}, 50, 2100, 3, 8), qtgpu.Options{T: 7, Bound: qtgpu.BoundMax}, engine.Layered},
		{"palette", classes, qtgpu.Options{}, engine.Predictive},
	}
}

// grouped is a file with some rows of tiles in a group, and with coarse levels that are
// made of it.
func grouped(t testing.TB, data []byte, rows int, levels ...int) []byte {
	t.Helper()
	f := containertest.Take(t, data)
	f.Header.GroupRows = rows
	r := newReader(t, data, qtgpu.DecodeOptions{})
	for _, level := range levels {
		m := region(t, r, image.Rectangle{Max: r.Size(level)}, level)
		f.Overviews = append(f.Overviews, container.Overview{Level: level, File: encode(t, m, qtgpu.Options{})})
	}
	return f.Bytes(t)
}

// requireSame holds two images to be equal, palettes included.
func requireSame(t *testing.T, want, got image.Image, name string) {
	t.Helper()
	if p, ok := want.(*image.Paletted); ok {
		require.Equal(t, p, got, name)
		return
	}
	require.Equal(t, want.Bounds().Size(), got.Bounds().Size(), name)
	require.Empty(t, difference(t, want, got, image.Point{}), name)
}

// TestGroups: a file says the same in groups of any number of rows of tiles, with coarse
// levels and without, at every level, from a file and from a stream.
func TestGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, c := range shorttest.Cases(talls(t)) {
		c.o.Metadata = qtgpu.Metadata{ICC: []byte("profile")}
		data := encode(t, c.m, c.o)
		one := newReader(t, data, qtgpu.DecodeOptions{})
		f := containertest.Take(t, data)
		require.EqualValues(t, c.engine, f.Plan.Engine, c.name)
		require.GreaterOrEqual(t, len(f.Fronts), 3, c.name)
		for _, g := range shorttest.Cases([]struct {
			rows   int
			levels []int
		}{{2, []int{6, 9}}, {1, nil}, {1, []int{7}}}) {
			name := fmt.Sprintf("%s, %d rows in a group, levels %v", c.name, g.rows, g.levels)
			several := grouped(t, data, g.rows, g.levels...)
			r := newReader(t, several, qtgpu.DecodeOptions{})
			for level := range r.Levels() {
				all := image.Rectangle{Max: r.Size(level)}
				requireSame(t, region(t, one, all, level), region(t, r, all, level), fmt.Sprintf("%s: level %d", name, level))
				part := rectangle(rng, r.Size(level))
				requireSame(t, region(t, one, part, level), region(t, r, part, level), fmt.Sprintf("%s: level %d %v", name, level, part))
			}
			require.NoError(t, r.Check(context.Background()), name)
			m, err := qtgpu.Decode(io.MultiReader(bytes.NewReader(several), endless{}))
			require.NoError(t, err, name)
			requireSame(t, decode(t, one), m, name)
			requireSameInfo(t, one, r, name)
		}
	}
}

// requireSameInfo holds what two files say of their samples to be equal.
func requireSameInfo(t *testing.T, want, got *qtgpu.Reader, name string) {
	t.Helper()
	a, err := want.Metadata(context.Background())
	require.NoError(t, err, name)
	b, err := got.Metadata(context.Background())
	require.NoError(t, err, name)
	assert.Equal(t, a, b, name)
	i, j := want.Info(), got.Info()
	j.FileBytes, j.OtherBytes = i.FileBytes, i.OtherBytes
	assert.Equal(t, i, j, name)
	assert.Equal(t, formatText(want.Format()), formatText(got.Format()), name)
}

// coarse is a small file of several groups with coarse levels, and where OVER begins.
func coarse(t testing.TB, o qtgpu.Options) (data []byte, over int) {
	t.Helper()
	data = grouped(t, encode(t, picture(patterns["smooth"], 70, 1300, 3, 8), o), 1, 6, 9)
	over = bytes.Index(data, []byte("OVER"))
	require.Positive(t, over)
	return data, over
}

// TestCoarseLevelsAreUsed: what an OVER holds is what its level and those that are made
// of it show, and no finer one.
func TestCoarseLevelsAreUsed(t *testing.T) {
	data, _ := coarse(t, qtgpu.Options{T: 10, Engine: qtgpu.Transform})
	r := newReader(t, data, qtgpu.DecodeOptions{})
	f := containertest.Take(t, data)
	black := image.NewRGBA(image.Rectangle{Max: r.Size(6)})
	for i := 3; i < len(black.Pix); i += 4 {
		black.Pix[i] = 255
	}
	f.Overviews[0].File = encode(t, black, qtgpu.Options{})
	other := newReader(t, f.Bytes(t), qtgpu.DecodeOptions{})
	for level := range r.Levels() {
		all := image.Rectangle{Max: r.Size(level)}
		was, is := region(t, r, all, level), region(t, other, all, level)
		switch {
		case level < 6 || level >= 9:
			requireSame(t, was, is, fmt.Sprintf("level %d", level))
		default:
			shown := view(t, is)
			assert.Zero(t, shown.at(0, 0, 0), "level %d", level)
		}
	}
}

// TestDamagedCoarseLevel: a bit that is flipped in an OVER is found by a decode of all and
// by a check, and no region of the level shows it; with KeepGoing the overviews of the
// tiles stand in.
func TestDamagedCoarseLevel(t *testing.T) {
	data, over := coarse(t, qtgpu.Options{T: 10, Engine: qtgpu.Transform})
	whole := newReader(t, data, qtgpu.DecodeOptions{})
	all := image.Rectangle{Max: whole.Size(6)}
	want := region(t, whole, all, 6)
	root := bytes.LastIndex(data, []byte("ROOT"))
	for at := over; at < root; at += shorttest.Step() {
		damaged := flipped(data, int64(at), 1<<(at%8))
		name := fmt.Sprintf("byte %d of OVERs from %d to %d, bit %d", at, over, root, at%8)
		r := newReader(t, damaged, qtgpu.DecodeOptions{})
		_, err := r.Decode(context.Background())
		require.Error(t, err, name)
		require.True(t, documented(err), "%s: %T %v", name, err, err)
		require.Error(t, r.Check(context.Background()), name)
		if m, err := r.DecodeRegion(context.Background(), all, 6); err == nil {
			requireSame(t, want, m, name)
		}

		r = newReader(t, damaged, qtgpu.DecodeOptions{KeepGoing: true})
		requireSame(t, want, region(t, r, all, 6), name)
		decode(t, r)
		require.Empty(t, r.LostTiles(), name)
		require.Error(t, r.Check(context.Background()), "%s: with KeepGoing", name)
	}
}

// TestWrongCoarseLevel: an OVER that is not the level that it says, under checksums that
// hold, is an error, and with KeepGoing the overviews of the tiles stand in.
func TestWrongCoarseLevel(t *testing.T) {
	data, _ := coarse(t, qtgpu.Options{T: 10, Engine: qtgpu.Transform})
	size := newReader(t, data, qtgpu.DecodeOptions{}).Size(6)
	nested := containertest.Take(t, data).Overviews[0].File
	flat := func(w, h, channels, depth int) []byte {
		return encode(t, picture(patterns["flat"], w, h, channels, depth), qtgpu.Options{})
	}
	body, front, maximum := containertest.Take(t, nested), containertest.Take(t, nested), containertest.Take(t, nested)
	body.Bodies[0][len(body.Bodies[0])/2] ^= 0x55
	front.Fronts[0][0] = 200
	maximum.Header.Max = 254
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":         {[]byte{}, "the input is empty"},
		"garbage":       {[]byte("garbage"), "not a .qtg file"},
		"cut":           {nested[:len(nested)-1], "found"},
		"more":          {append(slices.Clone(nested), 0), "1 bytes after chunk BODY"},
		"other size":    {flat(size.X+1, size.Y, 3, 8), fmt.Sprintf("%d×%d pixels, expected %d×%d", size.X+1, size.Y, size.X, size.Y)},
		"size of all":   {flat(70, 1300, 3, 8), "70×1300 pixels"},
		"other type":    {flat(size.X, size.Y, 3, 16), "samples of uint16 up to 65535, expected uint8 up to 255"},
		"other maximum": {maximum.Bytes(t), "samples of uint8 up to 254, expected uint8 up to 255"},
		"other bands":   {flat(size.X, size.Y, 1, 8), "1 bands"},
		"damaged body":  {body.Bytes(t), "entropy-coded segment is damaged"},
		"damaged front": {front.Bytes(t), "tile 0"},
	} {
		requireConcealed(t, data, c.file, c.want, name)
	}
}

// requireConcealed holds a file with a wrong level 6 to say so, and with KeepGoing to show
// what it shows with the right one.
func requireConcealed(t *testing.T, data, level6 []byte, want, name string) {
	t.Helper()
	f := containertest.Take(t, data)
	f.Overviews[0].File = level6
	wrong := f.Bytes(t)
	r := newReader(t, wrong, qtgpu.DecodeOptions{})
	all := image.Rectangle{Max: r.Size(6)}
	_, err := r.DecodeRegion(context.Background(), all, 6)
	assert.ErrorContains(t, err, "level 6: ", name)
	assert.ErrorContains(t, err, want, name)
	assert.ErrorContains(t, r.Check(context.Background()), "level 6: ", name)
	m, err := newReader(t, wrong, qtgpu.DecodeOptions{KeepGoing: true}).DecodeRegion(context.Background(), all, 6)
	if assert.NoError(t, err, name) {
		requireSame(t, region(t, newReader(t, data, qtgpu.DecodeOptions{}), all, 6), m, name)
	}
}

// TestCoarseLevelDamagedInside: where a coarse level is damaged in the middle, after bands
// of it have been passed on, the tiles stand in for the rest, at every budget of memory.
func TestCoarseLevelDamagedInside(t *testing.T) {
	for _, c := range shorttest.Cases([]struct {
		w, h, coarse int
		levels       []int // made of the coarse one
		memory       int64 // with which that takes one band
	}{{70, 8300, 1, []int{1}, 5 << 20}, {16, 33000, 3, []int{3, 4, 8}, 1 << 18}}) {
		data := grouped(t, encode(t, picture(patterns["smooth"], c.w, c.h, 3, 8), qtgpu.Options{T: 10, Engine: qtgpu.Transform}), 1, c.coarse)
		f := containertest.Take(t, data)
		nested := containertest.Take(t, f.Overviews[0].File)
		require.Greater(t, len(nested.Bodies), 3)
		nested.Bodies[3][len(nested.Bodies[3])/2] ^= 0x55
		f.Overviews[0].File = nested.Bytes(t)
		damaged := f.Bytes(t)
		for _, level := range c.levels {
			name := fmt.Sprintf("level %d from level %d", level, c.coarse)
			r := newReader(t, damaged, qtgpu.DecodeOptions{})
			all := image.Rectangle{Max: r.Size(level)}
			require.ErrorContains(t, r.Copy(t.Context(), newBands(t, r, all), all, level), fmt.Sprintf("level %d: ", c.coarse), name)
			want := copied(t, newReader(t, data, qtgpu.DecodeOptions{}), all, level)
			most := 0
			for limit := c.memory; ; {
				o := qtgpu.DecodeOptions{KeepGoing: true, MaxMemory: limit}
				got := copied(t, newReader(t, damaged, o), all, level)
				if got == nil {
					break
				}
				require.Empty(t, rastertest.Difference(want.all, got.all), "%s, %d bytes", name, limit)
				if got.n > most {
					most = got.n
					requireStopped(t, newReader(t, damaged, o), all, level, min(most, 2))
				}
				for range shorttest.Step() {
					limit = limit * 31 / 32
				}
			}
			require.Greater(t, most, 3, "%s: bands", name)
		}
	}
}

// requireStopped holds an error of a sink for its second band to come through, and to be
// the end.
func requireStopped(t *testing.T, r *qtgpu.Reader, rect image.Rectangle, level, want int) {
	t.Helper()
	full := newBands(t, r, rect)
	full.fail = io.ErrShortWrite
	err := r.Copy(t.Context(), full, rect, level)
	require.Equal(t, want > 1, errors.Is(err, io.ErrShortWrite), "level %d: %v", level, err)
	require.Equal(t, want, full.n, "level %d: bands", level)
}

// bands is a sink that holds what it is given to come from the top, without a gap.
type bands struct {
	t       *testing.T
	all     *raster.Block
	n, rows int
	fail    error // what the second band is answered with
}

// WriteBlock implements raster.Sink.
func (s *bands) WriteBlock(_ context.Context, b *raster.Block) error {
	require.Equal(s.t, s.rows, b.Rect.Min.Y, "band %d", s.n)
	s.n, s.rows = s.n+1, b.Rect.Max.Y
	raster.Copy(s.all, b)
	if s.n == 2 {
		return s.fail
	}
	return nil
}

// newBands takes a rectangle.
func newBands(t *testing.T, r *qtgpu.Reader, rect image.Rectangle) *bands {
	f := r.Format()
	return &bands{t: t, all: raster.NewBlock(rect, f.Type, len(f.Bands))}
}

// copied is a rectangle of a level, or nil where that takes too much memory.
func copied(t *testing.T, r *qtgpu.Reader, rect image.Rectangle, level int) *bands {
	t.Helper()
	s := newBands(t, r, rect)
	err := r.Copy(t.Context(), s, rect, level)
	if errors.Is(err, qtgpu.ErrTooLarge) {
		return nil
	}
	require.NoError(t, err)
	return s
}

// TestWrongPaletteOfCoarseLevel: an OVER cannot bring indices beyond the palette.
func TestWrongPaletteOfCoarseLevel(t *testing.T) {
	m := image.NewPaletted(image.Rect(0, 0, 70, 4200), nil)
	for i := range 16 {
		m.Palette = append(m.Palette, color.NRGBA{R: uint8(9 * i), A: 255})
	}
	data := grouped(t, encode(t, m, qtgpu.Options{}), 1, 6)
	small := image.NewPaletted(image.Rectangle{Max: newReader(t, data, qtgpu.DecodeOptions{}).Size(6)}, m.Palette)
	for i := range small.Pix {
		small.Pix[i] = byte(i % 20)
	}
	small.Palette = append(slices.Clone(m.Palette), make(color.Palette, 4)...)
	for i := 16; i < 20; i++ {
		small.Palette[i] = color.NRGBA{G: uint8(i), A: 255}
	}
	requireConcealed(t, data, encode(t, small, qtgpu.Options{}), "another palette, of 20 colours instead of 16", "palette")
}

// TestCutGroups: a file of several groups that is cut anywhere is io.ErrUnexpectedEOF.
// With KeepGoing it gives all tiles of the groups before the cut, every overview that
// lies before it, and names the tiles that are not there.
func TestCutGroups(t *testing.T) {
	const rows, margin = 5, 8
	for _, o := range []qtgpu.Options{{T: 10, Engine: qtgpu.Transform}, {T: 5, Bound: qtgpu.BoundMax}} {
		side := 512
		if o.Bound == qtgpu.BoundMax {
			side = 1024
		}
		m := picture(patterns["noise"], 20, rows*side, 3, 8)
		data := grouped(t, encode(t, m, o), 2, 6, 9) // of 2, 2 and 1 rows
		fronts, bodies := segments(t, data)
		require.Len(t, fronts, rows)
		whole := decode(t, newReader(t, data, qtgpu.DecodeOptions{}))
		end := int64(len(data))
		for _, c := range []struct {
			name            string
			at              int64
			kept, overviews int // tiles
		}{
			{"in the first fronts", fronts[1].from, 0, 1},
			{"in the first bodies", bodies[1].to - 1, 1, 2},
			{"behind the first group", bodies[1].to, 2, 2},
			{"in the second index", bodies[1].to + 9, 2, 2},
			{"before the second fronts", fronts[2].from, 2, 2},
			{"in the second bodies", bodies[3].from, 3, 4},
			{"in the last body", bodies[4].to - 1, 4, 5},
			{"before the coarse levels", bodies[4].to, 5, 5},
			{"in a coarse level", bodies[4].to + 50, 5, 5},
			{"in the end", end - 20, 5, 5},
			{"in its last byte", end - 1, 5, 5},
		} {
			cut := data[:c.at]
			name := fmt.Sprintf("T %g, bound %d: %s", o.T, o.Bound, c.name)
			_, err := qtgpu.NewReader(context.Background(), bytes.NewReader(cut), c.at, nil)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, name)
			_, err = qtgpu.Decode(bytes.NewReader(cut))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, name)

			r := newReader(t, cut, qtgpu.DecodeOptions{KeepGoing: true})
			back := decode(t, r)
			assert.Len(t, r.LostTiles(), rows-c.kept, name)
			requireSameOutside(t, whole, back, image.Rect(0, side*c.kept-margin*min(rows-c.kept, 1), m.W, m.H))

			r = newReader(t, cut, qtgpu.DecodeOptions{KeepGoing: true})
			region(t, r, image.Rectangle{Max: r.Size(3)}, 3)
			assert.Len(t, r.LostTiles(), rows-c.overviews, "%s: level 3", name)
			region(t, r, image.Rectangle{Max: r.Size(6)}, 6)
		}
	}
}

// TestDamagedGroup: damage to an index costs the tiles of its group, and no others.
func TestDamagedGroup(t *testing.T) {
	data := grouped(t, encode(t, picture(patterns["smooth"], 40, 2560, 3, 8), qtgpu.Options{T: 10, Engine: qtgpu.Transform}), 2)
	whole := decode(t, newReader(t, data, qtgpu.DecodeOptions{}))
	_, bodies := segments(t, data)
	damaged := flipped(data, bodies[1].to+7, 1) // the second index
	r := newReader(t, damaged, qtgpu.DecodeOptions{})
	_, err := r.Decode(context.Background())
	var tile *qtgpu.TileError
	require.ErrorAs(t, err, &tile)
	assert.Equal(t, []any{2, bodies[1].to}, []any{tile.Tile, tile.Offset})
	assert.Error(t, r.Check(context.Background()))
	requireSame(t, whole.(*image.RGBA).SubImage(image.Rect(0, 0, 40, 900)), region(t, r, image.Rect(0, 0, 40, 900), 0), "the first group")

	r = newReader(t, damaged, qtgpu.DecodeOptions{KeepGoing: true})
	requireSameOutside(t, whole, decode(t, r), image.Rect(0, 1024-56, 40, 2048+56))
	assert.Equal(t, []image.Rectangle{image.Rect(0, 1024, 40, 1536), image.Rect(0, 1536, 40, 2048)}, r.LostTiles())
}

// TestWrongPlan: a plan that no encoder writes is an error that says so, whatever is to be
// kept of the file.
func TestWrongPlan(t *testing.T) {
	lossy := encode(t, picture(patterns["text"], 64, 64, 3, 8), qtgpu.Options{T: 3, Engine: qtgpu.Transform})
	exact := encode(t, picture(patterns["smooth"], 64, 64, 3, 8), qtgpu.Options{})
	layered := encode(t, picture(patterns["noise"], 64, 64, 3, 8), qtgpu.Options{T: 5, Bound: qtgpu.BoundMax})
	for _, c := range []struct {
		name   string
		data   []byte
		change func(p *container.Plan)
		want   string
	}{
		{"engine", lossy, func(p *container.Plan) { p.Engine = 3 }, "unsupported: engine 3, expected less than 3"},
		{"far engine", lossy, func(p *container.Plan) { p.Engine = 1<<64 - 1 }, "unsupported: engine 18446744073709551615, expected less than 3"},
		{"engine of another bound", lossy, func(p *container.Plan) { p.Engine = 1 }, "bound"},
		{"engine of another bound", exact, func(p *container.Plan) { p.Engine = 0 }, "bound"},
		{"empty", lossy, func(p *container.Plan) { p.Payload = nil }, "plan: step"},
		{"empty", exact, func(p *container.Plan) { p.Payload = nil }, "plan: flags"},
		{"empty", layered, func(p *container.Plan) { p.Payload = nil }, "plan: "},
		{"step", lossy, func(p *container.Plan) { p.Payload[0] = 0 }, "step 0, expected 3 to"},
		{"more", lossy, func(p *container.Plan) { p.Payload = append(p.Payload, 0, 1) }, "plan: "},
		{"more", exact, func(p *container.Plan) { p.Payload = append(p.Payload, 0, 1) }, "plan: "},
		{"more", layered, func(p *container.Plan) { p.Payload = append(p.Payload, 0, 1) }, "plan: "},
		{"cut", exact, func(p *container.Plan) { p.Payload = p.Payload[:len(p.Payload)-1] }, "plan: "},
		{"flags", exact, func(p *container.Plan) { p.Payload[0] |= 0x80 }, "plan: flags"},
	} {
		f := containertest.Take(t, c.data)
		c.change(f.Plan)
		data := f.Bytes(t)
		for _, keepGoing := range []bool{false, true} {
			_, err := qtgpu.NewReader(context.Background(), bytes.NewReader(data), int64(len(data)), &qtgpu.DecodeOptions{KeepGoing: keepGoing})
			assert.ErrorContains(t, err, c.want, "%s, engine %d", c.name, f.Plan.Engine)
			assert.True(t, documented(err), "%s, engine %d: %T", c.name, f.Plan.Engine, err)
		}
	}
}
