package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

var background = context.Background()

// file is all that a file holds.
type file struct {
	Header         *Header
	Plan           *Plan
	Fronts, Bodies [][]byte // of all tiles in raster order
	Worst          []uint64
	Metadata       Metadata
	Overviews      []Overview
}

// sample is a file of 3×3 tiles in groups of some rows of tiles, with metadata, empty
// segments and, of several groups, overviews.
func sample(groupRows int) *file {
	v := -9999.0
	f := &file{
		Header: &Header{
			Format: raster.Format{Width: 150, Height: 140, Type: raster.Uint16, Max: 1023, Bands: []raster.Band{
				{Role: raster.Red}, {Role: raster.Green}, {Role: raster.Blue}, {Role: raster.Data, Name: "élévation", NoData: &v, Scale: 0.5, Offset: -10},
			}},
			TileLog2: 6, GroupRows: groupRows, Bound: BoundRMS, T: 10 * ErrorUnit,
		},
		Plan:     &Plan{Engine: 3, Payload: []byte("tables of the engine")},
		Worst:    []uint64{600000, 5, 0, 1 << 40},
		Metadata: Metadata{ICC: []byte("profile"), XMP: []byte("<x/>")},
	}
	for i := range 9 {
		f.Fronts = append(f.Fronts, bytes.Repeat([]byte{byte('a' + i)}, 3+i))
		f.Bodies = append(f.Bodies, bytes.Repeat([]byte{byte('A' + i)}, 5*(i%4)))
	}
	if f.Header.Groups() > 1 {
		f.Overviews = []Overview{{4, []byte("a nested file")}, {5, []byte("nested")}}
	}
	return f
}

// encode writes a file with its tiles in the given order, or in raster order.
func encode(t testing.TB, f *file, order ...int) []byte {
	var b bytes.Buffer
	w, err := NewWriter(&b, f.Header, f.Plan, f.Metadata)
	require.NoError(t, err)
	if order == nil {
		for i := range f.Fronts {
			order = append(order, i)
		}
	}
	for _, i := range order {
		worst := make([]uint64, len(f.Worst))
		for band := range worst { // of the largest errors, each tile has some
			if (i+band)%len(f.Fronts) == 0 {
				worst[band] = f.Worst[band]
			}
		}
		require.NoError(t, w.WriteTile(i, f.Fronts[i], f.Bodies[i], worst))
	}
	require.NoError(t, w.Close(f.Overviews))
	return b.Bytes()
}

func open(p []byte) (*Reader, error) {
	return Open(background, bytes.NewReader(p), int64(len(p)), Options{})
}

// everything names all segments, fronts and bodies in turn.
func everything(r *Reader) (want []Want) {
	for i := range r.Header().Tiles() {
		want = append(want, Want{i, Front}, Want{i, Body})
	}
	return want
}

// contents reads and checks all that the file holds.
func contents(r *Reader) (*file, error) {
	f := &file{Header: r.Header(), Plan: r.Plan(), Worst: r.Worst(), Metadata: Metadata{}}
	data, err := r.Segments(background, everything(r))
	if err := errors.Join(err, r.Check(background)); err != nil {
		return nil, err
	}
	for i := 0; i < len(data); i += 2 {
		f.Fronts, f.Bodies = append(f.Fronts, data[i]), append(f.Bodies, data[i+1])
	}
	for _, kind := range kinds {
		p, err := r.Metadata(background, kind)
		if err != nil {
			return nil, err
		}
		if p != nil {
			f.Metadata[kind] = p
		}
	}
	for _, o := range r.Overviews() {
		s, err := r.Overview(o.Level)
		if err != nil {
			return nil, err
		}
		p, err := io.ReadAll(io.NewSectionReader(s, 0, s.Size()))
		if err != nil {
			return nil, err
		}
		f.Overviews = append(f.Overviews, Overview{o.Level, p})
	}
	return f, nil
}

// reopened is what contents makes of a file's bytes.
func reopened(p []byte) (*file, error) {
	r, err := open(p)
	if err != nil {
		return nil, err
	}
	return contents(r)
}

