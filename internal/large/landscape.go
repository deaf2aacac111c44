package main

import (
	"context"
	"image"

	"github.com/qtgpu/qtgpu/raster"
)

// landscape is a raster of hills and noise that is made up where it is read. Every sample
// follows from its place.
type landscape struct {
	format raster.Format
	wave   [1 << 12]int32 // a period of a sine
}

func newLandscape(side int, gray16 bool) *landscape {
	l := &landscape{format: raster.Format{
		Width: side, Height: side, Type: raster.Uint8, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue),
	}}
	if gray16 {
		l.format.Type, l.format.Bands = raster.Uint16, raster.Bands(raster.Gray)
	}
	for i := range l.wave { // x(1−x) is near enough
		half := int32(i % (len(l.wave) / 2))
		v := half * (int32(len(l.wave))/2 - half) >> 6
		if i >= len(l.wave)/2 {
			v = -v
		}
		l.wave[i] = v
	}
	return l
}

// Format implements raster.Source.
func (l *landscape) Format() *raster.Format { return &l.format }

// at is a value of about ±32768 at a place.
func (l *landscape) at(x, y, band int) int32 {
	w := func(i int) int32 { return l.wave[i&(len(l.wave)-1)] }
	v := w(x+2*y)/2 + w(5*x-3*y+700*band)/4 + w(x/7+y/5+300*band)
	h := uint32(x)*0x9e3779b1 ^ uint32(y)*0x85ebca6b ^ uint32(band)*0xc2b2ae35
	h ^= h >> 15
	h *= 0x2c1b3c6d
	return v + int32(h>>21) - 1024
}

// ReadBlock implements raster.Source.
func (l *landscape) ReadBlock(ctx context.Context, dst *raster.Block) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := raster.Check(&l.format, dst); err != nil {
		return err
	}
	for band := range dst.Planes {
		for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
			l.row(dst, band, image.Pt(dst.Rect.Min.X, y))
		}
	}
	return nil
}

func (l *landscape) row(dst *raster.Block, band int, at image.Point) {
	if l.format.Type == raster.Uint16 {
		row := raster.Row[uint16](dst, band, at.Y)
		for x := range dst.Rect.Dx() {
			row[x*dst.Step] = uint16(min(max(l.at(at.X+x, at.Y, band)+1<<15, 0), 1<<16-1))
		}
		return
	}
	row := raster.Row[uint8](dst, band, at.Y)
	for x := range dst.Rect.Dx() {
		row[x*dst.Step] = uint8(min(max(l.at(at.X+x, at.Y, band)>>8+128, 0), 255))
	}
}
