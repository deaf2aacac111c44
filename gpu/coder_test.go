//go:build cgo && linux && gpu && egl

package gpu

import (
	"context"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/reducetest"
	"github.com/qtgpu/qtgpu/tree"
)

// TestCoder: the stages below the pyramid, with the planes on the device, and with little room for
// all.
func TestCoder(t *testing.T) {
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			b.block = min(b.block, block)
			reducetest.RunCoder(t, b, cpufallback.New(0))
		})
	}
}

// asked is a backend that keeps what it is asked for below the pyramid.
type asked struct {
	*cpufallback.Backend
	costs, leaves []request
}

// request is a call of a stage.
type request struct {
	p     *tree.Prepared
	works []tree.Work
}

func (a *asked) Coder() tree.Coder { return a }

// Recycle keeps what was prepared, which the requests are about.
func (a *asked) Recycle(*tree.Prepared) {}

func (a *asked) Costs(ctx context.Context, p *tree.Prepared, works []tree.Work) ([][]tree.Cost, error) {
	a.costs = append(a.costs, request{p, works})
	return a.Backend.Costs(ctx, p, works)
}

func (a *asked) Quantise(ctx context.Context, p *tree.Prepared, works []tree.Work) ([]tree.Outcomes, error) {
	a.leaves = append(a.leaves, request{p, works})
	return a.Backend.Quantise(ctx, p, works)
}

// benchImage is $QTGPU_BENCH_IMAGE, or a scene of 16 megapixels.
func benchImage(b *testing.B) *imagefile.Image {
	name := os.Getenv("QTGPU_BENCH_IMAGE")
	if name == "" {
		return &imagefile.Image{Interleaved: *reducetest.Scene(rand.New(rand.NewPCG(1, 1)), 4878, 3322, 3, 8)}
	}
	f, err := os.Open(name)
	require.NoError(b, err)
	defer f.Close()
	m, _, err := imagefile.Read(f, imagefile.ReadOptions{MaxPixels: 1 << 30})
	require.NoError(b, err)
	return m
}

// processTime is what all threads of this process have taken of the CPUs, whoever else had them.
func processTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// samples are the ones under the nodes of works.
func samples(works []tree.Work) (n int) {
	for _, w := range works {
		n += len(w.Numbers) << (2 * w.Level)
	}
	return n
}

// BenchmarkCoder is what both coders take for all that an encode asks them for, by stages. Without
// vector kernels (GODEBUG=cpu.avx2=off) the CPU runs the generic Go.
func BenchmarkCoder(b *testing.B) {
	a := &asked{Backend: cpufallback.New(0)}
	encode(b, benchImage(b), qtgpu.Options{T: 10}, a)
	for _, on := range []struct {
		name  string
		coder tree.Coder
	}{{"cpu", cpufallback.New(0)}, {"device", open(b)}} {
		b.Run(on.name, func(b *testing.B) {
			var cost, quantise time.Duration
			priced, quantised, words, nodes := 0, 0, 0, 0 // samples, words of records, nodes with a cost
			busy := processTime(b)
			for b.Loop() {
				for i := range a.costs {
					start := time.Now()
					_, err := on.coder.Costs(b.Context(), a.costs[i].p, a.costs[i].works)
					require.NoError(b, err)
					middle := time.Now()
					found, err := on.coder.Quantise(b.Context(), a.leaves[i].p, a.leaves[i].works)
					require.NoError(b, err)
					cost += middle.Sub(start)
					quantise += time.Since(middle)
					priced += samples(a.costs[i].works)
					quantised += samples(a.leaves[i].works)
					for _, w := range a.costs[i].works {
						nodes += len(w.Numbers)
					}
					for _, leaves := range found {
						words += 2 * len(leaves) // where they lie
						for _, r := range leaves {
							words += len(r)
						}
					}
				}
			}
			b.ReportMetric(float64(cost.Microseconds())/1000/float64(b.N), "cost-ms")
			b.ReportMetric(float64(quantise.Microseconds())/1000/float64(b.N), "quantise-ms")
			b.ReportMetric(float64((processTime(b)-busy).Microseconds())/1000/float64(b.N), "process-ms")
			b.ReportMetric(float64(priced)/1e6/float64(b.N), "priced-MS")
			b.ReportMetric(float64(quantised)/1e6/float64(b.N), "quantised-MS")
			b.ReportMetric(16*float64(nodes)/1e6/float64(b.N), "cost-MB")
			b.ReportMetric(4*float64(words)/1e6/float64(b.N), "record-MB")
		})
	}
}
