package refdec

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const vectorDir = "../../testdata/conformance/"

func readVector(t testing.TB, name string) []byte {
	p, err := os.ReadFile(vectorDir + name + ".qtg")
	require.NoError(t, err)
	return p
}

// TestTablesAreTheEngines: the tables are the engines' own, one for one.
func TestTablesAreTheEngines(t *testing.T) {
	engines := map[string]string{}
	require.NoError(t, filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "refdec" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.Name() == "forecast.bin": // no decoder needs it
		case filepath.Ext(name) == ".bin":
			p, err := os.ReadFile(name)
			engines[string(p)] = name
			return err
		}
		return nil
	}))
	for name, p := range map[string][]byte{"transform.bin": lossyTables, "predicted.bin": predictedTables, "predictive.bin": exactTables, "corrections.bin": correctionTables, "restore.bin": restoreWeights, "classes.bin": classTables} {
		assert.Contains(t, engines, string(p), "tables/%s is none of the files of engines; after training copy the new one there", name)
		delete(engines, string(p))
	}
	for _, name := range engines {
		assert.Fail(t, "tables without a copy", "%s is in none of the files of tables/", name)
	}
}

// TestBuiltInTables: the built-in tables have the lengths of the document, and all
// frequencies sum up to 2048.
func TestBuiltInTables(t *testing.T) {
	weights := 3 * nClasses * nTerms * 2
	for _, c := range []struct {
		name     string
		data     []byte
		contexts int
	}{
		{"lossy", lossyTables, TransformContexts},
		{"predicted", predictedTables, PredictedContexts},
		{"classes", classTables, ClassContexts},
		{"exact", exactTables[weights:], PredictiveContexts},
		{"corrections", correctionTables, CorrectionContexts},
	} {
		require.Len(t, c.data, 32*c.contexts, c.name)
		for i, f := range frequencies(c.data, c.contexts) {
			sum := 0
			for _, v := range f {
				sum += v
			}
			assert.Equal(t, 2048, sum, "%s: context %d", c.name, i)
		}
	}
}

// TestDecode: files of all engines and kinds of tiles give the pixels of the checksums.
func TestDecode(t *testing.T) {
	sums, err := os.ReadFile(vectorDir + "SHA256SUMS")
	require.NoError(t, err)
	for _, c := range []struct {
		name                    string
		w, h, bands, bits, full int64
	}{
		{"gray-1x1", 1, 1, 1, 8, 255},
		{"grayalpha16-hidden-70x50", 70, 50, 2, 16, 65535},
		{"gray10-90x60", 90, 60, 1, 16, 1023},
		{"wild-75x96", 75, 96, 4, 8, 255},
		{"exact-rgb-1x40", 1, 40, 3, 8, 255},
		{"exact-palette-90x70", 90, 70, 4, 8, 255},
		{"exact-bilevel-130x75", 130, 75, 1, 8, 255},
		{"exact-wild-patterns-88x65", 88, 65, 0, 0, 0},
		{"exact-slow-gray16-70x60", 70, 60, 1, 16, 65535},
		{"exact-layered-rgb-bound1-1x1", 1, 1, 3, 8, 255},
		{"raster-int8-5bands-70x60", 70, 60, 5, 8, 0},
		{"raster-uint32-any-40x30", 40, 30, 1, 32, 1<<32 - 1},
		{"raster-float64-special-60x50", 60, 50, 1, 64, 0},
	} {
		m, err := Decode(readVector(t, c.name))
		require.NoError(t, err, c.name)
		var p []byte
		for _, v := range m.Samples {
			for shift := m.Bits - 8; shift >= 0; shift -= 8 {
				p = append(p, byte(v>>shift))
			}
		}
		assert.Contains(t, string(sums), fmt.Sprintf("%x  %s.qtg\n", sha256.Sum256(p), c.name))
		if assert.Equal(t, [2]int64{c.w, c.h}, [2]int64{int64(m.Width), int64(m.Height)}, c.name); c.bands > 0 {
			assert.Equal(t, [3]int64{c.bands, c.bits, c.full}, [3]int64{int64(m.Bands), int64(m.Bits), m.Maximum}, c.name)
		}
	}
}

