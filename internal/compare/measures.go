package compare

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/metrics"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/raster"
)

// measures say how far decoded samples are from the original. What there is not is NaN.
type measures struct {
	psnr, ssim float64 // of pictures: in dB over all colours; of lightness
	rms        float64 // the root of the mean squared error of all samples, of pictures of all colours
	max        float64 // the largest error, alpha included; +Inf where data became no data or the reverse
}

// picture reads a decoded picture with the channels of the original.
func (o *original) picture(ctx context.Context, f *imagefile.File) (*imagefile.Image, error) {
	m, err := f.Image(ctx)
	if err != nil {
		return nil, err
	}
	want := o.image
	if m.Depth != want.Depth || m.FullScale() != want.FullScale() {
		return nil, fmt.Errorf("samples up to %d, expected up to %d", m.FullScale(), want.FullScale())
	}
	if m.Channels == want.Channels {
		return m, nil
	}
	return asChannels(m, want.Channels)
}

// asChannels brings a picture to a number of channels: colours, which WebP makes of gray, become
// their luma (ITU-R BT.601), alpha that says nothing goes, and what has none is opaque.
func asChannels(m *imagefile.Image, channels int) (*imagefile.Image, error) {
	to := imagefile.New(m.W, m.H, channels, m.Depth)
	to.Max = m.Max
	size, full := m.Depth/8, m.FullScale()
	for y := range m.H {
		for x := range m.W {
			p, q := m.Pix[y*m.Stride+x*m.Step:], to.Pix[y*to.Stride+x*to.Step:]
			colours := [3]int{sampleOf(p, 0, size), sampleOf(p, 0, size), sampleOf(p, 0, size)}
			if m.Channels >= 3 {
				colours[1], colours[2] = sampleOf(p, 1, size), sampleOf(p, 2, size)
			}
			alpha := full
			if m.Channels%2 == 0 {
				alpha = sampleOf(p, m.Channels-1, size)
			}
			if channels%2 == 1 && alpha != full {
				return nil, fmt.Errorf("a transparent pixel at (%d, %d) of an opaque picture", x, y)
			}
			if channels < 3 {
				colours[0] = (299*colours[0] + 587*colours[1] + 114*colours[2] + 500) / 1000
			}
			for c := range metrics.ColourChannels(channels) {
				putSample(q, c, size, colours[c])
			}
			if channels%2 == 0 {
				putSample(q, channels-1, size, alpha)
			}
		}
	}
	return to, nil
}

// sampleOf is sample c of a pixel, of one byte or of two, big-endian.
func sampleOf(p []byte, c, size int) int {
	if size == 1 {
		return int(p[c])
	}
	return int(p[2*c])<<8 | int(p[2*c+1])
}

func putSample(p []byte, c, size, v int) {
	if size == 1 {
		p[c] = byte(v)
		return
	}
	p[2*c], p[2*c+1] = byte(v>>8), byte(v)
}

// cellSide is the side of the cells whose errors are added up, in pixels.
const cellSide = 32

// cells are the sums of the squared errors of all colours in cells of a picture.
type cells struct {
	size  image.Point
	whole image.Point // cells that are whole
	sums  []uint64
}

// newCells adds up the errors of a picture of 8 or 16 bits.
func newCells(a, b chroma.Interleaved) *cells {
	c := &cells{size: image.Pt((a.W+cellSide-1)/cellSide, (a.H+cellSide-1)/cellSide), whole: image.Pt(a.W/cellSide, a.H/cellSide)}
	c.sums = make([]uint64, c.size.X*c.size.Y)
	colours, size := metrics.ColourChannels(a.Channels), a.Depth/8
	parallel.For(context.Background(), 0, c.size.Y, func(row int) error {
		sums := c.sums[row*c.size.X:]
		for y := row * cellSide; y < min((row+1)*cellSide, a.H); y++ {
			pa, pb := a.Pix[y*a.Stride:], b.Pix[y*b.Stride:]
			for x := range a.W {
				var sum uint64
				for i := range colours {
					e := sampleOf(pa[x*a.Step:], i, size) - sampleOf(pb[x*b.Step:], i, size)
					sum += uint64(e * e)
				}
				sums[x/cellSide] += sum
			}
		}
		return nil
	})
	return c
}

// psnr is the PSNR of the whole picture.
func (c *cells) psnr(o *original) float64 {
	var squares uint64
	for _, s := range c.sums {
		squares += s
	}
	return metrics.PSNR(squares, o.pixels()*int64(metrics.ColourChannels(o.image.Channels)), int64(o.image.FullScale()))
}

// ofPicture are the figures of a decoded picture.
func (o *original) ofPicture(m *imagefile.Image) (measures, error) {
	full := int64(o.image.FullScale())
	r, err := metrics.Compare(o.image.Interleaved, m.Interleaved, full, nil)
	if err != nil {
		return measures{}, err
	}
	f := measures{psnr: r.PSNR, ssim: r.SSIM, rms: float64(full) * math.Pow(10, -r.PSNR/20)}
	if !o.photo {
		f.ssim = math.NaN()
	}
	for _, e := range r.MaxError {
		f.max = max(f.max, float64(e))
	}
	return f, nil
}

// ofRaster are the figures of a decoded raster, which is read by rows.
func (o *original) ofRaster(ctx context.Context, f *imagefile.File) (measures, error) {
	g := f.Format()
	if len(g.Bands) != len(o.format.Bands) {
		return measures{}, fmt.Errorf("%d bands, expected %d", len(g.Bands), len(o.format.Bands))
	}
	const rows = 64
	width, sum := o.format.Width, 0.0
	out := measures{psnr: math.NaN(), ssim: math.NaN()}
	was, is := make([]float64, width), make([]float64, width)
	for y0 := 0; y0 < o.format.Height; y0 += rows {
		r := image.Rect(0, y0, width, min(y0+rows, o.format.Height))
		b, a := raster.NewBlock(r, g.Type, len(g.Bands)), o.data.View(r)
		if err := f.ReadBlock(ctx, b); err != nil {
			return measures{}, err
		}
		for band := range g.Bands {
			for y := r.Min.Y; y < r.Max.Y; y++ {
				a.Numbers(was, band, y)
				b.Numbers(is, band, y)
				sum += out.row(was, is, o.format.Bands[band].NoData)
			}
		}
	}
	out.rms = math.Sqrt(sum / (float64(o.pixels()) * float64(len(g.Bands))))
	return out, nil
}

// row takes the errors of a row and returns the sum of their squares. What is no data must
// stay so.
func (f *measures) row(was, is []float64, none *float64) (sum float64) {
	for i, a := range was {
		b := is[i]
		if a == b || a != a && b != b {
			continue
		}
		if a != a || b != b || none != nil && (a == *none || b == *none) {
			f.max = math.Inf(1)
			continue
		}
		f.max = max(f.max, math.Abs(a-b))
		sum += (a - b) * (a - b)
	}
	return sum
}

var errNothing = errors.New("the file is empty")
