package qtgpu

import (
	"fmt"
	"image"
	"math"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
)

// checkMemory refuses a region of a base level that does not fit the limit or the
// address space, before anything is allocated for it.
func (r *Reader) checkMemory(rect image.Rectangle, level int) error {
	limit := int64(math.MaxInt)
	if r.opt.MaxMemory > 0 {
		limit = min(limit, r.opt.MaxMemory)
	}
	if need := r.layout.memory(rect, level, cpufallback.Workers(r.opt.Workers)); need > limit {
		return fmt.Errorf("%w: a region of %d×%d takes %d bytes of memory, the limit is %d",
			ErrTooLarge, rect.Dx(), rect.Dy(), need, limit)
	}
	return nil
}
