package imagefile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// python runs a script with GDAL for Python, and skips where that is not there.
func python(t *testing.T, script string, args ...string) []byte {
	const name = "/usr/bin/python3"
	if exec.Command(name, "-c", "import osgeo.gdal").Run() != nil {
		t.Skip("no GDAL for Python")
	}
	cmd := exec.Command(name, append([]string{"-c", script}, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, "%s", said.String())
	return out
}

// gdalFacts is what GDAL says of a file. Sum is of the samples as EXPECTED.tsv has them.
type gdalFacts struct {
	File, Type, Sum, Interp string
	W, H, Bands             int
	NoData                  *float64
	Name                    string
	Scale, Offset           *float64
	Transform               []float64
	EPSG                    string
	Block                   []int
	Metadata                map[string]string
	Colours                 int
}

// gdalSays prints gdalFacts, one a line.
const gdalSays = `
import sys, json, hashlib
from osgeo import gdal
gdal.UseExceptions()
def say(name):
    d = gdal.Open(name)
    b = d.GetRasterBand(1)
    raw = d.ReadRaster(buf_pixel_space=gdal.GetDataTypeSize(b.DataType)//8*d.RasterCount, buf_band_space=gdal.GetDataTypeSize(b.DataType)//8)
    s = d.GetSpatialRef()
    t = b.GetColorTable()
    print(json.dumps(dict(File=name, W=d.RasterXSize, H=d.RasterYSize, Bands=d.RasterCount, Type=gdal.GetDataTypeName(b.DataType),
        Sum=hashlib.md5(raw).hexdigest(), NoData=b.GetNoDataValue(), Name=b.GetDescription(), Scale=b.GetScale(), Offset=b.GetOffset(),
        Interp=" ".join(gdal.GetColorInterpretationName(d.GetRasterBand(i+1).GetColorInterpretation()) for i in range(min(6, d.RasterCount))),
        Transform=d.GetGeoTransform(can_return_null=True), EPSG=s.GetAuthorityCode(None) if s else None, Block=b.GetBlockSize(),
        Metadata=d.GetMetadata(), Colours=t.GetCount() if t else 0)))
`

// gdalWrites makes files of all sample types and codings that GDAL writes.
const gdalWrites = gdalSays + `
import random
folder = sys.argv[1]
types = dict(Byte=gdal.GDT_Byte, UInt16=gdal.GDT_UInt16, Int16=gdal.GDT_Int16, UInt32=gdal.GDT_UInt32, Int32=gdal.GDT_Int32, Float32=gdal.GDT_Float32, Float64=gdal.GDT_Float64)
rng = random.Random(1)
n = 0
def make(kind, bands, options, w=61, h=43, sparse=False):
    global n
    name = "%s/%03d.tif" % (folder, n)
    n += 1
    d = gdal.GetDriverByName("GTiff").Create(name, w, h, bands, types[kind], options)
    size = gdal.GetDataTypeSize(types[kind])//8
    bits = [int(o[6:]) for o in options if o.startswith("NBITS=")]
    for i in range(bands):
        raw = bytearray(rng.randbytes(w*h*size))
        if kind == "Float32" and bits:
            import struct
            raw = b"".join(struct.pack("<f", rng.choice([0.0, -0.0, 1.5, -7.25e-7, 6e-8, 1e-7, 60000.0, 1e9, float("inf"), float("nan"), rng.random()])) for _ in range(w*h))
        elif bits:
            for k in range(0, len(raw), size):
                v = int.from_bytes(raw[k:k+size], "little") & ((1 << bits[0]) - 1)
                raw[k:k+size] = v.to_bytes(size, "little")
        if sparse:
            d.GetRasterBand(i+1).SetNoDataValue(3)
            d.GetRasterBand(i+1).WriteRaster(20, 20, 5, 5, bytes(raw[:25*size]))
        else:
            d.GetRasterBand(i+1).WriteRaster(0, 0, w, h, bytes(raw))
    d = None
    say(name)
    print(json.dumps(" ".join([kind, str(bands)] + options)))
for kind in types:
    predictors = ["1", "2"] + (["3"] if kind.startswith("Float") else [])
    codings = [["COMPRESS=NONE"], ["COMPRESS=PACKBITS"]]
    for c in "LZW", "DEFLATE", "ZSTD":
        codings += [["COMPRESS="+c, "PREDICTOR="+p] for p in predictors]
    for coding in codings:
        for k, more in enumerate([[], ["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=32"], ["INTERLEAVE=BAND"], ["ENDIANNESS=BIG"], ["ENDIANNESS=BIG", "BIGTIFF=YES", "TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=16", "INTERLEAVE=BAND"], ["BIGTIFF=YES", "BLOCKYSIZE=7"]]):
            make(kind, [1, 3, 4, 7, 2, 5][k], coding + more)
    make(kind, 2, ["SPARSE_OK=TRUE", "TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16", "COMPRESS=LZW"], sparse=True)
for bits in list(range(1, 8)) + list(range(9, 16)) + list(range(17, 32)):
    kind = "Byte" if bits < 8 else "UInt16" if bits < 16 else "UInt32"
    for k, more in enumerate([[], ["COMPRESS=LZW", "INTERLEAVE=BAND"], ["ENDIANNESS=BIG", "COMPRESS=DEFLATE"], ["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"]]):
        make(kind, [1, 3, 2, 5][k], ["NBITS=%d" % bits] + more)
for p in "123":
    for e in "BIG", "LITTLE":
        make("Float32", 3, ["NBITS=16", "COMPRESS=DEFLATE", "PREDICTOR="+p, "ENDIANNESS="+e])
for c in "CCITTRLE", "CCITTFAX3", "CCITTFAX4":
    make("Byte", 1, ["NBITS=1", "COMPRESS="+c])
    make("Byte", 1, ["NBITS=1", "COMPRESS="+c, "PHOTOMETRIC=MINISWHITE"])
for kind in "Byte", "UInt16":
    make(kind, 1, ["PHOTOMETRIC=MINISWHITE", "COMPRESS=LZW"])
    make(kind, 4, ["PHOTOMETRIC=RGB", "ALPHA=PREMULTIPLIED"])
    make(kind, 2, ["ALPHA=YES"])
make("Byte", 1, ["COMPRESS=JPEG", "TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16"])
make("Byte", 3, ["COMPRESS=JPEG", "PHOTOMETRIC=RGB"])
make("Byte", 3, ["COMPRESS=JPEG", "PHOTOMETRIC=YCBCR", "BLOCKYSIZE=16"], w=130)
make("Byte", 3, ["COMPRESS=JPEG", "PHOTOMETRIC=YCBCR", "TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=32", "JPEGTABLESMODE=0"])
make("Byte", 4, ["COMPRESS=JPEG", "INTERLEAVE=BAND"])
make("Float32", 1, ["COMPRESS=ZSTD", "ZSTD_LEVEL=22"], w=300, h=150)
make("Float64", 1, ["COMPRESS=ZSTD", "ZSTD_LEVEL=22", "BLOCKYSIZE=1500"], w=300, h=1500)
make("Byte", 300, ["INTERLEAVE=PIXEL", "COMPRESS=DEFLATE", "PREDICTOR=2"])
`

// TestTIFFOfGDAL: what GDAL writes is read with the samples that GDAL reads, whatever the
// window; bands of one file have the same no-data value.
func TestTIFFOfGDAL(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(string(python(t, gdalWrites, t.TempDir()))), "\n")
	for i := 0; i < len(lines); i += 2 * shorttest.Step() {
		var g gdalFacts
		what := lines[i+1]
		require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(lines[i], "NaN", "null")), &g), lines[i])
		data, err := os.ReadFile(g.File)
		require.NoError(t, err)
		f, b := readRaster(t, data, ReadOptions{MaxMemory: 512 << 20})
		require.Equal(t, []int{g.W, g.H, g.Bands}, []int{f.format.Width, f.format.Height, len(f.format.Bands)}, what)
		require.Equal(t, g.Sum, sum(rasterReference(f, b, tiffFacts(data))), what)
		part := raster.NewBlock(b.Rect.Inset(9), b.Type, len(b.Planes))
		require.NoError(t, f.ReadBlock(background, part), what)
		requireSamples(t, part, b.Sub(part.Rect), what)
		for _, band := range f.format.Bands {
			require.Equal(t, g.NoData, band.NoData, what)
		}
	}
	t.Logf("%d files", len(lines)/2)
}

