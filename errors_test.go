package qtgpu_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// find is an error of one of the public types inside another one.
func find[E error](t *testing.T, err error, name string) E {
	t.Helper()
	var e E
	require.ErrorAs(t, err, &e, name)
	assert.Contains(t, err.Error(), e.Error(), name)
	assert.True(t, strings.HasPrefix(err.Error(), "qtgpu: "), "%s: %v", name, err)
	return e
}

// openError is the error of opening a file.
func openError(data []byte, o *qtgpu.DecodeOptions) error {
	_, err := qtgpu.NewReader(context.Background(), bytes.NewReader(data), int64(len(data)), o)
	return err
}

// TestFormatError: what is no file, or is cut, is a FormatError of every function that
// opens one; a cut is io.ErrUnexpectedEOF too, and other damage is not.
func TestFormatError(t *testing.T) {
	for name, data := range files() {
		for cut := 1; cut < len(data); cut += shorttest.Step() { // nothing is not cut short, it is no file
			if cut > 200 && cut%97 != 0 {
				continue
			}
			err := openError(data[:cut], nil)
			e := find[*qtgpu.FormatError](t, err, name)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s cut to %d bytes", name, cut)
			require.Equal(t, io.ErrUnexpectedEOF, e.Err, "%s cut to %d bytes", name, cut)
			require.NotEmpty(t, e.What)
			require.True(t, e.Offset >= 0 && e.Offset <= int64(len(data)), "%s cut to %d bytes: at byte %d", name, cut, e.Offset)
			_, err = qtgpu.Decode(bytes.NewReader(data[:cut]))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s cut to %d bytes", name, cut)
			find[*qtgpu.FormatError](t, err, name)
		}
	}
	other := bytes.Repeat([]byte("GIF89a"), 50)
	for name, err := range map[string]error{
		"empty":  openError(nil, nil),
		"open":   openError(other, nil),
		"decode": func() error { _, err := qtgpu.Decode(bytes.NewReader(other)); return err }(),
		"config": func() error { _, err := qtgpu.DecodeConfig(bytes.NewReader(other)); return err }(),
	} {
		e := find[*qtgpu.FormatError](t, err, name)
		assert.Zero(t, e.Offset, name)
		assert.NoError(t, e.Err, name)
		assert.NotErrorIs(t, err, io.ErrUnexpectedEOF, name)
	}
}

// TestTileError: a tile that is damaged is a TileError with its number, its part and the
// place of that, and ErrChecksum. It is so of all functions that decode tiles.
func TestTileError(t *testing.T) {
	height := 600
	if testing.Short() {
		height = 40
	}
	whole := picture(patterns["smooth"], 1130, height, 3, 8)
	for engine, o := range map[string]qtgpu.Options{"lossy": {T: 10}, "exact": {}} {
		data := encode(t, whole, o)
		fronts, bodies := segments(t, data)
		tile := len(fronts) - 1
		for part, at := range map[string]span{"front": fronts[tile], "body": bodies[tile]} {
			r := newReader(t, flipped(data, (at.from+at.to)/2, 0x10), qtgpu.DecodeOptions{})
			f := r.Format()
			for call, f := range map[string]func() error{
				"Decode": func() error { _, err := r.Decode(context.Background()); return err },
				"DecodeRegion": func() error {
					_, err := r.DecodeRegion(context.Background(), image.Rect(1100, height-10, 1101, height-9), 0)
					return err
				},
				"ReadBlock": func() error {
					return r.ReadBlock(context.Background(), raster.NewBlock(f.Bounds(), f.Type, len(f.Bands)), 0)
				},
				"Check":  func() error { return r.Check(context.Background()) },
				"Verify": func() error { _, err := verifyImage(r, whole); return err },
			} {
				err := f()
				e := find[*qtgpu.TileError](t, err, engine+" "+part+" "+call)
				assert.Equal(t, []any{tile, part, at.from}, []any{e.Tile, e.Part, e.Offset}, "%s: %s", engine, call)
				assert.ErrorIs(t, err, qtgpu.ErrChecksum, "%s: %s", engine, call)
				assert.ErrorIs(t, e.Err, qtgpu.ErrChecksum, "%s: %s", engine, call)
				assert.NotErrorIs(t, err, io.ErrUnexpectedEOF, "%s: %s", engine, call)
			}
		}
	}
}

