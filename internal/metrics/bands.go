package metrics

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// bandRows is the height of a band. Bands do not depend on the number of
// workers, so that neither do the sums of floats.
const bandRows = 128

// parallelBands calls f for each band of rows up to h and returns the results
// in order.
func parallelBands[T any](h int, f func(y0, y1 int) T) []T {
	results := make([]T, (h+bandRows-1)/bandRows)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(results)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(results); i = int(next.Add(1)) - 1 {
				results[i] = f(i*bandRows, min(h, (i+1)*bandRows))
			}
		})
	}
	wg.Wait()
	return results
}
