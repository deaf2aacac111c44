package qtgpu

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/qtgpu/qtgpu/raster"
)

// Spool is where an Encoder keeps rows that it has no memory for: an *os.File does. It
// takes as many bytes as the samples, from byte 0 on, and what it has held is of no use
// afterwards.
type Spool interface {
	io.ReaderAt
	io.WriterAt
}

// spool is a raster in a Spool: row by row, the samples of each band beside each other, in
// the byte order of the machine.
type spool struct {
	file   Spool
	format *raster.Format
	band   int64 // bytes of a row of a band
}

func newSpool(file Spool, f *raster.Format) (*spool, error) {
	if f.Bytes() == math.MaxInt64 {
		return nil, fmt.Errorf("raster of %d×%d pixels and %d bands, expected less than 2^63 bytes", f.Width, f.Height, len(f.Bands))
	}
	return &spool{file, f, int64(f.Width) * int64(f.Type.Size())}, nil
}

// Format implements raster.Source.
func (s *spool) Format() *raster.Format { return s.format }

// at is where a row of a band begins.
func (s *spool) at(band, y int) int64 {
	return (int64(y)*int64(len(s.format.Bands)) + int64(band)) * s.band
}

// WriteBlock implements raster.Sink.
func (s *spool) WriteBlock(ctx context.Context, b *raster.Block) error {
	row := raster.NewBlock(b.Rect, b.Type, 0)
	row.Rect.Max.Y = row.Rect.Min.Y + 1
	p := make([]byte, s.band*int64(len(b.Planes)))
	for i := range b.Planes {
		row.Planes = append(row.Planes, p[int64(i)*s.band:])
	}
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		row.Rect.Min.Y, row.Rect.Max.Y = y, y+1
		raster.Copy(row, b)
		if n, err := s.file.WriteAt(p, s.at(0, y)); err != nil || n < len(p) {
			return fmt.Errorf("spool: row %d: %w", y, orShort(err, io.ErrShortWrite))
		}
	}
	return nil
}

// ReadBlock implements raster.Source.
func (s *spool) ReadBlock(ctx context.Context, dst *raster.Block) error {
	size := int64(s.format.Type.Size())
	p := make([]byte, int64(dst.Rect.Dx())*size)
	row := raster.Block{Rect: dst.Rect, Type: dst.Type, Planes: [][]byte{p}, Step: 1, Stride: dst.Rect.Dx()}
	for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		row.Rect.Min.Y, row.Rect.Max.Y = y, y+1
		for i := range dst.Planes {
			if n, err := s.file.ReadAt(p, s.at(i, y)+int64(dst.Rect.Min.X)*size); n < len(p) {
				return fmt.Errorf("spool: row %d: %w", y, orShort(err, io.ErrUnexpectedEOF))
			}
			band := *dst
			band.Planes = dst.Planes[i : i+1]
			raster.Copy(&band, &row)
		}
	}
	return nil
}

// orShort is an error, or another one where a file gives less than it should without one.
func orShort(err, short error) error {
	if err == nil || err == io.EOF {
		return short
	}
	return err
}
