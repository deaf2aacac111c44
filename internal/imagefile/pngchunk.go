package imagefile

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
)

// appendChunk appends a chunk: length, type, data, CRC of type and data.
func appendChunk(out []byte, kind string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	start := len(out)
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}

// densityChunk is the chunk pHYs of pixels per metre.
func densityChunk(x, y uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, x)
	return appendChunk(nil, "pHYs", append(binary.BigEndian.AppendUint32(b, y), 1))
}

// aspectChunk is the chunk pHYs of x pixels across to y down, without a unit, nil where
// no 31 bits hold the ratio.
func aspectChunk(x, y uint64) []byte {
	for a, b := x, y; ; a, b = b, a%b {
		if b == 0 {
			x, y = x/a, y/a
			break
		}
	}
	if max(x, y) > 1<<31-1 {
		return nil
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(x))
	return appendChunk(nil, "pHYs", append(binary.BigEndian.AppendUint32(b, uint32(y)), 0))
}

// Places that a chunk must come before.
const (
	beforeIEND = iota
	beforeIDAT
	beforePLTE
)

// chunkRule is what the standard asks of an ancillary chunk (PNG third edition,
// table 7 and section 11.3), and what becomes of it.
type chunkRule struct {
	length int    // of the data, 0 for any
	before int    // the place
	many   bool   // may occur more than once
	kept   bool   // in Meta.PNG
	lost   string // what Lost says of it
}

var chunkRules = map[string]chunkRule{
	"iCCP": {before: beforePLTE},
	"eXIf": {},
	"gAMA": {length: 4, before: beforePLTE, kept: true}, "cHRM": {length: 32, before: beforePLTE, kept: true},
	"sRGB": {length: 1, before: beforePLTE, kept: true}, "cICP": {length: 4, before: beforePLTE, kept: true},
	"mDCV": {length: 24, before: beforePLTE, kept: true}, "cLLI": {length: 8, before: beforePLTE, kept: true},
	// Older spellings of these two.
	"mDCv": {length: 24, before: beforePLTE, kept: true}, "cLLi": {length: 8, before: beforePLTE, kept: true},
	"pHYs": {length: 9, before: beforeIDAT, kept: true}, "tIME": {length: 7, kept: true},
	"tEXt": {many: true, kept: true}, "zTXt": {many: true, kept: true}, "iTXt": {many: true, kept: true},

	"bKGD": {lost: "background colour (bKGD)"}, "hIST": {lost: "histogram (hIST)"},
	"sPLT": {lost: "suggested palette (sPLT)"}, "oFFs": {lost: "offset (oFFs)"},
	"pCAL": {lost: "calibration (pCAL)"}, "sCAL": {lost: "physical scale (sCAL)"},
	"sTER": {lost: "stereo layout (sTER)"},
}

// keptChunks splits Meta.PNG into the chunks that belong there, by their kinds
// and in their order; rest tells that there is more.
func keptChunks(b []byte) (kinds []string, chunks [][]byte, rest bool) {
	seen := map[string]bool{}
	for len(b) > 0 {
		kind, data, n := nextChunk(b)
		if data == nil {
			return kinds, chunks, true
		}
		rule := chunkRules[kind]
		if rule.kept && (rule.length == 0 || rule.length == len(data)) && (rule.many || !seen[kind]) {
			seen[kind] = true
			kinds, chunks = append(kinds, kind), append(chunks, b[:n])
		} else {
			rest = true
		}
		b = b[n:]
	}
	return kinds, chunks, rest
}

// nextChunk returns the kind and the data of the chunk that b starts with, and
// its length in all; the data is nil where it is damaged.
func nextChunk(b []byte) (kind string, data []byte, n int) {
	if len(b) < 12 || int64(binary.BigEndian.Uint32(b)) > int64(len(b)-12) {
		return "", nil, 0
	}
	n = int(binary.BigEndian.Uint32(b)) + 12
	if crc32.ChecksumIEEE(b[4:n-4]) != binary.BigEndian.Uint32(b[n-4:]) {
		return "", nil, 0
	}
	return string(b[4:8]), b[8 : n-4 : n-4], n
}