// TestRoundTrip: what a file of one and of several groups is written from comes back.
func TestRoundTrip(t *testing.T) {
	for rows := 1; rows <= 4; rows++ {
		want := sample(rows)
		p := encode(t, want)
		got, err := reopened(p)
		require.NoError(t, err, "%d rows", rows)
		assert.Equal(t, want, got, "%d rows", rows)

		h, err := ReadHeader(bytes.NewReader(p))
		require.NoError(t, err)
		bare := *want.Header
		bare.Bands = raster.Bands(raster.Red, raster.Green, raster.Blue, raster.Data)
		assert.Equal(t, &bare, h, "%d rows", rows)
	}
}

// TestRoundTripOfFormats: all types, numbers and roles of bands, and palettes.
func TestRoundTripOfFormats(t *testing.T) {
	alternating := make([]raster.Band, raster.MaxBands)
	for i := range alternating {
		alternating[i].Role = raster.Role(i % 2)
	}
	colours := make(color.Palette, 1<<16)
	for i := range colours {
		colours[i] = color.NRGBA{uint8(i), uint8(i >> 8), 3, uint8(i * 7)}
	}
	formats := map[string]raster.Format{
		"most bands":   {Type: raster.Int8, Bands: make([]raster.Band, raster.MaxBands)},
		"most runs":    {Type: raster.Float32, Bands: alternating},
		"palette":      {Type: raster.Uint8, Bands: raster.Bands(raster.Index, raster.Alpha), Palette: colours[:3]},
		"256 colours":  {Type: raster.Uint8, Bands: raster.Bands(raster.Index), Palette: colours[:256]},
		"most colours": {Type: raster.Uint16, Bands: raster.Bands(raster.Label, raster.Index), Palette: colours},
		"maximum 1":    {Type: raster.Uint8, Bands: raster.Bands(raster.Gray), Max: 1},
		"24 bits":      {Type: raster.Uint32, Bands: raster.Bands(raster.Gray, raster.Premultiplied), Max: 1<<24 - 1},
	}
	for v := raster.Uint8; v <= raster.Float64; v++ {
		formats[v.String()] = raster.Format{Type: v, Bands: raster.Bands(raster.Data, raster.Data, raster.Label)}
	}
	for name, format := range formats {
		format.Width, format.Height = 1, 65
		for rows := 1; rows <= 2; rows++ {
			want := &file{
				Header: &Header{Format: format, TileLog2: 6, GroupRows: rows, Bound: BoundMax, T: 1<<64 - 1},
				Plan:   &Plan{Engine: 1<<64 - 1}, Worst: make([]uint64, len(format.Bands)), Metadata: Metadata{},
				Fronts: [][]byte{{}, {1}}, Bodies: [][]byte{{}, {}},
			}
			want.Worst[0] = 1<<64 - 1
			got, err := reopened(encode(t, want))
			require.NoError(t, err, name)
			assert.Equal(t, want, got, name)
		}
	}
}

// TestOrderOfTiles: the file does not depend on the order in which tiles come.
func TestOrderOfTiles(t *testing.T) {
	for rows := 1; rows <= 3; rows++ {
		f := sample(rows)
		want := encode(t, f)
		for seed := range uint64(20) {
			order := rand.New(rand.NewPCG(seed, 0)).Perm(len(f.Fronts))
			require.Equal(t, want, encode(t, f, order...), "%d rows, order %v", rows, order)
		}
	}
}

// TestWriterStreams: a group is written when it is whole, and nothing before the first.
func TestWriterStreams(t *testing.T) {
	f := sample(1)
	var b bytes.Buffer
	w, err := NewWriter(&b, f.Header, f.Plan, f.Metadata)
	require.NoError(t, err)
	for _, c := range []struct{ tile, groups int }{{0, 0}, {5, 0}, {3, 0}, {4, 0}, {1, 0}, {2, 2}, {8, 2}, {7, 2}, {6, 3}} {
		require.NoError(t, w.WriteTile(c.tile, f.Fronts[c.tile], f.Bodies[c.tile], nil))
		assert.Equal(t, c.groups, bytes.Count(b.Bytes(), []byte("BODY")), "groups after tile %d", c.tile)
		if c.groups == 0 {
			assert.Zero(t, b.Len(), "bytes after tile %d", c.tile)
		}
	}
}

