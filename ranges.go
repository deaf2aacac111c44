package qtgpu

import (
	"context"
	"io"

	"github.com/qtgpu/qtgpu/internal/container"
)

// Range is a part of a file, in bytes.
type Range struct{ Offset, Length int64 }

// RangeReader is what an io.ReaderAt may be besides: one that is asked for all ranges of a
// request at once, as over a network. ReadRanges gives the bytes of each range, fewer where
// the file ends, and may be called from several goroutines; the ranges ascend and do not
// overlap. Without it, ranges are read by ReadAt, at most four at the same time.
type RangeReader interface {
	ReadRanges(ctx context.Context, ranges []Range) ([][]byte, error)
}

// ranged is an io.ReaderAt with its RangeReader, as the container takes it.
type ranged struct {
	io.ReaderAt
	r RangeReader
}

// ReadRanges implements container.RangeReader.
func (r ranged) ReadRanges(ctx context.Context, ranges []container.Range) ([][]byte, error) {
	public := make([]Range, len(ranges))
	for i, at := range ranges {
		public[i] = Range(at)
	}
	return r.r.ReadRanges(ctx, public)
}

// input is r as the container takes it.
func input(r io.ReaderAt) io.ReaderAt {
	if ranges, ok := r.(RangeReader); ok {
		return ranged{r, ranges}
	}
	return r
}
