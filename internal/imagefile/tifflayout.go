package imagefile

import (
	"encoding/binary"
	"image/color"
	"math"
	"slices"
	"strconv"

	"github.com/qtgpu/qtgpu/raster"
)

// Values of Predictor and SampleFormat that are written.
const (
	predictorNone       = 1
	predictorHorizontal = 2
	predictorFloat      = 3

	sampleSigned = 2
	sampleFloat  = 3
)

// tiffLayout is how a TIFF file stores a raster: bands as they are, but for gray, which
// is repeated if the profile is for colours, and for palettes that it cannot hold, whose
// colours are written. A profile that does not fit then either is left out.
type tiffLayout struct {
	*pixels
	format   *raster.Format
	palette  bool     // the samples are indices
	repeated bool     // gray stands for red, green and blue
	colours  int      // samples that show gray, colours or an index: 1 or 3
	extra    []uint16 // what those behind them are, as ExtraSamples says it
	profiled int      // channels that a profile has to fit
	icc      []byte   // the profile, nil where it does not fit
}

func newTIFFLayout(f *raster.Format, icc []byte) (*tiffLayout, error) {
	l := &tiffLayout{format: f, colours: 1, profiled: 1}
	p, err := pictureOf("tif", f)
	switch {
	case err != nil: // more than a picture
		err = l.layBands()
	case p.table != nil && opaque(f.Palette) && len(f.Palette) <= 256 && profileFits(icc, 3):
		l.palette, l.profiled = true, 3
		l.pixels, err = indices(f)
	default:
		err = l.layPicture(p, icc)
	}
	if profileFits(icc, l.profiled) {
		l.icc = icc
	}
	return l, err
}

// layBands takes the bands in their order.
func (l *tiffLayout) layBands() (err error) {
	bands := make([]int, len(l.format.Bands))
	for i := range bands {
		bands[i] = i
	}
	if l.format.Colour() == 0 {
		l.colours, l.profiled = 3, 3
	}
	for _, b := range l.format.Bands[l.colours:] {
		l.extra = append(l.extra, extraOf(alphaOf(b.Role)))
	}
	l.pixels, err = newPixels(l.format, bands, nil, binary.LittleEndian)
	return err
}

func (l *tiffLayout) layPicture(p *picture, icc []byte) (err error) {
	channels := p.channelsFor(icc)
	l.repeated, l.profiled = channels > p.channels, channels
	if channels > 2 {
		l.colours = 3
	}
	if channels%2 == 0 {
		l.extra = []uint16{extraOf(p.alpha)}
	}
	l.pixels, err = p.pixels(l.format, channels, binary.LittleEndian)
	return err
}

func extraOf(a Alpha) uint16 {
	return [...]uint16{Straight: alphaUnassociated, Premultiplied: alphaAssociated, NoAlpha: extraUnspecified}[a]
}

// tiffRoles are the roles that a TIFF file gives to the bands.
func tiffRoles(f *raster.Format) []raster.Role {
	if len(f.Bands) == 1 && f.Bands[0].Role == raster.Index {
		return []raster.Role{raster.Index}
	}
	roles := make([]raster.Role, len(f.Bands)) // Data
	for i, b := range f.Bands {
		if alphaOf(b.Role) != NoAlpha && i > 0 || f.Colour() == 0 && i < 3 {
			roles[i] = b.Role
		}
	}
	if f.Colour() != 0 {
		roles[0] = raster.Gray
	}
	return roles
}

func opaque(p color.Palette) bool {
	_, channels := expandPalette(p)
	return channels < 4
}

// predictor is what makes the samples smaller before compression: differences along the
// row, for floating point of the bytes of one significance.
func (l *tiffLayout) predictor() uint16 {
	switch {
	case l.palette:
		return predictorNone
	case l.format.Type.Float():
		return predictorFloat
	}
	return predictorHorizontal
}

// sampleFields say what the samples are.
func (l *tiffLayout) sampleFields() []field {
	n := len(l.bands)
	each := func(tag uint16, v int) field { return shorts(tag, slices.Repeat([]uint16{uint16(v)}, n)...) }
	photometric := uint16(photometricBlackIsZero)
	switch {
	case l.palette:
		photometric = photometricPalette
	case l.colours == 3:
		photometric = photometricRGB
	}
	fields := []field{each(tagBitsPerSample, 8*l.size), shorts(tagPhotometric, photometric), shorts(tagSamplesPerPixel, uint16(n))}
	switch t := l.format.Type; {
	case t.Signed():
		fields = append(fields, each(tagSampleFormat, sampleSigned))
	case t.Float():
		fields = append(fields, each(tagSampleFormat, sampleFloat))
	}
	if l.palette {
		fields = append(fields, shorts(tagColorMap, colorMap(l.format.Palette)...))
	} else if full := l.format.FullScale(); l.table == nil && full < l.format.Type.Max() && full <= math.MaxUint16 {
		fields = append(fields, each(tagMaxSampleValue, int(full)))
	}
	if l.extra != nil {
		fields = append(fields, shorts(tagExtraSamples, l.extra...))
	}
	return fields
}

// describing is what the file says besides of the pixels.
func (l *tiffLayout) describing(meta Meta) (fields []field) {
	if v := commonNoData(l.format); v != nil {
		text := strconv.FormatFloat(*v, 'g', -1, 64) + "\x00"
		fields = append(fields, blobField(tagGDALNodata, typeASCII, []byte(text)))
	}
	if l.icc != nil {
		fields = append(fields, blobField(tagICC, typeUndefined, l.icc))
	}
	if meta.XMP != nil {
		fields = append(fields, blobField(tagXMP, typeByte, meta.XMP))
	}
	if meta.IPTC != nil {
		fields = append(fields, iptcField(meta.IPTC))
	}
	exif := exifFields(meta.EXIF)
	if !hasResolution(exif) {
		fields = append(fields, densityFields(meta.PNG)...)
	}
	return append(fields, exif...)
}

func hasResolution(fields []field) bool {
	return slices.ContainsFunc(fields, func(f field) bool {
		return f.tag == tagXResolution || f.tag == tagYResolution || f.tag == tagResolutionUnit
	})
}

// colorMap is all reds, all greens and all blues of 256 colours, 16 bits each.
func colorMap(p color.Palette) []uint16 {
	const n = 1 << 8
	v := make([]uint16, 3*n)
	table, _ := expandPalette(p[:min(n, len(p))])
	for i, c := range table {
		for j := range 3 {
			v[j*n+i] = uint16(c[j]) * 257
		}
	}
	return v
}
