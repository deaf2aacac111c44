package main

import (
	"fmt"
	"slices"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// carried is the metadata of an image file as a .qtg file holds it.
func carried(f *imagefile.File) (m qtgpu.Metadata, err error) {
	m = qtgpu.Metadata{ICC: f.Meta.ICC, EXIF: f.Meta.EXIF, XMP: f.Meta.XMP, IPTC: f.Meta.IPTC, PNG: f.Meta.PNG}
	if len(f.Tags) > 0 {
		m.TIFF, err = f.Tags.AppendBinary(nil)
	}
	return m, err
}

// becomeColours leaves out what is true of indices and not of the colours that are coded
// in their place where there is a loss.
func becomeColours(f *imagefile.File) {
	band := f.Format().Bands[0]
	if band.NoData != nil {
		f.Lost = append(f.Lost, fmt.Sprintf("index %v of no data, since colours are coded with loss: -t 0 keeps it", *band.NoData))
	}
	kept := pictureTags(f.Tags)
	for _, name := range f.Tags.Names() {
		if !slices.Contains(kept.Names(), name) {
			f.Lost = append(f.Lost, name)
		}
	}
	f.Tags = kept
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
