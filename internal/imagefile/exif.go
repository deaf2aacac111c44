package imagefile

import "slices"

// descriptive lists the tags of a first directory that describe the picture
// and not how its samples are stored; they go between TIFF files and EXIF.
var descriptive = []uint16{
	tagDocumentName, tagImageDescription, tagMake, tagModel, tagOrientation, tagXResolution, tagYResolution,
	tagPageName, tagXPosition, tagYPosition, tagResolutionUnit, tagSoftware, tagDateTime, tagArtist, tagHostComputer,
	tagWhitePoint, tagPrimaries, tagCopyright, tagEXIF, tagGPS,
}

// exifFromTIFF makes an EXIF blob of the descriptive tags of a TIFF file, nil
// where there are none.
func exifFromTIFF(d *directory) []byte {
	fields := descriptiveFields(d)
	if fields == nil {
		return nil
	}
	return appendDirectory([]byte("II*\x00\x08\x00\x00\x00"), 0, fields)
}

// exifFields returns the fields of an EXIF blob that belong into the directory
// of a TIFF file, none where the blob is damaged.
func exifFields(blob []byte) []field {
	if len(blob) == 0 {
		return nil
	}
	d, err := openDirectory(section(blob))
	if err != nil {
		return nil
	}
	return descriptiveFields(d)
}

func descriptiveFields(d *directory) []field {
	c := collector{budget: maxMeta / 2}
	return c.fields(d, 0, func(tag uint16) bool { return slices.Contains(descriptive, tag) })
}

// collector copies fields with their values; budget is how many bytes more,
// so that entries that share a value cannot make much of little.
type collector struct {
	budget int64
}

// fields copies the entries of a directory that are wanted, once each, with the
// directories under them, and drops those that are damaged.
func (c *collector) fields(d *directory, depth int, wanted func(uint16) bool) (fields []field) {
	seen := map[uint16]bool{}
	for _, e := range d.entries {
		if !wanted(e.tag) || seen[e.tag] {
			continue
		}
		seen[e.tag] = true
		f := field{tag: e.tag, kind: e.kind, count: uint32(e.count)}
		if e.tag == tagEXIF || e.tag == tagGPS || e.tag == tagInterop {
			f.under = c.under(d, e, depth)
		} else {
			f.value = c.value(d, e)
		}
		if f.under != nil || f.value != nil {
			fields = append(fields, f)
		}
	}
	return fields
}

// maxDepth is the depth of EXIF: first directory, Exif, Interoperability.
const maxDepth = 2

func (c *collector) under(d *directory, e entry, depth int) []field {
	off, err := d.uint(e.tag, 0)
	if err != nil || depth == maxDepth {
		return nil
	}
	sub, err := d.at(off)
	if err != nil {
		return nil
	}
	return c.fields(sub, depth+1, func(uint16) bool { return true })
}

// value returns the value of an entry in little-endian order, nil where it is damaged or
// of a type that EXIF does not know.
func (c *collector) value(d *directory, e entry) []byte {
	c.budget -= 12
	if e.count == 0 || e.count > maxMeta || e.kind > typeIFD {
		return nil
	}
	c.budget -= int64(e.count) * typeSizes[e.kind]
	if c.budget < 0 {
		return nil
	}
	return d.littleEndian(e)
}

// littleEndian returns a copy of the value of an entry in little-endian order, nil where
// it is damaged.
func (d *directory) littleEndian(e entry) []byte {
	b, err := d.bytes(e)
	if err != nil {
		return nil
	}
	b = slices.Clone(b)
	if n := wordSizes[e.kind]; n > 1 && d.order.Uint16([]byte{0, 1}) == 1 {
		for word := range slices.Chunk(b, n) {
			slices.Reverse(word)
		}
	}
	return b
}
