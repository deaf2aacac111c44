package compare

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds text against a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o777))
		require.NoError(t, os.WriteFile(name, got, 0o666))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), name)
}

// settled is a report without what differs from machine to machine and from time to time.
func settled(r *Report) *Report {
	r.Machine, r.Date = "a machine, 2 cores", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range r.Programs {
		r.Programs[i].Version = strings.Replace(r.Programs[i].Version, goVersion(), "go1.99", 1)
	}
	for _, c := range r.Comparisons {
		for _, table := range c.Tables {
			for i := range table.Rows {
				row := &table.Rows[i]
				row.Program = strings.Replace(row.Program, goVersion(), "go1.99", 1)
				row.EncodeSeconds, row.DecodeSeconds = min(row.EncodeSeconds, 0.25), min(row.DecodeSeconds, 0.125)
				if row.Runs > 0 {
					row.EncodeSeconds, row.DecodeSeconds, row.Runs = 0.25, 0.125, mostRuns
				}
			}
		}
	}
	return r
}

// rounded are the figures of a report without the last digits, which depend on the processor.
func rounded(r *Report) *Report {
	round := func(all ...*float64) {
		for _, v := range all {
			if v != nil {
				*v, _ = strconv.ParseFloat(strconv.FormatFloat(*v, 'g', 9, 64), 64)
			}
		}
	}
	for i := range r.Comparisons {
		for _, table := range r.Comparisons[i].Tables {
			round(table.Target)
			for j := range table.Rows {
				row := &table.Rows[j]
				round(&row.Ratio, &row.BitsPerPixel, row.Off, row.PSNR, row.SSIM, row.RMS, row.MaxError)
			}
		}
	}
	for _, c := range r.Curves {
		for j := range c.Points {
			round(&c.Points[j].BitsPerPixel, c.Points[j].PSNR, c.Points[j].SSIM)
		}
	}
	return r
}

// TestGolden: the tables, the JSON, the CSV and the batches of a photograph against programs
// whose every answer is known.
func TestGolden(t *testing.T) {
	needsTime(t)
	onPath(t, allFakes...)
	r := rounded(settled(compared(t, opened(t, photo(160, 128, 3)), Options{T: []float64{10, 0}, Curves: true})))
	var text, csv bytes.Buffer
	require.NoError(t, r.Text(&text))
	golden(t, "photo.txt", text.Bytes())
	require.NoError(t, r.CSV(&csv))
	golden(t, "photo.csv", csv.Bytes())
	js, err := json.MarshalIndent(r, "", "  ")
	require.NoError(t, err)
	golden(t, "photo.json", js)
	js, err = json.MarshalIndent(r.Batches(), "", "  ")
	require.NoError(t, err)
	golden(t, "batches.json", js)
}

// TestCSVHasKeysOfJSON: what CSV calls a column is the key of JSON, and every row is there.
func TestCSVHasKeysOfJSON(t *testing.T) {
	onPath(t)
	r := compared(t, opened(t, photo(96, 64, 1)), Options{T: []float64{5, 0}})
	var b bytes.Buffer
	require.NoError(t, r.CSV(&b))
	rows, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	n := 1
	for _, c := range r.Comparisons {
		for _, table := range c.Tables {
			n += len(table.Rows)
		}
	}
	assert.Len(t, rows, n)
	js, err := json.Marshal(r)
	require.NoError(t, err)
	for _, key := range rows[0] {
		assert.Contains(t, string(js), `"`+key+`":`, "a column of CSV")
	}
}

