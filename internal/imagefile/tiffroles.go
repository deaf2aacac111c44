package imagefile

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"github.com/qtgpu/qtgpu/raster"
)

// readPhotometric reads what the samples mean. Where the tag is absent they are gray, as
// libtiff guesses.
func (h *tiffHeader) readPhotometric(d *directory) (err error) {
	guess := uint64(photometricBlackIsZero)
	if h.ccitt() {
		guess = photometricWhiteIsZero
	}
	if h.photometric, err = d.uint(tagPhotometric, guess); err != nil {
		return err
	}
	if _, ok := d.find(tagPhotometric); !ok {
		h.notes = append(h.notes, fmt.Sprintf("no photometric interpretation: taken as %s", photometricNames[guess]))
	}
	if err := h.checkPhotometric(); err != nil {
		return err
	}
	if h.photometric == photometricPalette {
		if err := h.readPalette(d); err != nil {
			return err
		}
	}
	if err := h.readRoles(d); err != nil {
		return err
	}
	if h.inverted = h.photometric == photometricWhiteIsZero && h.bands[0].Role == raster.Gray; h.inverted {
		h.notes = append(h.notes, "white is zero: samples inverted")
	}
	return nil
}

// checkPhotometric holds the meaning of samples against their kind and number.
func (h *tiffHeader) checkPhotometric() error {
	fits := true
	switch h.photometric {
	case photometricWhiteIsZero, photometricBlackIsZero, photometricSeparated:
	case photometricMask:
		fits = h.channels == 1 && h.bits == 1
	case photometricRGB:
		fits = h.channels >= 3
	case photometricPalette:
		fits = h.bits <= 16 && (h.typ == raster.Uint8 || h.typ == raster.Uint16)
	case photometricYCbCr:
		if h.compression != compressionJPEG {
			return &UnsupportedError{"photometric interpretation 6 (YCbCr) without JPEG compression", "gray, RGB, a palette or CMYK"}
		}
		fits = h.channels == 3 && !h.planar
	default:
		return &UnsupportedError{"photometric interpretation " + named(h.photometric, photometricNames), "gray, RGB, a palette, CMYK, or YCbCr of JPEG"}
	}
	if !fits {
		return fmt.Errorf("photometric interpretation %s with %s of %d bits: expected gray or CMYK of any number, RGB of 3 or more, a palette of at most 16 bits, or YCbCr of 3",
			named(h.photometric, photometricNames), counted(h.channels, "a sample", "%d samples"), h.bits)
	}
	return nil
}

// colours is how many samples the photometric interpretation is about.
func (h *tiffHeader) colours() int {
	switch h.photometric {
	case photometricRGB, photometricYCbCr:
		return 3
	case photometricSeparated:
		return min(inks, h.channels)
	}
	return 1
}

// inks is the number of inks of CMYK.
const inks = 4

// readRoles gives bands their roles. One unsigned sample of at most 16 bits, alone or with
// one more, is a picture in gray; other samples that are said to be gray are measurements.
func (h *tiffHeader) readRoles(d *directory) error {
	h.bands = make([]raster.Band, h.channels) // of Data
	switch colours := h.colours(); {
	case h.photometric == photometricSeparated: // inks are measurements
	case h.palette != nil:
		h.bands[0].Role = raster.Index
	case colours == 3:
		h.bands[0].Role, h.bands[1].Role, h.bands[2].Role = raster.Red, raster.Green, raster.Blue
	case h.channels <= 2 && !h.typ.Signed() && !h.typ.Float() && h.bits <= 16:
		h.bands[0].Role = raster.Gray
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
	if colours := h.colours(); len(extra) > h.channels-colours {
		return fmt.Errorf("photometric interpretation %s with %s of which %d are extra: expected at most %d",
			named(h.photometric, photometricNames), counted(h.channels, "a sample", "%d samples"), len(extra), h.channels-colours)
	}
	for i, e := range extra {
		band := &h.bands[h.channels-len(extra)+i]
		switch e {
		case extraUnspecified:
		case alphaAssociated:
			band.Role = raster.Premultiplied
		case alphaUnassociated, alphaCorel:
			band.Role = raster.Alpha
		default:
			return fmt.Errorf("extra sample of kind %d: expected 0, 1 or 2", e)
		}
	}
	return nil
}

// readPalette reads the ColorMap. What a palette of 8 bits leaves of it is a tag of its own.
func (h *tiffHeader) readPalette(d *directory) error {
	v, err := d.uints(tagColorMap, 3<<h.bits)
	switch {
	case err != nil:
		return err
	case v == nil:
		return fmt.Errorf("a palette image without a colour map (tag %d)", tagColorMap)
	case len(v)%3 != 0:
		return fmt.Errorf("colour map (tag %d) of %d values: expected 3 for each colour", tagColorMap, len(v))
	}
	all := make([]uint16, len(v))
	for i := range v {
		all[i] = uint16(min(v[i], math.MaxUint16))
	}
	h.palette = paletteOf(all)
	if !slices.Equal(colorMap(h.palette, h.bits), all) {
		h.colorMap = all
	}
	return nil
}

// paletteOf is the palette of a ColorMap: all reds, all greens, all blues, 16 bits each, of
// which 65,535 is full scale, as GDAL takes them. Where all are below 256 they have 8 bits, as
// GDAL and libtiff have it.
func paletteOf(v []uint16) color.Palette {
	unit := uint16(math.MaxUint16 / math.MaxUint8)
	if len(v) == 0 || slices.Max(v) <= math.MaxUint8 {
		unit = 1
	}
	n := len(v) / 3
	p := make(color.Palette, n)
	for i := range p {
		p[i] = color.RGBA{R: byte(v[i] / unit), G: byte(v[n+i] / unit), B: byte(v[2*n+i] / unit), A: 255}
	}
	return p
}

// noData is the sample in memory of a number in GDAL's tag, and whether there is one.
func (h *tiffHeader) noData(text string, band int) (float64, bool) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, false
	}
	switch least, most := 0.0, float64(int64(1)<<h.bits-1); {
	case h.typ == raster.Float32:
		f := float64(float32(v))
		return f, math.IsInf(v, 0) || !math.IsInf(f, 0)
	case h.typ == raster.Float64:
		return v, true
	case h.typ.Signed():
		least, most = float64(-h.typ.Max()-1), float64(h.typ.Max())
		fallthrough
	default:
		if v != math.Trunc(v) || !(v >= least && v <= most) {
			return 0, false
		}
	}
	return h.shown(v, band), true
}

// shown is the sample in memory of an integer in the file, before it is scaled and turned
// around.
func (h *tiffHeader) shown(v float64, band int) float64 {
	v *= float64(h.scale())
	if h.inverted && band == 0 {
		v = float64(h.fullScale()) - v
	}
	return v
}
