package imagefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// shallow is a raster whose samples had so many bits in a file.
func shallow(typ raster.Type, bits, bands int) (*raster.Format, *raster.Block) {
	f := formatOf(67, 300, typ, make([]raster.Role, bands)...)
	factor, full := smallScale(bits), int64(1)<<bits-1
	if typ.Float() {
		factor = 1
	} else if factor == 1 {
		f.Max = full
	}
	b := raster.NewBlock(f.Bounds(), typ, bands)
	rng := rand.New(rand.NewPCG(uint64(bits), 7))
	for c := range bands {
		for y := range f.Height {
			row := b.RowBytes(c, y)
			for x := range f.Width {
				v := uint32(rng.Int64N(full + 1))
				switch at := row[x*typ.Size():]; {
				case bits == 16 && typ.Float():
					nativeEndian.PutUint32(at, widen(v, halfExponent, halfMantissa))
				case typ.Float():
					nativeEndian.PutUint32(at, widen(v, tripleExponent, tripleMantissa))
				default:
					storeValue(at, typ, float64(int64(v)*factor))
				}
			}
		}
	}
	return f, b
}

// TestDepthComesBack: samples of fewer bits than their type has are written with these, in
// strips and in tiles, and are read as they were.
func TestDepthComesBack(t *testing.T) {
	check := func(typ raster.Type, bits, bands int, opt WriteOptions) {
		what := fmt.Sprintf("%d bits of %v, %d bands, %v", bits, typ, bands, opt.Uncompressed)
		f, b := shallow(typ, bits, bands)
		opt.Tags = append(opt.Tags, bitsTag(bits))
		file := createdTIFF(t, f, b, Meta{}, opt, false)
		require.Equal(t, bits, tiffFacts(file).bits, what)
		got, back := readRaster(t, file, ReadOptions{})
		require.Equal(t, bits, got.Tags.Bits(), what)
		requireSamples(t, b, back, what)
	}
	for _, raw := range []bool{false, true} {
		for bits := 1; bits < 32; bits += shorttest.Step() {
			typ := typeOf(sampleUnsigned, bits)
			if bits == 8*typ.Size() {
				continue
			}
			check(typ, bits, 1+bits%4, WriteOptions{Uncompressed: raw})
			check(typ, bits, 1+bits%4, WriteOptions{Uncompressed: raw, Tags: placed()[:0]})
		}
		for bands := 1; bands < 4; bands++ {
			check(raster.Float32, 16, bands, WriteOptions{Uncompressed: raw})
			check(raster.Float32, 24, bands, WriteOptions{Uncompressed: raw})
		}
	}
}

// TestDepthOfPictures: gray of 1, 2 and 4 bits and indices come back so in PNG, gray in PNM.
func TestDepthOfPictures(t *testing.T) {
	for _, bits := range []int{1, 2, 4} {
		f, b := shallow(raster.Uint8, bits, 1)
		f.Bands[0].Role = raster.Gray
		opt := WriteOptions{Tags: Tags{bitsTag(bits)}}
		formats := []string{"png", "pgm", "ppm"}
		if bits == 1 {
			formats = append(formats, "pbm")
		}
		for _, format := range formats {
			file := created(t, format, f, b, opt)
			got, back := readRaster(t, file, ReadOptions{})
			if format == "png" {
				require.Equal(t, bits, pngFacts(file).bits)
			}
			if format == "png" || bits == 1 {
				require.Equal(t, bits, got.Tags.Bits(), format)
			} else { // the maximum of PNM says it
				require.EqualValues(t, 1<<bits-1, got.format.Max, format)
			}
			for y := range f.Height {
				for x := range f.Width {
					want, v := b.At(0, x, y), back.At(0, x, y)
					if got.format.Max != 0 {
						v *= float64(smallScale(bits))
					}
					require.Equal(t, want, v, "%s, %d bits, %d,%d", format, bits, x, y)
				}
			}
		}
		for _, n := range []int{1, 1 << bits} {
			index := formatOf(67, 300, raster.Uint8, raster.Index)
			index.Palette = make(color.Palette, n)
			for i := range n {
				index.Palette[i] = color.RGBA{R: byte(i), G: 200, A: 255}
			}
			zeros := raster.NewBlock(index.Bounds(), raster.Uint8, 1)
			for _, format := range []string{"png", "tif"} {
				file := created(t, format, index, zeros, opt)
				require.Equal(t, bits, factsOf(file).bits, "%s of %d colours", format, n)
				got, back := readRaster(t, file, ReadOptions{})
				require.Equal(t, bits, got.Tags.Bits())
				requireSamples(t, zeros, back, format)
			}
		}
	}
}