// TestMatched: every row of a table says how far it is from the target, and is as near as it
// says.
func TestMatched(t *testing.T) {
	needsTime(t)
	onPath(t, allFakes...)
	r := compared(t, opened(t, photo(160, 128, 3)), Options{T: []float64{3, 12}})
	tables := 0
	for _, c := range r.Comparisons {
		for _, table := range c.Tables {
			if table.By != ByPSNR && table.By != ByBytes {
				continue
			}
			tables++
			require.Len(t, table.Rows, 7, "%v by %s", c.T, table.By)
			own := table.own()
			for _, row := range table.Rows {
				where := fmt.Sprintf("%s, T = %v by %s", row.Codec, c.T, table.By)
				require.Empty(t, row.Error, where)
				require.NotNil(t, row.Off, where)
				want, within := *row.PSNR-*own.PSNR, withinDB
				if table.By == ByBytes {
					want, within = float64(row.Bytes)/float64(own.Bytes)-1, withinBytes
				}
				assert.InDelta(t, want, *row.Off, 1e-9, where)
				assert.Equal(t, math.Abs(want) <= within, row.Matched, where)
				assert.Equal(t, mostRuns, row.Runs, where)
				assert.Positive(t, row.EncodeSeconds*row.DecodeSeconds, where)
				assert.InDelta(t, float64(160*128*3)/float64(row.Bytes), row.Ratio, 1e-9, where)
			}
		}
	}
	assert.Equal(t, 4, tables)
}

// TestNoPrograms: JPEG and PNG take part without any program, and what does not is named.
func TestNoPrograms(t *testing.T) {
	tmp := onPath(t)
	r := compared(t, opened(t, photo(96, 80, 3)), Options{T: []float64{10, 0}})
	codecs := func(c *Comparison) (names []string) {
		for _, table := range c.Tables {
			for _, row := range table.Rows {
				assert.Empty(t, row.Error, row.Codec)
				names = append(names, row.Codec)
			}
		}
		return names
	}
	assert.Equal(t, []string{"qtgpu", "JPEG, Go", "qtgpu", "JPEG, Go"}, codecs(&r.Comparisons[0]))
	assert.Equal(t, []string{"qtgpu", "PNG, Go"}, codecs(&r.Comparisons[1]))
	missing := map[string]string{}
	for _, m := range r.Missing {
		missing[m.Codec] = m.Why
	}
	assert.Equal(t, map[string]string{
		"JPEG": "cjpeg is not on PATH", "WebP": "cwebp is not on PATH", "AVIF": "avifenc is not on PATH", "JPEG XL": "cjxl is not on PATH",
		"JPEG 2000": "gdal_translate is not on PATH", "LERC": "gdal_translate is not on PATH",
		"TIFF, DEFLATE": "gdal_translate is not on PATH", "TIFF, ZSTD": "gdal_translate is not on PATH",
	}, missing)
	assert.Empty(t, left(t, tmp), "left in the folder of temporary files")
}

