package imagefile

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/raster"
)

// File is an image file open for reading: a raster.Source, of uint8 or uint16 but where a
// TIFF file has another type.
//
// Strips and tiles of TIFF, and rows of PNM, BMP and PNG without interlace, are read
// as they are asked for; File keeps some of what it has decoded, up to 1024 rows of
// the picture or half of ReadOptions.MaxMemory. A PNG, and a TIFF of one compressed
// strip, can only be decoded from the top: a block far above the last one, by another
// goroutine too, begins there again. JPEG, WebP, interlaced PNG and run-length coded
// BMP are decoded whole, once.
type File struct {
	Name string // of the format: "tif", "png", "jpg", "bmp", "webp" or "pnm"
	Meta Meta
	Tags Tags // of TIFF
	// Lost, Notes and Damage are as in Image. Of JPEG, and of PNM in digits, Damage and
	// what lies behind the picture are known once a ReadBlock with the last row has
	// returned.
	Lost, Notes []string
	Damage      string

	title  string
	opt    ReadOptions
	format raster.Format
	pixels pixelReader

	noPicture  string // what the samples are that Image refuses, "" for a picture
	pixelBytes int64  // the most memory that a pixel of Image takes
	padded     bool   // RGB is padded to four samples in Image
	// mayGrow tells that indices past the palette are black, and mayBeOpaque that the
	// last band is left out where it is at full scale everywhere.
	mayGrow, mayBeOpaque bool
}

// pixelReader gives the samples of a file.
type pixelReader interface {
	// readBlock fills a block as raster.Source has it; indices of a palette are not
	// checked.
	readBlock(ctx context.Context, dst *raster.Block) error
}

// Open opens an image file. The format is told by the first bytes. An r that is an
// io.ReaderAt and io.Seeker is read in place from its current position, its position
// afterwards is undefined, and it must stay open; any other is read to its end first.
//
// Metadata that is damaged is dropped. Errors say what was expected where; nothing is
// allocated that the header does not promise within the limits, nor what the length of
// the input cannot hold.
//
// What a header does not tell is found in the pixels, once: whether a PNG or lossless
// WebP file with alpha is opaque, which gives it no band of alpha, and how far the
// indices of a PNG or BMP file go past its palette, where the colours are black.
func Open(r io.Reader, opt ReadOptions) (*File, error) {
	f, err := open(r, opt.withDefaults())
	if err != nil {
		return nil, err
	}
	if err := guard(f.survey); err != nil {
		return nil, f.wrap(err)
	}
	return f, nil
}

// Peek opens an image file without a look at its pixels: its format may have a band of alpha
// or colours of a palette that Open finds to be of no use. It is not to be read.
func Peek(r io.Reader, opt ReadOptions) (*File, error) { return open(r, opt.withDefaults()) }

// Whole tells whether the file can only be decoded whole, which ReadBlock does once.
func (f *File) Whole() bool {
	_, ok := f.pixels.(*whole)
	return ok
}

// open opens a file without a look at its pixels.
func open(r io.Reader, opt ReadOptions) (f *File, err error) {
	src, format, err := input(r, opt)
	if err != nil {
		return nil, err
	}
	if opt.Page > 1 && format.name != "tif" || opt.Page < 0 {
		return nil, fmt.Errorf("reading %s: page %d, expected 1", format.title, opt.Page)
	}
	err = guard(func() (err error) {
		f, err = format.open(src, opt)
		return err
	})
	if err == nil {
		err = f.format.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", format.title, err)
	}
	f.Name, f.title, f.opt = format.name, format.title, opt
	return f, nil
}

func (f *File) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("reading %s: %w", f.title, err)
}

// Format implements raster.Source.
func (f *File) Format() *raster.Format { return &f.format }

// ReadBlock implements raster.Source. A file that is found to be damaged is an error.
func (f *File) ReadBlock(ctx context.Context, dst *raster.Block) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := raster.Check(&f.format, dst); err != nil {
		return err
	}
	return f.wrap(guard(func() error {
		if err := f.pixels.readBlock(ctx, dst); err != nil {
			return err
		}
		return f.checkIndices(dst)
	}))
}

// checkIndices holds the indices of a block against the palette.
func (f *File) checkIndices(b *raster.Block) error {
	n, size := len(f.format.Palette), f.format.Type.Size()
	if n == 0 || int64(n) > f.format.Type.Max() {
		return nil
	}
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		row := b.RowBytes(0, y)
		for i := 0; i < len(row); i += b.Step * size {
			v := int(row[i])
			if size == 2 {
				v = int(nativeEndian.Uint16(row[i:]))
			}
			if v >= n {
				return fmt.Errorf("pixel %d,%d: palette index %d, expected less than %d", b.Rect.Min.X+i/(b.Step*size), y, v, n)
			}
		}
	}
	return nil
}

