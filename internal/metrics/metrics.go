// Package metrics measures how far a decoded image is from its original.
package metrics

import (
	"fmt"
	"math"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/progress"
)

// Result compares two images of the same shape. Errors are in levels of the
// samples, PSNR is in dB.
type Result struct {
	// PSNR is 10·log10(L²/MSE) over the samples of all colour channels, where L
	// is the largest level; +Inf for equal images. Alpha does not count.
	PSNR float64
	// PSNRLuma is the PSNR of the luma 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601);
	// the same as PSNR for gray.
	PSNRLuma float64
	// SSIM is the mean structural similarity of luma, 1 for equal images, over
	// all Gaussian windows of 11×11 with σ = 1.5 inside the image, K1 = 0.01 and
	// K2 = 0.03 (Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment:
	// from error visibility to structural similarity", 2004); NaN for an image
	// smaller than a window.
	SSIM float64
	// MaxError and RMS are the largest absolute error and the root of the mean
	// squared error of each channel, alpha included.
	MaxError []int
	RMS      []float64
}

// Compare measures b against a, which is work; their samples are 0 to full. The error says how
// their shapes differ.
func Compare(a, b chroma.Interleaved, full int64, work *progress.Work) (Result, error) {
	work = work.Of(ssimCost + 1)
	if a.W != b.W || a.H != b.H || a.Channels != b.Channels || a.Depth != b.Depth {
		return Result{}, fmt.Errorf("images of %s and %s cannot be compared", shape(a), shape(b))
	}
	sums := parallelBands(a.H, work.Part(1), func(y0, y1 int) bandSums { return sumBand(a, b, y0, y1) })
	var total bandSums
	for _, s := range sums {
		total.add(s)
	}
	pixels := float64(a.W) * float64(a.H)
	colours := ColourChannels(a.Channels)
	r := Result{SSIM: ssim(a, b, float64(full), work.Rest())}
	var squares uint64
	for c := range a.Channels {
		r.MaxError = append(r.MaxError, total.max[c])
		r.RMS = append(r.RMS, math.Sqrt(float64(total.squares[c])/pixels))
		if c < colours {
			squares += total.squares[c]
		}
	}
	r.PSNR = PSNR(squares, int64(a.W)*int64(a.H)*int64(colours), full)
	r.PSNRLuma = psnr(total.luma/pixels, float64(full))
	return r, nil
}

func shape(m chroma.Interleaved) string {
	return fmt.Sprintf("%dx%d pixels with %d channels of %d bits", m.W, m.H, m.Channels, m.Depth)
}

// PSNR is the one of Result, of the sum of the squared errors of some samples whose largest
// level is full.
func PSNR(squares uint64, samples, full int64) float64 {
	return psnr(float64(squares)/float64(samples), float64(full))
}

// psnr is +Inf for no error.
func psnr(mse, full float64) float64 { return 10 * math.Log10(full*full/mse) }

// ColourChannels is 1 for gray and 3 for RGB, with alpha or without: of 1 to 4 channels.
func ColourChannels(channels int) int { return (channels - 1) | 1 }

// bandSums holds the errors of some rows. The squares of 2^30 pixels of 16 bits
// take less than 62 bits.
type bandSums struct {
	squares [4]uint64
	max     [4]int
	luma    float64 // sum of squares
}

func (s *bandSums) add(o bandSums) {
	for c := range s.max {
		s.squares[c] += o.squares[c]
		s.max[c] = max(s.max[c], o.max[c])
	}
	s.luma += o.luma
}

// Weights of luma in thousandths, so that sums of errors stay exact.
var lumaWeights = [3]int{299, 587, 114}

func sumBand(a, b chroma.Interleaved, y0, y1 int) (s bandSums) {
	weights := [4]int{1000}
	if ColourChannels(a.Channels) == 3 {
		copy(weights[:], lumaWeights[:])
	}
	size := a.Depth / 8
	for y := y0; y < y1; y++ {
		ra, rb := a.Pix[y*a.Stride:], b.Pix[y*b.Stride:]
		var luma float64
		for x := range a.W {
			pa, pb := ra[x*a.Step:], rb[x*b.Step:]
			d := 0
			for c := range a.Channels {
				e := sample(pa, c, size) - sample(pb, c, size)
				s.squares[c] += uint64(e * e)
				s.max[c] = max(s.max[c], e, -e)
				d += weights[c] * e
			}
			luma += float64(d) * float64(d)
		}
		s.luma += luma * 1e-6
	}
	return s
}

// sample returns sample c of a pixel, size bytes each, big-endian.
func sample(p []byte, c, size int) int {
	if size == 1 {
		return int(p[c])
	}
	return int(p[2*c])<<8 | int(p[2*c+1])
}
