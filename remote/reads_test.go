package remote_test

import (
	"bytes"
	"context"
	"image"
	"math/bits"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/containertest"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/remote"
)

// counted counts requests and the bytes of their answers.
type counted struct {
	http.Handler
	mu       sync.Mutex
	requests int
	bytes    int64
}

func (c *counted) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	c.add(1, 0)
	c.Handler.ServeHTTP(countedBody{w, c}, q)
}

func (c *counted) add(requests int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests += requests
	c.bytes += bytes
}

type countedBody struct {
	http.ResponseWriter
	c *counted
}

func (b countedBody) Write(p []byte) (int, error) {
	b.c.add(0, int64(len(p)))
	return b.ResponseWriter.Write(p)
}

// take gives what has been counted since it was last called.
func (c *counted) take() (requests int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	requests, bytes = c.requests, c.bytes
	c.requests, c.bytes = 0, 0
	return requests, bytes
}

// plane is a picture that takes some hundred bytes a tile.
func plane(w, h int) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		x, y := i%w, i/w
		m.Pix[i] = byte(x*x>>11 + x*y>>12 + bits.OnesCount(uint(x^y))*6)
	}
	return m
}

// static is a picture that takes a byte for each pixel.
func static(side int) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, side, side))
	copy(m.Pix, noise(len(m.Pix)))
	return m
}

func encoded(t *testing.T, m image.Image, o qtgpu.Options) []byte {
	var b bytes.Buffer
	require.NoError(t, qtgpu.Encode(t.Context(), &b, m, &o))
	return b.Bytes()
}

// gigapixel is a file of 2^30 pixels: 64×64 tiles that are all the same, in groups of four
// rows, with coarse levels that are what they may be.
func gigapixel(t *testing.T) []byte {
	const across = 64
	f := containertest.Take(t, encoded(t, plane(512, 512), qtgpu.Options{T: 10, Bound: qtgpu.BoundRMS}))
	f.Header.Width, f.Header.Height, f.Header.GroupRows = across*512, across*512, 4
	f.Fronts, f.Bodies = slices.Repeat(f.Fronts, across*across), slices.Repeat(f.Bodies, across*across)
	for _, o := range []struct{ level, side int }{{6, 512}, {9, 64}} {
		f.Overviews = append(f.Overviews, container.Overview{Level: o.level, File: encoded(t, static(o.side), qtgpu.Options{})})
	}
	return f.Bytes(t)
}

// look is what somebody wants to see.
type look struct {
	what     string
	level    int
	rect     image.Rectangle // empty for all of the level
	requests int             // behind the ones of opening
	bytes    int64           // at most, and not much less
}

// hold opens a file from afar anew for each look, and holds the pixels against the file at
// hand, and the requests and their bytes against what is expected.
func hold(t *testing.T, data []byte, looks []look) {
	server := &counted{Handler: content(data, `"a"`)}
	url := start(t, server).URL
	near, err := qtgpu.NewReader(t.Context(), bytes.NewReader(data), int64(len(data)), nil)
	require.NoError(t, err)
	for _, l := range looks {
		f, err := remote.Open(t.Context(), url, nil)
		require.NoError(t, err)
		far, err := qtgpu.NewReader(t.Context(), f, f.Size(), nil)
		require.NoError(t, err)
		requests, read := server.take()
		assert.Equal(t, 2, requests, "requests of opening")
		assert.Equal(t, int64(16+64)<<10, read, "bytes of opening")
		if l.rect.Empty() {
			l.rect = image.Rectangle{Max: far.Size(l.level)}
		}
		got, err := far.DecodeRegion(t.Context(), l.rect, l.level)
		require.NoError(t, err, l.what)
		requests, read = server.take()
		assert.Equal(t, l.requests, requests, "%s: requests", l.what)
		assert.LessOrEqual(t, read, l.bytes, "%s: bytes", l.what)
		assert.GreaterOrEqual(t, read, l.bytes*9/10, "%s: bytes", l.what)
		want, err := near.DecodeRegion(t.Context(), l.rect, l.level)
		require.NoError(t, err, l.what)
		assert.Equal(t, want, got, l.what)
	}
}

