package imagefile

import (
	"bytes"
	"encoding/binary"
	"regexp"
)

// foreignMagic has formats that Read refuses by their names, with the bytes that
// their files start with.
var foreignMagic = []struct{ name, start string }{
	{"GIF", "GIF8"},
	{"PSD", "8BPS\x00\x01"},
	{"PSB", "8BPS\x00\x02"},
	{"JPEG XL", "\xff\x0a"},
	{"JPEG XL", "\x00\x00\x00\x0cJXL \r\n\x87\n"},
	{"JPEG 2000", "\xff\x4f\xff\x51"},
	{"JPEG 2000", "\x00\x00\x00\x0cjP  \r\n\x87\n"},
	{"OpenEXR", "v/1\x01"},
	{"DDS", "DDS "},
	{"ICO", "\x00\x00\x01\x00"},
	{"PDF", "%PDF-"},
}

// brands are the brands in the file type box of ISO/IEC 14496-12, section 4.3, that
// name a still image.
var brands = map[string]string{
	"avif": "AVIF", "avis": "AVIF",
	"heic": "HEIC", "heix": "HEIC", "heim": "HEIC", "heis": "HEIC", "hevc": "HEIC", "hevx": "HEIC",
	"mif1": "HEIF", "msf1": "HEIF", "mif2": "HEIF",
}

// svgStart is the root element of an SVG file or its document type, after what
// XML allows before them.
var svgStart = regexp.MustCompile(`^\x{FEFF}?\s*((<\?xml|<!--)[\s\S]*)?<(svg|!DOCTYPE svg)[\s>:]`)

// foreign names the format of a file that Read refuses, "" for one unknown.
func foreign(head []byte) string {
	for _, f := range foreignMagic {
		if bytes.HasPrefix(head, []byte(f.start)) {
			return f.name
		}
	}
	switch {
	case len(head) >= 16 && string(head[4:8]) == "ftyp":
		return stillImage(head)
	case len(head) > 20 && string(head[8:16]) == "WEBPVP8X" && head[20]&0x02 != 0:
		return "an animated WebP"
	case svgStart.Match(head):
		return "SVG"
	}
	return ""
}

// stillImage names the format by the brands of a file type box: the major one,
// or those that are compatible where it says no more than HEIF.
func stillImage(head []byte) string {
	name := brands[string(head[8:12])]
	end := min(int64(binary.BigEndian.Uint32(head)), int64(len(head)))
	for at := int64(16); at+4 <= end && (name == "" || name == "HEIF"); at += 4 {
		if other := brands[string(head[at:at+4])]; other != "" {
			name = other
		}
	}
	return name
}
