package imagefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// chain joins TIFF files to one whose directories are theirs, one after the
// other.
func chain(t *testing.T, files ...[]byte) []byte {
	le := binary.LittleEndian
	all := bytes.Clone(files[0])
	at := le.Uint32(all[4:]) // of the directory that the next is joined to
	for _, f := range files[1:] {
		base := uint32(len(all))
		le.PutUint32(all[at+2+12*uint32(le.Uint16(all[at:])):], base+le.Uint32(f[4:]))
		f = bytes.Clone(f)
		shift(t, f, base)
		all = append(all, f...)
		at = base + le.Uint32(f[4:])
	}
	return all
}

// shift adds base to the offsets of a file: of values and of strips.
func shift(t *testing.T, f []byte, base uint32) {
	d, err := openDirectory(section(f))
	require.NoError(t, err)
	dir := binary.LittleEndian.Uint32(f[4:])
	add := func(at uint32) { binary.LittleEndian.PutUint32(f[at:], binary.LittleEndian.Uint32(f[at:])+base) }
	for i, e := range d.entries {
		value := dir + 2 + 12*uint32(i) + 8
		far := int64(e.count)*typeSizes[e.kind] > 4
		if e.tag == tagStripOffsets {
			require.False(t, far, "one strip")
			add(value)
		} else if far {
			add(value)
		}
	}
}

// page is a file of one page of w×w pixels with the given tags.
func page(t *testing.T, w int, more ...field) []byte {
	l := layoutOf(1)
	l.more = more
	return l.build(t, noise(w, w, 1, 8))
}

// The picture is the first full page; what else there is is counted.
func TestTIFFPages(t *testing.T) {
	reduced, mask, both := longs(tagNewSubfileType, 1), longs(tagNewSubfileType, 4), longs(tagNewSubfileType, 5)
	of := longs(tagNewSubfileType, 2) // a page of several
	old, oldPage := shorts(tagSubfileType, 2), shorts(tagSubfileType, 3)
	cases := []struct {
		name  string
		pages [][]byte
		w     int // of the picture
		lost  []string
		notes []string
	}{
		{"one", [][]byte{page(t, 5)}, 5, nil, nil},
		{"two", [][]byte{page(t, 5), page(t, 6)}, 5, []string{"a further page"}, nil},
		{"three", [][]byte{page(t, 5, of), page(t, 6, of), page(t, 7, oldPage)}, 5, []string{"2 further pages"}, nil},
		{"overviews", [][]byte{page(t, 5), page(t, 4, reduced), page(t, 3, reduced), page(t, 2, old)}, 5, nil, []string{"3 overviews are made anew"}},
		{"masks", [][]byte{page(t, 5), page(t, 5, mask), page(t, 2, reduced), page(t, 2, both)}, 5, []string{"a mask (a sample of 8 bits, expected one of 1)"}, []string{"an overview is made anew"}},
		{"thumbnail first", [][]byte{page(t, 3, reduced), page(t, 9), page(t, 8)}, 9, []string{"a further page"},
			[]string{"page 2 read: those before it are reduced images or masks", "an overview is made anew"}},
		{"old thumbnail first", [][]byte{page(t, 3, old), page(t, 3, mask), page(t, 9)}, 9, []string{"a mask"},
			[]string{"page 3 read: those before it are reduced images or masks", "an overview is made anew"}},
		{"only reduced", [][]byte{page(t, 3, reduced), page(t, 2, reduced)}, 3, nil, []string{"an overview is made anew"}},
	}
	for _, c := range cases {
		got := decode(t, "tif", chain(t, c.pages...))
		requireSame(t, noise(c.w, c.w, 1, 8), got)
		require.Equal(t, c.lost, got.Lost, c.name)
		require.Equal(t, c.notes, got.Notes, c.name)
	}
}

// A page is read by its number, and the others are counted; one that is not there, or that a
// file of another format does not have, is an error.
func TestTIFFPageByNumber(t *testing.T) {
	file := chain(t, page(t, 5), page(t, 6, longs(tagNewSubfileType, 1)), page(t, 7))
	anew := []string{"an overview is made anew"}
	for i, notes := range [][]string{anew, nil, anew} {
		lost := []string{counted(1+i%2, "a further page", "%d further pages")}
		m, _, err := Read(bytes.NewReader(file), ReadOptions{Page: i + 1})
		require.NoError(t, err)
		requireSame(t, noise(5+i, 5+i, 1, 8), m)
		require.Equal(t, lost, m.Lost)
		require.Equal(t, notes, m.Notes)
	}
	for page, want := range map[int]string{4: "reading TIFF: page 4: expected 1 to 3", -1: "reading TIFF: page -1, expected 1"} {
		_, _, err := Read(bytes.NewReader(file), ReadOptions{Page: page})
		require.EqualError(t, err, want)
	}
	png := encode(t, "png", noise(5, 5, 1, 8), WriteOptions{})
	_, _, err := Read(bytes.NewReader(png), ReadOptions{Page: 2})
	require.EqualError(t, err, "reading PNG: page 2, expected 1")
	_, _, err = Read(bytes.NewReader(png), ReadOptions{Page: 1})
	require.NoError(t, err)
}

