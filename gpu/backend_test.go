//go:build cgo && linux && gpu && egl

package gpu

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/reducetest"
	"github.com/qtgpu/qtgpu/tree"
)

var (
	images   = flag.Int("images", 300, "random images of the identity tests")
	leakRuns = flag.Int("leak", 100, "encodes of the leak test")
)

// open opens a device, software where there is no other. Without one the test is
// skipped, or fails under QTGPU_REQUIRE_GPU=1.
func open(t testing.TB) *backend {
	t.Helper()
	b, err := Open(true)
	if err != nil {
		if os.Getenv("QTGPU_REQUIRE_GPU") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b.(*backend)
}

// blocks are limits of a buffer: one under which almost all images take one
// window, and one that cuts them into many, with levels above them.
var blocks = map[string]int{"whole": maxBlock, "windows": 1 << 16}

func TestBackend(t *testing.T) {
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			t.Log(b.Device())
			b.block = min(b.block, block)
			reducetest.RunBackend(t, b)
		})
	}
}

// TestReducerInWindows: the suite with buffers of 8 KiB, for the smallest windows.
func TestReducerInWindows(t *testing.T) {
	b := open(t)
	b.block = 1 << 13
	reducetest.Run(t, b)
}

// TestRandomImages: the same integers of all stages as on the CPU.
func TestRandomImages(t *testing.T) {
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			b.block = min(b.block, block)
			rng := rand.New(rand.NewPCG(3, uint64(block)))
			for i := range *images {
				w, h := 1+rng.IntN(2<<rng.IntN(10)), 1+rng.IntN(2<<rng.IntN(10))
				m := reducetest.Picture(rng, w, h, 1+rng.IntN(4), 8<<rng.IntN(2), rng.IntN(3))
				sub420 := rng.IntN(2) == 0
				require.NoError(t, sameAsCPU(t, b, m, sub420), "image %d", i)
				require.NoError(t, reducetest.SameCoder(b, cpufallback.New(0), rng, m, sub420), "image %d", i)
			}
		})
	}
}

func sameAsCPU(t testing.TB, b tree.Backend, m *chroma.Interleaved, sub420 bool) error {
	want, err := tree.Prepare(t.Context(), cpufallback.New(0), m, sub420)
	require.NoError(t, err)
	got, err := tree.Prepare(t.Context(), b, m, sub420)
	if err == nil {
		err = tree.Compare(got, want)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", reducetest.Describe(m, sub420), err)
	}
	return nil
}

// TestTooLargeForTheDevice: images above the device's largest block go in windows
// without help, as RGBA in 16 bits of 20 megapixels does under llvmpipe's 128 MiB.
func TestTooLargeForTheDevice(t *testing.T) {
	b := open(t)
	const w, h = 4099, 5003
	if w*h*8 <= b.block {
		t.Skipf("the device takes blocks of %d bytes: the test would need more memory", b.block)
	}
	m := reducetest.Picture(rand.New(rand.NewPCG(5, 5)), w, h, 4, 16, 0)
	require.NoError(t, sameAsCPU(t, b, m, true))
}

// FuzzBackends: any pixels of any kind give what the CPU makes of them.
func FuzzBackends(f *testing.F) {
	f.Add([]byte{0, 255, 3, 7, 1, 0, 0, 9}, uint8(2), uint8(0), uint8(0), true)
	f.Add(make([]byte, 4000), uint8(33), uint8(7), uint8(3), true)
	b := open(f)
	f.Fuzz(func(t *testing.T, pix []byte, w, kind, between uint8, sub420 bool) {
		m := &chroma.Interleaved{W: int(w), Channels: 1 + int(kind&3), Depth: 8 << (kind >> 2 & 1), Pix: pix}
		m.Step = m.Channels*m.Depth/8 + int(between&15)
		m.Stride = m.W*m.Step + int(between>>4)
		m.H = len(pix) / max(m.Stride, 1)
		if tree.CheckSource(m) == nil {
			require.NoError(t, sameAsCPU(t, b, m, sub420))
		}
	})
}

// BenchmarkPrepare is both backends on 16 megapixels, stage by stage, and the device with planes that stay there;
// and the bytes that come back.
func BenchmarkPrepare(b *testing.B) {
	m := reducetest.Picture(rand.New(rand.NewPCG(1, 1)), 4878, 3322, 3, 8, 0)
	device := open(b)
	for _, c := range []struct {
		name    string
		on      tree.Backend
		prepare func(context.Context, tree.Backend, *chroma.Interleaved, bool) (*tree.Prepared, error)
	}{{"cpu", cpufallback.New(0), tree.Prepare}, {"device", device, tree.Prepare}, {"resident", device, tree.PrepareResident}} {
		b.Run(c.name, func(b *testing.B) {
			took, bytes := map[string]time.Duration{}, 0
			for b.Loop() {
				p, err := c.prepare(b.Context(), c.on, m, true)
				require.NoError(b, err)
				for _, s := range p.Stages {
					took[s.Name] += s.Duration
				}
				bytes = bytesBack(p)
			}
			for name, d := range took {
				b.ReportMetric(float64(d.Microseconds())/1000/float64(b.N), strings.ReplaceAll(name, " ", "-")+"-ms")
			}
			if c.on == tree.Backend(device) {
				b.ReportMetric(float64(bytes)/1e6, "back-MB")
			}
		})
	}
}

// bytesBack is what a device gives back of an image: nodes, and planes unless they stay.
func bytesBack(p *tree.Prepared) (n int) {
	for i := range p.Planes {
		n += 2 * len(p.Planes[i].Pix)
		for _, l := range p.Pyramids[i].Levels {
			n += nodeBytes * len(l.Sum)
		}
	}
	return n
}

// BenchmarkCopy is what the way to the device and back reaches without more.
func BenchmarkCopy(b *testing.B) {
	device := open(b)
	const size = 64 << 20
	data := make([]byte, size)
	var buf buffer
	require.NoError(b, device.Do(func() error { return buf.reserve(size) }))
	for name, copied := range map[string]func() error{
		"upload": func() error { write(&buf, 0, data); gl.Finish(); return nil },
		"read-back": func() error {
			return buf.read(size, func(p unsafe.Pointer) { copy(data, unsafe.Slice((*byte)(p), size)) })
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				require.NoError(b, device.Do(copied))
			}
		})
	}
	require.NoError(b, device.Do(func() error { buf.free(); return nil }))
}
