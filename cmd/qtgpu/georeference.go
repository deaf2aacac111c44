package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/internal/geo"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// The tags of GeoTIFF, and the one of rational polynomials of cameras (RPC).
const (
	tagPixelScale     = 33550
	tagTiepoints      = 33922
	tagTransformation = 34264
	tagGeoKeys        = 34735
	tagGeoDoubles     = 34736
	tagGeoText        = 34737
	tagRPC            = 50844
)

// Types of TIFF 6.0, section 2.
const (
	typeASCII  = 2
	typeShort  = 3
	typeFloat  = 11
	typeDouble = 12
)

// geoTags are the tags of GeoTIFF among others. The error names one of another type than
// it is to have.
func geoTags(tags imagefile.Tags) (*geo.Tags, error) {
	g := new(geo.Tags)
	for _, t := range tags {
		var err error
		switch t.Tag {
		case tagPixelScale:
			g.PixelScale, err = doubles(&t)
		case tagTiepoints:
			g.Tiepoints, err = doubles(&t)
		case tagTransformation:
			g.Transformation, err = doubles(&t)
		case tagGeoDoubles:
			g.Doubles, err = doubles(&t)
		case tagRPC:
			g.RPC, err = doubles(&t)
		case tagGeoKeys:
			g.Keys, err = shorts(&t)
		case tagGeoText:
			if g.Text = string(t.Value); t.Type != typeASCII {
				err = wrongType(&t, "ASCII", typeASCII)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return g, nil
}

func wrongType(t *imagefile.Tag, name string, want int) error {
	return fmt.Errorf("tag %d of type %d, expected %d (%s)", t.Tag, t.Type, want, name)
}

// doubles are the values of a tag of floating point.
func doubles(t *imagefile.Tag) ([]float64, error) {
	v := make([]float64, t.Count)
	for i := range v {
		switch t.Type {
		case typeDouble:
			v[i] = math.Float64frombits(binary.LittleEndian.Uint64(t.Value[8*i:]))
		case typeFloat:
			v[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(t.Value[4*i:])))
		default:
			return nil, wrongType(t, "DOUBLE", typeDouble)
		}
	}
	return v, nil
}

func shorts(t *imagefile.Tag) ([]uint16, error) {
	if t.Type != typeShort {
		return nil, wrongType(t, "SHORT", typeShort)
	}
	v := make([]uint16, t.Count)
	for i := range v {
		v[i] = binary.LittleEndian.Uint16(t.Value[2*i:])
	}
	return v, nil
}

// georeference is what tags say of where a raster lies, nil where they say nothing.
func georeference(tags imagefile.Tags) (*geo.Georeference, error) {
	t, err := geoTags(tags)
	if err != nil {
		return nil, err
	}
	g, err := geo.Parse(t)
	if errors.Is(err, geo.ErrNone) {
		return nil, nil
	}
	return g, err
}

// isGeo tells the tags of GeoTIFF, and the one of rational polynomials.
func isGeo(t imagefile.Tag) bool {
	return slices.Contains([]uint16{tagPixelScale, tagTiepoints, tagTransformation, tagGeoKeys, tagGeoDoubles, tagGeoText, tagRPC}, t.Tag)
}

// window are the tags of the part of a raster whose first pixel is at, in pixels of a
// level. With an error it leaves the georeference out.
func window(tags imagefile.Tags, at image.Point, level int) (imagefile.Tags, error) {
	without := slices.DeleteFunc(slices.Clone(tags), isGeo)
	if level == 0 && at == (image.Point{}) || len(without) == len(tags) {
		return tags, nil
	}
	g, err := geoTags(tags)
	if err == nil {
		g, err = g.Window(at, level)
	}
	if err != nil {
		return without, err
	}
	moved := slices.Clone(tags)
	for i := range moved {
		switch t := &moved[i]; t.Tag {
		case tagPixelScale:
			*t = doubleTag(t.Tag, g.PixelScale)
		case tagTiepoints:
			*t = doubleTag(t.Tag, g.Tiepoints)
		case tagTransformation:
			*t = doubleTag(t.Tag, g.Transformation)
		case tagRPC:
			*t = doubleTag(t.Tag, g.RPC)
		}
	}
	return moved, nil
}

func doubleTag(tag uint16, v []float64) imagefile.Tag {
	t := imagefile.Tag{Tag: tag, Type: typeDouble, Count: uint32(len(v))}
	for _, f := range v {
		t.Value = binary.LittleEndian.AppendUint64(t.Value, math.Float64bits(f))
	}
	return t
}

// boxFlags are the flags that ask for a part by coordinates.
type boxFlags struct{ box, crs string }

// region is the part of a level that the flags ask for; size is the level's.
func (f *boxFlags) region(tags imagefile.Tags, level int, size image.Point) (image.Rectangle, error) {
	box, err := geo.ParseBox(f.box)
	if err != nil {
		return image.Rectangle{}, usagef("--bbox %q: %w", f.box, err)
	}
	epsg := 0
	if f.crs != "" {
		if epsg, err = geo.ParseEPSG(f.crs); err != nil {
			return image.Rectangle{}, usagef("--bbox-crs %q: %w", f.crs, err)
		}
	}
	moved, err := window(tags, image.Point{}, level)
	if err != nil {
		return image.Rectangle{}, usagef("--bbox: %w", err)
	}
	g, err := georeference(moved)
	if err == nil && g == nil {
		err = geo.ErrNone
	}
	var r image.Rectangle
	if err == nil {
		r, err = g.Region(box, epsg, size.X, size.Y)
	}
	if err != nil {
		return r, usagef("--bbox: %w", err)
	}
	return r, nil
}
