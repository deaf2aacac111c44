package imagefile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// chunk is a chunk of a file for tests.
func chunk(kind, data string) string { return string(appendChunk(nil, kind, []byte(data))) }

// ihdr is the chunk of that name.
func ihdr(w, h, depth, colour int) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(w))
	b = binary.BigEndian.AppendUint32(b, uint32(h))
	return chunk("IHDR", string(append(b, byte(depth), byte(colour), 0, 0, 0)))
}

// deflated is zlib data.
func deflated(data string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write([]byte(data))
	z.Close()
	return b.String()
}

// pngFile is a file of chunks; the pixels are one gray of value 7 unless the
// chunks bring their own.
func pngFile(before, after string) []byte {
	file := pngSignature
	if !strings.Contains(before, "IHDR") {
		file += ihdr(1, 1, 8, pngGray)
	}
	file += before
	if !strings.Contains(before, "IDAT") {
		file += chunk("IDAT", deflated("\x00\x07"))
	}
	return []byte(file + after + chunk("IEND", ""))
}

// TestPNGRefusals: what libpng refuses and image/png would pass over.
func TestPNGRefusals(t *testing.T) {
	data := deflated("\x00\x07")
	half := chunk("IDAT", data[:3])
	rest := chunk("IDAT", data[3:])
	broken := []byte(chunk("IDAT", data))
	broken[len(broken)-1] ^= 1
	cases := []struct {
		name string
		file []byte
		want string
	}{
		{"text between IDAT", pngFile(half+chunk("tEXt", "a\x00b")+rest, ""), "chunk at byte 63: IDAT after tEXt: expected all IDAT chunks in a row"},
		{"unknown between IDAT", pngFile(half+chunk("zzZz", "")+rest, ""), "IDAT after zzZz"},
		{"unknown critical", pngFile(chunk("XXXX", "abc"), ""), "chunk at byte 33: XXXX is critical and not known: expected IHDR, PLTE, IDAT or IEND"},
		{"no letters", pngFile(chunk("t\x00Xt", ""), ""), "chunk at byte 33: type 74 00 58 74: expected four letters"},
		{"length", []byte(pngSignature + ihdr(1, 1, 8, pngGray) + "\xff\xff\xff\xfftEXt"), "tEXt of 4294967295 bytes: expected at most 2147483647"},
		{"first chunk", []byte(pngSignature + chunk("gAMA", "abcd") + ihdr(1, 1, 8, 0)), "chunk at byte 8: gAMA: expected IHDR"},
		{"checksum", pngFile(string(broken), ""), "invalid checksum"},
		{"no image", pngFile("", "")[:33], "unexpected EOF"},
		{"cut chunk", append(pngFile("", "")[:33], chunk("tEXt", "a\x00b")[:9]...), "unexpected EOF"},
		{"palette missing", pngFile(ihdr(1, 1, 8, pngPalette)+chunk("IDAT", data), ""), "chunk out of order"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Read(bytes.NewReader(c.file), ReadOptions{})
			require.ErrorContains(t, err, c.want)
		})
	}
	require.Equal(t, []byte{7}, decode(t, "png", pngFile(half+rest, "")).Pix, "IDAT chunks in a row")
}

// TestPNGHostileAgainstLibpng: of the crafted files, those that libpng refuses
// are refused.
func TestPNGHostileAgainstLibpng(t *testing.T) {
	dir := filepath.Join(corpus(t), "hostile")
	for _, e := range readExpected(t, dir) {
		if !strings.HasSuffix(e.file, ".png") || e.result == "ok" {
			continue
		}
		f, err := os.Open(filepath.Join(dir, e.file))
		require.NoError(t, err)
		_, _, err = Read(f, ReadOptions{MaxPixels: 1 << 26})
		require.NoError(t, f.Close())
		if e.file != "crafted-is-really-tiff.png" {
			require.Error(t, err, e.file)
		}
	}
}