// TestMetadata: chunks of metadata come as they are, unknown ones do not.
func TestMetadata(t *testing.T) {
	m, err := Decode(readVector(t, "metadata-40x30"))
	require.NoError(t, err)
	assert.Equal(t, map[string][]byte{
		"iccp": []byte("a profile"), "exif": []byte("II*\x00 a structure"), "xmpm": []byte("<x:xmpmeta/>"),
		"iptc": []byte("\x1c\x02\x78\x00\x02hi"), "pngc": []byte("\x00\x00\x00\x04gAMA\x00\x00\xb1\x8f\x0b\xfc\x61\x05"),
	}, m.Metadata)
}

// file is a file of chunks, each with a checksum where it has one.
func file(chunks ...string) []byte {
	p := append([]byte(magic), version)
	for i := 0; i < len(chunks); i += 2 {
		p = append(p, chunkOf(chunks[i], chunks[i+1])...)
	}
	return p
}

func chunkOf(kind, payload string) []byte {
	p := binary.AppendUvarint([]byte(kind), uint64(len(payload)))
	if p = append(p, payload...); kind == "FRNT" || kind == "BODY" {
		return p
	}
	return binary.LittleEndian.AppendUint32(p, checksum(p))
}

func fields(values ...uint64) string {
	var p []byte
	for _, v := range values {
		p = binary.AppendUvarint(p, v)
	}
	return string(p)
}

