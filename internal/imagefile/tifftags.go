package imagefile

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/qtgpu/qtgpu/raster"
)

// Tag is a tag of a TIFF file: Count values of a type of TIFF 6.0, section 2,
// little-endian.
type Tag struct {
	Tag, Type uint16
	Count     uint32
	Value     []byte
}

// Tags are what a TIFF file says of a raster besides its samples, in the order of their
// numbers: the georeference, GDAL's metadata and no-data value, description, software,
// time, artist and resolution, values as they stand in the file. A photometric
// interpretation is among them where the roles of bands do not tell it: white is zero,
// and inks; so is the number of bits of a sample, as one value, where it is less than the
// type's, and the colour map where the palette is not all of it.
type Tags []Tag

// MaxTagBytes is the most that the value of a Tag takes.
const MaxTagBytes = 1<<16 - 1

// georeference has the tags of GeoTIFF, and the one of rational polynomials of cameras.
var georeference = []uint16{tagPixelScale, tagTiePoints, tagTransformation, tagGeoKeys, tagGeoDoubles, tagGeoText, tagRPC}

// carried lists the tags of Tags.
var carried = append([]uint16{
	tagPhotometric, tagImageDescription, tagXResolution, tagYResolution, tagResolutionUnit, tagSoftware, tagDateTime, tagArtist,
	tagGDALMetadata, tagGDALNodata,
}, georeference...)

// tags are the tags of a directory that are carried, but for those that are damaged or too
// long.
func (d *directory) tags(h *tiffHeader) (t Tags) {
	for _, e := range d.entries {
		if !slices.Contains(carried, e.tag) || t.find(e.tag) != nil {
			continue
		}
		if e.tag == tagPhotometric && !slices.Contains([]uint64{photometricWhiteIsZero, photometricSeparated}, h.photometric) {
			continue
		}
		if v := d.tagValue(e); v != nil {
			t = append(t, Tag{e.tag, e.kind, uint32(e.count), v})
		}
	}
	t = append(t, h.stated()...)
	slices.SortFunc(t, func(a, b Tag) int { return int(a.Tag) - int(b.Tag) })
	return t
}

// stated are tags that say of the samples in the file what those in memory do not tell.
func (h *tiffHeader) stated() (t Tags) {
	if h.bits < 8*h.typ.Size() {
		t = append(t, bitsTag(h.bits))
	}
	if f := shorts(tagColorMap, h.colorMap...); h.colorMap != nil && len(f.value) <= MaxTagBytes {
		t = append(t, Tag{f.tag, f.kind, f.count, f.value})
	}
	return t
}

// tagValue is the value of a tag that can be carried, nil of any other.
func (d *directory) tagValue(e entry) []byte {
	if e.kind == 0 || e.kind > typeDouble || e.count == 0 || e.count > MaxTagBytes/uint64(typeSizes[e.kind]) {
		return nil
	}
	return d.littleEndian(e)
}

// find returns a tag, nil where there is none.
func (t Tags) find(tag uint16) *Tag {
	for i := range t {
		if t[i].Tag == tag {
			return &t[i]
		}
	}
	return nil
}

// text is the value of a tag of ASCII up to its end, "" where there is none.
func (t Tags) text(tag uint16) string {
	v := t.find(tag)
	if v == nil || v.Type != typeASCII {
		return ""
	}
	text, _, _ := bytes.Cut(v.Value, []byte{0})
	return string(text)
}

// Names tells in phrases for people what is lost where Tags are, but for what Meta and
// bands hold too.
func (t Tags) Names() (names []string) {
	if slices.ContainsFunc(t, func(v Tag) bool { return slices.Contains(georeference, v.Tag) }) {
		names = append(names, "georeference (GeoTIFF tags)")
	}
	if t.find(tagGDALMetadata) != nil {
		names = append(names, "GDAL metadata")
	}
	if v := t.colorMap(); v != nil && slices.Max(v) > math.MaxUint8 {
		names = append(names, lowerColours)
	}
	return names
}

// lowerColours is what a palette of 8 bits has not of one of 16.
const lowerColours = "the lower bits of the palette's colours"