// A chain that is damaged, comes back to itself or overlaps ends there; the
// picture is read.
func TestTIFFDamagedChain(t *testing.T) {
	two := chain(t, page(t, 5), page(t, 6))
	at := func(d uint32) uint32 { return d + 2 + 12*uint32(binary.LittleEndian.Uint16(two[d:])) } // of the next offset
	first := binary.LittleEndian.Uint32(two[4:])
	second := binary.LittleEndian.Uint32(two[at(first):])
	with := func(field, next uint32) []byte {
		bad := bytes.Clone(two)
		binary.LittleEndian.PutUint32(bad[field:], next)
		return bad
	}
	cases := []struct {
		name string
		file []byte
		lost []string
	}{
		{"to the first", with(at(second), first), []string{"a further page"}},
		{"to itself", with(at(first), first), nil},
		{"past the end", with(at(first), 1<<31), []string{fmt.Sprintf("what follows page 1 (directory at 2147483648: the file ends at %d)", len(two))}},
		{"second past the end", with(at(second), 1<<30), []string{"a further page",
			fmt.Sprintf("what follows page 2 (directory at 1073741824: the file ends at %d)", len(two))}},
		{"cut off", two[:at(second)], []string{"a further page"}},
	}
	for _, c := range cases {
		m, err := requireResultOrError(t, c.file, c.name)
		require.NoError(t, err, c.name)
		requireSame(t, noise(5, 5, 1, 8), m)
		require.Equal(t, c.lost, m.Lost, c.name)
	}
}

// Directories that lie over each other are not followed beyond the length of
// the file, so that little makes no endless work.
func TestTIFFOverlappingDirectories(t *testing.T) {
	file := page(t, 5)
	first := binary.LittleEndian.Uint32(file[4:])
	base := uint32(len(file))
	binary.LittleEndian.PutUint32(file[first+2+12*uint32(binary.LittleEndian.Uint16(file[first:])):], base)
	// Directories of 257 entries every 4 bytes, and where each ends the offset of
	// the next.
	const n, size = 700, 2 + 12*0x0101
	file = append(file, make([]byte, size+4*n)...)
	for d := base; d < base+4*n; d += 4 {
		binary.LittleEndian.PutUint16(file[d:], 0x0101)
		binary.LittleEndian.PutUint32(file[d+size:], d+4)
	}
	m, err := requireResultOrError(t, file, "overlapping")
	require.NoError(t, err)
	require.Equal(t, []string{"2 further pages", "what follows page 3 (expected at most 65535 directories that do not overlap)"}, m.Lost)
}

// Whatever a directory holds that is read into nothing is named once.
func TestTIFFLost(t *testing.T) {
	doubles := func(tag uint16, n int) field {
		return field{tag: tag, kind: 12, count: uint32(n), value: make([]byte, 8*n)}
	}
	cases := []struct {
		fields []field
		lost   []string
	}{
		{nil, nil},
		{[]field{doubles(33550, 3), doubles(33922, 6), shorts(34735, 1, 1, 0, 0), ascii(34737, "WGS 84|")}, []string{"georeference (GeoTIFF tags)"}},
		{[]field{ascii(tagGDALNodata, "-9999")}, []string{"nodata value -9999"}},
		{[]field{ascii(tagGDALNodata, "nan ")}, []string{"nodata value nan"}},
		{[]field{ascii(tagGDALNodata, "\x1b[31m")}, []string{`damaged nodata value (strconv.ParseFloat: parsing "\x1b[31m": invalid syntax)`}},
		{[]field{ascii(tagGDALMetadata, "<GDALMetadata/>")}, []string{"GDAL metadata"}},
		{[]field{longs(tagSubIFDs, 8)}, []string{"a sub-image (SubIFD)"}},
		{[]field{{tag: tagSubIFDs, kind: typeIFD, count: 2, value: make([]byte, 8)}}, []string{"2 sub-images (SubIFDs)"}},
		{[]field{ascii(34377, "8BIM"), ascii(37724, "Adobe")}, []string{"Photoshop resources", "Photoshop layers"}},
		{[]field{shorts(50000, 1)}, []string{"a private tag"}},
		{[]field{shorts(50000, 1), shorts(32768, 1), shorts(65535, 1), shorts(290, 1)}, []string{"3 private tags", "another tag"}},
		{[]field{shorts(290, 1), shorts(291, 1), shorts(301, 1)}, []string{"transfer function", "2 other tags"}},
		{[]field{shorts(tagMaxSampleValue, 200)}, []string{"MaxSampleValue 200"}},
		{[]field{shorts(tagMaxSampleValue, 255), shorts(280, 0), shorts(tagOrientation, 1), shorts(tagPageNumber, 0, 1)}, nil},
		{[]field{ascii(tagIPTC, "no records")}, []string{"damaged IPTC records (tag 33723)"}},
		{[]field{{tag: tagICC, kind: typeUndefined, count: 0}}, []string{"damaged colour profile (tag 34675)"}},
		{[]field{ascii(tagDocumentName, "a"), ascii(tagSoftware, "b"), ascii(tagPageName, "c"), ascii(tagHostComputer, "d")}, nil},
	}
	for _, c := range cases {
		require.Equal(t, c.lost, decode(t, "tif", page(t, 5, c.fields...)).Lost)
	}
}