// shortsTag, doublesTag and asciiTag are tags of one type.
func shortsTag(tag uint16, v ...uint16) Tag {
	f := shorts(tag, v...)
	return Tag{tag, f.kind, f.count, f.value}
}

func doublesTag(tag uint16, v ...float64) Tag {
	t := Tag{tag, typeDouble, uint32(len(v)), nil}
	for _, x := range v {
		t.Value = appendFloat(t.Value, x)
	}
	return t
}

func appendFloat(b []byte, v float64) []byte {
	for k := range 8 {
		b = append(b, byte(math.Float64bits(v)>>(8*k)))
	}
	return b
}

func asciiTag(tag uint16, text string) Tag {
	f := ascii(tag, text)
	return Tag{tag, f.kind, f.count, f.value}
}

// placed are the tags of a raster in UTM zone 33.
func placed(more ...Tag) Tags {
	t := Tags{
		asciiTag(tagImageDescription, "a field"), doublesTag(tagPixelScale, 10, 10, 0), doublesTag(tagTiePoints, 0, 0, 0, 500000, 4600000, 0),
		shortsTag(tagGeoKeys, 1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633),
	}
	return append(t, more...)
}

// TestTIFFForGDAL: GDAL reads what is written, in strips or tiles, TIFF or BigTIFF, with
// its samples, tags, no-data value and descriptions of bands.
func TestTIFFForGDAL(t *testing.T) {
	dir := t.TempDir()
	minus := -9999.0
	type written struct {
		f     *raster.Format
		b     *raster.Block
		tags  Tags
		check func(t *testing.T, g *gdalFacts)
	}
	var list []written
	add := func(f *raster.Format, tags Tags, check func(t *testing.T, g *gdalFacts)) {
		list = append(list, written{f: f, b: edges(f), tags: tags, check: check})
	}
	placedThere := func(t *testing.T, g *gdalFacts) {
		require.Equal(t, []float64{500000, 10, 0, 4600000, 0, -10}, g.Transform)
		require.Equal(t, "32633", g.EPSG)
		require.Equal(t, "a field", g.Metadata["TIFFTAG_IMAGEDESCRIPTION"])
	}
	for typ := raster.Uint8; typ <= raster.Float64; typ++ {
		for _, roles := range [][]raster.Role{{raster.Data}, {raster.Red, raster.Green, raster.Blue, raster.Alpha}, make([]raster.Role, 5)} {
			add(formatOf(261, 259, typ, roles...), placed(), func(t *testing.T, g *gdalFacts) {
				placedThere(t, g)
				require.Equal(t, []int{256, 256}, g.Block)
			})
			add(formatOf(31, 27, typ, roles...), nil, nil)
		}
	}
	described := formatOf(300, 600, raster.Int16, raster.Data, raster.Data)
	described.Bands[0] = raster.Band{Name: "height & <depth>", Scale: 0.5, Offset: -3, NoData: &minus}
	described.Bands[1].NoData = &minus
	add(described, placed(asciiTag(tagGDALMetadata, `<GDALMetadata><Item name="MADE_BY">us</Item></GDALMetadata>`), asciiTag(tagGDALNodata, "-9999.00")), func(t *testing.T, g *gdalFacts) {
		placedThere(t, g)
		require.Equal(t, "height & <depth>", g.Name)
		require.Equal(t, []float64{0.5, -3, -9999}, []float64{*g.Scale, *g.Offset, *g.NoData})
		require.Equal(t, "us", g.Metadata["MADE_BY"])
	})
	white := formatOf(31, 27, raster.Uint16, raster.Gray)
	white.Bands[0].NoData = &[]float64{65535 - 7}[0]
	add(white, Tags{shortsTag(tagPhotometric, 0), asciiTag(tagGDALNodata, "7")}, func(t *testing.T, g *gdalFacts) {
		require.Equal(t, 7.0, *g.NoData)
	})
	add(formatOf(31, 27, raster.Uint16, make([]raster.Role, 4)...), Tags{shortsTag(tagPhotometric, 5)}, func(t *testing.T, g *gdalFacts) {
		require.Equal(t, "Cyan Magenta Yellow Black", g.Interp)
	})
	add(formatOf(31, 27, raster.Uint8, raster.Index), nil, func(t *testing.T, g *gdalFacts) {
		require.Equal(t, "Palette", g.Interp)
		require.Equal(t, 256, g.Colours)
	})
	add(formatOf(300, 270, raster.Uint8, raster.Index), placed(), placedThere)
	list = shorttest.Cases(list)

	var args []string
	for i, w := range list {
		for k, big := range []bool{false, true, i%2 == 0} {
			name := filepath.Join(dir, fmt.Sprint(i, "-", k, ".tif"))
			file := createdTIFF(t, w.f, w.b, Meta{}, WriteOptions{Uncompressed: k == 2, Tags: w.tags}, big)
			require.NoError(t, os.WriteFile(name, file, 0o600))
			args = append(args, name)
			f, b := readRaster(t, file, ReadOptions{})
			requireSamples(t, w.b, b, name)
			for c, band := range w.f.Bands {
				if w.tags.find(tagPhotometric) == nil { // which names inks
					require.Equal(t, band.Name, f.format.Bands[c].Name, name)
				}
				require.Equal(t, band.NoData, f.format.Bands[c].NoData, name)
			}
			for _, tag := range w.tags {
				if tag.Tag != tagGDALMetadata {
					require.Equal(t, &tag, f.Tags.find(tag.Tag), "%s: tag %d", name, tag.Tag)
				}
			}
		}
	}
	lines := strings.Split(strings.TrimSpace(string(python(t, gdalSays+"for name in sys.argv[1:]: say(name)\n", args...))), "\n")
	require.Len(t, lines, 3*len(list))
	for k, line := range lines {
		w := list[k/3]
		var g gdalFacts
		require.NoError(t, json.Unmarshal([]byte(line), &g), line)
		stored := &File{format: *w.f}
		facts := facts{bits: 8 * w.f.Type.Size(), white: w.f == white}
		require.Equal(t, sum(rasterReference(stored, w.b, facts)), g.Sum, line)
		if w.check != nil {
			w.check(t, &g)
		}
	}
}