// TestDepthError: a sample that the bits of a file cannot be is an error that tells where it
// is, unless the full depth is asked for.
func TestDepthError(t *testing.T) {
	for _, c := range []struct {
		typ     raster.Type
		bits    int
		v       float64
		formats []string
	}{
		{raster.Uint8, 1, 254, []string{"tif", "png", "pgm", "pbm"}},
		{raster.Uint8, 4, 18, []string{"tif", "png", "ppm"}},
		{raster.Uint16, 12, 4096, []string{"tif"}},
		{raster.Float32, 16, 0.1, []string{"tif"}},
		{raster.Float32, 16, 65520, []string{"tif"}},
		{raster.Float32, 16, 1e-8, []string{"tif"}},
	} {
		f, b := shallow(c.typ, c.bits, 1)
		if !c.typ.Float() {
			f.Bands[0].Role = raster.Gray
		}
		if c.bits == 12 {
			f.Max = 4095
		}
		storeValue(b.RowBytes(0, 150)[31*c.typ.Size():], c.typ, c.v)
		for _, format := range c.formats {
			w, err := Create(&bytes.Buffer{}, format, f, Meta{}, WriteOptions{Tags: Tags{bitsTag(c.bits)}})
			require.NoError(t, err)
			err = w.WriteBlock(background, b)
			var wrong *DepthError
			require.True(t, errors.As(err, &wrong), "%s: %v", format, err)
			require.Equal(t, []int{31, 150, c.bits}, []int{wrong.X, wrong.Y, wrong.Bits})
			require.InDelta(t, c.v, wrong.Sample, 1e-6*c.v)
			if format != "pbm" {
				back, samples := readRaster(t, created(t, format, f, b, WriteOptions{Tags: Tags{bitsTag(c.bits)}, FullDepth: true}), ReadOptions{})
				require.Zero(t, back.Tags.Bits())
				require.Equal(t, b.At(0, 31, 150), samples.At(0, 31, 150))
			}
		}
	}
}

// TestHalfRounding: rounding to 16 bits is to the nearest within the tolerance of each band,
// and never to the sample of no data.
func TestHalfRounding(t *testing.T) {
	const half = 1.0 / 1024 / 2 // of the step above 1
	none := 2.0
	for _, c := range []struct {
		v, want, tolerance float64
		fits               bool
	}{
		{1 + half/2, 1, half / 2, true},
		{1 + half/2, 1, half / 3, false},
		{1 + 1.5*half, 1 + 2*half, half / 2, true},
		{-1 - 1.5*half, -1 - 2*half, half / 2, true},
		{65519, 65504, 15, true},
		{65536, 0, 31, false},
		{math.Pow(2, -25) * 1.5, math.Pow(2, -24), 1e-7, true},
		{2 + half/4, 0, 1, false}, // no data
		{2, 2, 1, true},
	} {
		d := &depth{bits: 16, factor: 1, tolerance: []float64{9, c.tolerance}}
		src, dst := make([]byte, 8), make([]byte, 4)
		v := math.Float32bits(float32(c.v))
		for k := range 4 {
			src[4+k] = byte(v >> (8 * k))
		}
		err := d.narrow(dst, src, []raster.Band{{}, {NoData: &none}}, 3)
		if !c.fits {
			require.ErrorAs(t, err, new(*DepthError), "%v", c.v)
			continue
		}
		require.NoError(t, err, "%v", c.v)
		got := math.Float32frombits(widen(uint32(word(dst[2:])), halfExponent, halfMantissa))
		require.Equal(t, float32(c.want), got, "%v", c.v)
	}
}

