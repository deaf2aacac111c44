package qtgpu_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/containertest"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// flipped is data with one byte changed.
func flipped(data []byte, at int64, by byte) []byte {
	p := slices.Clone(data)
	p[at] ^= by
	return p
}

// TestKeepGoing: a damaged tile fails the decode, or with KeepGoing changes
// nothing but itself and what filters across its border.
func TestKeepGoing(t *testing.T) {
	const lost, margin = 4, 56
	at := image.Rect(512, 512, 1024, 600) // tile 4 of 3×2
	data := encode(t, picture(patterns["smooth"], 1130, 600, 3, 8), qtgpu.Options{T: 10, Engine: qtgpu.Transform})
	whole := decode(t, newReader(t, data, qtgpu.DecodeOptions{}))
	fronts, bodies := segments(t, data)
	for _, c := range []struct {
		part container.Part
		at   span
		rms  float64 // of the tile
	}{{container.Front, fronts[lost], 100}, {container.Body, bodies[lost], 20}} {
		damaged := flipped(data, (c.at.from+c.at.to)/2, 0x10)
		m, err := newReader(t, damaged, qtgpu.DecodeOptions{}).Decode(context.Background())
		var tile *qtgpu.TileError
		require.ErrorAs(t, err, &tile, c.part)
		assert.Equal(t, []any{lost, string(c.part), c.at.from}, []any{tile.Tile, tile.Part, tile.Offset})
		assert.ErrorIs(t, err, container.ErrChecksum)
		assert.Nil(t, m)

		r := newReader(t, damaged, qtgpu.DecodeOptions{KeepGoing: true})
		assert.Empty(t, r.LostTiles())
		back := decode(t, r)
		assert.Equal(t, []image.Rectangle{at}, r.LostTiles(), c.part)
		requireSameOutside(t, whole, back, at.Inset(-margin))
		was, is := view(t, whole.(*image.RGBA).SubImage(at)), view(t, back.(*image.RGBA).SubImage(at))
		assert.False(t, bytes.Equal(was.row(0, 40, was.w), is.row(0, 40, was.w)), "%s: nothing was lost", c.part)
		assert.Less(t, rms(t, whole.(*image.RGBA).SubImage(at), back.(*image.RGBA).SubImage(at)), c.rms, c.part)
		decode(t, r)
		assert.Len(t, r.LostTiles(), 1, "lost twice")
	}
}

// requireSameOutside holds two images to be equal outside a rectangle.
func requireSameOutside(t *testing.T, m, n image.Image, r image.Rectangle) {
	t.Helper()
	a, b := view(t, m), view(t, n)
	for y := range a.h {
		for x := range a.w {
			if p, q := a.row(x, y, 1), b.row(x, y, 1); !bytes.Equal(p, q) && !(image.Point{X: x, Y: y}).In(r) {
				t.Fatalf("outside %v, x %d y %d: % x, expected % x", r, x, y, q, p)
			}
		}
	}
}

// TestKeepGoingOverview: the overview needs no body, and stands without a front.
func TestKeepGoingOverview(t *testing.T) {
	data := encode(t, picture(patterns["smooth"], 1130, 600, 3, 8), qtgpu.Options{T: 10, Engine: qtgpu.Transform})
	fronts, bodies := segments(t, data)
	all := image.Rect(0, 0, 142, 75)
	whole := region(t, newReader(t, data, qtgpu.DecodeOptions{}), all, 3)

	r := newReader(t, flipped(data, bodies[1].from, 1), qtgpu.DecodeOptions{})
	assert.Empty(t, difference(t, whole, region(t, r, all, 3), image.Point{}))

	damaged := flipped(data, fronts[1].from, 1)
	_, err := newReader(t, damaged, qtgpu.DecodeOptions{}).DecodeRegion(context.Background(), all, 3)
	var tile *qtgpu.TileError
	require.ErrorAs(t, err, &tile)
	assert.Equal(t, 1, tile.Tile)
	r = newReader(t, damaged, qtgpu.DecodeOptions{KeepGoing: true})
	requireSameOutside(t, whole, region(t, r, all, 3), image.Rect(62, 0, 130, 66))
	assert.Equal(t, []image.Rectangle{image.Rect(512, 0, 1024, 512)}, r.LostTiles())
}

// small is a file with every kind of chunk.
func small(t testing.TB) []byte {
	t.Helper()
	data := encode(t, picture(patterns["text"], 64, 64, 2, 8), qtgpu.Options{
		T: 3, Engine: qtgpu.Transform, Metadata: qtgpu.Metadata{ICC: []byte("profile"), EXIF: []byte("II*\x00"), XMP: []byte("<x/>")},
	})
	for _, chunk := range []string{"HEAD", "PLAN", "iccp", "exif", "xmpm", "INDX", "FRNT", "BODY"} {
		require.Contains(t, string(data), chunk)
	}
	return data
}

