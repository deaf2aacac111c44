package imagefile

import (
	"errors"
	"fmt"
	"image/color"
	"slices"
)

// Values of Compression, PhotometricInterpretation and ExtraSamples.
const (
	compressionNone       = 1
	compressionRLE        = 2
	compressionGroup3     = 3
	compressionGroup4     = 4
	compressionLZW        = 5
	compressionDeflate    = 8
	compressionPackBits   = 32773
	compressionDeflateOld = 32946

	photometricWhiteIsZero = 0
	photometricBlackIsZero = 1
	photometricRGB         = 2
	photometricPalette     = 3

	extraUnspecified  = 0
	alphaAssociated   = 1
	alphaUnassociated = 2
	alphaCorel        = 999 // what Corel Draw writes for alphaUnassociated
)

// Names of values for errors.
var (
	compressionNames = map[uint32]string{
		6: "old JPEG", 7: "JPEG", 32766: "NeXT", 32771: "CCITT RLE in words", 32809: "ThunderScan", 32908: "Pixar film",
		32909: "Pixar log", 34661: "JBIG", 34676: "SGI log", 34677: "SGI log 24", 34712: "JPEG 2000", 34887: "LERC",
		34925: "LZMA", 50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL",
	}
	photometricNames = map[uint32]string{
		0: "white is zero", 1: "black is zero", 2: "RGB", 3: "palette", 4: "mask", 5: "CMYK", 6: "YCbCr", 8: "CIELab",
		9: "ICCLab", 10: "ITULab", 32803: "colour filter array", 32844: "LogL", 32845: "LogLuv", 34892: "linear raw",
	}
	formatNames = map[uint32]string{2: "signed integers", 3: "floating point", 5: "complex integers", 6: "complex floating point"}
)

// named is a value with its name where it has one.
func named(v uint32, names map[uint32]string) string {
	if name := names[v]; name != "" {
		return fmt.Sprintf("%d (%s)", v, name)
	}
	return fmt.Sprint(v)
}

// tiffHeader is a directory of a TIFF file as far as pixels need it.
type tiffHeader struct {
	w, h, channels int
	bits           int // of a sample in the file: 1, 2, 4, 8 or 16
	compression    uint32
	photometric    uint32
	predictor      uint32 // 0 where the compression has none
	planar         bool   // each block holds one channel
	reversed       bool   // the bits of each byte come in reverse
	twoDimensional bool   // T4Options, bit 0
	alpha          Alpha
	palette        color.Palette // of photometricPalette

	blockW, blockH int // tiles, or strips of the width of the image
	tiled          bool
	blocks         blocks

	notes []string
}