// TestErrors: what is wrong with a file is said with the section, what was found and
// what was expected.
func TestErrors(t *testing.T) {
	lossy := fields(1, 1, 1, 1, 1, 1, 0, 6, 1, 0, 65536)
	exact := fields(1, 1, 1, 1, 1, 1, 0, 6, 1, 1, 0)
	step := "\x0f\x00"
	ones := func(n int) string { return strings.Repeat("\xff", n) }
	entry := func(front, body string) string {
		p := binary.AppendUvarint(nil, uint64(len(front)))
		p = binary.AppendUvarint(p, uint64(len(body)))
		for _, segment := range []string{front, body} {
			if segment != "" {
				p = binary.LittleEndian.AppendUint32(p, checksum([]byte(segment)))
			}
		}
		return string(p)
	}
	tile := func(head, plan, front, body string) []byte {
		return file("HEAD", head, "PLAN", plan, "INDX", "\x00"+entry(front, body), "FRNT", front, "BODY", body)
	}
	noReplaced := "\x01" + payload(t, "exact-gray-1x1")
	const uint8Band, floatBand = "\x00\x00\x00\x00\x00\x00", "\x03\x00\x00\x00\x80\x40\x80\x40\x80\x40\x00" // without classes
	mapped := func(kind, role uint64, bands string) []byte {
		return file("HEAD", fields(1, 1, kind, 1, role, 1, 0, 6, 1, 1, 0), "PLAN", "\x01\x04"+bands+noReplaced[2:])
	}
	head := func(values ...uint64) []byte { return file("HEAD", fields(values...), "PLAN", "\x00"+step) }
	groups := func(root string, tail string) []byte {
		p := file("HEAD", fields(1, 65, 1, 1, 1, 1, 0, 6, 1, 1, 0), "PLAN", noReplaced)
		for range 2 {
			p = append(p, chunkOf("INDX", "\x00\x00")...)
			p = append(append(p, chunkOf("FRNT", "")...), chunkOf("BODY", "")...)
		}
		if root != "" {
			p = append(append(p, chunkOf("ROOT", root)...), chunkOf("TAIL", tail)...)
		}
		return p
	}
	first := uint64(len(file("HEAD", fields(1, 65, 1, 1, 1, 1, 0, 6, 1, 1, 0), "PLAN", noReplaced)))
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "Container: before byte 0 of the file: magic of 8 bytes, but 0 are left"},
		{"another format", []byte("\x89PNG\r\n\x1a\n\x06"), "Container: before byte 8 of the file: magic 89 50 4e 47"},
		{"another version", []byte(magic + "\x05"), "version 5, expected 11"},
		{"a type that is no letters", file("HE4D", lossy), `type "HE4D" of a chunk, expected four letters`},
		{"no HEAD", file("INDX", ""), "Container: chunk INDX, expected HEAD"},
		{"metadata first", file("HEAD", lossy, "exif", ""), "chunk exif, expected PLAN"},
		{"metadata twice", file("HEAD", lossy, "PLAN", "\x00"+step, "exif", "", "exif", ""), "a second chunk exif, expected one"},
		{"no BODY", file("HEAD", lossy, "PLAN", "\x00"+step, "INDX", "\x00\x00\x00"), "Container: before byte"},
		{"an unknown critical chunk", file("HEAD", lossy, "QUUX", ""), "Container: chunk QUUX, expected PLAN"},
		{"a broken checksum", bytes.Replace(file("HEAD", lossy), []byte(lossy), []byte("\x02"+lossy[1:]), 1), "chunk HEAD: CRC-32C"},
		{"a long chunk", append(file(), "HEAD\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"...), "HEAD of 18446744073709551615 bytes, but 0 are left"},
		{"a long HEAD", file("HEAD", ones(524289)), "HEAD: 524289 bytes, expected at most 524288"},
		{"a short HEAD", file("HEAD", lossy[:5]), "HEAD: before byte 19 of the file: number of bands of the role is cut"},
		{"more than HEAD", file("HEAD", lossy+"\x00"), "HEAD: before byte"},
		{"a longer form", file("HEAD", "\x81\x00"+lossy[1:]), "width is cut, above 64 bits or not in its shortest form"},
		{"a large field", head(1 << 31), "width 2147483648, expected 1 to 2147483647"},
		{"width 0", head(0, 1), "HEAD: before byte 15 of the file: width 0, expected 1 to 2147483647"},
		{"type 9", head(1, 1, 9), "type 9, expected 1 to 8"},
		{"no bands", head(1, 1, 1, 0), "number of bands 0, expected 1 to 65535"},
		{"a role twice", head(1, 1, 1, 2, 1, 1, 1, 1), "role 1 again, expected another one"},
		{"more bands than there are", head(1, 1, 1, 2, 1, 3), "number of bands of the role 3, expected 1 to 2"},
		{"the maximum of the type", head(1, 1, 1, 1, 1, 1, 255, 6, 1, 0, 1), "maximum 255 of type 1, expected 0 in its place"},
		{"a maximum beyond the type", head(1, 1, 1, 1, 1, 1, 256), "maximum 256, expected 0 to 255"},
		{"a palette of floats", head(1, 1, 7, 1, 7, 1, 0, 6, 1, 1, 0, 0), "indices of type 7, expected 1 or 2"},
		{"a cut palette", head(1, 1, 1, 1, 7, 1, 0, 6, 1, 1, 0, 1, 0), "colours of 8 bytes, but 1 are left"},
		{"an image above the limit", head(1<<22, 1, 1, 1, 1, 1, 0, 6, 1, 0, 1), "HEAD: 4194304×1 pixels, 134217728 in multiples of 32, above the limit of 67108864"},
		{"engine 3", file("HEAD", lossy, "PLAN", "\x03"), "PLAN: before byte"},
		{"a step of 2", file("HEAD", lossy, "PLAN", "\x00\x02\x00"), "step 2, expected 3 to 4096"},
		{"no flags", file("HEAD", exact, "PLAN", "\x01"), "flags of 1 bytes, but 0 are left"},
		{"flags that mean nothing", file("HEAD", exact, "PLAN", "\x01\x05"), "flags 5, expected 0 to 4"},
		{"a flag of transforms that means nothing", file("HEAD", lossy, "PLAN", "\x00\x0f\x20"), "flags 32, expected 0 to 31"},
		{"a step too large for classes", file("HEAD", lossy, "PLAN", "\x00\x81\x10\x10"), "step 2049 with flag 16, expected 3 to 2048"},
		{"4:2:0 of gray", file("HEAD", lossy, "PLAN", "\x00\x0f\x01"), "expected 4:2:0 of colours only"},
		{"labels of the transform engine", file("HEAD", fields(1, 1, 1, 1, 8, 1, 0, 6, 1, 0, 1), "PLAN", "\x00"+step), "expected no names"},
		{"labels that are averaged", file("HEAD", fields(1, 1, 1, 1, 8, 1, 0, 6, 1, 1, 0), "PLAN", "\x01\x00"+noReplaced[2:]), "expected t 0 and flag 1 of names"},
		{"layers of gray", file("HEAD", fields(1, 1, 1, 1, 1, 1, 0, 6, 1, 1, 1), "PLAN", "\x02"), "expected red, green and blue, and at most one more"},
		{"floats without mappings", file("HEAD", fields(1, 1, 7, 1, 1, 1, 0, 6, 1, 1, 0), "PLAN", noReplaced), "expected uint8 or uint16"},
		{"a picture with mappings", file("HEAD", exact, "PLAN", "\x01\x04"+uint8Band+noReplaced[2:], "INDX", ""), "expected flag 4 of rasters alone"},
		{"no data without mappings", file("HEAD", exact, "PLAN", noReplaced, "band", "\x00\x0212345678", "INDX", ""), "expected flag 4 of rasters alone"},
		{"labels with mappings", mapped(1, 8, uint8Band), "expected no names"},
		{"a promise of infinity", file("HEAD", fields(1, 1, 7, 1, 0, 1, 0, 6, 1, 1, 0x7FF<<52), "PLAN", "\x01\x04"+floatBand), "expected bound 1 with t below 2^63, of floats the bits of a finite number"},
		{"large tiles of many bands", file("HEAD", fields(1, 1, 1, 5, 0, 5, 0, 10, 1, 1, 0), "PLAN", "\x01\x04"+strings.Repeat(uint8Band, 5)), "expected tiles of at most 2^22 samples, or sides of 64"},
		{"many samples", file("HEAD", fields(1<<12, 1<<12, 1, 60, 0, 60, 0, 6, 1, 1, 0)), "60 bands of 4096×4096 pixels, above the limit of 268435456 samples"},
		{"mapping 4", mapped(1, 0, "\x04"), "kind of mapping 4, expected 0 to 3"},
		{"differences of floats", mapped(7, 0, "\x00\x00"), "mapping of kind 0 of type 7"},
		{"places of integers", mapped(3, 0, "\x02\x00"), "mapping of kind 2 of type 3"},
		{"an offset of uint8", mapped(1, 0, "\x00\x02"), "mapping of kind 0 with offset 1 of type 1, expected offset 0"},
		{"a large offset", mapped(3, 0, "\x00"+fields(1<<33+1)), "offset -4294967297, expected -4294967296 to 4294967296"},
		{"N of 0", mapped(3, 0, "\x01\x00"), "N 0, expected 1 to 9007199254740992"},
		{"its own parent", mapped(1, 0, "\x00\x00\x01"+uint8Band[3:]), "band 0 is its own ancestor"},
		{"a parent that is not there", mapped(1, 0, "\x00\x00\x02"), "parent 2, expected 0 to 1"},
		{"a large T of a plane", mapped(1, 0, "\x00\x00\x00"+fields(1<<29+1)), "bound 536870913, expected 0 to 536870912"},
		{"many classes", mapped(1, 0, uint8Band[:5]+fields(256)), "number of classes 256, expected 0 to 255"},
		{"a class of no sample", mapped(1, 0, uint8Band[:5]+"\x01"+fields(256)), "class 0x100, expected the bits of a sample of type 1"},
		{"no scales", file("HEAD", fields(1, 1, 7, 1, 0, 1, 0, 6, 1, 1, 0), "PLAN", "\x01\x04"+floatBand[:4]), "scale of energies of 1 bytes, but 0 are left"},
		{"a short INDX", file("HEAD", lossy, "PLAN", "\x00"+step, "INDX", "1"), "INDX: 1 bytes, expected at least 2 for each of 1 tiles"},
		{"a long INDX", file("HEAD", lossy, "PLAN", "\x00"+step, "INDX", "\x00\x00\x00\x00"), "INDX: before byte"},
		{"a segment beyond FRNT", file("HEAD", lossy, "PLAN", "\x00"+step, "INDX", "\x00"+entry("1", ""), "FRNT", ""), "tile 0: front segment of 1 bytes, but 0 are left"},
		{"a short FRNT", tile(lossy, "\x00"+step, "", ""), "Errors: tile 0 has 16 cells and a front segment of 0 bytes"},
		{"a damaged segment", bytes.Replace(tile(lossy, "\x00"+step, ones(8), ""), []byte(ones(8)), []byte("damaged!"), 1), "tile 0: INDX: front segment: CRC-32C"},
		{"a state out of range", tile(lossy, "\x00"+step, ones(8), ""), "tile 0: front segment: Entropy coding: state 0 is 4294967295 at the start"},
		{"tables that move too far", tile(lossy, "\x00"+step+"\x80\x80\xff", ones(8), ""), "PLAN: Tables:"},
		{"too many values", tile(exact, "\x01\x00\x01\x00\x00", "", ""), "PLAN: Predictive plan: plane 0:"},
		{"no mode", tile(exact, noReplaced, "", ""), "tile 0: Predictive tiles: no mode"},
		{"mode 10", tile(exact, noReplaced, "\x0a", ""), "tile 0: Predictive tiles: mode 10, expected 0 to 9, 16 to 18, 32 to 41"},
		{"mode 64 without values", tile(exact, noReplaced, "\x40", ""), "tile 0: Predictive tiles: samples as they are of bands without values"},
		{"a transform of gray", tile(exact, noReplaced, "\x01", ""), "tile 0: Reversible colour: mode 1 of 1 bands with t 0"},
		{"bytes after mode 18", tile(exact, noReplaced, "\x121", ""), "tile 0: Predictive tiles: 1 bytes after mode 18, expected none"},
		{"a long code", tile(exact, noReplaced, "\x12", ones(99)), "tile 0: body segment: Range coder: 99 bytes"},
		{"no ROOT", groups("", ""), "type of 4 bytes, but 0 are left"},
		{"ROOT of another place", groups(fields(0, first+1), ""), fmt.Sprintf("offset of the first INDX %d, expected %d to %[2]d", first+1, first)},
		{"ROOT of another length", groups(fields(0, first, 12), ""), "group 0: length of INDX 12, expected 11 to 11"},
		{"TAIL of another place", groups(fields(0, first, 11, 5, 5, 11, 5, 5, 0), "12345678"), "TAIL: before byte"},
		{"a band twice", file("HEAD", lossy, "PLAN", "\x00"+step, "band", "\x00\x01\x01a\x00\x01\x01b"), "band 0, expected 1 to 0"},
		{"a band without fields", file("HEAD", lossy, "PLAN", "\x00"+step, "band", "\x00\x00"), "flags 0, expected 1 to 15"},
		{"a name that is no UTF-8", file("HEAD", lossy, "PLAN", "\x00"+step, "band", "\x00\x01\x01\xff"), `name "\xff", expected UTF-8`},
		{"a part beyond the whole", file("HEAD", lossy, "PLAN", "\x00"+step, "plac", "\x01\x01"+ones(32)), "1 rows of pixels from row 1 of tiles on, expected whole rows of tiles of 1 rows"},
		{"a part of another plan", file("HEAD", lossy, "PLAN", "\x00"+step, "plac", "\x00\x01"+ones(32)), "plac: before byte"},
	} {
		_, err := Decode(c.data)
		assert.ErrorContains(t, err, c.want, c.name)
	}
}

