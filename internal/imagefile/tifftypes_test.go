package imagefile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// many are rasters of all types: gray, colours, and bands of data up to 100.
func many() (list []*raster.Format) {
	for typ := raster.Uint8; typ <= raster.Float64; typ++ {
		for _, roles := range [][]raster.Role{
			{raster.Gray}, {raster.Data, raster.Alpha}, {raster.Red, raster.Green, raster.Blue}, {raster.Data, raster.Data, raster.Data},
			{raster.Red, raster.Green, raster.Blue, raster.Data, raster.Premultiplied, raster.Label}, make([]raster.Role, 100),
		} {
			list = append(list, formatOf(31, 27, typ, roles...))
		}
	}
	return append(list, formatOf(3, 30_000, raster.Float32, raster.Data))
}

// edges is a noisy block that begins with what is special in floating point.
func edges(f *raster.Format) *raster.Block {
	b := noisy(f, raster.NewBlock(f.Bounds(), f.Type, len(f.Bands)))
	for i, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat32} {
		if f.Type == raster.Float32 && i < f.Width {
			raster.Row[float32](b, 0, 0)[i] = float32(v)
		}
		if f.Type == raster.Float64 && i < f.Width {
			raster.Row[float64](b, 0, 0)[i] = v
		}
	}
	return b
}

// requireSamples compares blocks byte by byte.
func requireSamples(t *testing.T, want, got *raster.Block, what string) {
	t.Helper()
	size := want.Type.Size()
	for c := range want.Planes {
		for y := want.Rect.Min.Y; y < want.Rect.Max.Y; y++ {
			p, q := want.RowBytes(c, y), got.RowBytes(c, y)
			for x := range want.Rect.Dx() {
				if p, q := p[x*want.Step*size:][:size], q[x*got.Step*size:][:size]; !bytes.Equal(p, q) {
					require.Equal(t, p, q, "%s: band %d, x %d, y %d", what, c, x, y)
				}
			}
		}
	}
}

// naiveTIFF decodes the strips of a little-endian file as TIFF 6.0 and Technical Note 3
// say it, sample by sample.
func naiveTIFF(t *testing.T, file []byte, f *raster.Format) *raster.Block {
	d, err := openDirectory(section(file))
	require.NoError(t, err)
	one := func(tag uint16) int { return int(values(t, d, tag)[0]) }
	size, n := one(tagBitsPerSample)/8, one(tagSamplesPerPixel)
	require.Equal(t, []int{f.Width, f.Height, f.Type.Size(), len(f.Bands)}, []int{one(tagImageWidth), one(tagImageLength), size, n})
	b := raster.NewBlock(f.Bounds(), f.Type, n)
	offsets, counts := values(t, d, tagStripOffsets), values(t, d, tagStripByteCounts)
	rows, predictor, stride := one(tagRowsPerStrip), one(tagPredictor), f.Width*n*size
	var strip []byte
	for y := range f.Height {
		if y%rows == 0 {
			strip = file[offsets[y/rows]:][:counts[y/rows]]
			if one(tagCompression) == compressionDeflate {
				z, err := zlib.NewReader(bytes.NewReader(strip))
				require.NoError(t, err)
				strip, err = io.ReadAll(z)
				require.NoError(t, err)
			}
		}
		row := strip[y%rows*stride:][:stride]
		for c := range n {
			before := uint64(0)
			for x := range f.Width {
				at := (x*n + c) * size
				v := uint64(0)
				for k := range size {
					v |= uint64(row[at+k]) << (8 * k)
				}
				if predictor == predictorHorizontal {
					v += before
					before = v
				}
				var raw [8]byte
				binary.LittleEndian.PutUint64(raw[:], v)
				if predictor == predictorFloat {
					for k := range size { // the byte of this significance, over all bytes before it at steps of n
						sum := byte(0)
						for at := (size-1-k)*f.Width*n + x*n + c; at >= 0; at -= n {
							sum += row[at]
						}
						raw[k] = sum
					}
				}
				to := b.RowBytes(c, y)[x*size:][:size]
				copy(to, raw[:size])
				if !nativeLittle {
					slices.Reverse(to)
				}
			}
		}
	}
	return b
}