// attempt decodes all that a file holds. Any error must be one of the documented
// ones, and memory must stay in proportion.
func attempt(t *testing.T, data []byte, name string) (image.Image, error) {
	t.Helper()
	var m image.Image
	var err error
	if n := allocated(func() { m, err = qtgpu.Decode(bytes.NewReader(data)) }); n > 4<<20 {
		t.Fatalf("%s: %d bytes allocated", name, n)
	}
	if err != nil {
		require.Nil(t, m, name)
		require.True(t, documented(err), "%s: %T %v", name, err, err)
	}
	return m, err
}

func documented(err error) bool {
	return errors.Is(err, qtgpu.ErrTooLarge) || errors.As(err, new(*qtgpu.FormatError)) ||
		errors.As(err, new(*qtgpu.UnsupportedError)) || errors.As(err, new(*qtgpu.TileError))
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestTruncated: no part of a file passes for all of it, and a file with more behind it
// is one where a stream may go on, and none where nothing may follow.
func TestTruncated(t *testing.T) {
	several, _ := coarse(t, qtgpu.Options{T: 40, Engine: qtgpu.Transform})
	for _, c := range []struct {
		name string
		data []byte
		more string
	}{
		{"one group", small(t), "3 bytes after chunk BODY"},
		{"several groups", several, "the input is cut, or goes on behind its end"},
	} {
		for n := 0; n < len(c.data); n += shorttest.Step() {
			_, err := attempt(t, c.data[:n], fmt.Sprintf("%s: %d of %d bytes", c.name, n, len(c.data)))
			require.Error(t, err, "%s: %d of %d bytes", c.name, n, len(c.data))
		}
		more := append(slices.Clone(c.data), 1, 2, 3)
		_, err := attempt(t, more, c.name+": more bytes, which a stream may have")
		require.NoError(t, err)
		_, err = qtgpu.NewReader(context.Background(), bytes.NewReader(more), int64(len(more)), nil)
		require.ErrorContains(t, err, c.more, c.name)
	}
}

// TestFlipped: a bit that is flipped anywhere is found by a decode and by a check, in an
// unknown chunk too.
func TestFlipped(t *testing.T) {
	unknown := []byte("what\x03abc")
	unknown = binary.LittleEndian.AppendUint32(unknown, crc32.Checksum(unknown, crc32.MakeTable(crc32.Castagnoli)))
	one := encode(t, picture(patterns["text"], 24, 20, 2, 8), qtgpu.Options{T: 3, Engine: qtgpu.Transform, Metadata: qtgpu.Metadata{ICC: []byte("icc"), IPTC: []byte("iptc")}})
	one = slices.Insert(one, bytes.Index(one, []byte("INDX")), unknown...)
	several := grouped(t, encode(t, picture(patterns["flat"], 24, 1060, 3, 8), qtgpu.Options{T: 3, Engine: qtgpu.Transform}), 1, 6)
	for name, data := range map[string][]byte{"one group": one, "several groups": several} {
		_, err := qtgpu.Decode(bytes.NewReader(data))
		require.NoError(t, err, name)
		for at := 0; at < len(data); at += shorttest.Step() {
			damaged := flipped(data, int64(at), 1<<(at%8)) // internal/container tests all bits
			name := fmt.Sprintf("%s: byte %d of %d, bit %d", name, at, len(data), at%8)
			_, err := qtgpu.Decode(bytes.NewReader(damaged))
			require.True(t, documented(err), "%s: %T %v", name, err, err)
			if r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(damaged), int64(len(damaged)), nil); err == nil {
				require.Error(t, r.Check(context.Background()), name)
			}
		}
	}
}

