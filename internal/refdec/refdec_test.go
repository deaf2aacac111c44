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
		case filepath.Ext(name) == ".bin":
			p, err := os.ReadFile(name)
			engines[string(p)] = name
			return err
		}
		return nil
	}))
	for name, p := range map[string][]byte{"lossy.bin": lossyTables, "exact.bin": exactTables, "corrections.bin": correctionTables} {
		assert.Contains(t, engines, string(p), "tables/%s is none of the files of engines; after training copy the new one there", name)
		delete(engines, string(p))
	}
	for _, name := range engines {
		assert.Fail(t, "tables without a copy", "%s is in none of the files of tables/", name)
	}
}

// TestBuiltInTables: the built-in tables have the lengths of the documents, and all
// frequencies sum up to 2048.
func TestBuiltInTables(t *testing.T) {
	weights := 3 * nClasses * nTerms * 2
	for _, c := range []struct {
		name     string
		data     []byte
		contexts int
	}{
		{"lossy", lossyTables, LossyContexts},
		{"exact", exactTables[weights:], ExactContexts},
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
		w, h, bands, bits, full int
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
	} {
		m, err := Decode(readVector(t, c.name))
		require.NoError(t, err, c.name)
		var p []byte
		for _, v := range m.Samples {
			if m.Bits == 16 {
				p = append(p, byte(v>>8))
			}
			p = append(p, byte(v))
		}
		assert.Contains(t, string(sums), fmt.Sprintf("%x  %s.qtg\n", sha256.Sum256(p), c.name))
		if assert.Equal(t, [2]int{c.w, c.h}, [2]int{m.Width, m.Height}, c.name); c.bands > 0 {
			assert.Equal(t, [3]int{c.bands, c.bits, c.full}, [3]int{m.Bands, m.Bits, m.Maximum}, c.name)
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
	lossy := fields(0, 0, 1, 1, 1, 0, 8, 255, 0, 6, 0, 65536, 15, 0)
	exact := fields(1, 0, 1, 1, 1, 0, 8, 255, 0, 6, 1, 0, 0, 0)
	palette := fields(1, 48, 1, 1, 1, 0, 8, 255, 0, 6, 1, 0, 0, 0)
	ones := func(n int) string { return strings.Repeat("\xff", n) }
	index := func(front, body string) string {
		p := binary.AppendUvarint(nil, uint64(len(front)))
		p = binary.AppendUvarint(p, uint64(len(body)))
		p = binary.LittleEndian.AppendUint32(p, checksum([]byte(front)))
		return string(binary.LittleEndian.AppendUint32(p, checksum([]byte(body))))
	}
	tile := func(head, tabl, front, body string) []byte {
		chunks := []string{"HEAD", head, "TABL", tabl, "INDX", index(front, body), "FRNT", front, "BODY", body}
		if tabl == "" {
			chunks = append(chunks[:2], chunks[4:]...)
		}
		return file(chunks...)
	}
	noReplaced := readTABL(t, "exact-gray-1x1")
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "Container: before byte 0 of the file: magic of 8 bytes, but 0 are left"},
		{"another format", []byte("\x89PNG\r\n\x1a\n\x04"), "Container: before byte 8 of the file: magic 89 50 4e 47"},
		{"another version", []byte(magic + "\x03"), "version 3, expected 4"},
		{"a type that is no letters", file("HE4D", lossy), `type "HE4D" of a chunk, expected four letters`},
		{"no HEAD", file("INDX", ""), "Container: chunk INDX, expected HEAD"},
		{"metadata first", file("exif", ""), "chunk exif, expected it between FRNT and BODY"},
		{"no BODY", file("HEAD", lossy, "INDX", index("", "")), "Container: before byte"},
		{"an unknown critical chunk", file("HEAD", lossy, "QUUX", ""), "Container: chunk QUUX, expected INDX"},
		{"a broken checksum", bytes.Replace(file("HEAD", lossy), []byte(lossy), []byte("\x01"+lossy[1:]), 1), "chunk HEAD: CRC-32C"},
		{"a long chunk", append(file(), "HEAD\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"...), "HEAD of 18446744073709551615 bytes, but 0 are left"},
		{"a long HEAD", file("HEAD", ones(257)), "HEAD: 257 bytes, expected at most 256"},
		{"a short HEAD", file("HEAD", lossy[:5]), "HEAD: before byte 19 of the file: alpha is cut"},
		{"more than HEAD", file("HEAD", lossy+"\x00"), "HEAD: before byte"},
		{"a large field", file("HEAD", fields(0, 0, 1<<31)), "width 2147483648, expected it to be below 2^31"},
		{"engine 2", file("HEAD", fields(2, 0, 1, 1, 1, 0, 8, 255, 0, 6, 0, 1, 3, 0)), "HEAD: engine 2, expected 0 to 1"},
		{"width 0", file("HEAD", fields(0, 0, 0, 1, 1, 0, 8, 255, 0, 6, 0, 1, 3, 0)), "HEAD: width 0, expected 1 to 2147483647"},
		{"12 bits", file("HEAD", fields(0, 0, 1, 1, 1, 0, 12, 255, 0, 6, 0, 1, 3, 0)), "HEAD: depth mod 8 4, expected 0 to 0"},
		{"an image above the limit", file("HEAD", fields(0, 0, 1<<22, 1, 1, 0, 8, 255, 0, 6, 0, 1, 3, 0)), "HEAD: 4194304×1 pixels, 134217728 in multiples of 32, above the limit of 67108864"},
		{"labels of the lossy engine", file("HEAD", fields(0, 16, 1, 1, 1, 0, 8, 255, 0, 6, 0, 1, 3, 0)), "HEAD: flags 16, expected 0 to 0"},
		{"layers of gray", file("HEAD", fields(1, 64, 1, 1, 1, 0, 8, 255, 0, 6, 1, 1, 0, 0)), "expected layered tiles of 3 or 4 channels"},
		{"a short INDX", file("HEAD", lossy, "INDX", "123456789"), "INDX: 9 bytes, expected at least 10 for each of 1 tiles"},
		{"a long INDX", file("HEAD", lossy, "INDX", index("", "")+"1"), "INDX: before byte"},
		{"a segment beyond FRNT", file("HEAD", lossy, "INDX", index("1", ""), "FRNT", ""), "FRNT: before byte 59 of the file: tile 0: front segment of 1 bytes, but 0 are left"},
		{"a short FRNT", tile(lossy, "", "", ""), "Errors: tile 0 has 16 cells and a front segment of 0 bytes"},
		{"a damaged segment", bytes.Replace(tile(lossy, "", ones(8), ""), []byte(ones(8)), []byte("damaged!"), 1), "tile 0: INDX: front segment: CRC-32C"},
		{"a state out of range", tile(lossy, "", ones(8), ""), "tile 0: front segment: Entropy coding: state 0 is 4294967295 at the start"},
		{"tables that move too far", tile(lossy, "\x80\x80\xff", ones(8), ""), "TABL: Tables:"},
		{"no palette", tile(palette, "\x05", "", ""), "TABL: Header and tables: the palette is cut after 1 bytes"},
		{"too many values", tile(exact, "\x01\x00\x00", "", ""), "TABL: Header and tables: channel 0:"},
		{"no mode", tile(exact, noReplaced, "", ""), "tile 0: Tiles: no mode"},
		{"mode 10", tile(exact, noReplaced, "\x0a", ""), "tile 0: Tiles: mode 10, expected 0 to 9, 16 to 18 or 32 to 41"},
		{"a transform of gray", tile(exact, noReplaced, "\x01", ""), "tile 0: Reversible colour: mode 1 of 1 channels with t 0"},
		{"bytes after mode 18", tile(exact, noReplaced, "\x121", ""), "tile 0: Tiles: 1 bytes after mode 18, expected none"},
		{"a long code", tile(exact, noReplaced, "\x12", ones(99)), "tile 0: body segment: Range coder: 99 bytes"},
	} {
		_, err := Decode(c.data)
		assert.ErrorContains(t, err, c.want, c.name)
	}
}