// left lists what is in a folder.
func left(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestEncoderWithoutDecoder: a peer needs both of its programs.
func TestEncoderWithoutDecoder(t *testing.T) {
	onPath(t, "cwebp", "djxl")
	r := compared(t, opened(t, photo(64, 48, 3)), Options{T: []float64{10}, Against: []string{"webp", "jxl"}})
	assert.Equal(t, []Missing{{"WebP", "dwebp is not on PATH"}, {"JPEG XL", "cjxl is not on PATH"}}, r.Missing)
}

// TestMisbehaviour: whatever a program does, its row says so in a line that a terminal can
// show, the other rows are there, and nothing stays behind.
func TestMisbehaviour(t *testing.T) {
	for _, c := range shorttest.Cases([]struct{ program, how, want string }{
		{"cwebp", "exit", "encoding: cwebp: exit status 1: [31mno such codec"},
		{"cwebp", "nothing", "encoding: cwebp: no webp-12.webp was written"},
		{"cwebp", "empty", "encoding: cwebp: the file is empty"},
		{"cwebp", "folder", "is no regular file"},
		{"cwebp", "garbage", "decoding: dwebp: exit status 1"},
		{"dwebp", "exit", "decoding: dwebp: exit status 1: [31mno such codec"},
		{"dwebp", "garbage", "decoding: dwebp: "},
		{"dwebp", "nothing", "decoding: dwebp: no back.ppm was written"},
		{"dwebp", "small", "decoding: dwebp: 3×2 pixels, expected 96×64"},
		{"dwebp", "huge", "decoding: dwebp: wrote more than "},
		{"qtgpu", "exit", "encoding: qtgpu: exit status 1"},
	}) {
		t.Run(c.program+" "+c.how, func(t *testing.T) {
			tmp := onPath(t, allFakes...)
			t.Setenv(misbehaves, c.program+"="+c.how)
			r := compared(t, opened(t, photo(96, 64, 3)), Options{T: []float64{10}, Against: []string{"jpeg", "webp"}, Curves: true})
			for _, table := range r.Comparisons[0].Tables {
				for _, row := range table.Rows {
					if row.Codec != "WebP" && c.program != "qtgpu" {
						assert.Empty(t, row.Error, row.Codec)
						continue
					}
					assert.Contains(t, row.Error, c.want)
					assert.NotContains(t, row.Error, "\x1b")
					assert.Zero(t, row.Bytes)
				}
			}
			var text, page bytes.Buffer
			require.NoError(t, r.Text(&text))
			assert.Contains(t, text.String(), "failed: ")
			require.NoError(t, r.HTML(&page))
			assert.Contains(t, page.String(), "failed: ")
			assert.Empty(t, left(t, tmp), "left in the folder of temporary files")
		})
	}
}

// TestNoVersion: a program that tells no version takes part, and nothing that it says gets
// anywhere.
func TestNoVersion(t *testing.T) {
	onPath(t, "cwebp", "dwebp")
	t.Setenv(misbehaves, "cwebp=version")
	r := compared(t, opened(t, photo(64, 48, 3)), Options{T: []float64{10}, Against: []string{"webp"}})
	assert.Contains(t, r.Programs, Program{"cwebp", ""})
	assert.Equal(t, "cwebp", r.Comparisons[0].Tables[0].Rows[1].Program)
}

// TestVersions: versions are found in what the programs of Debian 12 say, and of others.
func TestVersions(t *testing.T) {
	for _, c := range []struct {
		program    *program
		said, want string
	}{
		{cjpeg, "libjpeg-turbo version 2.1.5 (build 20230203)", "libjpeg-turbo version 2.1.5"},
		{cjpeg, "mozjpeg version 4.1.1 (build 20230101)", "mozjpeg version 4.1.1"},
		{djpeg, "Independent JPEG Group's DJPEG, version 9e  16-Jan-2022", "Independent JPEG Group's DJPEG, version 9e"},
		{cwebp, "1.2.4\nlibsharpyuv: 0.2.0", "1.2.4"},
		{avifE, "Version: 0.11.1 (dav1d [dec]:1.0.0, aom [enc/dec]:v3.6.0, rav1e [enc]:0.5.1 (v0.5.1), svt [enc]:v1.4.1)\nlibyuv : available (1857)",
			"0.11.1 (dav1d [dec]:1.0.0, aom [enc/dec]:v3.6.0, rav1e [enc]:0.5.1 (v0.5.1), svt [enc]:v1.4.1)"},
		{avifE, "Version: 1.0.4", "1.0.4"},
		{cjxl, "cjxl v0.7.0 [AVX3,AVX2,SSE4]", "0.7.0"},
		{djxl, "JPEG XL decoder v0.10.2 [AVX2]", "0.10.2"},
		{gdalT, "GDAL 3.6.2, released 2023/01/02", "3.6.2"},
		{gdalT, "no version", ""},
	} {
		got := ""
		if m := c.program.version.FindStringSubmatch(c.said); m != nil {
			got = m[1]
		}
		assert.Equal(t, c.want, got, c.said)
	}
}

// TestGrayAndAlpha: gray comes back from programs that know colours alone, and alpha keeps
// those away that have none.
func TestGrayAndAlpha(t *testing.T) {
	needsTime(t)
	onPath(t, allFakes...)
	r := compared(t, opened(t, photo(96, 64, 1)), Options{T: []float64{10}, Against: []string{"jpeg", "webp", "avif", "jxl"}})
	for _, row := range r.Comparisons[0].Tables[0].Rows {
		assert.Empty(t, row.Error, row.Codec)
		if row.Codec == "AVIF" {
			assert.Contains(t, row.EncodeCommand, "-y 400")
		}
	}
	m := photo(96, 64, 4)
	m.Pix[3] = 7
	r = compared(t, opened(t, m), Options{T: []float64{10}, Against: []string{"jpeg", "jxl"}})
	assert.Equal(t, []Missing{{"JPEG, Go", "holds no alpha"}, {"JPEG", "holds no alpha"}}, r.Missing)
	row := r.Comparisons[0].Tables[0].Rows[1]
	assert.Empty(t, row.Error)
	assert.Contains(t, row.EncodeCommand, "in.png")
}

// TestChroma: below T = 2, where qtgpu keeps colours at full resolution, peers that can do so
// do it too.
func TestChroma(t *testing.T) {
	needsTime(t)
	onPath(t, allFakes...)
	r := compared(t, opened(t, photo(96, 64, 3)), Options{T: []float64{1, 4}, Against: []string{"jpeg", "avif"}})
	for i, want := range [][2]string{{"-sample 1x1", "-y 444"}, {"-sample 2x2", "-y 420"}} {
		rows := r.Comparisons[i].Tables[0].Rows
		assert.Contains(t, rows[2].EncodeCommand, want[0])
		assert.Contains(t, rows[3].EncodeCommand, want[1])
	}
}

// rasterFile is a raster as a TIFF file that is open.
func rasterFile[T raster.Sample](t *testing.T, kind raster.Type, value func(x, y int) T) *imagefile.File {
	t.Helper()
	f := raster.Format{Width: 70, Height: 60, Type: kind, Bands: raster.Bands(raster.Data)}
	m, err := raster.NewMemory(f)
	require.NoError(t, err)
	b := m.View(f.Bounds())
	for y := range f.Height {
		row := raster.Row[T](b, 0, y)
		for x := range f.Width {
			row[x*b.Step] = value(x, y)
		}
	}
	var file bytes.Buffer
	w, err := imagefile.Create(&file, "tif", &f, imagefile.Meta{}, imagefile.WriteOptions{})
	require.NoError(t, err)
	require.NoError(t, w.WriteBlock(context.Background(), b))
	require.NoError(t, w.Close())
	open, err := imagefile.Open(bytes.NewReader(file.Bytes()), imagefile.ReadOptions{})
	require.NoError(t, err)
	return open
}

// TestRaster: a raster that is no photograph stands beside what keeps its bound or loses
// nothing, without SSIM and PSNR, and peers for pictures say why they are not there.
func TestRaster(t *testing.T) {
	onPath(t, allFakes...)
	f := rasterFile(t, raster.Float32, func(x, y int) float32 { return float32(x*y) / 4 })
	r := compared(t, f, Options{T: []float64{0.5, 0}})
	assert.False(t, r.Photograph)
	require.Len(t, r.Comparisons[0].Tables, 1)
	table := r.Comparisons[0].Tables[0]
	assert.Equal(t, Bounded, table.By)
	for _, row := range table.Rows {
		require.Empty(t, row.Error, row.Codec)
		assert.Nil(t, row.PSNR)
		assert.Nil(t, row.SSIM)
		assert.LessOrEqual(t, *row.MaxError, 1.0, row.Codec)
		assert.Positive(t, *row.MaxError, row.Codec)
	}
	lerc := table.Rows[1]
	assert.Equal(t, "LERC", lerc.Codec)
	assert.Equal(t, *lerc.MaxError <= 0.5, *lerc.Holds, "the error that it made against the bound")
	assert.Equal(t, []string{"qtgpu", "TIFF, DEFLATE", "TIFF, ZSTD", "LERC"}, codecsOf(&r.Comparisons[1].Tables[0]))
	assert.Contains(t, r.Comparisons[1].Tables[0].Rows[1].EncodeCommand, "PREDICTOR=3")
	assert.Contains(t, r.Missing, Missing{"PNG, Go", "holds pictures alone"})
	var text bytes.Buffer
	require.NoError(t, r.Text(&text))
	assert.NotContains(t, text.String(), "SSIM")
}

func codecsOf(t *Table) (names []string) {
	for _, r := range t.Rows {
		names = append(names, r.Codec)
	}
	return names
}

// TestMeasuresOfRaster: no data must stay no data, NaN too.
func TestMeasuresOfRaster(t *testing.T) {
	none, nan := -9999.0, math.NaN()
	for _, c := range []struct {
		was, is []float64
		max     float64
		sum     float64
	}{
		{[]float64{1, 2, none, nan}, []float64{1, 2, none, nan}, 0, 0},
		{[]float64{1, 2, none}, []float64{1.5, 0, none}, 2, 4.25},
		{[]float64{none}, []float64{0}, math.Inf(1), 0},
		{[]float64{5}, []float64{none}, math.Inf(1), 0},
		{[]float64{nan}, []float64{5}, math.Inf(1), 0},
		{[]float64{math.Inf(1)}, []float64{math.Inf(1)}, 0, 0},
	} {
		var m measures
		sum := m.row(c.was, c.is, &none)
		assert.Equal(t, c.max, m.max, "%v, %v", c.was, c.is)
		assert.Equal(t, c.sum, sum, "%v, %v", c.was, c.is)
	}
}

// TestLosslessFile: where qtgpu's file of a T loses nothing, there is no PSNR to match, and
// what loses nothing stands beside it.
func TestLosslessFile(t *testing.T) {
	needsTime(t)
	onPath(t, allFakes...)
	flat := imagefile.New(96, 64, 3, 8)
	for i := range flat.Pix {
		flat.Pix[i] = 0
	}
	r := compared(t, opened(t, flat), Options{T: []float64{2}, Against: []string{"jpeg", "png", "webp"}})
	tables := r.Comparisons[0].Tables
	assert.Equal(t, Lossless, tables[0].By)
	assert.Equal(t, ByBytes, tables[1].By)
	assert.Nil(t, tables[1].own().PSNR)
	require.NoError(t, r.HTML(&bytes.Buffer{}))
}

// TestPilot: a large picture has a pilot of squares from all of it.
func TestPilot(t *testing.T) {
	m := imagefile.New(2100, 2060, 3, 8)
	for y := range m.H {
		for x := range m.W {
			copy(m.Pix[y*m.Stride+x*m.Step:], []byte{byte(x / 16), byte(y / 16), byte(x ^ y)})
		}
	}
	o, err := newOriginal(context.Background(), "in", opened(t, m))
	require.NoError(t, err)
	p := o.pilot()
	require.Equal(t, image.Rect(0, 0, 1024, 1024), p.image.Bounds())
	for _, at := range [][2]image.Point{ // in the pilot, in the picture
		{{X: 0, Y: 0}, {X: 0, Y: 0}}, {{X: 255, Y: 3}, {X: 255, Y: 3}}, {{X: 256, Y: 0}, {X: (2100 - 256) / 3 &^ 15, Y: 0}},
		{{X: 1023, Y: 1023}, {X: (2100-256)&^15 + 255, Y: (2060-256)&^15 + 255}},
	} {
		assert.Equal(t, o.image.At(at[1].X, at[1].Y), p.image.At(at[0].X, at[0].Y), "%v", at)
	}
	small, err := newOriginal(context.Background(), "in", opened(t, photo(64, 64, 3)))
	require.NoError(t, err)
	assert.Same(t, small, small.pilot())
}

// TestAsChannels: equal colours are their gray, others their luma; alpha goes only where it
// says nothing.
func TestAsChannels(t *testing.T) {
	for _, c := range []struct {
		from, want []byte
		err        string
	}{
		{[]byte{9, 9, 9}, []byte{9}, ""},
		{[]byte{255, 0, 0}, []byte{76}, ""},
		{[]byte{0, 255, 0}, []byte{150}, ""},
		{[]byte{1, 2, 3, 255}, []byte{1, 2, 3}, ""},
		{[]byte{1, 2, 3}, []byte{1, 2, 3, 255}, ""},
		{[]byte{7}, []byte{7, 7, 7}, ""},
		{[]byte{1, 2, 3, 254}, make([]byte, 3), "a transparent pixel at (0, 0) of an opaque picture"},
	} {
		m := imagefile.New(1, 1, len(c.from), 8)
		copy(m.Pix, c.from)
		got, err := asChannels(m, len(c.want))
		if c.err != "" {
			assert.EqualError(t, err, c.err)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, c.want, got.Pix[:len(c.want)], "%v", c.from)
	}
}