// Image reads the whole picture; the error says of other rasters what Image does not hold.
// It shares memory with f where the file is one that
// is decoded whole.
func (f *File) Image(ctx context.Context) (m *Image, err error) {
	err = guard(func() error {
		if w, ok := f.pixels.(*whole); ok {
			m, err = w.load()
			return err
		}
		m, err = f.image(func(b *raster.Block) error { return f.pixels.readBlock(ctx, b) })
		return err
	})
	if err != nil {
		return nil, f.wrap(err)
	}
	to := *m
	to.Meta, to.Damage = f.Meta, f.Damage
	to.Lost = append(slices.Clone(f.Lost), f.Tags.Names()...)
	if text := f.Tags.noData(); text != "" {
		to.Lost = append(to.Lost, "nodata value "+text)
	}
	to.Notes = append(slices.Clone(f.Notes), m.Notes...)
	return &to, nil
}

// image makes the picture out of the samples that fill gives; Notes has what that
// changed.
func (f *File) image(fill func(*raster.Block) error) (*Image, error) {
	if f.noPicture != "" {
		return nil, fmt.Errorf("%s: an image holds gray or RGB", f.noPicture)
	}
	if err := Holds(&f.format); err != nil {
		return nil, err
	}
	if err := checkMemory(f.format.Width, f.format.Height, f.pixelBytes, f.opt); err != nil {
		return nil, err
	}
	m := NewFor(&f.format, f.padded)
	if err := fill(m.Block()); err != nil {
		return nil, err
	}
	m.ToBigEndian()
	if p := f.format.Palette; p != nil {
		p, note := f.grown(p, m.Pix)
		indexed, err := indexed(m.W, m.H, m.Pix, p)
		if err != nil {
			return nil, err
		}
		indexed.Notes = note
		return indexed, nil
	}
	if f.mayBeOpaque && m.Channels == 4 && isFull(m.Block()) {
		m.Channels = 3
	}
	return m, nil
}

// grown is a palette with black for the indices that have no colour, where the format
// has it so, and what is to be said of it.
func (f *File) grown(p color.Palette, indices []byte) (color.Palette, []string) {
	n, largest := len(p), int(slices.Max(indices))
	if !f.mayGrow || largest < n {
		return p, nil
	}
	p = slices.Clip(p)
	for len(p) <= largest {
		p = append(p, color.RGBA{A: 0xff})
	}
	return p, []string{fmt.Sprintf("palette index %d of %d colours taken as black", largest, n)}
}

// isFull tells whether all samples of the last band are at full scale.
func isFull(b *raster.Block) bool {
	band, size := len(b.Planes)-1, b.Type.Size()
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		row := b.RowBytes(band, y)
		for i := 0; i < len(row); i += b.Step * size {
			if row[i] != 0xff || row[i+size-1] != 0xff {
				return false
			}
		}
	}
	return true
}

// survey finds in the pixels what the header does not tell of the format.
func (f *File) survey() error {
	palette := f.mayGrow && len(f.format.Palette) > 0 && len(f.format.Palette) <= math.MaxUint8
	if !palette && !f.mayBeOpaque {
		return nil
	}
	if w, ok := f.pixels.(*whole); ok {
		m, err := w.load()
		if err == nil {
			f.format, f.Notes = m.format(), append(f.Notes, m.Notes...)
			m.Notes = nil
		}
		return err
	}
	var largest []byte
	for b := range f.rows() {
		if err := f.pixels.readBlock(context.Background(), b); err != nil {
			return err
		}
		f.opt.told(b.Rect.Max.Y, f.format.Height)
		if palette {
			largest = []byte{slices.Max(append(largest, b.Planes[0]...))}
		} else if !isFull(b) {
			return nil
		}
	}
	if palette {
		p, note := f.grown(f.format.Palette, largest)
		f.format.Palette, f.Notes = p, append(f.Notes, note...)
		return nil
	}
	f.format.Bands = f.format.Bands[:3]
	return nil
}

// rows are blocks of some rows from the top to the bottom, in memory that is used
// again.
func (f *File) rows() func(func(*raster.Block) bool) {
	const most = 1 << 18
	r, n := f.format.Bounds(), len(f.format.Bands)
	row := int64(r.Dx()) * int64(n*f.format.Type.Size())
	r.Max.Y = int(min(int64(r.Max.Y), max(1, most/row)))
	all := raster.NewInterleaved(r, f.format.Type, n, n)
	return func(yield func(*raster.Block) bool) {
		for y := 0; y < f.format.Height; y += r.Dy() {
			b := all.Sub(image.Rect(0, 0, r.Dx(), min(r.Dy(), f.format.Height-y)))
			b.Rect = b.Rect.Add(image.Pt(0, y))
			if !yield(b) {
				return
			}
		}
	}
}
