package main

import (
	"context"
	"image"
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// statistics gathers what the samples of a raster are: a raster.Sink of it. Samples that
// are not finite or stand for no data do not count.
type statistics struct {
	bands  []bandStatistics
	noData []float64
	row    []float64 // scratch
}

// bandStatistics are of the samples that count.
type bandStatistics struct {
	n          int64
	least      float64
	most       float64
	mean       float64
	deviations float64 // the sum of the squares of the differences from mean
}

func newStatistics(f *raster.Format) *statistics {
	s := new(statistics)
	for i := range f.Bands {
		s.noData = append(s.noData, sample.NoDataNumber(f, i))
		s.bands = append(s.bands, bandStatistics{least: math.Inf(1), most: math.Inf(-1)})
	}
	return s
}

// WriteBlock implements raster.Sink.
func (s *statistics) WriteBlock(_ context.Context, b *raster.Block) error {
	s.row = slices.Grow(s.row[:0], b.Rect.Dx())
	for i := range s.bands {
		for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
			row := s.row[:b.Rect.Dx()]
			b.Numbers(row, i, y)
			s.bands[i].add(valid(row, s.noData[i]))
		}
	}
	return nil
}

// valid moves the samples that count to the front.
func valid(row []float64, noData float64) []float64 {
	n := 0
	for _, v := range row {
		if sample.Counts(v, noData) {
			row[n] = v
			n++
		}
	}
	return row[:n]
}

// add adds samples: their own mean and deviations, and those of two sets as one (Chan,
// Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample
// variances, 1979), which stays exact where the mean is large and the samples differ little.
func (b *bandStatistics) add(row []float64) {
	if len(row) == 0 {
		return
	}
	sum := 0.0
	for _, v := range row {
		b.least, b.most = min(b.least, v), max(b.most, v)
		sum += v
	}
	n := float64(len(row))
	mean, deviations := sum/n, 0.0
	for _, v := range row {
		deviations += (v - mean) * (v - mean)
	}
	before := float64(b.n)
	b.n += int64(len(row))
	delta := mean - b.mean
	b.mean += delta * n / float64(b.n)
	b.deviations += deviations + delta*delta*before*n/float64(b.n)
}

// all is the least and the largest sample of some bands, of all where none is named; least
// is above most where no sample counts.
func (s *statistics) all(bands ...int) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for i, b := range s.bands {
		if len(bands) == 0 || slices.Contains(bands, i) {
			least, most = min(least, b.least), max(most, b.most)
		}
	}
	return least, most
}

// scanBytes is about how much of a raster is held while it is scanned.
const scanBytes = 8 << 20

// scan reads all of a raster by bands of rows, or where a row of all bands is more than
// scanBytes by parts of it.
func scan(ctx context.Context, src raster.Source, to raster.Sink) error {
	f := src.Format()
	pixel := int64(len(f.Bands)) * int64(f.Type.Size())
	size := image.Pt(int(min(max(scanBytes/pixel, 1), int64(f.Width))), 1)
	if size.X == f.Width {
		size.Y = int(min(max(scanBytes/(pixel*int64(f.Width)), 1), int64(f.Height)))
	}
	all := raster.NewBlock(image.Rectangle{Max: size}, f.Type, len(f.Bands))
	for y := 0; y < f.Height; y += size.Y {
		for x := 0; x < f.Width; x += size.X {
			b := all.Sub(image.Rect(0, 0, min(size.X, f.Width-x), min(size.Y, f.Height-y)))
			b.Rect = b.Rect.Add(image.Pt(x, y))
			if err := src.ReadBlock(ctx, b); err != nil {
				return err
			}
			if err := to.WriteBlock(ctx, b); err != nil {
				return err
			}
		}
	}
	return nil
}