// TestPNGKeepsChunks: what belongs into Meta.PNG comes back whole and in order,
// from both sides of the pixels.
func TestPNGKeepsChunks(t *testing.T) {
	before := chunk("gAMA", "\x00\x01\x86\xa0") + chunk("cHRM", strings.Repeat("\x00\x00\x7a\x26", 8)) + chunk("sRGB", "\x00") +
		chunk("cICP", "\x09\x10\x00\x01") + chunk("mDCV", strings.Repeat("m", 24)) + chunk("cLLI", "12345678") +
		chunk("pHYs", "\x00\x00\x0b\x13\x00\x00\x0b\x13\x01") + chunk("tEXt", "Title\x00a") + chunk("tEXt", "Title\x00b") +
		chunk("zTXt", "Comment\x00\x00"+deflated("c")) + chunk("tEXt", "Raw profile type exif\x00\nexif\n 1\n00\n")
	after := chunk("iTXt", "Author\x00\x00\x00\x00\x00d") + chunk("tIME", "\x07\xe8\x01\x02\x03\x04\x05") + chunk("tEXt", "Title\x00e")
	m := decode(t, "png", pngFile(before, after))
	require.Equal(t, before+after, string(m.Meta.PNG))
	require.Empty(t, m.Lost)
	require.Equal(t, Meta{PNG: m.Meta.PNG}, m.Meta)

	again := decode(t, "png", encode(t, "png", m, WriteOptions{}))
	require.Equal(t, m.Meta, again.Meta)
	require.Empty(t, unsaid("png", m))

	older := chunk("mDCv", strings.Repeat("m", 24)) + chunk("cLLi", "12345678")
	require.Equal(t, older, string(decode(t, "png", pngFile(older, "")).Meta.PNG))
}

// TestPNGNamesWhatIsLost: chunks that are not kept, with the reason.
func TestPNGNamesWhatIsLost(t *testing.T) {
	bad := []byte(chunk("gAMA", "abcd"))
	bad[9] ^= 1
	frame := chunk("fcTL", strings.Repeat("f", 26))
	var many strings.Builder
	for i := range 26 {
		many.WriteString(chunk(fmt.Sprintf("z%cZz", 'A'+i), ""))
	}
	plte := chunk("PLTE", "abcdef")
	idat2 := chunk("IDAT", deflated("\x00\x01"))
	cases := []struct{ name, before, after, want string }{
		{"nothing", "", "", ""},
		{"background", chunk("bKGD", "\x00\x00"), "", "background colour (bKGD)"},
		{"others", chunk("hIST", "") + chunk("sPLT", "") + chunk("sPLT", "") + chunk("oFFs", "") + chunk("pCAL", "") + chunk("sCAL", "") + chunk("sTER", ""), "",
			"histogram (hIST), suggested palette (sPLT), offset (oFFs), calibration (pCAL), physical scale (sCAL), stereo layout (sTER)"},
		{"unknown", chunk("zzZz", "x") + chunk("zzZz", "y"), chunk("abCd", ""), "chunk zzZz, chunk abCd"},
		{"many", many.String(), "", "chunk zAZz, chunk zBZz, chunk zCZz, chunk zDZz, chunk zEZz, chunk zFZz, chunk zGZz, chunk zHZz, chunk zIZz, chunk zJZz, " +
			"chunk zKZz, chunk zLZz, chunk zMZz, chunk zNZz, chunk zOZz, chunk zPZz, chunk zQZz, chunk zRZz, chunk zSZz, chunk zTZz, and more"},
		{"animation", chunk("acTL", "12345678") + frame, frame + chunk("fdAT", "1234") + frame + frame, "3 further animation frames"},
		{"animation beside the image", chunk("acTL", "12345678"), frame + chunk("fdAT", "1234"), "1 further animation frame"},
		{"animation of one", chunk("acTL", "12345678") + frame, "", ""},
		{"no information", chunk("iDOT", "12345678"), "", ""},
		{"significant bits", chunk("sBIT", "\x05"), "", "significant bits (sBIT)"},
		{"all significant", chunk("sBIT", "\x08"), "", ""},
		{"checksum", string(bad), "", "damaged chunk gAMA"},
		{"length", chunk("gAMA", "abcde"), "", "damaged chunk gAMA"},
		{"second", chunk("gAMA", "abcd") + chunk("gAMA", "abcd"), "", "second chunk gAMA"},
		{"late", "", chunk("gAMA", "abcd") + chunk("pHYs", "123456789") + chunk("tRNS", "ab"),
			"chunk gAMA out of place, chunk pHYs out of place, damaged chunk tRNS"},
		{"keyword", chunk("tEXt", "\x00a") + chunk("zTXt", strings.Repeat("k", 80)+"\x00"), "", "damaged chunk tEXt, damaged chunk zTXt"},
		{"profile", chunk("iCCP", "icc\x00\x00abc"), "", "damaged chunk iCCP"},
		{"EXIF", chunk("eXIf", "no TIFF"), "", "damaged chunk eXIf"},
		{"XMP", chunk("iTXt", xmpKey+"\x00\x01\x00\x00\x00<x/>"), "", "damaged chunk iTXt"},
		{"transparency", chunk("tRNS", "abc"), "", "damaged chunk tRNS"},
		{"palette of RGB", ihdr(1, 1, 8, pngRGB) + plte + chunk("IDAT", deflated("\x00abc")), "", "suggested palette (PLTE)"},
		{"late colours", ihdr(1, 1, 8, pngPalette) + plte + chunk("gAMA", "abcd") + idat2, "", "chunk gAMA out of place"},
		{"too many opacities", ihdr(1, 1, 8, pngPalette) + plte + chunk("tRNS", "abc") + idat2, "", "damaged chunk tRNS"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, strings.Join(decode(t, "png", pngFile(c.before, c.after)).Lost, ", "))
		})
	}
}