var nativeLittle = nativeEndian.Uint16([]byte{1, 0}) == 1

// TestTIFFTypes: samples of all types, compressed or not, come back by the definition of
// the format; their types, roles and predictors are what the tags say.
func TestTIFFTypes(t *testing.T) {
	for _, f := range append(many(), formatOf(1, 1, raster.Uint16, make([]raster.Role, raster.MaxBands)...)) {
		b := edges(f)
		for _, uncompressed := range []bool{false, true} {
			what := fmt.Sprintf("%d bands of %v, uncompressed %v", len(f.Bands), f.Type, uncompressed)
			file := created(t, "tif", f, b, WriteOptions{Uncompressed: uncompressed})
			requireSamples(t, b, naiveTIFF(t, file, f), what)
			d, err := openDirectory(section(file))
			require.NoError(t, err)
			kind := map[bool]uint32{f.Type.Signed(): 2, f.Type.Float(): 3}[true]
			if kind != 0 {
				require.Equal(t, slices.Repeat([]uint32{kind}, len(f.Bands)), values(t, d, tagSampleFormat), what)
			} else {
				require.Nil(t, values(t, d, tagSampleFormat), what)
			}
			predictor := map[bool]uint32{true: 3, false: 2}[f.Type.Float()]
			if uncompressed {
				predictor = 1
			}
			require.Equal(t, []uint32{predictor}, values(t, d, tagPredictor), what)
			var extra []uint32
			colours := map[bool]int{true: 3, false: 1}[f.Colour() == 0]
			for _, band := range f.Bands[colours:] {
				extra = append(extra, map[raster.Role]uint32{raster.Alpha: 2, raster.Premultiplied: 1}[band.Role])
			}
			require.Equal(t, extra, values(t, d, tagExtraSamples), what)
		}
	}
}

// gdalScript prints of each file its type, no-data value and the meaning of its bands,
// and writes its samples band by band.
const gdalScript = `
import sys
from osgeo import gdal
gdal.UseExceptions()
for name in sys.argv[1:]:
    d = gdal.Open(name)
    b = d.GetRasterBand(1)
    print(d.RasterXSize, d.RasterYSize, d.RasterCount, gdal.GetDataTypeName(b.DataType), b.GetNoDataValue(), b.GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE"),
          *[gdal.GetColorInterpretationName(d.GetRasterBand(i+1).GetColorInterpretation()) for i in range(min(6, d.RasterCount))])
    with open(name + ".raw", "wb") as out:
        for i in range(d.RasterCount):
            out.write(d.GetRasterBand(i+1).ReadRaster())
`

