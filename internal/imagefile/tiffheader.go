package imagefile

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"github.com/qtgpu/qtgpu/raster"
)

// tiffHeader is a directory of a TIFF file as far as pixels need it.
type tiffHeader struct {
	w, h, channels int
	bits           int         // of a sample in the file
	typ            raster.Type // of a sample in memory, the smallest that holds it
	compression    uint64
	photometric    uint64
	predictor      uint64 // predictorNone where the compression has none
	planar         bool   // each block holds one channel
	reversed       bool   // the bits of each byte come in reverse
	twoDimensional bool   // T4Options, bit 0
	swapped        bool   // samples of whole bytes are not in the byte order of the machine
	inverted       bool   // gray is turned around, since white is zero
	bands          []raster.Band
	palette        color.Palette // of photometricPalette
	colorMap       []uint16      // what the palette is made of, where that is more than 8 bits
	jpegTables     []byte        // JPEGTables without SOI and EOI

	blockW, blockH int // tiles, or strips of the width of the image
	tiled          bool
	blocks         blocks

	notes []string
}

// header reads and checks a directory. Errors name the tag or the feature.
func (d *directory) header() (*tiffHeader, error) {
	h := &tiffHeader{}
	for _, read := range []func(*directory) error{
		h.readSize, h.readCompression, h.readSamples, h.readPhotometric, h.readBlockSize, h.readBlocks, h.readNoData,
	} {
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
	if w > raster.MaxSide || l > raster.MaxSide {
		return fmt.Errorf("header: image of %dx%d pixels, expected at most %d a side", w, l, raster.MaxSide)
	}
	h.w, h.h = int(w), int(l)
	return nil
}

func (h *tiffHeader) readCompression(d *directory) error {
	var fill, t4 uint64
	for _, f := range []struct {
		tag    uint16
		absent uint64
		to     *uint64
	}{
		{tagCompression, compressionNone, &h.compression}, {tagPredictor, predictorNone, &h.predictor},
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
		return &UnsupportedError{"compression " + named(h.compression, compressionNames), "none, CCITT, LZW, Deflate, PackBits, Zstandard or JPEG"}
	case fill != 1 && fill != 2:
		return fmt.Errorf("fill order %d: expected 1 or 2", fill)
	}
	h.reversed, h.twoDimensional = fill == 2 && h.compression != compressionJPEG, t4&1 != 0
	if h.compression != compressionLZW && h.compression != compressionZSTD && !h.deflate() {
		h.predictor = predictorNone // libtiff takes their samples as they are
	}
	if e, ok := d.find(tagJPEGTables); ok && h.compression == compressionJPEG {
		return h.readJPEGTables(d, e)
	}
	return nil
}

func (h *tiffHeader) ccitt() bool {
	return h.compression >= compressionRLE && h.compression <= compressionGroup4
}

func (h *tiffHeader) deflate() bool {
	return h.compression == compressionDeflate || h.compression == compressionDeflateOld
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
	case spp < 1 || spp > raster.MaxBands:
		return fmt.Errorf("%d samples per pixel: expected 1 to %d", spp, raster.MaxBands)
	case planar != 1 && planar != 2:
		return fmt.Errorf("planar configuration %d: expected 1 or 2", planar)
	}
	h.channels, h.planar = int(spp), planar == 2 && spp > 1
	format, err := h.perSample(d, tagSampleFormat, sampleUnsigned)
	if err != nil {
		return err
	}
	bits, err := h.perSample(d, tagBitsPerSample, 1)
	if err != nil {
		return err
	}
	if bits < 1 || bits > 64 && format != 6 {
		return fmt.Errorf("%d bits per sample: expected 1 to 64", bits)
	}
	h.bits = int(bits)
	if h.typ = typeOf(format, h.bits); !h.typ.Valid() {
		if format > 6 || format < 1 {
			return fmt.Errorf("sample format %d: expected 1 to 6", format)
		}
		return &UnsupportedError{
			fmt.Sprintf("sample format %s of %d bits per sample", named(format, formatNames), bits),
			"unsigned integers of 1 to 32 bits, signed ones of 8, 16 or 32, or floating point of 16, 24, 32 or 64",
		}
	}
	var mark [2]byte
	nativeEndian.PutUint16(mark[:], 1)
	h.swapped = h.bits > 8 && h.bits%8 == 0 && d.order.Uint16(mark[:]) != 1
	return h.checkCoding()
}

