package pipeline

import (
	"context"
	"fmt"
	"image"
	"image/color"

	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// Colours gives the colours of a raster of indices, as straight samples of 8 bits: gray
// where all colours are opaque grays, with red, green and blue where all are opaque, else
// with alpha too. Other rasters it gives as they are.
func Colours(src raster.Source) raster.Source {
	f := src.Format()
	if !areIndices(f) {
		return src
	}
	return &colours{src, coloursOf(f), paletteBytes(f.Palette)}
}

func areIndices(f *raster.Format) bool {
	return len(f.Bands) == 1 && f.Bands[0].Role == raster.Index
}

// coloursOf is the format of the colours of a raster.
func coloursOf(f *raster.Format) raster.Format {
	if !areIndices(f) {
		return *f
	}
	roles := []raster.Role{raster.Gray}
	for _, n := range paletteBytes(f.Palette) {
		switch {
		case n[3] != 255:
			roles = []raster.Role{raster.Red, raster.Green, raster.Blue, raster.Alpha}
		case (n[0] != n[1] || n[1] != n[2]) && len(roles) == 1:
			roles = []raster.Role{raster.Red, raster.Green, raster.Blue}
		}
	}
	return raster.Format{Width: f.Width, Height: f.Height, Type: raster.Uint8, Bands: raster.Bands(roles...)}
}

// paletteBytes are the colours of a palette, as straight samples of 8 bits.
func paletteBytes(p color.Palette) (table [][4]byte) {
	for _, c := range p {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		table = append(table, [4]byte{n.R, n.G, n.B, n.A})
	}
	return table
}

// colours looks up indices.
type colours struct {
	indices raster.Source
	format  raster.Format
	table   [][4]byte
}

// Format implements raster.Source.
func (c *colours) Format() *raster.Format { return &c.format }

// ReadBlock implements raster.Source.
func (c *colours) ReadBlock(ctx context.Context, dst *raster.Block) error {
	if err := raster.Check(&c.format, dst); err != nil {
		return err
	}
	f := c.indices.Format()
	b := raster.NewBlock(dst.Rect, f.Type, 1)
	if err := c.indices.ReadBlock(ctx, b); err != nil {
		return err
	}
	row := make([]int32, dst.Rect.Dx())
	for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
		sample.Load(row, b, 0, y)
		for x, v := range row {
			if int(v) >= len(c.table) {
				return fmt.Errorf("pixel %v: palette index %d, expected less than %d", image.Pt(dst.Rect.Min.X+x, y), v, len(c.table))
			}
			for i := range dst.Planes {
				dst.RowBytes(i, y)[x*dst.Step] = c.table[v][i]
			}
		}
	}
	return nil
}
