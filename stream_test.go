package qtgpu_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
)

func TestRegistered(t *testing.T) {
	data := encode(t, picture(patterns["smooth"], 50, 31, 3, 8), qtgpu.Options{T: 5})
	m, format, err := image.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	assert.Equal(t, "qtg", format)
	assert.Empty(t, difference(t, decode(t, newReader(t, data, qtgpu.DecodeOptions{})), m, image.Point{}))
	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	require.NoError(t, err)
	assert.Equal(t, "qtg", format)
	assert.Equal(t, image.Config{ColorModel: color.RGBAModel, Width: 50, Height: 31}, c)
}

// TestConfig: the colour model is the decoded image's, and no more than
// the header is read for it.
func TestConfig(t *testing.T) {
	broken := errors.New("read too far")
	for channels := 1; channels <= 4; channels++ {
		for _, depth := range []int{8, 16} {
			data := encode(t, picture(patterns["noise"], 300, 170, channels, depth), qtgpu.Options{T: 1})
			require.Greater(t, len(data), 1000)
			c, err := qtgpu.DecodeConfig(io.MultiReader(bytes.NewReader(data[:400]), iotest.ErrReader(broken)))
			require.NoError(t, err)
			m := decode(t, newReader(t, data, qtgpu.DecodeOptions{}))
			assert.True(t, c.ColorModel == m.ColorModel(), "%d×%d", channels, depth)
			assert.Equal(t, m.Bounds().Size(), image.Pt(c.Width, c.Height))
			assert.Equal(t, c, newReader(t, data, qtgpu.DecodeOptions{}).Config())
		}
	}
}

// TestStream: a stream may come in any portions and go on after the file; one
// that fails or is something else is an error that says so.
func TestStream(t *testing.T) {
	data := encode(t, picture(patterns["smooth"], 50, 31, 3, 8), qtgpu.Options{T: 5})
	broken := errors.New("line cut")
	for _, c := range []struct {
		name string
		r    io.Reader
		want string // empty: decodes
		is   error
	}{
		{"bytewise", iotest.OneByteReader(bytes.NewReader(data)), "", nil},
		{"error with data", iotest.DataErrReader(bytes.NewReader(data)), "", nil},
		{"empty", strings.NewReader(""), "not a .qtg file", nil},
		{"text", strings.NewReader("lorem ipsum dolor sit amet"), "not a .qtg file", nil},
		{"png", strings.NewReader("\x89PNG\r\n\x1a\n"), "not a .qtg file", nil},
		{"endless garbage", endless{}, "not a .qtg file", nil},
		{"endless after the file", io.MultiReader(bytes.NewReader(data), endless{}), "", nil},
		{"cut in the header", io.MultiReader(bytes.NewReader(data[:20]), iotest.ErrReader(broken)), "", broken},
		{"cut in the body", io.MultiReader(bytes.NewReader(data[:len(data)-9]), iotest.ErrReader(broken)), "", broken},
		{"other version", bytes.NewReader(flipped(data, 8, 1)), "unsupported: format version 10, expected 11 (at byte 8)", nil},
	} {
		m, err := qtgpu.Decode(c.r)
		if c.want == "" && c.is == nil {
			assert.NoError(t, err, c.name)
			assert.NotNil(t, m, c.name)
			continue
		}
		assert.Nil(t, m, c.name)
		assert.ErrorContains(t, err, c.want, c.name)
		assert.True(t, strings.HasPrefix(err.Error(), "qtgpu: "), "%s: %v", c.name, err)
		if c.is != nil {
			assert.ErrorIs(t, err, c.is, c.name)
		}
	}
}

// endless is a stream without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestFailingReaderAt: an error of the source comes through.
func TestFailingReaderAt(t *testing.T) {
	data := encode(t, picture(patterns["noise"], 200, 100, 3, 8), qtgpu.Options{T: 2})
	for _, limit := range []int64{0, 6000} {
		r, err := qtgpu.NewReader(context.Background(), &failing{bytes.NewReader(data), limit}, int64(len(data)), nil)
		if err == nil {
			_, err = r.Decode(context.Background())
		}
		assert.ErrorIs(t, err, errSource, "limit %d", limit)
	}
}

var errSource = errors.New("source failed")

// failing reads up to a limit.
type failing struct {
	io.ReaderAt
	limit int64
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.limit {
		return 0, errSource
	}
	return f.ReaderAt.ReadAt(p, off)
}

// TestFailingWriter: an error of the destination comes through.
func TestFailingWriter(t *testing.T) {
	r, w := io.Pipe()
	require.NoError(t, r.CloseWithError(errSource))
	err := qtgpu.Encode(context.Background(), w, picture(patterns["flat"], 9, 9, 1, 8), &qtgpu.Options{T: 5})
	assert.ErrorIs(t, err, errSource)
}