// TestDamageErrors: whatever byte is changed, an error is one of the public types, with
// fields that make sense.
func TestDamageErrors(t *testing.T) {
	for name, data := range map[string][]byte{
		"lossy": encode(t, picture(patterns["smooth"], 60, 50, 3, 8), qtgpu.Options{T: 10}),
		"exact": encode(t, picture(patterns["smooth"], 60, 50, 1, 16), qtgpu.Options{}),
		"palette": func() []byte {
			var b bytes.Buffer
			require.NoError(t, qtgpu.Encode(context.Background(), &b, mosaic(60, 50), nil))
			return b.Bytes()
		}(),
	} {
		kinds := map[string]int{}
		for i := range data {
			if i > 100 && i%shorttest.Step() != 0 { // few bytes are of a version or of an engine
				continue
			}
			p := flipped(data, int64(i), 0x11)
			r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(p), int64(len(p)), &qtgpu.DecodeOptions{MaxPixels: 1 << 20})
			if err == nil {
				err = r.Check(context.Background())
			}
			var format *qtgpu.FormatError
			var tile *qtgpu.TileError
			var unsupported *qtgpu.UnsupportedError
			size := int64(len(data))
			switch {
			case err == nil:
				kinds["none"]++
			case errors.As(err, &tile):
				kinds["tile"]++
				require.True(t, tile.Tile == 0 && (tile.Part == "front" || tile.Part == "body") && tile.Offset > 0 && tile.Offset < size, "%s byte %d: %+v", name, i, tile)
				require.Error(t, tile.Err, "%s byte %d", name, i)
			case errors.As(err, &format):
				kinds["format"]++
				require.True(t, format.What != "" && format.Offset >= 0 && format.Offset <= size, "%s byte %d: %+v", name, i, format)
			case errors.As(err, &unsupported):
				kinds["unsupported"]++
				require.True(t, unsupported.What != "" && unsupported.Offset >= 0 && unsupported.Offset < size, "%s byte %d: %+v", name, i, unsupported)
			default:
				require.ErrorIs(t, err, qtgpu.ErrTooLarge, "%s byte %d", name, i)
			}
		}
		for _, kind := range []string{"tile", "format", "unsupported"} {
			assert.Positive(t, kinds[kind], "%s: %v", name, kinds)
		}
		assert.Zero(t, kinds["none"], "%s: every byte is covered", name)
	}
}

// TestUnsupportedError: what a file's engine does not have is an UnsupportedError of a
// request.
func TestUnsupportedError(t *testing.T) {
	m := picture(patterns["smooth"], 60, 50, 3, 8)
	exact := newReader(t, encode(t, m, qtgpu.Options{}), qtgpu.DecodeOptions{})
	for name, call := range map[string]func() error{
		"Leaves": func() error { _, err := exact.Leaves(context.Background(), 0); return err },
	} {
		e := find[*qtgpu.UnsupportedError](t, call(), name)
		assert.Zero(t, e.Offset, name)
		assert.Contains(t, e.What, "expected one of the", name)
		assert.NotErrorIs(t, call(), qtgpu.ErrTooLarge, name)
	}
}

// broken is an input that cannot be read from some time on.
type broken struct {
	io.ReaderAt
	size int64
	err  error // nil while it can
}

func (b *broken) ReadAt(p []byte, off int64) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	return b.ReaderAt.ReadAt(p, off)
}

// TestReadError: input that cannot be read is a ReadError with the place and the input's
// own error, never damage: KeepGoing fills nothing.
func TestReadError(t *testing.T) {
	errDisk := errors.New("the disk is gone")
	for name, data := range files() {
		for _, keepGoing := range []bool{false, true} {
			input := &broken{ReaderAt: bytes.NewReader(data), size: int64(len(data))}
			o := &qtgpu.DecodeOptions{KeepGoing: keepGoing, CacheBytes: 1 << 20}
			r, err := qtgpu.NewReader(context.Background(), input, input.size, o)
			require.NoError(t, err, name)
			input.err = errDisk
			for level := range r.Levels() {
				_, err := r.DecodeRegion(context.Background(), image.Rectangle{Max: r.Size(level)}, level)
				e := find[*qtgpu.ReadError](t, err, name)
				assert.ErrorIs(t, err, errDisk, "%s: level %d", name, level)
				assert.Equal(t, errDisk, e.Err, "%s: level %d", name, level)
				assert.True(t, e.Offset > 0 && e.Size > 0 && e.Offset+e.Size <= input.size, "%s: level %d: %+v", name, level, e)
			}
			assert.Empty(t, r.LostTiles(), name)
			input.err = nil
			_, err = r.Decode(context.Background())
			assert.NoError(t, err, "%s: once it can be read again", name)

			input.err = errDisk
			_, err = qtgpu.NewReader(context.Background(), input, input.size, o)
			assert.ErrorIs(t, err, errDisk, name)
			find[*qtgpu.ReadError](t, err, name)
		}
	}
}

// TestErrTooLarge: more pixels or more memory than allowed are ErrTooLarge, and damage of
// nothing.
func TestErrTooLarge(t *testing.T) {
	for name, data := range files() {
		err := openError(data, &qtgpu.DecodeOptions{MaxPixels: 1000})
		assert.ErrorIs(t, err, qtgpu.ErrTooLarge, name)
		r := newReader(t, data, qtgpu.DecodeOptions{MaxMemory: 120_000, Workers: 1, KeepGoing: true})
		_, err = r.Decode(context.Background())
		assert.ErrorIs(t, err, qtgpu.ErrTooLarge, name)
		assert.False(t, errors.As(err, new(*qtgpu.TileError)), name)
		assert.NotErrorIs(t, err, qtgpu.ErrChecksum, name)
		assert.True(t, strings.HasPrefix(err.Error(), "qtgpu: "), "%s: %v", name, err)
		_, err = r.DecodeRegion(context.Background(), image.Rectangle{Max: r.Size(6)}, 6)
		assert.NoError(t, err, "%s: a small region", name)
	}
}

// TestDecodeOptions: what is below its range is refused by name.
func TestDecodeOptions(t *testing.T) {
	data := files()["lossy"]
	for name, o := range map[string]qtgpu.DecodeOptions{
		"MaxPixels": {MaxPixels: -1}, "Workers": {Workers: -1}, "MaxMemory": {MaxMemory: -1}, "CacheBytes": {CacheBytes: -1},
	} {
		assert.EqualError(t, openError(data, &o), "qtgpu: "+name+" -1, expected 0 or more")
	}
}
