package compare

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// original is what all are given.
type original struct {
	name   string
	format raster.Format
	tags   imagefile.Tags
	image  *imagefile.Image // a picture of 8 or 16 bits, nil of other rasters
	data   *raster.Memory   // another raster
	photo  bool             // a picture of 8 bits, which may lose what is not seen
}

// newOriginal reads all of a raster.
func newOriginal(ctx context.Context, name string, f *imagefile.File) (*original, error) {
	o := &original{name: name, format: *f.Format(), tags: f.Tags}
	if imagefile.Holds(f.Format()) == nil && f.Format().Bands[0].Role != raster.Data {
		m, err := f.Image(ctx)
		if err != nil {
			return nil, err
		}
		m.Meta = imagefile.Meta{}
		o.image, o.photo = m, m.Depth == 8
		return o, nil
	}
	data, err := raster.NewMemory(o.format)
	if err != nil {
		return nil, err
	}
	o.data = data
	return o, f.ReadBlock(ctx, data.View(o.format.Bounds()))
}

// ofImage is the original of a part of a picture.
func (o *original) ofImage(m *imagefile.Image) *original {
	part := &original{name: o.name, image: m, photo: o.photo, format: *m.Format()}
	return part
}

func (o *original) pixels() int64 { return int64(o.format.Width) * int64(o.format.Height) }

// alpha tells whether a picture has opacity.
func (o *original) alpha() bool { return o.image != nil && o.image.Channels%2 == 0 }

// gray tells whether a picture has no colours.
func (o *original) gray() bool { return o.image != nil && o.image.Channels < 3 }

// The files that programs are given: rows of samples that are not compressed.
const (
	asPNM  = "pnm"  // PPM or PGM of a picture without alpha, else PNG
	asPNG  = "png"  // the colours of a picture
	asTIFF = "tiff" // whatever it is: indices of a palette, too
	asSelf = "self" // what qtgpu takes: PNM or PNG of a picture, TIFF of other rasters and of a palette
)

// as resolves asPNM and asSelf.
func (o *original) as(kind string, colours bool) string {
	switch {
	case kind == asSelf && (o.image == nil || o.image.Palette != nil && !colours):
		return asTIFF
	case (kind == asSelf || kind == asPNM) && o.alpha():
		return asPNG
	case kind == asSelf:
		return asPNM
	}
	return kind
}

// ext is the extension of a file of a kind.
func (o *original) ext(kind string) string {
	switch {
	case kind == asPNM && o.gray():
		return ".pgm"
	case kind == asPNM:
		return ".ppm"
	case kind == asTIFF:
		return ".tif"
	}
	return ".png"
}

// colours is a picture without its palette.
func (o *original) colours() *imagefile.Image {
	m := *o.image
	m.Palette, m.Index = nil, nil
	return &m
}

// write writes the original as a file of a kind; a palette becomes its colours where that is
// asked for, and in all but TIFF.
func (o *original) write(ctx context.Context, name, kind string, colours bool) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	switch {
	case kind == asPNG:
		e := png.Encoder{CompressionLevel: png.NoCompression}
		err = e.Encode(w, o.colours().Std())
	case kind == asPNM:
		err = imagefile.Write(w, o.ext(kind)[1:], o.colours(), imagefile.WriteOptions{})
	default:
		err = o.writeTIFF(ctx, w, colours)
	}
	if err == nil {
		err = w.Flush()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

func (o *original) writeTIFF(ctx context.Context, w io.Writer, colours bool) error {
	opt := imagefile.WriteOptions{Uncompressed: true, FullDepth: true, Tags: o.tags}
	if o.image != nil {
		m := o.image
		if colours {
			m = o.colours()
		}
		opt.Tags = nil
		return imagefile.Write(w, "tif", m, opt)
	}
	to, err := imagefile.Create(w, "tif", &o.format, imagefile.Meta{}, opt)
	if err != nil {
		return err
	}
	if err := to.WriteBlock(ctx, o.data.View(o.format.Bounds())); err != nil {
		return err
	}
	return to.Close()
}

// open opens a file that a program has decoded, which must be of the size of the original.
func (o *original) open(r io.Reader) (*imagefile.File, error) {
	// No more pixels than there are, and no more memory than samples of 64 bits take.
	opt := imagefile.ReadOptions{MaxPixels: o.pixels(), MaxMemory: 64<<20 + 10*o.pixels()*int64(len(o.format.Bands)+4)}
	f, err := imagefile.Open(r, opt)
	if err != nil {
		return nil, err
	}
	if g := f.Format(); g.Width != o.format.Width || g.Height != o.format.Height {
		return nil, fmt.Errorf("%d×%d pixels, expected %d×%d", g.Width, g.Height, o.format.Width, o.format.Height)
	}
	return f, nil
}

// pilotSide and pilotSquares make the pilot of a large picture, and pilotPixels is up to where
// a picture is its own.
const (
	pilotSide    = 256
	pilotSquares = 4 // across and down
	pilotPixels  = 3 << 19
)

// pilot is a picture of squares from all over a large one, laid side by side; the original
// itself where that is not large.
func (o *original) pilot() *original {
	if o.image == nil || o.pixels() <= pilotPixels || min(o.image.W, o.image.H) < pilotSide*pilotSquares {
		return o
	}
	const side = pilotSide * pilotSquares
	src := o.colours()
	m := imagefile.New(side, side, src.Channels, src.Depth)
	m.Alpha, m.Max = src.Alpha, src.Max
	for j := range pilotSquares {
		for i := range pilotSquares {
			// A multiple of 16 keeps the blocks of whoever has blocks as they are.
			x := (i * (src.W - pilotSide) / (pilotSquares - 1)) &^ 15
			y := (j * (src.H - pilotSide) / (pilotSquares - 1)) &^ 15
			paste(m, image.Pt(i*pilotSide, j*pilotSide), src, image.Rect(x, y, x+pilotSide, y+pilotSide))
		}
	}
	return o.ofImage(m)
}

// paste copies the pixels of r to a place in another picture of the same channels.
func paste(to *imagefile.Image, at image.Point, from *imagefile.Image, r image.Rectangle) {
	size := from.Channels * from.Depth / 8
	for y := range r.Dy() {
		src := from.Pix[(r.Min.Y+y)*from.Stride+r.Min.X*from.Step:]
		dst := to.Pix[(at.Y+y)*to.Stride+at.X*to.Step:]
		for x := range r.Dx() {
			copy(dst[x*to.Step:][:size], src[x*from.Step:])
		}
	}
}

// cut is a part of a picture.
func cut(m *imagefile.Image, r image.Rectangle) *imagefile.Image {
	part := imagefile.New(r.Dx(), r.Dy(), m.Channels, m.Depth)
	part.Alpha, part.Max = m.Alpha, m.Max
	paste(part, image.Point{}, m, r)
	return part
}
