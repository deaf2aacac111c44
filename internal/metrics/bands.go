package metrics

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/qtgpu/qtgpu/internal/progress"
)

// bandRows is the height of a band. Bands do not depend on the number of
// workers, so that neither do the sums of floats.
const bandRows = 128

// parallelBands calls f for each band of rows up to h and returns the results
// in order.
func parallelBands[T any](h int, work *progress.Work, f func(y0, y1 int) T) []T {
	results := make([]T, (h+bandRows-1)/bandRows)
	work = work.Of(int64(len(results)))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(results)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(results); i = int(next.Add(1)) - 1 {
				results[i] = f(i*bandRows, min(h, (i+1)*bandRows))
				work.Add(1)
			}
		})
	}
	wg.Wait()
	return results
}