// typeOf is the smallest type that holds samples of a format, 0 where there is none.
func typeOf(format uint64, bits int) raster.Type {
	switch format {
	case sampleUnsigned, sampleUndefined:
		switch {
		case bits <= 8:
			return raster.Uint8
		case bits <= 16:
			return raster.Uint16
		case bits <= 32:
			return raster.Uint32
		}
	case sampleSigned:
		return map[int]raster.Type{8: raster.Int8, 16: raster.Int16, 32: raster.Int32}[bits]
	case sampleFloat:
		return map[int]raster.Type{16: raster.Float32, 24: raster.Float32, 32: raster.Float32, 64: raster.Float64}[bits]
	}
	return 0
}

// checkCoding holds the kind of samples against the compression and the predictor.
func (h *tiffHeader) checkCoding() error {
	switch h.predictor {
	case predictorNone:
	case predictorHorizontal:
		if h.bits%8 != 0 || h.bits == 24 {
			return &UnsupportedError{fmt.Sprintf("predictor 2 with %d bits per sample", h.bits), "8, 16, 32 or 64"}
		}
	case predictorFloat:
		if !h.typ.Float() {
			return fmt.Errorf("predictor 3 with samples of %v: expected floating point", h.typ)
		}
	default:
		return fmt.Errorf("predictor %d: expected 1, 2 (horizontal) or 3 (floating point)", h.predictor)
	}
	switch {
	case h.ccitt() && (h.bits != 1 || h.channels > 1 && !h.planar):
		return fmt.Errorf("CCITT compression with %d samples of %d bits: expected 1 of 1", h.channels, h.bits)
	case h.compression == compressionJPEG && (h.typ != raster.Uint8 || h.bits != 8):
		return &UnsupportedError{fmt.Sprintf("JPEG with %d bits per sample of %v", h.bits, h.typ), "8 bits of uint8"}
	}
	return nil
}

// perSample reads a tag with one value for all samples, or one for each, which
// must be the same.
func (h *tiffHeader) perSample(d *directory, tag uint16, absent uint64) (uint64, error) {
	v, err := d.uints(tag, 1<<16)
	if err != nil || v == nil {
		return absent, err
	}
	if len(v) > 1 && len(v) < h.channels {
		return 0, fmt.Errorf("tag %d: %d values for %d samples, expected 1 or %d", tag, len(v), h.channels, h.channels)
	}
	for _, other := range v[:min(len(v), h.channels)] {
		if other != v[0] {
			return 0, &UnsupportedError{fmt.Sprintf("tag %d: %d and %d", tag, v[0], other), "the same for all samples"}
		}
	}
	return v[0], nil
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
	rows, err := d.uint(tagRowsPerStrip, math.MaxUint32)
	if err == nil && rows == 0 {
		err = errors.New("0 rows per strip: expected at least 1")
	}
	h.blockW, h.blockH = h.w, int(min(rows, uint64(h.h)))
	return err
}

// readNoData reads the sample that stands for no data into all bands. What no sample can
// be stands for none of them.
func (h *tiffHeader) readNoData(d *directory) error {
	text, err := d.nodata()
	if err != nil || text == "" {
		return nil // lost names what is damaged
	}
	first, ok := h.noData(text, 0)
	if !ok {
		return nil
	}
	others, _ := h.noData(text, 1)
	h.bands[0].NoData = &first
	for i := range h.bands[1:] {
		h.bands[1+i].NoData = &others
	}
	return nil
}

// blockSamples is how many samples of a pixel are in a block.
func (h *tiffHeader) blockSamples() int {
	if h.planar {
		return 1
	}
	return h.channels
}

// format is what the samples in memory are.
func (h *tiffHeader) format() raster.Format {
	f := raster.Format{Width: h.w, Height: h.h, Type: h.typ, Bands: h.bands, Palette: h.palette}
	if full := h.fullScale(); h.palette == nil && full != h.typ.Max() {
		f.Max = full
	}
	return f
}

// fullScale is the sample of full scale in memory, 0 of floating point: small samples of
// 1, 2 and 4 bits are brought to 255.
func (h *tiffHeader) fullScale() int64 {
	if h.typ.Float() || h.typ.Signed() {
		return h.typ.Max()
	}
	return (int64(1)<<h.bits - 1) * h.scale()
}

// scale is what samples are multiplied with.
func (h *tiffHeader) scale() int64 {
	if h.palette != nil {
		return 1
	}
	return smallScale(h.bits)
}