// TestRequestsOfGigapixel: of 2^30 pixels a thumbnail takes no request behind opening, a
// region one for its indices and one for each row of tiles' overviews and details.
func TestRequestsOfGigapixel(t *testing.T) {
	hold(t, gigapixel(t), []look{
		{"thumbnail of 64×64", 9, image.Rectangle{}, 0, 0},
		{"level 6, 512×512", 6, image.Rectangle{}, 3, 348_000}, // opened, then read
		{"aligned tile of 512×512", 0, image.Rect(512*30, 512*30, 512*31, 512*31), 7, 72_000},
		{"512×512 of level 2", 2, image.Rect(1024, 1024, 1536, 1536), 15, 283_000},
		{"512×512 of level 3", 3, image.Rect(1024, 1024, 1536, 1536), 14, 183_000},
	})
}

// TestRequestsOfPhoto: a photo of 16 megapixels in 1.29 MB.
func TestRequestsOfPhoto(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	corpus := os.Getenv("QTGPU_CORPUS")
	if corpus == "" {
		corpus = "../../shared/corpus"
	}
	file, err := os.Open(filepath.Join(corpus, "big", "big.tif"))
	if err != nil {
		t.Skip("no images in ../shared/corpus or $QTGPU_CORPUS: ", err)
	}
	defer file.Close()
	m, err := imagefile.Open(file, imagefile.ReadOptions{})
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, qtgpu.EncodeRaster(t.Context(), &b, m, &qtgpu.Options{T: 10}))
	hold(t, b.Bytes(), []look{
		{"thumbnail of 77×52", 6, image.Rectangle{}, 1, 158_000},
		{"level 3, 610×416", 3, image.Rectangle{}, 1, 158_000},
		{"256×256 in a tile", 0, image.Rect(2148, 1124, 2404, 1380), 2, 34_000},
		{"aligned tile of 512×512", 0, image.Rect(2048, 1024, 2560, 1536), 6, 257_000},
		{"1920×1080", 0, image.Rect(1000, 1000, 2920, 2080), 5, 501_000},
		{"512×512 of level 1", 1, image.Rect(512, 512, 1024, 1024), 8, 354_000},
		{"512×512 of level 2", 2, image.Rect(512, 256, 1024, 768), 5, 700_000},
		{"all of level 2, 1220×831", 2, image.Rectangle{}, 1, 1_232_000},
	})
}

// TestReaderErrors: what fails is reading, with the file's name and nothing of the file's
// damage; a file that changes between two looks is no picture of both.
func TestReaderErrors(t *testing.T) {
	one := encoded(t, static(600), qtgpu.Options{Metadata: qtgpu.Metadata{ICC: make([]byte, 100_000)}})
	other := slices.Clone(one)
	other[len(other)-1]++
	now := content(one, `"a"`)
	url := start(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { now.ServeHTTP(w, q) })).URL
	f, err := remote.Open(t.Context(), url, nil)
	require.NoError(t, err)
	r, err := qtgpu.NewReader(t.Context(), f, f.Size(), &qtgpu.DecodeOptions{KeepGoing: true})
	require.NoError(t, err)
	now = content(other, `"b"`)
	_, err = r.Decode(t.Context())
	assert.ErrorIs(t, err, remote.ErrChanged)
	assert.ErrorAs(t, err, new(*qtgpu.ReadError))
	assert.Empty(t, r.LostTiles())

	now = status(404)
	_, err = r.DecodeRegion(t.Context(), image.Rect(0, 0, 9, 9), 0)
	var e *remote.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, []any{url, 404}, []any{e.URL, e.Status})

	ctx, cancel := context.WithCancelCause(t.Context())
	now = http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) { cancel(os.ErrDeadlineExceeded); <-q.Context().Done() })
	_, err = r.DecodeRegion(ctx, image.Rect(0, 0, 9, 9), 0)
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
}