func payload(t *testing.T, name string) string {
	f, err := Parse(readVector(t, name), MaxPixels)
	require.NoError(t, err)
	return string(f.Payload)
}

// TestCutFiles: each beginning of a file is an error, and so is a file that goes on.
func TestCutFiles(t *testing.T) {
	for _, name := range []string{"gray-1x1", "exact-rgb-1x40", "exact-palette-90x70", "metadata-40x30", "exact-layered-rgb-bound1-1x1", "exact-groups-labels-130x300"} {
		p := readVector(t, name)
		for n := range p {
			_, err := Decode(p[:n])
			require.Error(t, err, "%s cut to %d bytes", name, n)
		}
		_, err := Decode(append(p, 0))
		require.ErrorContains(t, err, "1 more bytes, expected none", name)
	}
}

// TestLevelOutOfRange: there are levels down to 1 × 1 and no others.
func TestLevelOutOfRange(t *testing.T) {
	f, err := Parse(readVector(t, "exact-bilevel-130x75"), MaxPixels)
	require.NoError(t, err)
	require.Equal(t, 9, f.Levels())
	m, err := f.Level(8)
	require.NoError(t, err)
	assert.Equal(t, [2]int{1, 1}, [2]int{m.Width, m.Height})
	for _, level := range []int{-1, 9} {
		_, err = f.Level(level)
		assert.ErrorContains(t, err, fmt.Sprintf("Levels of detail: level %d, expected 0 to 8", level))
	}
}

