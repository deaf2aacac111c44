// Package sample brings typed samples to the 32-bit lanes that the engines work in and
// back. It is the only code that tells the types apart.
package sample

import (
	"fmt"

	"github.com/qtgpu/qtgpu/raster"
)

// Integers tells whether samples of a type are integers of which each fits a lane.
func Integers(t raster.Type) bool {
	switch t {
	case raster.Uint8, raster.Uint16, raster.Int8, raster.Int16, raster.Int32:
		return true
	}
	return false
}

// Load copies row y of a band of a block, Rect.Min.Y ≤ y < Rect.Max.Y, to the lanes of
// dst, of which there are Rect.Dx(). It panics where the type is not one of Integers.
func Load(dst []int32, b *raster.Block, band, y int) {
	switch b.Type {
	case raster.Uint8:
		load(dst, raster.Row[uint8](b, band, y), b.Step)
	case raster.Uint16:
		load(dst, raster.Row[uint16](b, band, y), b.Step)
	case raster.Int8:
		load(dst, raster.Row[int8](b, band, y), b.Step)
	case raster.Int16:
		load(dst, raster.Row[int16](b, band, y), b.Step)
	case raster.Int32:
		load(dst, raster.Row[int32](b, band, y), b.Step)
	default:
		panic(unfit(b.Type))
	}
}

// Store is the inverse of Load: lanes that a sample cannot hold lose their upper bits.
func Store(b *raster.Block, band, y int, src []int32) {
	switch b.Type {
	case raster.Uint8:
		store(raster.Row[uint8](b, band, y), src, b.Step)
	case raster.Uint16:
		store(raster.Row[uint16](b, band, y), src, b.Step)
	case raster.Int8:
		store(raster.Row[int8](b, band, y), src, b.Step)
	case raster.Int16:
		store(raster.Row[int16](b, band, y), src, b.Step)
	case raster.Int32:
		store(raster.Row[int32](b, band, y), src, b.Step)
	default:
		panic(unfit(b.Type))
	}
}

func unfit(t raster.Type) string { return fmt.Sprintf("sample: %v does not fit 32-bit lanes", t) }

type integer interface {
	uint8 | uint16 | int8 | int16 | int32
}

func load[T integer](dst []int32, src []T, step int) {
	if step == 1 {
		for i, v := range src[:len(dst)] {
			dst[i] = int32(v)
		}
		return
	}
	if step == 3 {
		n := min(len(dst), (len(src)+2)/3) &^ 3
		for d, s := dst[:n], src; len(d) > 3 && len(s) > 9; d, s = d[4:], s[min(12, len(s)):] {
			d[0], d[1], d[2], d[3] = int32(s[0]), int32(s[3]), int32(s[6]), int32(s[9])
		}
		dst, src = dst[n:], src[min(3*n, len(src)):]
	}
	for i, k := 0, 0; i < len(dst) && k < len(src); i, k = i+1, k+step {
		dst[i] = int32(src[k])
	}
}

func store[T integer](dst []T, src []int32, step int) {
	if step == 1 {
		for i, v := range src[:len(dst)] {
			dst[i] = T(v)
		}
		return
	}
	if step == 3 {
		n := min(len(src), (len(dst)+2)/3) &^ 3
		for d, s := dst, src[:n]; len(s) > 3 && len(d) > 9; d, s = d[min(12, len(d)):], s[4:] {
			d[0], d[3], d[6], d[9] = T(s[0]), T(s[1]), T(s[2]), T(s[3])
		}
		dst, src = dst[min(3*n, len(dst)):], src[n:]
	}
	for i, k := 0, 0; i < len(src) && k < len(dst); i, k = i+1, k+step {
		dst[k] = T(src[i])
	}
}
