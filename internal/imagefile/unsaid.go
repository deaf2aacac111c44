package imagefile

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/qtgpu/qtgpu/raster"
)

// Unsaid names what Create leaves out of a raster and its metadata in a format, or
// changes so that it fits, each a phrase for people. What Create refuses is not named.
func Unsaid(format string, f *raster.Format, meta Meta, opt WriteOptions) []string {
	if format == "tif" {
		return append(unsaidTIFF(f, meta, &opt), unsaidBands(f, tiffRoles(f), true)...)
	}
	p, err := pictureOf(format, f)
	if err != nil {
		return nil
	}
	var list []string
	switch format {
	case "png":
		shape, err := pngShapeOf(f, meta.ICC, &opt)
		if err != nil {
			return nil
		}
		list = shape.unsaid(meta)
	case "jpg":
		list = p.unsaidJPEG(meta)
	default:
		list = unsaidMeta(meta)
	}
	return append(list, unsaidBands(f, pictureRoles(f), false)...)
}

// pictureRoles are the roles that a picture's bands have in a file of pictures.
func pictureRoles(f *raster.Format) []raster.Role {
	roles := make([]raster.Role, len(f.Bands))
	for i, b := range f.Bands {
		roles[i] = b.Role
	}
	if len(roles) <= 2 && roles[0] != raster.Index {
		roles[0] = raster.Gray
	}
	return roles
}

// unsaidBands names what else is known of bands that have some roles in the file, and
// perhaps, where the file is TIFF, the rest as well. A band of data may get any role: its samples are none
// the worse for it.
func unsaidBands(f *raster.Format, roles []raster.Role, tiff bool) (list []string) {
	var lost []string
	var names, noData, scaled bool
	for i, b := range f.Bands {
		if b.Role != roles[i] && b.Role != raster.Data {
			lost = append(lost, b.Role.String())
		}
		names = names || b.Name != ""
		noData = noData || b.NoData != nil && !b.Mask()
		scaled = scaled || b.Offset != 0 || b.Scale != 0 && b.Scale != 1
	}
	if lost != nil {
		slices.Sort(lost)
		list = append(list, "that bands are "+strings.Join(slices.Compact(lost), ", "))
	}
	if names && !tiff {
		list = append(list, "the names of bands")
	}
	if noData && !(tiff && commonNoData(f) != nil) {
		list = append(list, "the sample that stands for no data")
	}
	if scaled && !tiff {
		list = append(list, "scale and offset of bands")
	}
	return list
}

// commonNoData is the sample that stands for no data in all bands but a mask, which says so
// itself; nil where there is none.
func commonNoData(f *raster.Format) (common *float64) {
	for i := range f.Bands {
		v := f.Bands[i].NoData
		switch {
		case i > 0 && f.Bands[i].Mask():
		case v == nil || common != nil && *v != *common && !(math.IsNaN(*v) && math.IsNaN(*common)):
			return nil
		default:
			common = v
		}
	}
	return common
}

// unsaidProfile names what becomes of a profile in a file of pixels of so many channels,
// of which gray may have been repeated.
func unsaidProfile(icc []byte, channels int, repeated bool) []string {
	switch {
	case !profileFits(icc, channels):
		return []string{fmt.Sprintf("colour profile of %s, which does not fit the pixels", bytes.TrimSpace(icc[16:20]))}
	case repeated:
		return []string{"gray is written as RGB, to which the colour profile belongs"}
	}
	return nil
}

// unsaidTIFF names what a TIFF file leaves out or changes.
func unsaidTIFF(f *raster.Format, meta Meta, opt *WriteOptions) []string {
	l, err := newTIFFLayout(f, meta.ICC, opt)
	if err != nil {
		return nil
	}
	list := unsaidProfile(meta.ICC, l.profiled, l.repeated)
	switch {
	case f.Palette == nil || l.palette:
	case l.table == nil:
		list = append(list, "the palette")
	default:
		list = append(list, "the palette, whose colours are written instead")
	}
	if full := f.FullScale(); l.depth == nil && full > math.MaxUint16 && full < f.Type.Max() {
		list = append(list, fmt.Sprintf("that samples go from 0 to %d", full))
	}
	left := Meta{}
	kinds, chunks, _ := keptChunks(meta.PNG)
	for i, c := range chunks {
		if kinds[i] != "pHYs" {
			left.PNG = append(left.PNG, c...)
		}
	}
	return append(list, unsaidMeta(left)...)
}

// unsaid names what a PNG file leaves out or changes.
func (s *pngShape) unsaid(meta Meta) []string {
	list := unsaidProfile(meta.ICC, s.channels, s.colour != pngPalette && s.channels > s.picture.channels)
	if _, _, rest := keptChunks(meta.PNG); rest {
		list = append(list, "damaged metadata of PNG")
	}
	if s.divides() {
		list = append(list, "alpha is divided out of the colours, with rounding")
	}
	return append(list, s.unsaidScale(s.picture.depth)...)
}

// unsaidScale names a change of the full scale to the largest value of some bits.
func (p *picture) unsaidScale(bits int) []string {
	if to := uint32(1)<<bits - 1; p.full != to {
		return []string{fmt.Sprintf("samples of 0 to %d are brought to 0 to %d", p.full, to)}
	}
	return nil
}

// unsaidMeta names all metadata there is.
func unsaidMeta(meta Meta) (list []string) {
	for _, m := range []struct {
		name string
		data []byte
	}{{"colour profile", meta.ICC}, {"EXIF", meta.EXIF}, {"XMP", meta.XMP}, {"IPTC", meta.IPTC}} {
		if m.data != nil {
			list = append(list, m.name)
		}
	}
	if kinds, _, _ := keptChunks(meta.PNG); kinds != nil {
		slices.Sort(kinds)
		list = append(list, "metadata of PNG: "+strings.Join(slices.Compact(kinds), " "))
	}
	return list
}