// span is where a chunk lies in a file: its type, its payload, the end of that.
type span struct {
	kind                string
	start, payload, end int
}

// spans finds the chunks, as far as there are whole ones.
func spans(p []byte) (found []span) {
	r := &reader{data: p}
	r.skip(uint64(len(magic)+1), "")
	for len(r.data) > 0 {
		s := span{start: r.at}
		s.kind = string(r.skip(4, ""))
		n := r.uvarint("")
		s.payload = r.at
		r.skip(n, "")
		if s.end = r.at; s.kind != "FRNT" && s.kind != "BODY" {
			r.skip(4, "")
		}
		if r.err != nil {
			break
		}
		found = append(found, s)
	}
	return found
}

// mend makes the checksums of a file right, as far as it has chunks, so that damage
// reaches what reads them.
func mend(p []byte) []byte {
	p = bytes.Clone(p)
	chunks := spans(p)
	var f File
	if len(chunks) > 0 && f.readHead(chunks[0].reader(p), MaxPixels) == nil {
		for i, c := range chunks[:max(len(chunks)-2, 0)] {
			if c.kind == "INDX" {
				f.mendIndex(c.reader(p), chunks[i+1].reader(p), chunks[i+2].reader(p))
			}
		}
	}
	for _, s := range chunks {
		if s.kind != "FRNT" && s.kind != "BODY" {
			binary.LittleEndian.PutUint32(p[s.end:], checksum(p[s.start:s.end]))
		}
	}
	return p
}

