package imagefile

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
		return unsaidTIFF(m)
	case "jpg":
		return unsaidJPEG(m)
	}
	return unsaidMeta(m.Meta)
}

// unsaidProfile names what becomes of a profile in a file of so many channels, with a
// palette or without.
func unsaidProfile(m *Image, channels int, palette bool) []string {
	switch icc := m.Meta.ICC; {
	case !profileFits(icc, channels):
		return []string{fmt.Sprintf("colour profile of %s, which does not fit the pixels", bytes.TrimSpace(icc[16:20]))}
	case !palette && channels > m.Channels:
		return []string{"gray is written as RGB, to which the colour profile belongs"}
	}
	return nil
}

func unsaidTIFF(m *Image) []string {
	s := newStrips(m)
	channels := s.channels
	if s.palette {
		channels = 3
	}
	list := unsaidProfile(m, channels, s.palette)
	if m.Palette != nil && !s.palette {
		list = append(list, "the palette, whose colours are written instead")
	}
	left := Meta{}
	kinds, chunks, _ := keptChunks(m.Meta.PNG)
	for i, c := range chunks {
		if kinds[i] != "pHYs" {
			left.PNG = append(left.PNG, c...)
		}
	}
	return append(list, unsaidMeta(left)...)
}

func unsaidPNG(m *Image) (list []string) {
	shape, err := pngShapeOf(m)
	if err != nil {
		return nil
	}
	list = unsaidProfile(m, shape.channels, shape.colour == pngPalette)
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

// unsaidScale names a change of the full scale to the largest value of some bits.
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