// header reads and checks a directory. Errors name the tag or the feature.
func (d *directory) header() (*tiffHeader, error) {
	h := &tiffHeader{}
	for _, read := range []func(*directory) error{h.readSize, h.readCompression, h.readSamples, h.readPhotometric, h.readBlockSize, h.readBlocks} {
		if err := read(d); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *tiffHeader) readSize(d *directory) error {
	w, err := d.uint(tagImageWidth, 0)
	if err != nil {
		return err
	}
	l, err := d.uint(tagImageLength, 0)
	if err != nil {
		return err
	}
	if w > 1<<31-1 || l > 1<<31-1 {
		return fmt.Errorf("header: image of %dx%d pixels, expected at most %d a side", w, l, 1<<31-1)
	}
	h.w, h.h = int(w), int(l)
	return nil
}

func (h *tiffHeader) readCompression(d *directory) error {
	var predictor, fill, t4 uint32
	for _, f := range []struct {
		tag    uint16
		absent uint32
		to     *uint32
	}{
		{tagCompression, compressionNone, &h.compression}, {tagPredictor, 1, &predictor},
		{tagFillOrder, 1, &fill}, {tagT4Options, 0, &t4},
	} {
		v, err := d.uint(f.tag, f.absent)
		if err != nil {
			return err
		}
		*f.to = v
	}
	switch {
	case h.compression != compressionNone && !h.ccitt() && yield[h.compression] == 0:
		return fmt.Errorf("compression %s: expected none, CCITT, LZW, Deflate or PackBits", named(h.compression, compressionNames))
	case fill != 1 && fill != 2:
		return fmt.Errorf("fill order %d: expected 1 or 2", fill)
	}
	h.reversed, h.twoDimensional = fill == 2, t4&1 != 0
	if h.compression == compressionLZW || h.deflate() {
		h.predictor = predictor // the others have none: libtiff takes their samples as they are
	}
	return nil
}

func (h *tiffHeader) ccitt() bool {
	return h.compression >= compressionRLE && h.compression <= compressionGroup4
}

// readSamples reads how many samples a pixel has, and of what kind.
func (h *tiffHeader) readSamples(d *directory) error {
	spp, err := d.uint(tagSamplesPerPixel, 1)
	if err != nil {
		return err
	}
	planar, err := d.uint(tagPlanar, 1)
	if err != nil {
		return err
	}
	switch {
	case spp < 1 || spp > 4:
		return fmt.Errorf("%d samples per pixel: expected 1 to 4", spp)
	case planar != 1 && planar != 2:
		return fmt.Errorf("planar configuration %d: expected 1 or 2", planar)
	}
	h.channels, h.planar = int(spp), planar == 2 && spp > 1
	format, err := h.perSample(d, tagSampleFormat, 1)
	if err != nil {
		return err
	}
	bits, err := h.perSample(d, tagBitsPerSample, 1)
	if err != nil {
		return err
	}
	const unsigned, undefined = 1, 4
	switch {
	case format != unsigned && format != undefined:
		return fmt.Errorf("sample format %s: expected unsigned integers (1)", named(format, formatNames))
	case !slices.Contains([]uint32{1, 2, 4, 8, 16}, bits):
		return fmt.Errorf("%d bits per sample: expected 1, 2, 4, 8 or 16", bits)
	case h.predictor > 2:
		return fmt.Errorf("predictor %d: expected 1 or 2 (horizontal)", h.predictor)
	case h.predictor == 2 && bits < 8:
		return fmt.Errorf("predictor 2 with %d bits per sample: expected 8 or 16", bits)
	case h.ccitt() && (bits != 1 || h.channels > 1 && !h.planar):
		return fmt.Errorf("CCITT compression with %d samples of %d bits: expected 1 of 1", h.channels, bits)
	}
	h.bits = int(bits)
	return nil
}

// perSample reads a tag with one value for all samples, or one for each, which
// must be the same.
func (h *tiffHeader) perSample(d *directory, tag uint16, absent uint32) (uint32, error) {
	v, err := d.uints(tag, 1<<16)
	if err != nil || v == nil {
		return absent, err
	}
	if len(v) > 1 && len(v) < h.channels {
		return 0, fmt.Errorf("tag %d: %d values for %d samples, expected 1 or %d", tag, len(v), h.channels, h.channels)
	}
	for _, other := range v[:min(len(v), h.channels)] {
		if other != v[0] {
			return 0, fmt.Errorf("tag %d: %d and %d, expected the same for all samples", tag, v[0], other)
		}
	}
	return v[0], nil
}

// readPhotometric reads what the samples mean. Where the tag is absent one
// sample is gray and three are colours, as libtiff guesses. Samples past one
// that are said to be gray are the bands of a raster: three of them serve as
// RGB.
func (h *tiffHeader) readPhotometric(d *directory) (err error) {
	guess := uint32(photometricBlackIsZero)
	if h.ccitt() {
		guess = photometricWhiteIsZero
	}
	if h.photometric, err = d.uint(tagPhotometric, guess); err != nil {
		return err
	}
	if _, ok := d.find(tagPhotometric); !ok {
		h.notes = append(h.notes, fmt.Sprintf("no photometric interpretation: taken as %s", photometricNames[guess]))
	}
	fits := false
	switch h.photometric {
	case photometricWhiteIsZero:
		fits = h.channels <= 2
		h.notes = append(h.notes, "white is zero: samples inverted")
	case photometricBlackIsZero:
		fits = true
	case photometricRGB:
		fits = h.channels >= 3
	case photometricPalette:
		fits = h.channels == 1 && h.bits <= 8
	}
	if !fits {
		return fmt.Errorf("photometric interpretation %s with %s of %d bits: expected gray or RGB, alone or with one more sample, or a palette of at most 8 bits",
			named(h.photometric, photometricNames), counted(h.channels, "a sample", "%d samples"), h.bits)
	}
	if h.photometric == photometricPalette {
		h.palette, err = d.palette(h.bits)
		return err
	}
	if h.bits < 8 {
		h.notes = append(h.notes, fmt.Sprintf("%d-bit samples scaled to 8 bits", h.bits))
	}
	return h.readExtra(d)
}

// readExtra reads what the samples past the colours hold. Those that the tag
// leaves out are unspecified, as libtiff has it.
func (h *tiffHeader) readExtra(d *directory) error {
	extra, err := d.uints(tagExtraSamples, h.channels)
	if err != nil {
		return err
	}
	colours := 1
	if h.photometric == photometricRGB {
		colours = 3
	}
	if h.channels%2 == 0 {
		h.alpha = NoAlpha
	}
	if len(extra) > h.channels-colours {
		return fmt.Errorf("photometric interpretation %s with %s of which %d are extra: expected at most %d",
			named(h.photometric, photometricNames), counted(h.channels, "a sample", "%d samples"), len(extra), h.channels-colours)
	}
	for i, e := range extra {
		alpha, sample := NoAlpha, h.channels-len(extra)+i+1
		switch e {
		case extraUnspecified:
			continue
		case alphaAssociated:
			alpha = Premultiplied
		case alphaUnassociated, alphaCorel:
			alpha = Straight
		default:
			return fmt.Errorf("extra sample of kind %d: expected 0, 1 or 2", e)
		}
		if sample == h.channels && h.channels%2 == 0 {
			h.alpha = alpha
		} else {
			h.notes = append(h.notes, fmt.Sprintf("sample %d of %d is alpha: taken as one more band", sample, h.channels))
		}
	}
	return nil
}

// palette reads the ColorMap: all reds, all greens, all blues, 16 bits each.
// Where all are below 256 they have 8 bits, as libtiff takes them.
func (d *directory) palette(bits int) (color.Palette, error) {
	v, err := d.uints(tagColorMap, 3<<bits)
	switch {
	case err != nil:
		return nil, err
	case v == nil:
		return nil, fmt.Errorf("a palette image without a colour map (tag %d)", tagColorMap)
	case len(v)%3 != 0:
		return nil, fmt.Errorf("colour map (tag %d) of %d values: expected 3 for each colour", tagColorMap, len(v))
	}
	shift := 0
	if slices.Max(v) > 255 {
		shift = 8
	}
	n := len(v) / 3
	p := make(color.Palette, n)
	for i := range p {
		p[i] = color.RGBA{R: byte(v[i] >> shift), G: byte(v[n+i] >> shift), B: byte(v[2*n+i] >> shift), A: 255}
	}
	return p, nil
}

// readBlockSize reads the size of tiles or strips.
func (h *tiffHeader) readBlockSize(d *directory) error {
	_, h.tiled = d.find(tagTileWidth)
	if h.tiled {
		w, err := d.uint(tagTileWidth, 0)
		if err != nil {
			return err
		}
		l, err := d.uint(tagTileLength, 0)
		if err != nil {
			return err
		}
		if w < 1 || l < 1 || w > 1<<20 || l > 1<<20 {
			return fmt.Errorf("tiles of %dx%d pixels: expected 1 to %d a side", w, l, 1<<20)
		}
		h.blockW, h.blockH = int(w), int(l)
		return nil
	}
	rows, err := d.uint(tagRowsPerStrip, 1<<32-1)
	if err == nil && rows == 0 {
		err = errors.New("0 rows per strip: expected at least 1")
	}
	h.blockW, h.blockH = h.w, int(min(rows, uint32(h.h)))
	return err
}
