package container

import (
	"context"
	"fmt"
	"io"
)

// OverviewInfo tells of a coarser level that a file holds as a file of its own.
type OverviewInfo struct {
	Level int
	Size  int64 // of the nested file, in bytes
}

// Overviews returns the coarser levels that the file holds, the finest first.
func (r *Reader) Overviews() []OverviewInfo {
	var out []OverviewInfo
	for _, o := range r.root.overs {
		out = append(out, OverviewInfo{o.level, o.file.Length})
	}
	return out
}

// Section is a nested file: an io.ReaderAt and a RangeReader.
type Section struct {
	in *input
	at Range
}

// Overview returns the nested file of a level. Its chunks have checksums of their own;
// only Check reads the checksum of the whole chunk.
func (r *Reader) Overview(level int) (*Section, error) {
	for _, o := range r.root.overs {
		if o.level == level {
			return &Section{r.in, o.file}, nil
		}
	}
	return nil, fmt.Errorf("no overview of level %d, expected one of %v", level, r.Overviews())
}

// Size is the length of the file in bytes.
func (s *Section) Size() int64 { return s.at.Length }

// ReadAt implements io.ReaderAt.
func (s *Section) ReadAt(p []byte, off int64) (int, error) {
	data, err := s.ReadRanges(context.Background(), []Range{{off, int64(len(p))}})
	if err != nil {
		return 0, err
	}
	n := copy(p, data[0])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// ReadRanges implements RangeReader.
func (s *Section) ReadRanges(ctx context.Context, ranges []Range) ([][]byte, error) {
	inside := make([]Range, len(ranges))
	for i, r := range ranges {
		if r.Offset < 0 || r.Length < 0 {
			return nil, fmt.Errorf("range of %d bytes at byte %d, expected neither below 0", r.Length, r.Offset)
		}
		off := min(r.Offset, s.at.Length)
		inside[i] = Range{s.at.Offset + off, min(r.Length, s.at.Length-off)}
	}
	return s.in.read(ctx, inside)
}
