package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// stretch makes a picture of 8 bits of samples of any type, black at min and white at max:
// of red, green and blue, else of the first three bands, or of the first alone where there
// are fewer. What has no data is transparent, or 0 where the picture has no alpha.
type stretch struct {
	min, max float64
	auto     bool // these are the samples', where there has to be a picture
}

// parseStretch parses MIN,MAX or auto; nil stands for "".
func parseStretch(text string) (*stretch, error) {
	switch text {
	case "":
		return nil, nil
	case "auto":
		return &stretch{auto: true}, nil
	}
	low, high, ok := strings.Cut(text, ",")
	s := new(stretch)
	var err, err2 error
	s.min, err = strconv.ParseFloat(strings.TrimSpace(low), 64)
	s.max, err2 = strconv.ParseFloat(strings.TrimSpace(high), 64)
	if span := s.max - s.min; !ok || err != nil || err2 != nil || !(span > 0) || math.IsInf(span, 0) {
		return nil, usagef("--stretch %q: expected MIN,MAX in units of the samples, MIN below MAX, or auto", text)
	}
	return s, nil
}

// shown are the bands of a raster that a picture shows, and its band of opacity, -1 for
// none. The error is of indices and of colours multiplied by their opacity.
func shown(f *raster.Format) (bands []int, alpha int, err error) {
	alpha = -1
	var others []int
	for i, b := range f.Bands {
		switch b.Role {
		case raster.Index:
			return nil, -1, errors.New("--stretch: samples are indices of a palette, expected amounts")
		case raster.Premultiplied:
			return nil, -1, fmt.Errorf("--stretch: band %d is %v, expected straight alpha or none", i+1, b.Role)
		case raster.Alpha:
			if alpha < 0 {
				alpha = i
			}
		default:
			others = append(others, i)
		}
	}
	switch c := f.Colour(); {
	case c >= 0:
		return []int{c, c + 1, c + 2}, alpha, nil
	case len(others) >= 3:
		return others[:3], alpha, nil
	case len(others) == 0:
		return nil, -1, errors.New("--stretch: all bands are alpha, expected one beside it")
	}
	return others[:1], alpha, nil
}

// stretched takes samples and gives their picture to a file.
type stretched struct {
	stretch
	from, to *raster.Format
	bands    []int // of from, that to shows
	alpha    int   // of from, or -1
	picture  raster.Sink
	row      []float64
}

// format is the picture's, in the format of a file; its alpha is left out where the file
// holds none.
func (s *stretched) format(file string) *raster.Format {
	roles := []raster.Role{raster.Gray}
	if len(s.bands) == 3 {
		roles = []raster.Role{raster.Red, raster.Green, raster.Blue}
	}
	holes := s.alpha >= 0 || s.from.Type.Float() || slices.ContainsFunc(s.bands, func(i int) bool { return s.from.Bands[i].NoData != nil })
	if holes && (file == "png" || file == "tif") {
		roles = append(roles, raster.Alpha)
	}
	return &raster.Format{Width: s.from.Width, Height: s.from.Height, Type: raster.Uint8, Bands: raster.Bands(roles...)}
}

// newStretched prepares the picture of a raster for a file of a format.
func newStretched(s stretch, from *raster.Format, file string) (*stretched, error) {
	bands, alpha, err := shown(from)
	if err != nil {
		return nil, err
	}
	out := &stretched{stretch: s, from: from, bands: bands, alpha: alpha, row: make([]float64, from.Width)}
	out.to = out.format(file)
	return out, nil
}

// WriteBlock implements raster.Sink.
func (s *stretched) WriteBlock(ctx context.Context, b *raster.Block) error {
	n := len(s.bands)
	p := raster.NewBlock(b.Rect, raster.Uint8, n+1)
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		opacity := p.RowBytes(n, y)
		s.opacity(opacity, b, y)
		for i, band := range s.bands {
			s.band(p.RowBytes(i, y), opacity, b, band, y)
		}
		for i := range s.bands {
			for x, a := range opacity {
				if a == 0 {
					p.RowBytes(i, y)[x] = 0
				}
			}
		}
	}
	p.Planes = p.Planes[:len(s.to.Bands)]
	return s.picture.WriteBlock(ctx, p)
}

// opacity fills dst with row y of the alpha of a block, at the scale of 8 bits.
func (s *stretched) opacity(dst []byte, b *raster.Block, y int) {
	for x := range dst {
		dst[x] = math.MaxUint8
	}
	if s.alpha < 0 {
		return
	}
	b.Numbers(s.row, s.alpha, y)
	full := 1.0
	if v := s.from.FullScale(); v > 0 {
		full = float64(v)
	}
	for x := range dst {
		dst[x] = scaled(s.row[x] / full)
	}
}

// band fills dst with row y of a band, and clears the opacity of what has no data.
func (s *stretched) band(dst, opacity []byte, b *raster.Block, band, y int) {
	b.Numbers(s.row, band, y)
	noData := sample.NoDataNumber(s.from, band)
	for x := range dst {
		v := s.row[x]
		if !sample.Counts(v, noData) {
			opacity[x] = 0
		}
		dst[x] = scaled((v - s.min) / (s.max - s.min))
	}
}

// scaled brings 0 to 1 to the scale of 8 bits, rounded to the nearest; what lies outside
// is at an end.
func scaled(v float64) byte {
	if !(v > 0) {
		return 0
	}
	return byte(math.Floor(min(v, 1)*math.MaxUint8 + 0.5))
}

// pictureTags are the tags that are true of the picture too: where it lies, and what it is
// of.
func pictureTags(tags imagefile.Tags) (kept imagefile.Tags) {
	const description, x, y, unit, software, time, artist = 270, 282, 283, 296, 305, 306, 315
	for _, t := range tags {
		if isGeo(t) || slices.Contains([]uint16{description, x, y, unit, software, time, artist}, t.Tag) {
			kept = append(kept, t)
		}
	}
	return kept
}