// keyword is what a text chunk starts with, 1 to 79 bytes before a zero (PNG
// 11.3.3); "" where it is damaged.
func keyword(b []byte) string {
	if n := bytes.IndexByte(b, 0); 1 <= n && n <= 79 {
		return string(b[:n])
	}
	return ""
}

// internationalText returns the text of an iTXt chunk, nil where it is damaged.
// PNG 11.3.3.4: keyword, 0, compressed or not, method, language, 0, translated
// keyword, 0, text.
func internationalText(b []byte) []byte {
	_, b, ok := bytes.Cut(b, []byte{0})
	if !ok || len(b) < 2 {
		return nil
	}
	compressed := b[0] != 0
	parts := bytes.SplitN(b[2:], []byte{0}, 3)
	if len(parts) < 3 {
		return nil
	}
	if compressed {
		return inflate(parts[2])
	}
	return parts[2]
}

// plainText returns the text of a tEXt or zTXt chunk (PNG 11.3.3.2 and .3), nil
// where it is damaged.
func plainText(kind string, b []byte) []byte {
	_, b, ok := bytes.Cut(b, []byte{0})
	switch {
	case !ok:
		return nil
	case kind == "tEXt":
		return b
	case len(b) == 0 || b[0] != 0: // method
		return nil
	}
	return inflate(b[1:])
}

// iptcKey is where ImageMagick, ExifTool and Exiv2 keep IPTC: PNG has no chunk
// for it.
const iptcKey = "Raw profile type iptc"

// resourceIPTC is the image resource of Photoshop that holds IPTC records.
const resourceIPTC = "8BIM\x04\x04"

// iptcResource is the image resource for IPTC records.
func iptcResource(iptc []byte) []byte {
	b := append([]byte(resourceIPTC), 0, 0) // no name
	b = binary.BigEndian.AppendUint32(b, uint32(len(iptc)))
	return append(append(b, iptc...), make([]byte, len(iptc)&1)...)
}

// iptcText is the text under iptcKey: a name, the length, and the digits of an
// image resource, 36 bytes a line.
func iptcText(iptc []byte) []byte {
	resource := iptcResource(iptc)
	out := fmt.Appendf(nil, "\niptc\n%8d", len(resource))
	for line := range slices.Chunk(resource, 36) {
		out = hex.AppendEncode(append(out, '\n'), line)
	}
	return append(out, '\n')
}

// parseIPTC is the inverse of iptcText, nil for what is not of its form or holds
// more than IPTC. ImageMagick leaves out the head of the resource.
func parseIPTC(text []byte) []byte {
	name, text := nextWord(text)
	length, text := nextWord(text)
	digits := slices.DeleteFunc(bytes.Clone(text), isSpace)
	b := make([]byte, len(digits)/2)
	if _, err := hex.Decode(b, digits); err != nil || name != "iptc" || strconv.Itoa(len(b)) != length {
		return nil
	}
	if rest, ok := bytes.CutPrefix(b, []byte(resourceIPTC+"\x00\x00")); ok && len(rest) >= 4 {
		n, rest := int64(binary.BigEndian.Uint32(rest)), rest[4:]
		if int64(len(rest)) == n+n&1 {
			return rest[:n]
		}
	}
	if len(b) > 0 && b[0] == 0x1c { // the tag marker of IPTC-IIM, section 1.5
		return b
	}
	return nil
}

// nextWord returns what comes before the next space, and the rest.
func nextWord(text []byte) (word string, rest []byte) {
	text = bytes.TrimLeft(text, " \n")
	n := bytes.IndexAny(text, " \n")
	if n < 0 || n > maxToken {
		return "", nil
	}
	return string(text[:n]), text[n:]
}