// reader reads the payload.
func (s span) reader(p []byte) *reader { return &reader{data: p[s.payload:s.end]} }

// mendIndex makes the checksums of segments right.
func (f *File) mendIndex(index, fronts, bodies *reader) {
	if f.Groups() == 1 {
		f.readErrors(index)
	}
	for index.err == nil && len(index.data) > 0 {
		front, body := fronts.skip(index.uvarint(""), ""), bodies.skip(index.uvarint(""), "")
		for _, segment := range [][]byte{front, body} {
			if len(segment) == 0 {
				continue
			}
			if sum := index.skip(4, ""); sum != nil {
				binary.LittleEndian.PutUint32(sum, checksum(segment))
			}
		}
	}
}

// FuzzDecode: whatever a file holds, decoding ends in an image of the stated size or in an
// error, at every level.
func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob(vectorDir + "*.qtg")
	require.NoError(f, err)
	for _, name := range names {
		if p, err := os.ReadFile(name); err == nil && len(p) < 1000 {
			f.Add(p)
		}
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		f, err := Parse(mend(p), 1<<16)
		if err != nil {
			return
		}
		_ = f.CheckOvers()
		for level := range f.Levels() {
			m, err := f.Level(level)
			if err == nil {
				require.Len(t, m.Samples, m.Width*m.Height*m.Bands)
			}
		}
	})
}

// TestMend: mending leaves a whole file as it is, and makes a damaged one whole.
func TestMend(t *testing.T) {
	for _, name := range []string{"gray-1x1", "metadata-40x30", "exact-tiles-1030x20", "exact-groups-labels-130x300"} {
		p := readVector(t, name)
		assert.Equal(t, p, mend(p), name)
		damaged := bytes.Clone(p)
		for _, s := range spans(p) {
			if s.kind == "BODY" {
				damaged[s.end-1] ^= 1
			} else if s.kind != "FRNT" {
				damaged[s.end] ^= 1
			}
		}
		f, err := Parse(mend(damaged), MaxPixels)
		require.NoError(t, err, name)
		for i := range f.index {
			assert.NoError(t, f.checksums(i, false), "%s: tile %d", name, i)
		}
	}
}
