package qtgpu_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// eachSpeed runs do on the photo of testdata and on big.tif, where that is there, at
// several thresholds, on all CPUs and on one.
func eachSpeed(b *testing.B, do func(b *testing.B, m *imagefile.Image, o qtgpu.Options)) {
	images := map[string]func(testing.TB) string{
		"photo": func(testing.TB) string { return "testdata/images/dandelion.png" },
		"big":   func(t testing.TB) string { return filepath.Join(corpus(t), "big", "big.tif") },
	}
	for name, path := range images {
		b.Run(name, func(b *testing.B) {
			m := readImage(b, path(b))
			for _, o := range speeds() {
				name := fmt.Sprintf("t=%g/workers=%d", o.T, o.Workers)
				if o.Effort > 0 {
					name = fmt.Sprintf("effort=%d/workers=%d", o.Effort, o.Workers)
				}
				b.Run(name, func(b *testing.B) {
					do(b, m, o)
					pixels := float64(m.W) * float64(m.H) * float64(b.N)
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/pixels, "ns/pixel")
				})
			}
		})
	}
}

// speeds are several thresholds, and lossless with the most effort, on all CPUs and
// on one.
func speeds() (all []qtgpu.Options) {
	for _, workers := range []int{runtime.GOMAXPROCS(0), 1} {
		for _, t := range []float64{0, 2, 5, 10, 20, 30} {
			all = append(all, qtgpu.Options{T: t, Workers: workers})
		}
		all = append(all, qtgpu.Options{Effort: 4, Workers: workers})
	}
	return all
}

func BenchmarkEncode(b *testing.B) {
	eachSpeed(b, func(b *testing.B, m *imagefile.Image, o qtgpu.Options) {
		for b.Loop() {
			require.NoError(b, qtgpu.Encode(context.Background(), io.Discard, m, &o))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	eachSpeed(b, func(b *testing.B, m *imagefile.Image, o qtgpu.Options) {
		data := encode(b, m, o)
		for b.Loop() {
			r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(data), int64(len(data)), &qtgpu.DecodeOptions{Workers: o.Workers})
			require.NoError(b, err)
			_, err = r.Decode(context.Background())
			require.NoError(b, err)
		}
	})
}

// BenchmarkCopy decodes to PPM by rows, as the command does.
func BenchmarkCopy(b *testing.B) {
	eachSpeed(b, func(b *testing.B, m *imagefile.Image, o qtgpu.Options) {
		data := encode(b, m, o)
		for b.Loop() {
			r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(data), int64(len(data)), &qtgpu.DecodeOptions{Workers: o.Workers})
			require.NoError(b, err)
			f := r.Format()
			w, err := imagefile.Create(io.Discard, "ppm", &f, imagefile.Meta{}, imagefile.WriteOptions{})
			require.NoError(b, err)
			require.NoError(b, r.Copy(context.Background(), w, f.Bounds(), 0))
			require.NoError(b, w.Close())
		}
	})
}

// BenchmarkRegion decodes 512×512 pixels of big.tif at t = 10 whose edges are no edges of tiles: with a cache that
// has their tiles, and without one.
func BenchmarkRegion(b *testing.B) {
	data := encode(b, readImage(b, filepath.Join(corpus(b), "big", "big.tif")), qtgpu.Options{T: 10})
	for name, cache := range map[string]int64{"warm": 64 << 20, "cold": 0} {
		b.Run(name, func(b *testing.B) {
			opt := &qtgpu.DecodeOptions{CacheBytes: cache}
			r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(data), int64(len(data)), opt)
			require.NoError(b, err)
			f := r.Format()
			block := raster.NewBlock(image.Rect(700, 800, 1212, 1312), f.Type, len(f.Bands))
			require.NoError(b, r.ReadBlock(context.Background(), block, 0))
			for b.Loop() {
				require.NoError(b, r.ReadBlock(context.Background(), block, 0))
			}
		})
	}
}
