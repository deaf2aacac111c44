// Package rastertest draws rasters for tests, and holds blocks of samples against each
// other and against naive reductions.
package rastertest

import (
	"bytes"
	"fmt"
	"image"

	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// Draw makes a raster of integers. at gives the samples, called pixel by pixel in raster
// order, and band by band.
func Draw(f raster.Format, at func(band, x, y int) int64) *raster.Memory {
	b := raster.NewBlock(f.Bounds(), f.Type, len(f.Bands))
	for y := range f.Height {
		for x := range f.Width {
			for band := range f.Bands {
				Set(b, band, x, y, at(band, x, y))
			}
		}
	}
	m, err := raster.InMemory(f, b)
	if err != nil {
		panic(err)
	}
	return m
}

// Numbers makes a raster of any type. at gives the samples, band by band and row by row: of
// integers, the nearest one below that the type has.
func Numbers(f raster.Format, at func(band, x, y int) float64) *raster.Memory {
	b := raster.NewBlock(f.Bounds(), f.Type, len(f.Bands))
	words := make([]uint64, f.Width)
	for band := range f.Bands {
		for y := range f.Height {
			for x := range words {
				words[x] = sample.WordOf(f.Type, at(band, x, y))
			}
			sample.SetWords(b, band, y, words)
		}
	}
	m, err := raster.InMemory(f, b)
	if err != nil {
		panic(err)
	}
	return m
}

// Set sets a sample of an integer type; what it cannot hold loses its upper bits.
func Set(b *raster.Block, band, x, y int, v int64) {
	k := (x - b.Rect.Min.X) * b.Step
	switch b.Type {
	case raster.Uint8:
		raster.Row[uint8](b, band, y)[k] = uint8(v)
	case raster.Uint16:
		raster.Row[uint16](b, band, y)[k] = uint16(v)
	case raster.Int8:
		raster.Row[int8](b, band, y)[k] = int8(v)
	case raster.Int16:
		raster.Row[int16](b, band, y)[k] = int16(v)
	case raster.Int32:
		raster.Row[int32](b, band, y)[k] = int32(v)
	default:
		panic(fmt.Sprintf("rastertest: sample of %v", b.Type))
	}
}

// All are the samples of a whole raster.
func All(m *raster.Memory) *raster.Block { return m.View(m.Format().Bounds()) }

// Difference names the first place where part is not the crop of whole, "" where it is.
func Difference(whole, part *raster.Block) string {
	if whole.Type != part.Type || len(whole.Planes) != len(part.Planes) || !part.Rect.In(whole.Rect) {
		return fmt.Sprintf("%d bands of %v at %v in %d of %v at %v",
			len(part.Planes), part.Type, part.Rect, len(whole.Planes), whole.Type, whole.Rect)
	}
	for band := range part.Planes {
		for y := part.Rect.Min.Y; y < part.Rect.Max.Y; y++ {
			if whole.Step == part.Step && bytes.Equal(whole.Sub(part.Rect).RowBytes(band, y), part.RowBytes(band, y)) {
				continue
			}
			for x := part.Rect.Min.X; x < part.Rect.Max.X; x++ {
				if v, want := part.At(band, x, y), whole.At(band, x, y); v != want {
					return fmt.Sprintf("band %d x %d y %d: %v, expected %v", band, x, y, v, want)
				}
			}
		}
	}
	return ""
}

// Reduce is a block of a raster at a level further up: the first of 2^level × 2^level
// pixels, or their mean rounded to nearest, halves up. alpha is the band that weights the
// others where it is not zero in all of the pixels, -1 for none.
func Reduce(b *raster.Block, level, alpha int, decimate bool) *raster.Block {
	r := b.Rect
	up := 1<<level - 1
	out := raster.NewBlock(image.Rect(r.Min.X>>level, r.Min.Y>>level, (r.Max.X+up)>>level, (r.Max.Y+up)>>level), b.Type, len(b.Planes))
	for y := out.Rect.Min.Y; y < out.Rect.Max.Y; y++ {
		for x := out.Rect.Min.X; x < out.Rect.Max.X; x++ {
			pixels := image.Rect(x<<level, y<<level, (x+1)<<level, (y+1)<<level).Intersect(r)
			for band := range b.Planes {
				v := int64(b.At(band, pixels.Min.X, pixels.Min.Y))
				if !decimate {
					v = mean(b, pixels, band, alpha)
				}
				Set(out, band, x, y, v)
			}
		}
	}
	return out
}

// mean is the mean of some pixels of a band.
func mean(b *raster.Block, pixels image.Rectangle, band, alpha int) int64 {
	var sum, n, weighted, weights int64
	for y := pixels.Min.Y; y < pixels.Max.Y; y++ {
		for x := pixels.Min.X; x < pixels.Max.X; x++ {
			v := int64(b.At(band, x, y))
			sum, n = sum+v, n+1
			if alpha >= 0 && alpha != band {
				w := int64(b.At(alpha, x, y))
				weighted, weights = weighted+w*v, weights+w
			}
		}
	}
	if weights > 0 {
		sum, n = weighted, weights
	}
	q := sum / n
	for 2*(sum-q*n) >= n {
		q++
	}
	for 2*(sum-q*n) < -n {
		q--
	}
	return q
}
