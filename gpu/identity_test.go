//go:build cgo && linux && gpu && egl

package gpu

import (
	"bytes"
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/reducetest"
	"github.com/qtgpu/qtgpu/tree"
)

// TestFilesAreIdentical: the same bytes from both backends, over all sizes, kinds, thresholds and efforts at
// which planes stay on the device, as a whole or in windows.
func TestFilesAreIdentical(t *testing.T) {
	b := open(t)
	whole := b.block
	rng := rand.New(rand.NewPCG(10, 10))
	sizes := [][2]int{{1, 1}, {5000, 3}, {3, 5000}, {1, 777}, {777, 1}, {33, 65}, {512, 512}, {513, 511}}
	for i := range *images {
		size := [2]int{1 + rng.IntN(300), 1 + rng.IntN(300)}
		if i < 4*len(sizes) {
			size = sizes[i/4]
		}
		m := &imagefile.Image{Interleaved: *reducetest.Picture(rng, size[0], size[1], 1+i%4, 8<<rng.IntN(2), 0)}
		if i%2 == 0 {
			smooth(m)
		}
		level := float64(uint(1)<<m.Depth-1) / 255
		o := qtgpu.Options{T: level * (0.25 + rng.Float64()*49.75), Bound: qtgpu.BoundRMS, Chroma: qtgpu.Chroma(rng.IntN(3)), Split: qtgpu.Split(rng.IntN(3)), Effort: 1 + rng.IntN(2)}
		if b.block = whole; i/8%2 == 1 {
			b.block = blocks["windows"]
		}
		want := encode(t, m, o, nil)
		got := encode(t, m, o, b)
		if !bytes.Equal(got, want) {
			err := sameAsCPU(t, b, &m.Interleaved, o.Chroma == qtgpu.Chroma420)
			require.NoError(t, err, "image %d", i)
			require.Fail(t, "files differ", "image %d, T %g: %s", i, o.T, reducetest.Describe(&m.Interleaved, false))
		}
	}
}

// smooth makes a slope of m with a little noise, so that there are large leaves.
func smooth(m *imagefile.Image) {
	for i := range m.Pix {
		m.Pix[i] = byte(i%m.Stride/7+i/m.Stride/3)&0x7f + m.Pix[i]&3
	}
}

func encode(t testing.TB, m *imagefile.Image, o qtgpu.Options, on tree.Backend) []byte {
	t.Helper()
	o.Backend = on
	var file bytes.Buffer
	require.NoError(t, qtgpu.Encode(context.Background(), &file, m, &o))
	return file.Bytes()
}

// corpusPixels is the size of the largest image of the corpus of which files are compared.
const corpusPixels = 4 << 20

// TestCorpusIsIdentical: planes and pyramids of every image of the corpus, in both
// resolutions of colour, and files of those that are not too large.
func TestCorpusIsIdentical(t *testing.T) {
	corpus := cmp.Or(os.Getenv("QTGPU_CORPUS"), "../../shared/corpus")
	var files []string
	for _, dir := range []string{"big", "gis", "gray16", "kodak", "mask", "photo", "screen"} {
		found, err := filepath.Glob(filepath.Join(corpus, dir, "*.*"))
		require.NoError(t, err)
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Skipf("no corpus in %s", corpus)
	}
	b := open(t)
	compared := 0
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(t, err)
		m, _, err := imagefile.Read(f, imagefile.ReadOptions{MaxPixels: 1 << 30})
		f.Close()
		if err != nil {
			t.Logf("%s: %v", name, err) // floats and more bands are not read
			continue
		}
		for _, sub420 := range []bool{true, false} {
			require.NoError(t, sameAsCPU(t, b, &m.Interleaved, sub420), name)
		}
		o := qtgpu.Options{T: float64(uint(1)<<m.Depth-1) / 255 * float64(2+compared%3*6), Bound: qtgpu.BoundRMS, Engine: qtgpu.Transform}
		if m.W*m.H <= corpusPixels {
			require.True(t, bytes.Equal(encode(t, m, o, nil), encode(t, m, o, b)), "%s: files of T %g differ", name, o.T)
		}
		compared++
	}
	t.Logf("%d of %d images", compared, len(files))
	assert.NotZero(t, compared)
}