// TestPNGMetadataIsBounded: a chunk beyond the limit, alone or with those before,
// is dropped and named.
func TestPNGMetadataIsBounded(t *testing.T) {
	part := chunk("tEXt", "k\x00"+strings.Repeat("x", maxMeta/2))
	m := decode(t, "png", pngFile(part+part+chunk("tEXt", "k\x00v"), ""))
	require.Equal(t, part+chunk("tEXt", "k\x00v"), string(m.Meta.PNG))
	require.Equal(t, []string{"chunk tEXt beyond 16 MiB"}, m.Lost)

	m = decode(t, "png", pngFile(chunk("eXIf", "II*\x00"+strings.Repeat("x", maxMeta)), ""))
	require.Nil(t, m.Meta.EXIF)
	require.Equal(t, []string{"chunk eXIf beyond 16 MiB"}, m.Lost)
}

// TestPNGTransparency: the colour of tRNS is the one that is transparent, by the
// definition, in all depths of gray and RGB.
func TestPNGTransparency(t *testing.T) {
	for _, c := range []struct{ colour, depth int }{
		{pngGray, 1}, {pngGray, 2}, {pngGray, 4}, {pngGray, 8}, {pngGray, 16}, {pngRGB, 8}, {pngRGB, 16},
	} {
		const w, h = 16, 4
		channels := 1 + c.colour
		step := channels * c.depth // bits of a pixel
		var rows []byte
		rng := noise(w*channels, h, 1, 16).Pix
		var samples []uint16
		for y := range h {
			row := make([]byte, 1+w*step/8)
			for i := range w * channels {
				v := binary.BigEndian.Uint16(rng[2*(y*w*channels+i):]) >> (16 - min(c.depth, 2)) // few values, so that some are equal
				samples = append(samples, v)
				if at := 1 + i*c.depth/8; c.depth == 16 {
					row[at+1] = byte(v)
				} else {
					row[at] |= byte(v << (8 - c.depth - i*c.depth%8))
				}
			}
			rows = append(rows, row...)
		}
		key := samples[5*channels:][:channels]
		var trns []byte
		for _, v := range key {
			trns = binary.BigEndian.AppendUint16(trns, v)
		}
		m := decode(t, "png", pngFile(ihdr(w, h, c.depth, c.colour)+chunk("tRNS", string(trns))+chunk("IDAT", deflated(string(rows))), ""))
		require.Equal(t, []int{channels + 1, max(8, c.depth)}, []int{m.Channels, m.Depth})
		scale := 1
		if c.depth < 8 {
			scale = 255 / (1<<c.depth - 1)
		}
		for i := range w * h {
			pixel := samples[i*channels:][:channels]
			for k, v := range pixel {
				require.Equal(t, float64(int(v)*scale), m.raw(i%w, i/w, k), "type %d, %d bits: pixel %d,%d channel %d", c.colour, c.depth, i%w, i/w, k)
			}
			alpha := 1<<m.Depth - 1
			if fmt.Sprint(pixel) == fmt.Sprint(key) {
				alpha = 0
			}
			require.Equal(t, float64(alpha), m.raw(i%w, i/w, channels), "type %d, %d bits: alpha of %d,%d", c.colour, c.depth, i%w, i/w)
		}
	}
}

