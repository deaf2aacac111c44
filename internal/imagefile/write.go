package imagefile

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/qtgpu/qtgpu/raster"
)

// WriteOptions are the choices of Create and Write.
type WriteOptions struct {
	// Uncompressed leaves the strips of a TIFF file as they are; otherwise they
	// are compressed with Deflate.
	Uncompressed bool
	// Quality of a JPEG file, 1 to 100; 0 is DefaultQuality. Subsample gives it colour
	// of half the width and height.
	Quality   int
	Subsample bool
	// Tags of a TIFF file. Where they say that samples had fewer bits than their type has
	// (Tags.Bits), they have so many in files of TIFF, and of PNG and PNM that can have them,
	// unless FullDepth is set; a sample that none of so few bits stands for is a *DepthError
	// of WriteBlock. Tolerance is by how much floating point of each band may be rounded then,
	// nil for not at all.
	Tags      Tags
	FullDepth bool
	Tolerance []float64
	// Progress is told how much is done of what takes long in Close, which is of JPEG alone.
	Progress func(done, total int64)
}

// Writer takes the rows of an image file from the top: blocks of the format given to
// Create, of whole rows and any height. The first error comes back from all calls
// behind it.
type Writer interface {
	raster.Sink
	// Close ends the file. It is an error where rows are missing, and does not close
	// what is written to.
	Close() error
}

// Create begins an image file of the rows that WriteBlock will bring: "png", "tif",
// "ppm", "pgm", "pbm" or "jpg". PNG holds 8 and 16 bits of gray, colours, alpha and palettes;
// PNM the same but no alpha, PBM 1 bit of gray; JPEG 8 bits of gray and colours; TIFF samples of any type
// in any number of bands. Metadata goes into all but PNM. What a format cannot hold is
// refused, or left out or changed as Unsaid says.
//
// A TIFF file of more than a picture is in tiles of 256×256, any other in strips; it is a
// BigTIFF file where it might need more than 4 GiB.
//
// Memory is a few rows, or a row of tiles, and 2 MiB for each core that compresses. JPEG
// holds all pixels, and a compressed TIFF file is held, compressed, where w cannot go back: its
// header, which comes first, says where its directory lies, which comes last. So w is
// asked whether it is an io.WriteSeeker that can, and left at the end of the file. The
// file begins where w stands. What f points to must stay as it is until Close.
func Create(w io.Writer, format string, f *raster.Format, meta Meta, opt WriteOptions) (Writer, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	e, err := newEncoder(w, format, f, meta, opt)
	if err != nil {
		return nil, err
	}
	return &writer{encoder: e, format: f}, nil
}

// encoder writes the rows of one format of files.
type encoder interface {
	row(b *raster.Block, y int) error // the next row, which is row y of b
	finish() error                    // behind the last row
}

func newEncoder(w io.Writer, format string, f *raster.Format, meta Meta, opt WriteOptions) (encoder, error) {
	switch format {
	case "png":
		return newPNGEncoder(w, f, meta, &opt)
	case "tif":
		return newTIFFEncoder(w, f, meta, opt)
	case "ppm", "pgm", "pbm":
		return newPNMEncoder(w, format, f, &opt)
	case "jpg":
		return newJPEGEncoder(w, f, meta, opt)
	}
	return nil, fmt.Errorf("format %q: expected png, tif, ppm, pgm, pbm or jpg", format)
}

// writer holds blocks against their format and order before an encoder takes them.
type writer struct {
	encoder
	format *raster.Format
	next   int   // the row that comes
	err    error // what all further calls return
}

func (w *writer) WriteBlock(ctx context.Context, b *raster.Block) error {
	if w.err == nil {
		w.err = w.write(ctx, b)
	}
	return w.err
}

func (w *writer) write(ctx context.Context, b *raster.Block) error {
	if err := raster.Check(w.format, b); err != nil {
		return err
	}
	if b.Rect.Dx() != w.format.Width || b.Rect.Min.Y != w.next {
		return fmt.Errorf("block %v of an image file of %d×%d, expected whole rows from row %d on", b.Rect, w.format.Width, w.format.Height, w.next)
	}
	if e, ok := w.encoder.(interface {
		rows(b *raster.Block) (bool, error)
	}); ok && ctx.Err() == nil {
		if done, err := e.rows(b); done {
			w.next = b.Rect.Max.Y
			return err
		}
	}
	for ; w.next < b.Rect.Max.Y; w.next++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := w.row(b, w.next); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) Close() error {
	err := w.err
	switch {
	case err != nil:
		return err
	case w.next < w.format.Height:
		err = fmt.Errorf("image file of %d rows, expected %d", w.next, w.format.Height)
	default:
		err = w.finish()
	}
	if w.err = err; err == nil {
		w.err = errClosed
	}
	return err
}

var errClosed = fmt.Errorf("image file: %w", fs.ErrClosed)

// Write writes an image by Create, whose formats it takes.
func Write(w io.Writer, format string, m *Image, opt WriteOptions) error {
	f := m.Format()
	out, err := Create(w, format, f, m.Meta, opt)
	if err != nil {
		return err
	}
	var b *raster.Block
	for y := 0; y < f.Height; y = b.Rect.Max.Y {
		b = m.rows(f, y, b)
		if err := out.WriteBlock(context.Background(), b); err != nil {
			return err
		}
	}
	return out.Close()
}

// Format is what the samples of the image are: indices where it has a palette.
func (m *Image) Format() *raster.Format {
	f := m.format()
	return &f
}

// rows is a block of the rows from y on: all of them where it can share the samples, else
// some, in the memory of the block before. These have 16 bits and change their byte order.
func (m *Image) rows(f *raster.Format, y int, before *raster.Block) *raster.Block {
	if m.Palette != nil || m.Depth == 8 {
		return m.Block()
	}
	pixel, b := 2*m.Channels, before
	stride := pixel * m.W
	r := image.Rect(0, y, m.W, min(m.H, y+max(1, stripBytes/stride)))
	if b == nil {
		b = raster.NewInterleaved(r, f.Type, m.Channels, m.Channels)
	}
	b.Rect = r
	for i := range r.Dy() {
		row := b.Planes[0][i*stride:][:stride]
		m.copyRow(row, pixel, y+i, m.Channels)
		if !native(binary.BigEndian) {
			swapBytes(row, 2)
		}
	}
	return b
}

// FormatFromName returns the format that Create takes for the extension of a
// file's name; the error lists those it knows.
func FormatFromName(name string) (string, error) {
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".png", ".tif", ".ppm", ".pgm", ".pbm", ".jpg":
		return ext[1:], nil
	case ".tiff":
		return "tif", nil
	case ".jpeg":
		return "jpg", nil
	default:
		return "", fmt.Errorf("extension %q: expected .png, .tif, .ppm, .pgm, .pbm or .jpg", ext)
	}
}

// errAlpha refuses a band beside gray or colours.
func errAlpha(format string) error {
	return errors.New(format + " holds no alpha: write png or tif instead")
}