// TestSizes: bytes by use.
func TestSizes(t *testing.T) {
	for rows, want := range map[int]Sizes{
		1: {Plan: 20, Metadata: 7 + 4 + 38, Index: 9*10 - 3*4, Front: 63, Body: 60, Overviews: 19},
		3: {Plan: 20, Metadata: 7 + 4 + 38, Index: 9*10 - 3*4 + 3 + 1 + 1 + 6, Front: 63, Body: 60},
	} {
		p := encode(t, sample(rows))
		r, err := open(p)
		require.NoError(t, err)
		want.File = int64(len(p))
		assert.Equal(t, want, r.Sizes(), "%d rows", rows)
	}
}

// TestSize: the length of each segment, without reading it.
func TestSize(t *testing.T) {
	f := sample(2)
	r, err := open(encode(t, f))
	require.NoError(t, err)
	for i := range f.Fronts {
		front, err := r.Size(background, i, Front)
		require.NoError(t, err)
		body, err := r.Size(background, i, Body)
		require.NoError(t, err)
		assert.Equal(t, [2]int{len(f.Fronts[i]), len(f.Bodies[i])}, [2]int{int(front), int(body)}, "tile %d", i)
	}
	_, err = r.Size(background, 9, Front)
	assert.ErrorContains(t, err, "front of tile 9, expected front or body of 0 to 8")
}

// tiny is the smallest file of one pixel in one group, or of 65 rows in two.
func tiny(height int) *file {
	f := &file{
		Header: &Header{
			Format:   raster.Format{Width: 1, Height: height, Type: raster.Uint8, Bands: raster.Bands(raster.Gray)},
			TileLog2: 6, GroupRows: 1, Bound: BoundMax,
		},
		Plan: &Plan{Engine: 2, Payload: []byte{0xff}}, Worst: []uint64{0}, Metadata: Metadata{},
		Fronts: [][]byte{[]byte("a")}, Bodies: [][]byte{[]byte("bc")},
	}
	if height > 64 {
		f.Worst[0] = 7
		f.Fronts, f.Bodies = append(f.Fronts, []byte{}), append(f.Bodies, []byte{})
		f.Overviews = []Overview{{4, []byte("file")}}
	}
	return f
}

// TestGolden: the bytes of tiny files, whose checksums another program has reckoned.
func TestGolden(t *testing.T) {
	for height, want := range map[int]string{
		1: "89 51 54 47 0d 0a 1a 0a 0b " +
			"48 45 41 44 0b 01 01 01 01 01 01 00 06 01 01 00 17 07 bf e7 " + // HEAD
			"50 4c 41 4e 02 02 ff f1 f9 95 d2 " + // PLAN
			"49 4e 44 58 0b 00 01 02 30 43 d0 c1 ac 02 2e 24 82 3f 1d 2c " + // INDX
			"46 52 4e 54 01 61 42 4f 44 59 02 62 63", // FRNT, BODY
		65: "89 51 54 47 0d 0a 1a 0a 0b " +
			"48 45 41 44 0b 01 41 01 01 01 01 00 06 01 01 00 85 b2 b0 da " + // HEAD
			"50 4c 41 4e 02 02 ff f1 f9 95 d2 " + // PLAN
			"49 4e 44 58 0a 01 02 30 43 d0 c1 ac 02 2e 24 4b e8 b5 c4 " + // INDX
			"46 52 4e 54 01 61 42 4f 44 59 02 62 63 " + // FRNT, BODY
			"49 4e 44 58 02 00 00 e3 63 21 cc 46 52 4e 54 00 42 4f 44 59 00 " + // INDX, FRNT, BODY
			"4f 56 45 52 05 04 66 69 6c 65 f0 6f 6d 89 " + // OVER
			"52 4f 4f 54 0b 07 28 13 06 07 0b 05 05 01 04 0e 16 a0 4e 38 " + // ROOT
			"54 41 49 4c 08 6b 00 00 00 00 00 00 00 8f 7d db 03", // TAIL
	} {
		f := tiny(height)
		p := encode(t, f)
		assert.Equal(t, want, fmt.Sprintf("% x", p), "height %d", height)
		got, err := reopened(p)
		require.NoError(t, err)
		assert.Equal(t, f, got, "height %d", height)
	}
}
