package imagefile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// structural lists the tags that say how samples are stored or are of no use
// without the file they stand in: none of them is lost.
var structural = []uint16{
	tagNewSubfileType, tagSubfileType, tagImageWidth, tagImageLength, tagBitsPerSample, tagCompression, tagPhotometric,
	263, 264, 265, // Threshholding, CellWidth, CellLength
	tagFillOrder, tagStripOffsets, tagSamplesPerPixel, tagRowsPerStrip, tagStripByteCounts,
	280, tagMaxSampleValue, // 280: MinSampleValue
	tagPlanar, 288, 289, // FreeOffsets, FreeByteCounts
	tagT4Options, tagT6Options, tagPageNumber, tagPredictor, tagColorMap,
	tagTileWidth, tagTileLength, tagTileOffsets, tagTileByteCounts, tagExtraSamples, tagSampleFormat,
	tagInkSet, 333, 334, // InkNames, NumberOfInks
	tagJPEGTables, 529, 530, 531, 532, // how YCbCr is coded
}

// lostTags names what groups of tags hold.
var lostTags = []struct {
	what string
	tags []uint16
}{
	{"transfer function", []uint16{301}},
	{"Photoshop resources", []uint16{34377}},
	{"Photoshop layers", []uint16{37724}},
}

// lost names what the directory holds besides the samples and what goes into
// Meta and Tags.
func (d *directory) lost(h *tiffHeader, meta Meta, tags Tags) (lost []string) {
	var known []uint16
	for _, l := range lostTags {
		if d.hasAny(l.tags) {
			lost = append(lost, l.what)
		}
		known = append(known, l.tags...)
	}
	for _, tag := range carried {
		e, ok := d.find(tag)
		if ok && tag != tagPhotometric && tags.find(tag) == nil && !slices.Contains(descriptive, tag) {
			lost = append(lost, fmt.Sprintf("tag %d, which is damaged or too long (%d values)", tag, e.count))
		}
	}
	if _, err := d.nodata(); err != nil {
		lost = append(lost, fmt.Sprintf("damaged nodata value (%v)", err))
	}
	if h.colorMap != nil && tags.find(tagColorMap) == nil {
		lost = append(lost, lowerColours)
	}
	full := uint64(1)<<h.bits - 1
	if v, err := d.uint(tagMaxSampleValue, full); err == nil && v != full && h.bits < 32 {
		lost = append(lost, fmt.Sprintf("MaxSampleValue %d", v))
	}
	if subs, err := d.uints(tagSubIFDs, maxPages); err != nil || len(subs) > 0 {
		lost = append(lost, counted(max(1, len(subs)), "a sub-image (SubIFD)", "%d sub-images (SubIFDs)"))
	}
	for _, b := range []struct {
		tag  uint16
		blob []byte
		what string
	}{{tagICC, meta.ICC, "colour profile"}, {tagXMP, meta.XMP, "XMP packet"}, {tagIPTC, meta.IPTC, "IPTC records"}} {
		if _, ok := d.find(b.tag); ok && b.blob == nil {
			lost = append(lost, fmt.Sprintf("damaged %s (tag %d)", b.what, b.tag))
		}
	}
	known = append(append(known, carried...), tagSubIFDs, tagICC, tagXMP, tagIPTC)
	return append(lost, d.unknown(append(known, descriptive...))...)
}

// unknown counts the tags that are neither structural nor known.
func (d *directory) unknown(known []uint16) (lost []string) {
	var private, other int
	seen := map[uint16]bool{}
	for _, e := range d.entries {
		switch {
		case seen[e.tag] || slices.Contains(structural, e.tag) || slices.Contains(known, e.tag):
		case e.tag >= 1<<15:
			private++
		default:
			other++
		}
		seen[e.tag] = true
	}
	if private > 0 {
		lost = append(lost, counted(private, "a private tag", "%d private tags"))
	}
	if other > 0 {
		lost = append(lost, counted(other, "another tag", "%d other tags"))
	}
	return lost
}

func (d *directory) hasAny(tags []uint16) bool {
	return slices.ContainsFunc(d.entries, func(e entry) bool { return slices.Contains(tags, e.tag) })
}

// nodata is the number in GDAL's tag for the value that stands for no data, ""
// where there is none.
func (d *directory) nodata() (text string, err error) {
	e, ok := d.find(tagGDALNodata)
	if !ok {
		return "", nil
	}
	e.count = min(e.count, 64) // longer ones are no number
	b, err := d.bytes(e)
	if err != nil {
		return "", err
	}
	text, _, _ = strings.Cut(string(b), "\x00")
	text = strings.TrimSpace(text)
	_, err = strconv.ParseFloat(text, 64)
	return text, err
}
