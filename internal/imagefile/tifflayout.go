package imagefile

import (
	"encoding/binary"
	"image/color"
	"math"
	"slices"
	"strconv"

	"github.com/qtgpu/qtgpu/raster"
)

// tiffLayout is how a TIFF file stores a raster: bands as they are, but for gray, which
// is repeated if the profile is for colours, and for palettes that it cannot hold, whose
// colours are written. A profile that does not fit then either is left out.
type tiffLayout struct {
	*pixels
	format   *raster.Format
	tags     Tags
	depth    *depth   // of samples of fewer bits than their type has, else nil
	wide     []byte   // scratch of a row of floating point that has fewer
	palette  bool     // the samples are indices
	mask     bool     // the samples are 1 where the last band of the raster is not 0
	white    bool     // white is zero: Gray is turned around
	inks     bool     // the first bands are cyan, magenta, yellow and black
	repeated bool     // gray stands for red, green and blue
	colours  int      // samples that show gray, colours or an index: 1 or 3
	extra    []uint16 // what those behind them are, as ExtraSamples says it
	profiled int      // channels that a profile has to fit
	icc      []byte   // the profile, nil where it does not fit
}

func newTIFFLayout(f *raster.Format, icc []byte, opt *WriteOptions) (*tiffLayout, error) {
	l := &tiffLayout{format: f, tags: opt.Tags, colours: 1, profiled: 1}
	p, err := pictureOf("tif", f)
	switch {
	case err != nil || l.saysInks(): // more than a picture
		err = l.layBands()
	case p.table != nil && paletteFits(f) && len(f.Palette) > 256 && profileFits(icc, 3):
		err = l.layBands()
	case p.table != nil && opaque(f.Palette) && len(f.Palette) <= 256 && profileFits(icc, 3):
		l.palette, l.profiled = true, 3
		l.pixels, err = indices(f)
	default:
		err = l.layPicture(p, icc)
	}
	if profileFits(icc, l.profiled) || l.inks {
		l.icc = icc
	}
	if err != nil {
		return nil, err
	}
	l.white = l.says(photometricWhiteIsZero) && l.colours == 1 && !l.palette && l.table == nil && l.format.FullScale() > 0
	if l.palette || l.table == nil {
		l.depth = depthOf(f, opt)
	}
	return l, nil
}

// size is the bytes of a sample before it is packed, step of a pixel and stride of a row.
func (l *tiffLayout) size() int {
	if l.depth != nil {
		return l.depth.size(l.format.Type)
	}
	return l.pixels.size
}

func (l *tiffLayout) step() int   { return len(l.bands) * l.size() }
func (l *tiffLayout) stride() int { return l.w * l.step() }

// bits is how many a sample has in the file.
func (l *tiffLayout) bits() int {
	if l.depth != nil {
		return l.depth.bits
	}
	return 8 * l.size()
}

// packed tells whether samples take fewer bits in the file than before. Integers of 24 bits, too, have their
// highest byte first in a little-endian file, as libtiff and GDAL write and read them.
func (l *tiffLayout) packed() bool { return l.bits() != 8*l.size() }

// rowBytes is the bytes of a row of so many pixels in the file.
func (l *tiffLayout) rowBytes(pixels int) int { return (pixels*len(l.bands)*l.bits() + 7) / 8 }

// says tells whether the tags have a photometric interpretation.
func (l *tiffLayout) says(photometric uint16) bool {
	t := l.tags.find(tagPhotometric)
	return t != nil && t.Type == typeShort && binary.LittleEndian.Uint16(t.Value) == photometric
}

// saysInks tells whether the tags say that bands are inks, and the roles nothing else.
func (l *tiffLayout) saysInks() bool {
	return l.says(photometricSeparated) && l.format.Bands[0].Role == raster.Data
}

// reversed tells whether samples of the first band are turned around when they are
// written.
func (l *tiffLayout) reversed() bool { return l.white && l.format.Bands[0].Role == raster.Gray }

