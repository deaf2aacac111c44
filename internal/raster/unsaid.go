package raster

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// colourFor is the number of channels that an image is written with where the
// file holds its profile: gray is written as RGB if the profile is for that, so
// that the two agree.
func colourFor(m *Image) int {
	if m.Channels <= 2 && !profileFits(m.Meta.ICC, m.Channels) && profileFits(m.Meta.ICC, 3) {
		return m.Channels + 2
	}
	return m.Channels
}

// Unsaid names what Write leaves out of an image in a format, or changes so that
// it fits, each a phrase for people. What Write refuses is not named.
func Unsaid(format string, m *Image) []string {
	switch format {
	case "png":
		return unsaidPNG(m)
	case "tif":
		return unsaidMeta(Meta{IPTC: m.Meta.IPTC, PNG: m.Meta.PNG})
	case "jpg":
		return append(unsaidMeta(m.Meta), unsaidScale(m, 8)...)
	}
	return unsaidMeta(m.Meta)
}

func unsaidPNG(m *Image) (list []string) {
	shape, err := pngShapeOf(m)
	if err != nil {
		return nil
	}
	switch icc := m.Meta.ICC; {
	case !profileFits(icc, shape.channels):
		list = append(list, fmt.Sprintf("colour profile of %s, which does not fit the pixels", bytes.TrimSpace(icc[16:20])))
	case shape.colour != pngPalette && shape.channels > m.Channels:
		list = append(list, "gray is written as RGB, to which the colour profile belongs")
	}
	if _, _, rest := keptChunks(m.Meta.PNG); rest {
		list = append(list, "damaged metadata of PNG")
	}
	if shape.colour == pngPalette {
		return list
	}
	if m.Alpha == Premultiplied && m.Channels%2 == 0 {
		list = append(list, "alpha is divided out of the colours, with rounding")
	}
	return append(list, unsaidScale(m, m.Depth)...)
}

// unsaidScale names a change of the full scale to that of some bits.
func unsaidScale(m *Image, bits int) []string {
	if from, to := m.FullScale(), 1<<bits-1; from != to {
		return []string{fmt.Sprintf("samples of 0 to %d are brought to 0 to %d", from, to)}
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