func readTABL(t *testing.T, name string) string {
	f, err := Parse(readVector(t, name), MaxPixels)
	require.NoError(t, err)
	return string(f.Tables)
}

// TestCutFiles: each beginning of a file is an error, and so is a file that goes on.
func TestCutFiles(t *testing.T) {
	for _, name := range []string{"gray-1x1", "exact-rgb-1x40", "exact-palette-90x70", "metadata-40x30", "exact-layered-rgb-bound1-1x1"} {
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
type span struct{ start, payload, end int }

// spans finds the last chunk of each type, as far as there are whole chunks.
func spans(p []byte) map[string]span {
	found := map[string]span{}
	r := &reader{data: p}
	r.skip(uint64(len(magic)+1), "")
	for len(r.data) > 0 {
		s := span{start: r.at}
		kind := string(r.skip(4, ""))
		n := r.uvarint("")
		s.payload = r.at
		r.skip(n, "")
		if s.end = r.at; kind != "FRNT" && kind != "BODY" {
			r.skip(4, "")
		}
		if r.err != nil {
			break
		}
		found[kind] = s
	}
	return found
}

// mend makes the checksums of a file right, as far as it has chunks, so that damage
// reaches what reads them.
func mend(p []byte) []byte {
	p = bytes.Clone(p)
	chunks := spans(p)
	of := func(kind string) *reader { return &reader{data: p[chunks[kind].payload:chunks[kind].end]} }
	index, fronts, bodies := of("INDX"), of("FRNT"), of("BODY")
	for index.err == nil && len(index.data) > 0 {
		front, body := fronts.skip(index.uvarint(""), ""), bodies.skip(index.uvarint(""), "")
		if sums := index.skip(8, ""); sums != nil {
			binary.LittleEndian.PutUint32(sums, checksum(front))
			binary.LittleEndian.PutUint32(sums[4:], checksum(body))
		}
	}
	for kind, s := range chunks {
		if kind != "FRNT" && kind != "BODY" {
			binary.LittleEndian.PutUint32(p[s.end:], checksum(p[s.start:s.end]))
		}
	}
	return p
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
	for _, name := range []string{"gray-1x1", "metadata-40x30", "exact-tiles-1030x20"} {
		p := readVector(t, name)
		assert.Equal(t, p, mend(p), name)
		damaged := bytes.Clone(p)
		damaged[len(damaged)-1] ^= 1
		chunks := spans(p)
		for kind, s := range chunks {
			if kind != "FRNT" && kind != "BODY" {
				damaged[s.end] ^= 1
			}
		}
		f, err := Parse(mend(damaged), MaxPixels)
		require.NoError(t, err, name)
		assert.NoError(t, f.checksums(len(f.index)-1, false), name)
	}
}