// colorMap is the value of the tag, nil where there is none.
func (t Tags) colorMap() (v []uint16) {
	tag := t.find(tagColorMap)
	if tag == nil || tag.Type != typeShort || tag.Count%3 != 0 {
		return nil
	}
	for i := range int(tag.Count) {
		v = append(v, binary.LittleEndian.Uint16(tag.Value[2*i:]))
	}
	return v
}

// noData is the text of GDAL's tag where it is a number, else "".
func (t Tags) noData() string {
	text := strings.TrimSpace(t.text(tagGDALNodata))
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return ""
	}
	return text
}

// AppendBinary appends a bare TIFF directory: the number of tags in 2 bytes, of each its
// number, type, count and value or the place of the value from the first byte of the
// directory on, 4 bytes of zeros, and values of more than 4 bytes. All is little-endian,
// and tags are in the order of their numbers.
func (t Tags) AppendBinary(b []byte) ([]byte, error) {
	if len(b)&1 != 0 {
		return b, errors.New("TIFF directory at an odd place")
	}
	return append(b, appendDirectory(nil, 0, t.fields())...), nil
}

// fields are the tags as they are written.
func (t Tags) fields() []field {
	fields := make([]field, len(t))
	for i, v := range t {
		fields[i] = field{tag: v.Tag, kind: v.Type, count: v.Count, value: v.Value}
	}
	return fields
}

// ParseTags reads what AppendBinary has written. Values share memory with b. The error
// says what of the directory is out of bounds or out of order; tags that are not known are
// taken as any other.
func ParseTags(b []byte) (Tags, error) {
	const head, size, next = 2, 12, 4
	if len(b) < head+next {
		return nil, fmt.Errorf("TIFF directory of %d bytes: expected %d or more", len(b), head+next)
	}
	n := int(binary.LittleEndian.Uint16(b))
	if len(b) < head+n*size+next {
		return nil, fmt.Errorf("TIFF directory of %d bytes: expected %d for %d tags", len(b), head+n*size+next, n)
	}
	if further := binary.LittleEndian.Uint32(b[head+n*size:]); further != 0 {
		return nil, fmt.Errorf("TIFF directory with another at %d: expected one", further)
	}
	t := make(Tags, n)
	for i := range t {
		v, err := parseTag(b, b[head+i*size:][:size])
		if err != nil {
			return nil, err
		}
		if i > 0 && v.Tag <= t[i-1].Tag {
			return nil, fmt.Errorf("tag %d behind tag %d: expected tags in the order of their numbers", v.Tag, t[i-1].Tag)
		}
		t[i] = v
	}
	return t, nil
}

// parseTag reads an entry of a directory b.
func parseTag(b, e []byte) (Tag, error) {
	le := binary.LittleEndian
	t := Tag{Tag: le.Uint16(e), Type: le.Uint16(e[2:]), Count: le.Uint32(e[4:])}
	if t.Type == 0 || t.Type > typeDouble {
		return t, fmt.Errorf("tag %d: type %d, expected 1 to %d", t.Tag, t.Type, typeDouble)
	}
	n := int64(t.Count) * typeSizes[t.Type]
	if n == 0 || n > MaxTagBytes {
		return t, fmt.Errorf("tag %d: %d values of type %d, expected 1 to %d bytes", t.Tag, t.Count, t.Type, MaxTagBytes)
	}
	if n <= 4 {
		t.Value = e[8:][:n]
		return t, nil
	}
	off := int64(le.Uint32(e[8:]))
	if off > int64(len(b))-n {
		return t, fmt.Errorf("tag %d: value of %d bytes at %d, the directory ends at %d", t.Tag, n, off, len(b))
	}
	t.Value = b[off:][:n:n]
	return t, nil
}

// gdalMetadata is the value of GDAL's tag for metadata.
type gdalMetadata struct {
	XMLName xml.Name   `xml:"GDALMetadata"`
	Items   []gdalItem `xml:"Item"`
}

type gdalItem struct {
	Name   string `xml:"name,attr"`
	Sample *int   `xml:"sample,attr"`
	Role   string `xml:"role,attr,omitempty"`
	// Attrs are domain, format and others.
	Attrs []xml.Attr `xml:",any,attr"`
	Value string     `xml:",chardata"`
}