// TestNarrowed: every number of 16 and 24 bits comes back, NaNs with their bits.
func TestNarrowed(t *testing.T) {
	for v := range uint32(1 << 16) {
		require.Equal(t, v, narrowed(widen(v, halfExponent, halfMantissa), halfExponent, halfMantissa))
	}
	for v := uint32(0); v < 1<<24; v += 61 {
		require.Equal(t, v, narrowed(widen(v, tripleExponent, tripleMantissa), tripleExponent, tripleMantissa))
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 100000 { // the nearest one not above in magnitude
		v := rng.Uint32() &^ (1 << 31)
		f := math.Float32frombits(v)
		n := narrowed(v, halfExponent, halfMantissa)
		if f != f || math.IsInf(float64(f), 0) {
			continue
		}
		below, above := math.Float32frombits(widen(n, halfExponent, halfMantissa)), math.Float32frombits(widen(n+1, halfExponent, halfMantissa))
		require.True(t, below <= f && (f < above), "%v: %v to %v", f, below, above)
	}
}

// gdalDepths prints of files what GDAL says of their depth, samples, mask and palette.
const gdalDepths = `
import sys, json, hashlib
from osgeo import gdal
gdal.UseExceptions()
for name in sys.argv[1:]:
    d = gdal.Open(name)
    bands = [d.GetRasterBand(i+1) for i in range(d.RasterCount)]
    t = bands[0].GetColorTable()
    print(json.dumps(dict(NBits=bands[0].GetMetadataItem("NBITS", "IMAGE_STRUCTURE") or "", Type=gdal.GetDataTypeName(bands[0].DataType), NoData=bands[0].GetNoDataValue(),
        Sums=[hashlib.md5(b.ReadRaster()).hexdigest() for b in bands], Flags=[b.GetMaskFlags() for b in bands],
        Mask=hashlib.md5(bands[0].GetMaskBand().ReadRaster()).hexdigest(), Colours=[t.GetColorEntry(i) for i in range(t.GetCount())] if t else None)))
`

type gdalDepth struct {
	NBits, Type, Mask string
	NoData            *float64
	Sums              []string
	Flags             []int
	Colours           [][]int
}

func gdalDepthsOf(t *testing.T, names ...string) (all []gdalDepth) {
	for _, line := range strings.Split(strings.TrimSpace(string(python(t, gdalDepths, names...))), "\n") {
		var d gdalDepth
		require.NoError(t, json.Unmarshal([]byte(line), &d), line)
		all = append(all, d)
	}
	return all
}

// gdalShallow makes files of few bits, of palettes of 16 bits and of internal masks.
const gdalShallow = `
import sys, random, struct
from osgeo import gdal
gdal.UseExceptions()
gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
rng = random.Random(5)
n = 0
def make(kind, bands, options, mask=False, overviews=False, colours=0, w=333, h=290):
    global n
    name = "%s/%03d.tif" % (sys.argv[1], n)
    n += 1
    d = gdal.GetDriverByName("GTiff").Create(name, w, h, bands, kind, options)
    size = gdal.GetDataTypeSize(kind)//8
    bits = [int(o[6:]) for o in options if o.startswith("NBITS=")] + [8*size]
    for i in range(bands):
        if kind == gdal.GDT_Float32:
            raw = b"".join(struct.pack("<f", rng.choice([0.0, -0.0, 1.5, 60000.0, float("inf"), -7.25, 2**-20])) for _ in range(w*h))
        else:
            raw = b"".join((rng.randrange(1 << min(bits[0], 30)) if not colours else rng.randrange(colours)).to_bytes(size, "little") for _ in range(w*h))
        d.GetRasterBand(i+1).WriteRaster(0, 0, w, h, raw)
    if colours:
        t = gdal.ColorTable()
        for i in range(colours):
            t.SetColorEntry(i, (i*7 % 256, 255-i, i*i % 256, 255))
        d.GetRasterBand(1).SetColorTable(t)
    if mask:
        d.CreateMaskBand(gdal.GMF_PER_DATASET)
        d.GetRasterBand(1).GetMaskBand().WriteRaster(0, 0, w, h, bytes(255*((x//37+y//29+x*y%97//96) % 2) for y in range(h) for x in range(w)))
    if overviews:
        d.BuildOverviews("AVERAGE", [2, 4])
    d = None
    print(name)
for bits in list(range(1, 8)):
    make(gdal.GDT_Byte, 1 + bits % 3, ["NBITS=%d" % bits, "COMPRESS=DEFLATE"])
make(gdal.GDT_Byte, 1, ["NBITS=1", "COMPRESS=CCITTFAX4", "PHOTOMETRIC=MINISWHITE"])
for bits in 9, 12, 15:
    make(gdal.GDT_UInt16, 2, ["NBITS=%d" % bits])
for bits in 17, 20, 24, 31:
    make(gdal.GDT_UInt32, 1, ["NBITS=%d" % bits])
for bands in 1, 3:
    make(gdal.GDT_UInt32, bands, ["NBITS=24", "ENDIANNESS=BIG", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "COMPRESS=LZW"])
for bands in 1, 3:
    make(gdal.GDT_Float32, bands, ["NBITS=16", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"])
for bits in 1, 2, 4:
    make(gdal.GDT_Byte, 1, ["NBITS=%d" % bits], colours=1 << bits)
make(gdal.GDT_Byte, 1, [], colours=200)
make(gdal.GDT_UInt16, 1, [], colours=3)
for kind in gdal.GDT_Byte, gdal.GDT_UInt16, gdal.GDT_Int16, gdal.GDT_UInt32, gdal.GDT_Float32, gdal.GDT_Float64:
    make(kind, 1, ["COMPRESS=DEFLATE"], mask=True)
    make(kind, 3, ["TILED=YES", "BLOCKXSIZE=128", "BLOCKYSIZE=64", "COMPRESS=LZW"], mask=True, overviews=True)
make(gdal.GDT_Byte, 3, ["COMPRESS=JPEG", "PHOTOMETRIC=YCBCR", "TILED=YES"], mask=True, overviews=True)
make(gdal.GDT_Byte, 4, ["NBITS=4"], mask=True)
`

// TestDepthsAndMasksOfGDAL: what GDAL writes comes back with the same depth, samples,
// colours and mask, as GDAL reads both.
func TestDepthsAndMasksOfGDAL(t *testing.T) {
	dir := t.TempDir()
	names := shorttest.Cases(strings.Fields(string(python(t, gdalShallow, dir))))
	var backs []string
	for i, name := range names {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		f, b := readRaster(t, data, ReadOptions{MaxMemory: 512 << 20})
		require.Empty(t, f.Lost, name)
		back := filepath.Join(dir, fmt.Sprint("back-", i, ".tif"))
		file := createdTIFF(t, f.Format(), b, f.Meta, WriteOptions{Tags: f.Tags, Uncompressed: i%3 == 2}, i%4 == 3)
		require.NoError(t, os.WriteFile(back, file, 0o600))
		backs = append(backs, back)
		again, samples := readRaster(t, file, ReadOptions{})
		require.Equal(t, f.Format(), again.Format(), name)
		require.Equal(t, f.Tags, again.Tags, name)
		requireSamples(t, b, samples, name)
		part := raster.NewBlock(b.Rect.Inset(41), b.Type, len(b.Planes))
		require.NoError(t, f.ReadBlock(background, part), name)
		requireSamples(t, part, b.Sub(part.Rect), name)
	}
	want, got := gdalDepthsOf(t, names...), gdalDepthsOf(t, backs...)
	masks := 0
	for i := range names {
		require.Equal(t, want[i], got[i], names[i])
		if want[i].Flags[0] == 2 { // GMF_PER_DATASET
			masks++
		}
	}
	require.GreaterOrEqual(t, masks, shorttest.Rounds(14), "files with a mask")
}

// TestColourMap: entries of a palette have GDAL's values, and come back to their last bit.
func TestColourMap(t *testing.T) {
	dir := t.TempDir()
	var names []string
	var palettes [][]int
	for i, entry := range []func(i int) int{
		func(i int) int { return 257 * i }, func(i int) int { return 256 * i }, func(i int) int { return min(65535, 257*i+100) },
		func(i int) int { return i }, func(i int) int { return i * 40503 % 65536 },
	} {
		colours := make([]uint16, 3*256)
		for k := range colours {
			colours[k] = uint16(entry((k + k/256*31) % 256))
		}
		file := paletteFile(t, noise(37, 29, 1, 8), 8, colours)
		f, b := readRaster(t, file, ReadOptions{})
		require.Empty(t, f.Lost)
		back := createdTIFF(t, f.Format(), b, f.Meta, WriteOptions{Tags: f.Tags}, false)
		d, err := openDirectory(section(back))
		require.NoError(t, err)
		for k, v := range values(t, d, tagColorMap) {
			require.EqualValues(t, colours[k], v, "palette %d, entry %d", i, k)
		}
		// A palette that is another one is not said to be this.
		f.format.Palette[3] = f.format.Palette[4]
		_, other := readRaster(t, file, ReadOptions{})
		changed, _ := readRaster(t, createdTIFF(t, f.Format(), other, f.Meta, WriteOptions{Tags: f.Tags}, false), ReadOptions{})
		require.Equal(t, f.format.Palette, changed.format.Palette)

		name := filepath.Join(dir, fmt.Sprint(i, ".tif"))
		require.NoError(t, os.WriteFile(name, file, 0o600))
		names = append(names, name)
		f, _ = readRaster(t, file, ReadOptions{})
		var all []int
		for _, c := range f.format.Palette {
			r, g, b, _ := c.RGBA()
			all = append(all, int(r>>8), int(g>>8), int(b>>8))
		}
		palettes = append(palettes, all)
	}
	for i, d := range gdalDepthsOf(t, names...) {
		for k, c := range d.Colours {
			require.Equal(t, c[:3], palettes[i][3*k:3*k+3], "palette %d, colour %d", i, k)
		}
	}
}