// TestHostileSegments: damage under checksums that hold ends in an error or in
// some image, in bounded memory.
func TestHostileSegments(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	failed := map[string]int{}
	data := small(t)
	rounds := shorttest.Rounds(400)
	for i := range rounds {
		f := containertest.Take(t, data)
		setStep(f, []uint64{transform.MinStep, 75, transform.MaxStep}[rng.IntN(3)])
		name := []string{"plan", "front", "body"}[i%3]
		p := []*[]byte{&f.Plan.Payload, &f.Fronts[0], &f.Bodies[0]}[i%3]
		for range 1 + rng.IntN(4) {
			(*p)[rng.IntN(len(*p))] ^= byte(1 + rng.IntN(255))
		}
		if rng.IntN(4) == 0 {
			*p = (*p)[:rng.IntN(len(*p))]
		}
		data := f.Bytes(t)
		if _, err := attempt(t, data, name); err != nil {
			failed[name]++
		}
		r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(data), int64(len(data)), &qtgpu.DecodeOptions{KeepGoing: true})
		if err == nil {
			decode(t, r)
			d := newDecoder(t, bytes.NewReader(data), qtgpu.DecodeOptions{KeepGoing: true})
			got, err := readRows(t, d, 30)
			require.NoError(t, err, name)
			require.Empty(t, rastertest.Difference(readLevel(t, r, 0), got), name)
			require.Equal(t, r.LostTiles(), d.LostTiles(), name)
		}
	}
	for name, n := range failed {
		assert.Greater(t, n, rounds/4, "%s: damage found", name) // of a third
	}
	assert.Len(t, failed, 3)
}

// setStep changes the step of the quantiser, which a plan of the transform engine begins with.
func setStep(f *containertest.File, step uint64) {
	_, n := binary.Uvarint(f.Plan.Payload)
	f.Plan.Payload = append(binary.AppendUvarint(nil, step), f.Plan.Payload[n:]...)
}

// TestAbsurdSize: the size in a header is refused before anything is allocated
// for it.
func TestAbsurdSize(t *testing.T) {
	base := containertest.Take(t, small(t))
	for _, c := range []struct {
		w, h, log2 int
		rows       int // of tiles in a group
		front      int // bytes of each front segment
		want       string
	}{
		{1 << 15, 1<<15 + 1, 10, 64, 100, "image too large"},
		{1 << 20, 1 << 11, 10, 2, 100, "image too large"},
		{1 << 13, 1 << 13, 10, 8, 1000, "tile 0, front at byte 880: entropy-coded segment is damaged"},
		{4096, 4096, 10, 4, 1000, "tile 0, front at byte 303: entropy-coded segment is damaged"},
		{4096, 4096, 10, 1, 1000, "tile 0, front at byte 152: entropy-coded segment is damaged"},
		{4096, 4096, 10, 4, 20, "tile 0, front at byte 287: 20 bytes for 1024×1024 pixels, expected at least 32"},
	} {
		f := *base
		f.Header.Width, f.Header.Height, f.Header.TileLog2, f.Header.GroupRows = c.w, c.h, c.log2, c.rows
		n := f.Header.Tiles()
		f.Fronts, f.Bodies = slices.Repeat([][]byte{slices.Repeat(base.Fronts[0], 100)[:c.front]}, n), slices.Repeat(base.Bodies[:1], n)
		name := fmt.Sprintf("%d×%d, %d rows in a group", c.w, c.h, c.rows)
		data := f.Bytes(t)
		_, err := attempt(t, data, name)
		assert.ErrorContains(t, err, c.want, name)
		if errors.Is(err, qtgpu.ErrTooLarge) {
			_, err = qtgpu.Decode(io.MultiReader(bytes.NewReader(data[:400]), iotest.ErrReader(errSource)))
			assert.ErrorIs(t, err, qtgpu.ErrTooLarge, "%s: read on", name)
		}
	}
}

func TestMaxPixels(t *testing.T) {
	data := encode(t, picture(patterns["flat"], 30, 20, 1, 8), qtgpu.Options{T: 5, Engine: qtgpu.Transform})
	for limit, want := range map[int64]error{599: qtgpu.ErrTooLarge, 600: nil, 0: nil} {
		_, err := qtgpu.NewReader(context.Background(), bytes.NewReader(data), int64(len(data)), &qtgpu.DecodeOptions{MaxPixels: limit})
		assert.ErrorIs(t, err, want, "limit %d", limit)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(small(f))
	f.Add(encode(f, picture(patterns["text"], 20, 50, 3, 16), qtgpu.Options{T: 1 * 257, Engine: qtgpu.Transform, Bound: qtgpu.BoundRMS}))
	f.Add(encode(f, picture(patterns["text"], 20, 50, 3, 8), qtgpu.Options{}))
	f.Add(grouped(f, encode(f, picture(patterns["smooth"], 20, 1100, 3, 8), qtgpu.Options{T: 40, Engine: qtgpu.Transform}), 1, 6, 9))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(data), int64(len(data)), &qtgpu.DecodeOptions{MaxPixels: 1 << 16, KeepGoing: true})
		if err != nil {
			require.True(t, documented(err), "%T %v", err, err)
			return
		}
		decode(t, r)
		region(t, r, image.Rect(0, 0, 1, 1), r.Levels()-1)
		_ = r.Check(context.Background())
		_, _ = r.Metadata(context.Background())
	})
}
