package compare

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/qtgpu/qtgpu/raster"
)

// What a peer promises.
type class int

const (
	lossy    class = iota // nothing: a setting decides
	bounded               // no sample off by more than T
	lossless              // nothing is lost
)

// peer is a codec with the settings that it is compared with. In command lines {in}, {out}
// and {back} are the original, the encoded and the decoded file, {q} is the setting, {t} the
// threshold, {jobs} the number of threads, {chroma} 420, 444 or, of gray, 400, {sampling} the
// same for cjpeg, and {pam} says that a picture is written with its alpha.
type peer struct {
	id       string // of its colour, and of its batch
	name     string
	family   string // in Options.Against
	class    class
	encoder  *program // nil where Go itself is meant
	decoder  *program
	in, back string // kinds of files
	ext      string
	encode   string
	decode   string
	go_      *goCodec
	knob     *scale    // of lossy peers
	curve    []float64 // settings for curves
	takes    func(o *original) string
	effort   int
}

// gdal begins a command line of gdal_translate.
const gdal = "gdal_translate -q --config GDAL_PAM_ENABLED NO --config GDAL_NUM_THREADS {jobs} "

// tiff is a GeoTIFF file in tiles, as large rasters are kept.
const tiff = gdal + "-of GTiff -co NUM_THREADS={jobs} -co TILED=YES -co BLOCKXSIZE=512 -co BLOCKYSIZE=512 "

// back decodes by GDAL into samples that are not compressed.
const fromGDAL = gdal + "-of GTiff {out} {back}"

var (
	cwebp = &program{"cwebp", "-version", "libwebp", regexp.MustCompile(`^v?(\d+\.\d+(\.\d+)*)`)}
	dwebp = &program{"dwebp", "-version", "libwebp", cwebp.version}
	cjpeg = &program{"cjpeg", "-version", "", regexp.MustCompile(`((?:libjpeg-turbo|mozjpeg) version \d+\.\d+(?:\.\d+)*|Independent JPEG Group's [CD]JPEG, version \w+)`)}
	djpeg = &program{"djpeg", "-version", "", cjpeg.version}
	avifE = &program{"avifenc", "--version", "libavif", regexp.MustCompile(`Version: v?(\d+\.\d+(\.\d+)*( \([^()]*(\([^()]*\)[^()]*)*\))?)`)}
	avifD = &program{"avifdec", "--version", "libavif", avifE.version}
	cjxl  = &program{"cjxl", "--version", "libjxl", regexp.MustCompile(`v(\d+\.\d+(\.\d+)*)`)}
	djxl  = &program{"djxl", "--version", "libjxl", cjxl.version}
	gdalT = &program{"gdal_translate", "--version", "GDAL", regexp.MustCompile(`GDAL v?(\d+\.\d+(\.\d+)*)`)}
)

// Families are the values of Options.Against.
var Families = []string{"jpeg", "webp", "png", "avif", "jxl", "jp2", "lerc", "tiff"}

// jpegCurve are qualities that show what JPEG and WebP can do.
var jpegCurve = []float64{12, 30, 50, 70, 85, 94}

