package main

import (
	"fmt"
	"slices"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// carried is the metadata of an image file as a .qtg file holds it.
func carried(f *imagefile.File) (m qtgpu.Metadata, err error) {
	m = qtgpu.Metadata{ICC: f.Meta.ICC, EXIF: f.Meta.EXIF, XMP: f.Meta.XMP, IPTC: f.Meta.IPTC, PNG: f.Meta.PNG}
	if len(f.Tags) > 0 {
		m.TIFF, err = f.Tags.AppendBinary(nil)
	}
	return m, err
}

// ofColours is the metadata of an image file as a .qtg file of the colours of its palette
// holds it, where indices are not coded; nil where there is no palette.
func ofColours(f *imagefile.File) (*qtgpu.Metadata, error) {
	if f.Format().Palette == nil {
		return nil, nil
	}
	colours := *f
	colours.Tags = pictureTags(f.Tags)
	m, err := carried(&colours)
	return &m, err
}

// becomeColours leaves out what is true of indices and not of colours, where these were coded.
func becomeColours(f *imagefile.File, coded *raster.Format) {
	if f.Format().Palette == nil || coded.Palette != nil {
		return
	}
	if v := f.Format().Bands[0].NoData; v != nil {
		f.Lost = append(f.Lost, fmt.Sprintf("index %v of no data, since colours are coded with loss: -t 0 keeps it", *v))
	}
	kept := pictureTags(f.Tags).Names()
	for _, name := range f.Tags.Names() {
		if !slices.Contains(kept, name) {
			f.Lost = append(f.Lost, name)
		}
	}
}

// otherStatistics says why statistics are not kept.
const otherStatistics = "statistics in GDAL's metadata are of other samples, and left out"

// loseStatistics notes that statistics are left out, if they are.
func loseStatistics(f *imagefile.File, lossless bool) {
	if _, n := f.Tags.WithoutStatistics(); n > 0 && !lossless {
		f.Notes = append(f.Notes, otherStatistics)
	}
}

// metadata is the metadata of a .qtg file as an image file holds it.
type metadata struct {
	imagefile.Meta
	tags imagefile.Tags
}

// readMetadata reads the metadata of a file. Where it keeps going, it takes what can be
// read and warns of what was lost.
func (a *app) readMetadata(name string, r *qtgpu.Reader, keepGoing bool) (m metadata, err error) {
	meta, err := r.Metadata(a.ctx)
	m.Meta = imagefile.Meta{ICC: meta.ICC, EXIF: meta.EXIF, XMP: meta.XMP, IPTC: meta.IPTC, PNG: meta.PNG}
	if err == nil && meta.TIFF != nil {
		if m.tags, err = imagefile.ParseTags(meta.TIFF); err != nil {
			err = fmt.Errorf("chunk tifm: %w", err)
		}
	}
	if err != nil && !keepGoing {
		return metadata{}, at(name, err)
	}
	if err != nil {
		a.losePart(name, "damaged beside the tiles: %s", message(err))
	}
	return m, nil
}
