package compare

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"
	"strconv"

	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// goCodec is a codec of Go's own library.
type goCodec struct {
	encode func(w io.Writer, m image.Image, setting string) error
	decode func(r io.Reader) (image.Image, error)
}

var goJPEG = &goCodec{
	encode: func(w io.Writer, m image.Image, setting string) error {
		q, err := strconv.Atoi(setting)
		if err != nil {
			return err
		}
		return jpeg.Encode(w, m, &jpeg.Options{Quality: q})
	},
	decode: jpeg.Decode,
}

var goPNG = &goCodec{
	encode: func(w io.Writer, m image.Image, _ string) error {
		e := png.Encoder{CompressionLevel: png.BestCompression}
		return e.Encode(w, m)
	},
	decode: png.Decode,
}

// goVersion is the version of Go's codecs.
func goVersion() string { return runtime.Version() }

// picture decodes a file, with what Go makes of its pixels.
func (g *goCodec) picture(file []byte) (*imagefile.Image, error) {
	m, err := g.decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	return imagefile.FromImage(m)
}