// TestPNGIndexPastThePalette is black, and said.
func TestPNGIndexPastThePalette(t *testing.T) {
	m := decode(t, "png", pngFile(ihdr(2, 1, 8, pngPalette)+chunk("PLTE", "abcdef")+chunk("IDAT", deflated("\x00\x01\x05")), ""))
	require.Equal(t, []string{"palette index 5 of 2 colours taken as black"}, m.Notes)
	require.Equal(t, []byte{1, 5}, m.Index)
	require.Equal(t, []byte{0, 0, 0}, m.Pix[m.Step:][:3])
}

// TestIPTCText: IPTC comes back from the text that holds it, as ImageMagick
// writes it too, and is not kept as text then.
func TestIPTCText(t *testing.T) {
	iptc := []byte("\x1c\x02\x50\x00\x04Jane\x1c\x02\x05\x00\x20" + strings.Repeat("long", 8))
	for _, odd := range [][]byte{iptc, append(bytes.Clone(iptc), 0)} {
		require.Equal(t, odd, parseIPTC(iptcText(odd)))
	}
	magick := "\niptc\n      11\n1c025000064a616e\n652e44\n"
	for name, c := range map[string]string{
		"tEXt": chunk("tEXt", iptcKey+"\x00"+magick),
		"zTXt": chunk("zTXt", iptcKey+"\x00\x00"+deflated(magick)),
	} {
		m := decode(t, "png", pngFile(c, ""))
		require.Equal(t, "\x1c\x02\x50\x00\x06Jane.D", string(m.Meta.IPTC), name)
		require.Nil(t, m.Meta.PNG, name)
	}
	for name, text := range map[string]string{
		"another name":     strings.Replace(magick, "iptc", "8bim", 1),
		"another length":   strings.Replace(magick, "11", "12", 1),
		"no digits":        strings.Replace(magick, "4a", "xy", 1),
		"odd digits":       strings.Replace(magick, "4a", "4", 1),
		"no IPTC":          strings.Replace(magick, "1c", "2c", 1),
		"empty":            "",
		"name alone":       "\niptc\n",
		"another resource": "\niptc\n  12\n3842494d040500000000" + "0000",
		"more resources":   "\niptc\n  15\n3842494d040400000000" + "0000383838",
	} {
		c := chunk("tEXt", iptcKey+"\x00"+text)
		m := decode(t, "png", pngFile(c, ""))
		require.Nil(t, m.Meta.IPTC, name)
		require.Equal(t, c, string(m.Meta.PNG), name)
	}
}