// peers are all peers, in the order of tables.
var peers = []*peer{
	{id: "jpeg-go", name: "JPEG, Go", family: "jpeg", go_: goJPEG, knob: whole(1, 100, "quality %s"), curve: jpegCurve, in: asPNM, back: asPNM, ext: ".jpg",
		encode: "image/jpeg.Encode, Quality {q}", decode: "image/jpeg.Decode", takes: jpegTakes},
	{id: "jpeg", name: "JPEG", family: "jpeg", encoder: cjpeg, decoder: djpeg, knob: whole(1, 100, "quality %s"), curve: jpegCurve, in: asPNM, back: asPNM, ext: ".jpg",
		encode: "cjpeg -optimize -sample {sampling} -quality {q} -outfile {out} {in}", decode: "djpeg -outfile {back} {out}", takes: jpegTakes},
	{id: "webp", name: "WebP", family: "webp", encoder: cwebp, decoder: dwebp, knob: &scale{from: 0, to: 100, steps: 1000, digits: 1, form: "-q %s"}, curve: jpegCurve, in: asPNM, back: asPNM, ext: ".webp",
		encode: "cwebp -quiet -mt -m 4 -exact -q {q} {in} -o {out}", decode: "dwebp -quiet -mt {pam} {out} -o {back}", takes: webpTakes, effort: 4},
	{id: "avif", name: "AVIF", family: "avif", encoder: avifE, decoder: avifD, knob: whole(63, 0, "cq-level %s"), curve: []float64{55, 45, 36, 28, 21, 13}, in: asPNG, back: asPNG, ext: ".avif",
		encode: "avifenc -s 6 -j {jobs} -y {chroma} --min 0 --max 63 -a end-usage=q -a cq-level={q} {in} {out}",
		decode: "avifdec -j {jobs} --png-compress 0 {out} {back}", takes: avifTakes, effort: 6},
	{id: "jxl", name: "JPEG XL", family: "jxl", encoder: cjxl, decoder: djxl, knob: &scale{from: 15, to: 0.05, steps: 1200, log: true, digits: 3, form: "-d %s"}, curve: []float64{10, 6, 3.5, 2, 1.2, 0.6}, in: asPNM, back: asPNM, ext: ".jxl",
		encode: "cjxl --quiet --num_threads={jobs} -e 7 --keep_invisible=1 -d {q} {in} {out}", decode: "djxl --quiet --num_threads={jobs} {out} {back}", takes: jxlTakes, effort: 7},
	{id: "jp2", name: "JPEG 2000", family: "jp2", encoder: gdalT, decoder: gdalT, knob: &scale{from: 0.2, to: 100, steps: 1500, log: true, digits: 3, form: "QUALITY=%s"}, curve: []float64{0.8, 1.4, 2.4, 4.2, 7, 12}, in: asTIFF, back: asTIFF, ext: ".jp2",
		encode: gdal + "-of JP2OpenJPEG -co QUALITY={q} {in} {out}", decode: fromGDAL, takes: jp2Takes},

	{id: "lerc", name: "LERC", family: "lerc", class: bounded, encoder: gdalT, decoder: gdalT, in: asTIFF, back: asTIFF, ext: ".tif",
		encode: tiff + "-co COMPRESS=LERC_ZSTD -co MAX_Z_ERROR={t} {in} {out}", decode: fromGDAL},

	{id: "png", name: "PNG, Go", family: "png", class: lossless, go_: goPNG, in: asPNG, back: asPNG, ext: ".png",
		encode: "image/png.Encode, BestCompression", decode: "image/png.Decode", takes: pngTakes},
	{id: "webp", name: "WebP", family: "webp", class: lossless, encoder: cwebp, decoder: dwebp, in: asPNM, back: asPNM, ext: ".webp",
		encode: "cwebp -quiet -mt -lossless -z 6 -exact {in} -o {out}", decode: "dwebp -quiet -mt {pam} {out} -o {back}", takes: webpTakes, effort: 6},
	{id: "avif", name: "AVIF", family: "avif", class: lossless, encoder: avifE, decoder: avifD, in: asPNG, back: asPNG, ext: ".avif",
		encode: "avifenc --lossless -s 6 -j {jobs} {in} {out}", decode: "avifdec -j {jobs} --png-compress 0 {out} {back}", takes: avifTakes, effort: 6},
	{id: "jxl", name: "JPEG XL", family: "jxl", class: lossless, encoder: cjxl, decoder: djxl, in: asPNM, back: asPNM, ext: ".jxl",
		encode: "cjxl --quiet --num_threads={jobs} -e 7 -d 0 {in} {out}", decode: "djxl --quiet --num_threads={jobs} {out} {back}", takes: jxlTakes, effort: 7},
	{id: "jp2", name: "JPEG 2000", family: "jp2", class: lossless, encoder: gdalT, decoder: gdalT, in: asTIFF, back: asTIFF, ext: ".jp2",
		encode: gdal + "-of JP2OpenJPEG -co QUALITY=100 -co REVERSIBLE=YES {in} {out}", decode: fromGDAL, takes: jp2Takes},
	{id: "tiff", name: "TIFF, DEFLATE", family: "tiff", class: lossless, encoder: gdalT, decoder: gdalT, in: asTIFF, back: asTIFF, ext: ".tif",
		encode: tiff + "-co COMPRESS=DEFLATE -co ZLEVEL=9 -co PREDICTOR={predictor} {in} {out}", decode: fromGDAL, effort: 9},
	{id: "tiff-zstd", name: "TIFF, ZSTD", family: "tiff", class: lossless, encoder: gdalT, decoder: gdalT, in: asTIFF, back: asTIFF, ext: ".tif",
		encode: tiff + "-co COMPRESS=ZSTD -co ZSTD_LEVEL=19 -co PREDICTOR={predictor} {in} {out}", decode: fromGDAL, effort: 19},
	{id: "lerc", name: "LERC", family: "lerc", class: lossless, encoder: gdalT, decoder: gdalT, in: asTIFF, back: asTIFF, ext: ".tif",
		encode: tiff + "-co COMPRESS=LERC_ZSTD -co MAX_Z_ERROR=0 {in} {out}", decode: fromGDAL},
}

// own is qtgpu, which runs as a program like the others.
func own(self *program, c class, bound string) *peer {
	return &peer{id: "qtgpu", name: "qtgpu", class: c, encoder: self, decoder: self, in: asSelf, back: asSelf, ext: ".qtg",
		encode: "qtgpu -q -f -j {jobs} -t {q} " + bound + "-i {in} -o {out}", decode: "qtgpu -q -f -j {jobs} -i {out} -o {back}", effort: 2}
}

// What a peer takes; of others it says what it is that it does not.

func jpegTakes(o *original) string {
	if s := pictureOf(o, 8); s != "" || !o.alpha() {
		return s
	}
	return "holds no alpha"
}

func webpTakes(o *original) string {
	if max(o.format.Width, o.format.Height) > 16383 {
		return "holds no side above 16,383 pixels"
	}
	return pictureOf(o, 8)
}

func avifTakes(o *original) string { return pictureOf(o, 8) }
func jxlTakes(o *original) string  { return pictureOf(o, 16) }
func pngTakes(o *original) string  { return pictureOf(o, 16) }

// pictureOf takes pictures of up to some bits.
func pictureOf(o *original, bits int) string {
	switch {
	case o.image == nil:
		return "holds pictures alone"
	case o.image.Max != 0 && o.image.Max != 1<<o.image.Depth-1:
		return fmt.Sprintf("takes no samples up to %d", o.image.Max)
	case o.image.Depth > bits:
		return fmt.Sprintf("holds samples of %d bits", bits)
	}
	return ""
}

func jp2Takes(o *original) string {
	if t := o.format.Type; t == raster.Uint8 || t == raster.Uint16 || t == raster.Int16 {
		return ""
	}
	return "holds integers of 8 and 16 bits"
}

// line is a command line with its names and settings, as words.
func line(template string, names map[string]string) []string {
	words := strings.Fields(template)
	for i, w := range words {
		for name, value := range names {
			w = strings.ReplaceAll(w, "{"+name+"}", value)
		}
		words[i] = w
	}
	return words
}