// TestTIFFAgainstGDAL: GDAL finds the same samples, types, roles and no-data values.
func TestTIFFAgainstGDAL(t *testing.T) {
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import osgeo.gdal").Run() != nil {
		t.Skip("no GDAL for Python")
	}
	dir := t.TempDir()
	args := []string{"-c", gdalScript}
	formats := many()
	for i, f := range formats {
		none := [...]float64{7, -2.5, math.NaN(), math.Inf(-1), math.Inf(1), -math.MaxFloat64}[i/2%6]
		if !f.Type.Float() {
			none = 7
		}
		if i%2 == 0 {
			for c := range f.Bands {
				f.Bands[c].NoData = &none
			}
		}
		name := filepath.Join(dir, fmt.Sprint(i, ".tif"))
		require.NoError(t, os.WriteFile(name, created(t, "tif", f, edges(f), WriteOptions{Uncompressed: i%3 == 0}), 0o600))
		args = append(args, name)
	}
	cmd := exec.Command(python, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, "%s", said.String())
	require.Empty(t, said.String())
	names := map[raster.Type]string{
		raster.Uint8: "Byte", raster.Uint16: "UInt16", raster.Uint32: "UInt32", raster.Int8: "Int8", raster.Int16: "Int16",
		raster.Int32: "Int32", raster.Float32: "Float32", raster.Float64: "Float64",
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, len(formats))
	for i, f := range formats {
		fields := strings.Fields(lines[i])
		require.Equal(t, fmt.Sprint(f.Width, f.Height, len(f.Bands)), strings.Join(fields[:3], " "))
		if fields[3] == "Byte" && fields[5] == "SIGNEDBYTE" { // GDAL before 3.7
			fields[3] = "Int8"
		}
		require.Equal(t, names[f.Type], fields[3], lines[i])
		if noData := f.Bands[0].NoData; noData == nil {
			require.Equal(t, "None", fields[4], lines[i])
		} else {
			got, err := strconv.ParseFloat(fields[4], 64)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(*noData), fmt.Sprint(got), lines[i])
		}
		if colours := strings.Join(fields[6:], " "); f.Colour() == 0 {
			require.True(t, strings.HasPrefix(colours, "Red Green Blue"), lines[i])
		} else {
			require.Equal(t, "Gray", fields[6], lines[i])
		}
		raw, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i, ".tif.raw")))
		require.NoError(t, err)
		got := &raster.Block{Rect: f.Bounds(), Type: f.Type, Step: 1, Stride: f.Width}
		n := f.Width * f.Height * f.Type.Size()
		for c := range f.Bands {
			got.Planes = append(got.Planes, raw[c*n:][:n])
		}
		requireSamples(t, edges(f), got, lines[i])
	}
}

// TestTIFFOutputs: the file begins where the output stands; a device that only claims to
// go back gets the same bytes; a file that is open for appending is an error.
func TestTIFFOutputs(t *testing.T) {
	f := formatOf(300, 1030, raster.Uint8, raster.Gray)
	b := noisy(f, raster.NewBlock(f.Bounds(), f.Type, 1))
	want := created(t, "tif", f, b, WriteOptions{})

	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, bytes.Repeat([]byte("x"), 2*len(want)), 0o600))
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.Seek(1001, io.SeekStart)
	require.NoError(t, err)
	createIn(t, file, "tif", f, b, 100, WriteOptions{})
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got[1001:][:len(want)]))
	require.Equal(t, "xx", string([]byte{got[1000], got[1001+len(want)]}))

	var out bytes.Buffer
	createIn(t, &device{&out}, "tif", f, b, 100, WriteOptions{})
	require.True(t, bytes.Equal(want, out.Bytes()))

	appending, err := os.OpenFile(filepath.Join(t.TempDir(), "appended"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer appending.Close()
	w, err := Create(appending, "tif", f, Meta{}, WriteOptions{})
	require.NoError(t, err)
	require.NoError(t, w.WriteBlock(background, b))
	require.ErrorContains(t, w.Close(), "expected an output that is not open for appending")
}

// device takes every Seek and stays at 0, as /dev/null does.
type device struct{ io.Writer }

func (device) Seek(int64, int) (int64, error) { return 0, nil }

// TestTIFFOf4GiB: a file that may need more than 4 GiB is BigTIFF, whatever is written.
func TestTIFFOf4GiB(t *testing.T) {
	for _, c := range []struct {
		w, h         int
		uncompressed bool
		big          bool
	}{
		{40000, 36000, true, true}, {40000, 36000, false, true}, {40000, 35790, true, false}, {40000, 35790, false, true},
		{40000, 35700, false, false}, {1, 1, false, false}, {1 << 20, 1 << 30, false, true},
	} {
		f := formatOf(c.w, c.h, raster.Uint8, raster.Red, raster.Green, raster.Blue)
		e, err := planTIFF(io.Discard, f, Meta{}, WriteOptions{Uncompressed: c.uncompressed})
		require.NoError(t, err)
		require.Equal(t, c.big, e.big, "%d×%d, uncompressed %v", c.w, c.h, c.uncompressed)
	}
}