// createdTIFF is the file of a block, of BigTIFF if that is asked for.
func createdTIFF(t *testing.T, f *raster.Format, b *raster.Block, meta Meta, opt WriteOptions, big bool) []byte {
	t.Helper()
	var out bytes.Buffer
	e, err := planTIFF(&out, f, meta, opt)
	require.NoError(t, err)
	e.big = big
	require.NoError(t, e.begin())
	w := &writer{encoder: e, format: f}
	require.NoError(t, w.WriteBlock(background, b))
	require.NoError(t, w.Close())
	return out.Bytes()
}

// TestGISAgainstGDAL: rasters of the corpus have GDAL's samples, and so has what is written
// of them, with all that GDAL says of them.
func TestGISAgainstGDAL(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(corpus(t), "gis", "*.tif"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	dir := t.TempDir()
	args := []string{}
	sums := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		f, b := readRaster(t, data, ReadOptions{})
		if testing.Short() && f.Format().Bytes() > 1<<20 {
			continue
		}
		back := filepath.Join(dir, filepath.Base(name))
		require.NoError(t, os.WriteFile(back, createdTIFF(t, f.Format(), b, f.Meta, WriteOptions{Tags: f.Tags}, false), 0o600))
		args = append(args, name, back)
		sums[name] = sum(rasterReference(f, b, tiffFacts(data)))
	}
	lines := strings.Split(strings.TrimSpace(string(python(t, gdalSays+"for name in sys.argv[1:]: say(name)\n", args...))), "\n")
	for i := 0; i < len(lines); i += 2 {
		var want, got gdalFacts
		require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(lines[i], "NaN", "null")), &want))
		require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(lines[i+1], "NaN", "null")), &got))
		require.Equal(t, sums[want.File], want.Sum, want.File)
		got.File, got.Block, got.Interp = want.File, want.Block, want.Interp
		require.Equal(t, want, got)
	}
}
