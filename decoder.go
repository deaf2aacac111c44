package qtgpu

import (
	"context"
	"fmt"
	"image"
	"image/draw"
	"io"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// Decoder decodes a file as it comes, from an io.Reader that cannot go back: level 0, by
// rows from the top. Other levels and regions need a [Reader].
//
// Rows are decoded by bands of some rows of tiles: as many as give every worker a few tiles,
// within MaxMemory. Besides, a Decoder holds compressed what the file has before them: the
// overviews of a group of tiles, which are 128 MiB of samples in files of this module, and
// the tiles of a band.
//
// A file says at its end what it has held: where a Reader refuses a damaged file at once, a
// Decoder may give rows before the error. Methods are called one at a time. After an
// error each gives that again, but for a block or an image that is refused, which changes
// nothing.
type Decoder struct {
	opt    DecodeOptions
	file   *container.Stream
	tiles  *pipeline.Reader
	scan   *pipeline.Scan
	format raster.Format
	work   *progress.Work
	left   *raster.Block // a band, some rows of which have not been given yet
	next   int           // the row that comes next
	err    error
}

// NewDecoder reads the beginning of a file, up to its first tiles. The options are a
// Reader's, but for CacheBytes, which does nothing here. MaxMemory bounds what is
// held compressed too, apart from the rest. With KeepGoing a stream that is cut gives
// what is there; of damage to what holds the chunks of a file together a Decoder loses all
// that follows, which a Reader finds by the file's end. A stream is cut where it ends with
// io.EOF or io.ErrUnexpectedEOF.
//
// The errors are those of [NewReader]. A Read that blocks is not ended by the end of ctx.
func NewDecoder(ctx context.Context, r io.Reader, o *DecodeOptions) (*Decoder, error) {
	d := &Decoder{}
	if o != nil {
		d.opt = *o
	}
	err := d.opt.check()
	if err == nil {
		err = d.open(ctx, r)
	}
	if err != nil {
		return nil, public(err)
	}
	return d, nil
}

func (d *Decoder) open(ctx context.Context, r io.Reader) (err error) {
	d.file, err = container.NewStream(ctx, r, container.StreamOptions{
		MaxPixels: d.opt.MaxPixels, Partial: d.opt.KeepGoing, MaxHeld: d.opt.MaxMemory,
	})
	if err != nil {
		return err
	}
	d.tiles, err = pipeline.NewStream(d.file, pipeline.Options{
		Workers: d.opt.Workers, KeepGoing: d.opt.KeepGoing, Memory: d.opt.maxMemory(),
	})
	if err != nil {
		return planError(err)
	}
	d.scan, d.format = d.tiles.Scan(), d.tiles.Plan().Format
	d.work = progress.New(d.tiles.Pixels(d.format.Bounds(), 0), d.opt.Progress)
	return nil
}

// Format is what the samples have in common.
func (d *Decoder) Format() raster.Format { return d.format }

// Config is what [DecodeConfig] gives, and of samples that no image holds a nil ColorModel.
func (d *Decoder) Config() image.Config { return config(&d.format) }

// Metadata is the metadata of the file. With an error it has what is not damaged.
func (d *Decoder) Metadata() (m Metadata, err error) {
	for _, c := range metadataChunks(&m) {
		*c.data, _ = d.file.Metadata(c.kind)
	}
	return m, public(d.file.Check())
}

// LostTiles are the tiles that KeepGoing rendered from the overview so far, in pixels.
func (d *Decoder) LostTiles() []image.Rectangle { return d.tiles.Lost() }

// Decode decodes all of the file as an image, as [Reader.Decode] does. It holds the
// compressed file, as far as MaxMemory does not ask for decoding by bands.
func (d *Decoder) Decode(ctx context.Context) (image.Image, error) {
	if d.err == nil {
		if err := checkImage(&d.format); err != nil {
			return nil, public(err)
		}
		if d.next > 0 {
			return nil, public(fmt.Errorf("%d rows have been read, expected none", d.next))
		}
	}
	var m image.Image
	err := d.run(ctx, func() error {
		g, err := d.tiles.Begin(ctx, d.format.Bounds(), 0)
		if err == nil {
			m, err = decodeImage(ctx, g, d.format, d.work)
		}
		d.next = d.format.Height
		return err
	})
	if err != nil {
		return nil, err
	}
	return std(m), nil
}

// ReadBlock decodes the rows of dst.Rect into dst: whole rows, that begin where the last
// ones ended. With the last row of the file it reads the file to its end, and no further.
func (d *Decoder) ReadBlock(ctx context.Context, dst *raster.Block) error {
	if d.err == nil {
		if err := d.checkRows(dst); err != nil {
			return public(err)
		}
	}
	return d.run(ctx, func() error { return d.read(ctx, dst) })
}

// ReadImage decodes the rows of dst.Bounds() into dst, as ReadBlock does; see
// [Reader.ReadImage] for the types of dst.
func (d *Decoder) ReadImage(ctx context.Context, dst draw.Image) error {
	if err := checkInside(&d.format, dst.Bounds()); err != nil {
		return public(err)
	}
	t, err := newTarget(dst, &d.format)
	if err != nil {
		return public(err)
	}
	if err := d.ReadBlock(ctx, t.block); err != nil {
		return err
	}
	t.finish()
	return nil
}

// Copy decodes the rows that are left and writes them to dst, by bands from the top, at
// their places in the raster.
func (d *Decoder) Copy(ctx context.Context, dst raster.Sink) error {
	return d.run(ctx, func() error {
		for d.next < d.format.Height {
			if err := d.fill(ctx, nil); err != nil {
				return err
			}
			rows := d.left.Rect
			rows.Min.Y = d.next
			if err := dst.WriteBlock(ctx, d.left.Sub(rows)); err != nil {
				return err
			}
			d.next = rows.Max.Y
		}
		return nil
	})
}

// run does some of the decoding, which no damage before the tiles stands against, and
// reads the file to its end with the last row.
func (d *Decoder) run(ctx context.Context, f func() error) error {
	if d.err != nil {
		return d.err
	}
	err := context.Cause(ctx)
	if err == nil {
		err = d.unless(d.file.Check())
	}
	if err == nil {
		err = f()
	}
	if err == nil && d.next == d.format.Height {
		d.left = nil
		err = d.unless(d.file.Finish(ctx))
	}
	d.err = public(err)
	return d.err
}

// unless is an error that KeepGoing does not go on behind.
func (d *Decoder) unless(err error) error {
	if err != nil && d.tiles.Concealable(err) {
		return nil
	}
	return err
}

// checkRows tells whether a block is one of rows that come next.
func (d *Decoder) checkRows(b *raster.Block) error {
	if err := raster.Check(&d.format, b); err != nil {
		return err
	}
	return checkNext(&d.format, b.Rect, d.next)
}

// read decodes rows into dst.
func (d *Decoder) read(ctx context.Context, dst *raster.Block) error {
	for d.next < dst.Rect.Max.Y {
		if err := d.fill(ctx, dst); err != nil {
			return err
		}
		if d.left != nil {
			raster.Copy(dst, d.left)
			d.next = min(d.left.Rect.Max.Y, dst.Rect.Max.Y)
		}
	}
	return nil
}

// fill decodes the next band, unless there are rows left: into dst where that has room for
// all of it, which leaves none, else into a block of its own.
func (d *Decoder) fill(ctx context.Context, dst *raster.Block) error {
	if d.left != nil && d.next < d.left.Rect.Max.Y {
		return nil
	}
	d.left = nil
	g, err := d.scan.Begin(ctx)
	if err != nil {
		return err
	}
	if dst != nil && g.Rect().In(dst.Rect) {
		err = g.Decode(ctx, dst, d.work.Add)
		d.next = g.Rect().Max.Y
		return err
	}
	b := g.NewBlock()
	if err := g.Decode(ctx, b, d.work.Add); err != nil {
		return err
	}
	d.left = b
	return nil
}

// checkInside tells whether a rectangle lies inside a raster.
func checkInside(f *raster.Format, r image.Rectangle) error {
	if r.Empty() || !r.In(f.Bounds()) {
		return fmt.Errorf("image of bounds %v of a raster of %d×%d, expected some inside it", r, f.Width, f.Height)
	}
	return nil
}

// checkNext tells whether a rectangle inside a raster is of whole rows from next on.
func checkNext(f *raster.Format, r image.Rectangle, next int) error {
	if r.Min.X != 0 || r.Max.X != f.Width || r.Min.Y != next {
		return fmt.Errorf("block %v of a raster of %d×%d, expected whole rows from row %d on", r, f.Width, f.Height, next)
	}
	return nil
}
