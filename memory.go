package qtgpu

import (
	"fmt"
	"image"
	"math"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
)

// checkMemory refuses a region of a base level that does not fit the limit or the
// address space, before anything is allocated for it.
func (r *Reader) checkMemory(rect image.Rectangle, level int) error {
	limit := int64(math.MaxInt)
	if r.opt.MaxMemory > 0 {
		limit = min(limit, r.opt.MaxMemory)
	}
	if need := r.layout.memory(rect, level, parallel.Workers(r.opt.Workers)); need > limit {
		return fmt.Errorf("%w: a region of %d×%d takes %d bytes of memory, the limit is %d",
			ErrTooLarge, rect.Dx(), rect.Dy(), need, limit)
	}
	return nil
}

// planeBytes is the memory of a lossy file's sample: in its plane, padding included.
const planeBytes = 2

// memory bounds the bytes that decoding a region of a base level, 0 or the level of
// the overview, holds at once.
func (l *layout) memory(rect image.Rectangle, level, workers int) int64 {
	pixel := int64(l.Channels) * int64(l.Depth/8)
	if l.Channels == 3 {
		pixel += int64(l.Depth / 8) // RGB is padded
	}
	n := area(rect) * pixel
	full := image.Rectangle{rect.Min.Mul(1 << level), rect.Max.Mul(1 << level)}
	if l.Engine == container.Exact {
		tile := l.tilesOver(full, 0)
		size := area(l.samples(image.Rectangle{tile.Min, tile.Min.Add(image.Pt(1, 1))})[0])
		return n + int64(workers)*size*int64(l.Channels)*predictive.SampleBytes>>(2*level)
	}
	for _, r := range l.padded(l.tilesOver(full, filterMargin)) {
		n += area(r) * planeBytes >> (2 * level)
	}
	return n
}

func area(r image.Rectangle) int64 { return int64(r.Dx()) * int64(r.Dy()) }