// GDAL escapes values for XML once more than XML does.
var (
	unescaped = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&")
	escaped   = strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&quot;", "&", "&amp;")
)

// describe gives bands the names, scales and offsets that GDAL's metadata has for them.
// What is no XML, or no number, is left alone.
func (t Tags) describe(bands []raster.Band) {
	var m gdalMetadata
	if xml.Unmarshal([]byte(t.text(tagGDALMetadata)), &m) != nil {
		return
	}
	for _, item := range m.Items {
		if item.Sample == nil || *item.Sample < 0 || *item.Sample >= len(bands) {
			continue
		}
		band := &bands[*item.Sample]
		v, err := strconv.ParseFloat(strings.TrimSpace(item.Value), 64)
		number := err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
		switch item.Role {
		case "description":
			band.Name = unescaped.Replace(item.Value)
		case "scale":
			if number && v != 0 {
				band.Scale = v
			}
		case "offset":
			if number {
				band.Offset = v
			}
		}
	}
}

// metadataOf is GDAL's metadata with the names, scales and offsets of bands: the text of
// the tag where it has them, else made anew, "" where there is none.
func (t Tags) metadataOf(bands []raster.Band) string {
	said := make([]raster.Band, len(bands))
	t.describe(said)
	if slices.EqualFunc(said, bands, sameDescription) {
		return t.text(tagGDALMetadata)
	}
	var m gdalMetadata
	if xml.Unmarshal([]byte(t.text(tagGDALMetadata)), &m) != nil {
		m = gdalMetadata{}
	}
	m.Items = slices.DeleteFunc(m.Items, func(i gdalItem) bool {
		return i.Role == "description" || i.Role == "scale" || i.Role == "offset"
	})
	for i, b := range bands {
		m.Items = append(m.Items, describing(i, b)...)
	}
	return m.text()
}

// WithoutStatistics are the tags without statistics of samples in GDAL's metadata, and how
// many of these there were; 0 too where what remains is longer than a tag can be.
func (t Tags) WithoutStatistics() (Tags, int) {
	var m gdalMetadata
	if xml.Unmarshal([]byte(t.text(tagGDALMetadata)), &m) != nil {
		return t, 0
	}
	n := len(m.Items)
	m.Items = slices.DeleteFunc(m.Items, func(i gdalItem) bool { return strings.HasPrefix(i.Name, "STATISTICS_") })
	if n -= len(m.Items); n == 0 {
		return t, 0
	}
	kept := slices.DeleteFunc(slices.Clone(t), func(v Tag) bool { return v.Tag == tagGDALMetadata && len(m.Items) == 0 })
	if v := kept.find(tagGDALMetadata); v != nil {
		f := ascii(tagGDALMetadata, m.text())
		if len(f.value) > MaxTagBytes { // XML can be longer than before
			return t, 0
		}
		v.Count, v.Value = f.count, f.value
	}
	return kept, n
}

// text is the value of the tag.
func (m *gdalMetadata) text() string {
	var out strings.Builder
	if err := xml.NewEncoder(&out).Encode(m); err != nil {
		return "" // to memory, of text and numbers
	}
	return out.String()
}

// sameDescription tells whether two bands have the same name, scale and offset.
func sameDescription(a, b raster.Band) bool {
	scale := func(b raster.Band) float64 {
		if b.Scale == 0 {
			return 1
		}
		return b.Scale
	}
	return a.Name == b.Name && a.Offset == b.Offset && scale(a) == scale(b)
}

// describing are the items that say of a band what is not said by default.
func describing(i int, b raster.Band) (items []gdalItem) {
	add := func(name, role, value string) {
		items = append(items, gdalItem{Name: name, Sample: &i, Role: role, Value: value})
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	if b.Offset != 0 {
		add("OFFSET", "offset", number(b.Offset))
	}
	if b.Scale != 0 && b.Scale != 1 {
		add("SCALE", "scale", number(b.Scale))
	}
	if b.Name != "" {
		add("DESCRIPTION", "description", escaped.Replace(b.Name))
	}
	return items
}