// layBands takes the bands in their order.
func (l *tiffLayout) layBands() (err error) {
	bands := make([]int, len(l.format.Bands))
	for i := range bands {
		bands[i] = i
	}
	switch f := l.format; {
	case f.Colour() == 0:
		l.colours, l.profiled = 3, 3
	case l.saysInks():
		l.inks, l.colours = true, min(inks, len(bands))
	case f.Bands[0].Role == raster.Index:
		l.palette, l.profiled = paletteFits(f), 3
	}
	for _, b := range l.format.Bands[l.colours:] {
		l.extra = append(l.extra, extraOf(alphaOf(b.Role)))
	}
	l.pixels, err = newPixels(l.format, bands, nil, binary.LittleEndian)
	return err
}

// row is the next row as it is in the file, but for packing.
func (l *tiffLayout) row(dst []byte, b *raster.Block, y int) error {
	if l.mask {
		maskRow(dst, b, y)
		return nil
	}
	narrow := l.depth != nil && l.format.Type.Float()
	row := dst
	if narrow {
		row = room(&l.wide, l.pixels.stride())
	}
	if err := l.pixels.row(row, b, y); err != nil {
		return err
	}
	if l.reversed() {
		l.reverse(row)
	}
	switch {
	case narrow:
		return l.depth.narrow(dst, row, l.format.Bands, y)
	case l.depth != nil:
		return l.depth.divide(row, l.size(), len(l.bands), y)
	}
	return nil
}

// reverse turns the first sample of each pixel around.
func (l *tiffLayout) reverse(row []byte) {
	full, step, le := l.format.FullScale(), l.step(), binary.LittleEndian
	for i := 0; i < len(row); i += step {
		if l.size() == 1 {
			row[i] = byte(full) - row[i]
		} else {
			le.PutUint16(row[i:], uint16(full)-le.Uint16(row[i:]))
		}
	}
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
	roles := make([]raster.Role, len(f.Bands)) // Data
	for i, b := range f.Bands {
		if alphaOf(b.Role) != NoAlpha && i > 0 || f.Colour() == 0 && i < 3 {
			roles[i] = b.Role
		}
	}
	switch {
	case f.Bands[0].Role == raster.Index && (len(roles) == 1 || paletteFits(f)):
		roles[0] = raster.Index
	case f.Colour() != 0:
		roles[0] = raster.Gray
	}
	return roles
}

// paletteFits tells whether a TIFF file can hold the palette, which has no alpha there.
func paletteFits(f *raster.Format) bool {
	return opaque(f.Palette) && len(f.Palette) <= 1<<(8*f.Type.Size())
}

func opaque(p color.Palette) bool {
	_, channels := expandPalette(p)
	return channels < 4
}

// predictors are those that may make samples smaller before compression: differences along
// the row, and for floating point of the bytes of one significance.
func (l *tiffLayout) predictors() []uint16 {
	switch {
	case l.packed():
		return []uint16{predictorNone}
	case l.bits() == 24: // predictors have words of 1, 2, 4 and 8 bytes
		return []uint16{predictorFloat, predictorNone}
	case l.format.Type.Float():
		return []uint16{predictorFloat, predictorHorizontal, predictorNone}
	}
	return []uint16{predictorHorizontal, predictorNone}
}

// picturePredictor is the predictor of a picture, which is not measured.
func (l *tiffLayout) picturePredictor() uint16 {
	if l.palette {
		return predictorNone
	}
	return l.predictors()[0]
}

// sampleFields say what the samples are.
func (l *tiffLayout) sampleFields() []field {
	n := len(l.bands)
	each := func(tag uint16, v int) field { return shorts(tag, slices.Repeat([]uint16{uint16(v)}, n)...) }
	photometric := uint16(photometricBlackIsZero)
	switch {
	case l.mask:
		photometric = photometricMask
	case l.palette:
		photometric = photometricPalette
	case l.inks:
		photometric = photometricSeparated
	case l.white:
		photometric = photometricWhiteIsZero
	case l.colours == 3:
		photometric = photometricRGB
	}
	fields := []field{each(tagBitsPerSample, l.bits()), shorts(tagPhotometric, photometric), shorts(tagSamplesPerPixel, uint16(n))}
	switch t := l.format.Type; {
	case t.Signed():
		fields = append(fields, each(tagSampleFormat, sampleSigned))
	case t.Float():
		fields = append(fields, each(tagSampleFormat, sampleFloat))
	}
	if l.palette {
		fields = append(fields, shorts(tagColorMap, l.colorMap()...))
	} else if full := l.format.FullScale(); l.table == nil && l.depth == nil && full < l.format.Type.Max() && full <= math.MaxUint16 {
		fields = append(fields, each(tagMaxSampleValue, int(full)))
	}
	if l.extra != nil {
		fields = append(fields, shorts(tagExtraSamples, l.extra...))
	}
	return fields
}

// describing is what the file says besides of the pixels: tags come before what says the
// same in EXIF.
func (l *tiffLayout) describing(meta Meta) (fields []field) {
	for _, f := range l.tags.fields() {
		switch f.tag {
		case tagPhotometric, tagGDALNodata, tagGDALMetadata, tagNewSubfileType, tagBitsPerSample, tagColorMap:
		default:
			fields = append(fields, f)
		}
	}
	if text := l.noData(); text != "" {
		fields = append(fields, ascii(tagGDALNodata, text))
	}
	if text := l.tags.metadataOf(l.format.Bands); text != "" {
		fields = append(fields, ascii(tagGDALMetadata, text))
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
	exif := slices.DeleteFunc(exifFields(meta.EXIF), func(f field) bool { return l.tags.find(f.tag) != nil })
	if !hasResolution(exif) && !hasResolution(fields) {
		fields = append(fields, densityFields(meta.PNG)...)
	}
	return append(fields, exif...)
}

// noData is the text for the sample that stands for no data in all bands: the tag's where
// it is the same number, or one that no sample can be, else made anew; "" for none.
func (l *tiffLayout) noData() string {
	text, v := l.tags.noData(), commonNoData(l.format)
	if v == nil {
		for _, b := range l.format.Bands {
			if b.NoData != nil {
				return ""
			}
		}
		return text
	}
	stored := *v
	if l.reversed() {
		stored = float64(l.format.FullScale()) - stored
	}
	if l.depth != nil {
		stored /= float64(l.depth.factor)
	}
	said, err := strconv.ParseFloat(text, 64)
	if err == nil && (said == stored || l.format.Type == raster.Float32 && float32(said) == float32(stored) || said != said && stored != stored) {
		return text
	}
	return strconv.FormatFloat(stored, 'g', -1, 64)
}

// ascii is a text with the zero behind it.
func ascii(tag uint16, text string) field {
	return blobField(tag, typeASCII, append([]byte(text), 0))
}

func hasResolution(fields []field) bool {
	return slices.ContainsFunc(fields, func(f field) bool {
		return f.tag == tagXResolution || f.tag == tagYResolution || f.tag == tagResolutionUnit
	})
}

// colorMap is the one of the tags where its colours are the palette's, which have 8 bits,
// else made anew.
func (l *tiffLayout) colorMap() []uint16 {
	made := colorMap(l.format.Palette, l.bits())
	if said := l.tags.colorMap(); said != nil && slices.Equal(colorMap(paletteOf(said), l.bits()), made) {
		return said
	}
	return made
}

// colorMap is all reds, all greens and all blues of the colours of so many bits, 16 bits
// each.
func colorMap(p color.Palette, bits int) []uint16 {
	n := 1 << bits
	v := make([]uint16, 3*n)
	table, _ := expandPalette(p[:min(n, len(p))])
	for i, c := range table {
		for j := range 3 {
			v[j*n+i] = uint16(c[j]) * 257
		}
	}
	return v
}
