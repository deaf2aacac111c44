package qtgpu

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/raster"
)

// Encoder encodes a raster whose rows come from elsewhere: a [raster.Sink] that writes a
// file. It is for those who cannot give rectangles of samples, as [EncodeRaster] wants.
//
// By Options.Plan it codes rows as they come, and holds as many as an eighth of
// Options.Memory has room for, a row of tiles at least. A plan is made from tiles of the
// whole raster; so without one the rows are kept until Close, which encodes them: in memory
// where they take a quarter of Options.Memory at most, else in Options.Spool. The file is
// the one of EncodeRaster with the same options.
//
// Its methods are called one at a time. A block that is refused changes nothing; after any
// other error each call gives that again, and what has been written is no file. There is
// nothing to close where an Encoder is given up.
type Encoder struct {
	format raster.Format
	next   int // the row that comes next
	rows   rows
	err    error
}

// rows are what takes the rows of an Encoder.
type rows interface {
	raster.Sink
	// close writes what is left of the file.
	close(ctx context.Context) error
}

// NewEncoder returns an Encoder of rows of a format. What EncodeRaster says of options and
// formats it says at once, and that there is no place for the rows.
func NewEncoder(w io.Writer, f raster.Format, o *Options) (*Encoder, error) {
	var opt Options
	if o != nil {
		opt = *o
	}
	e := &Encoder{format: f}
	err := f.Validate()
	if err == nil && opt.Plan != nil {
		e.rows, err = newPlanned(w, &e.format, &opt)
	} else if err == nil {
		e.rows, err = newSpooled(w, &e.format, &opt)
	}
	if err != nil {
		return nil, public(err)
	}
	return e, nil
}

// WriteBlock implements [raster.Sink]: it takes whole rows, that begin where the last ones
// ended, and keeps nothing of b.
func (e *Encoder) WriteBlock(ctx context.Context, b *raster.Block) error {
	if e.err != nil {
		return e.err
	}
	err := raster.Check(&e.format, b)
	if err == nil {
		err = checkNext(&e.format, b.Rect, e.next)
	}
	if err != nil {
		return public(err)
	}
	if err = context.Cause(ctx); err == nil {
		err = e.rows.WriteBlock(ctx, b)
	}
	e.next, e.err = b.Rect.Max.Y, public(err)
	return e.err
}

// errClosed is the error of calls after Close.
var errClosed = errors.New("qtgpu: the encoder is closed")

// Close writes what is left of the file, but does not close the io.Writer. Rows that have
// not come are an error, which names them and changes nothing.
func (e *Encoder) Close(ctx context.Context) error {
	switch {
	case e.err != nil:
		return e.err
	case e.rows == nil:
		return errClosed
	case e.next < e.format.Height:
		return public(fmt.Errorf("rows %d to %d are missing, expected all %d", e.next, e.format.Height-1, e.format.Height))
	}
	err := context.Cause(ctx)
	if err == nil {
		err = e.rows.close(ctx)
	}
	if err != nil {
		e.err = public(err)
		return e.err
	}
	e.err, e.rows = errClosed, nil
	return nil
}

// spooled keeps the rows and encodes all of them in the end.
type spooled struct {
	raster.Sink
	e *encoding
	w io.Writer
}

func newSpooled(w io.Writer, f *raster.Format, o *Options) (*spooled, error) {
	if _, err := o.accepted(formatted{f}); err != nil {
		return nil, err
	}
	var kept interface {
		raster.Source
		raster.Sink
	}
	var err error
	switch most := o.memory() / wholeShare; {
	case f.Bytes() <= most:
		kept, err = raster.NewMemory(*f)
	case o.Spool != nil:
		kept, err = newSpool(o.Spool, f)
	default:
		err = fmt.Errorf("raster of %d bytes, expected at most %d, a quarter of the memory, where there is neither a plan nor a spool", f.Bytes(), most)
	}
	return &spooled{kept, &encoding{opt: o, src: kept}, w}, err
}

func (s *spooled) close(ctx context.Context) error { return s.e.run(ctx, s.w) }

// formatted is a source of which only the format is of use.
type formatted struct{ f *raster.Format }

func (s formatted) Format() *raster.Format { return s.f }

func (s formatted) ReadBlock(context.Context, *raster.Block) error {
	return errors.New("samples that have not come are read")
}

// planned codes rows of tiles as they become whole.
type planned struct {
	e      *encoding
	format *raster.Format
	coding *pipeline.Coding
	out    *countingWriter
	first  int           // row of tiles that is coded next
	slab   *raster.Block // rows that have come of the tiles that are coded next, or nil
}

func newPlanned(w io.Writer, f *raster.Format, o *Options) (*planned, error) {
	p := &planned{e: &encoding{opt: o, src: formatted{f}}, format: f, out: &countingWriter{w: w}}
	enc, err := p.e.byPlan()
	if err != nil {
		return nil, err
	}
	p.coding, err = pipeline.Begin(p.out, enc, p.e.job())
	return p, err
}

// tiles are the rows of tiles that are coded next.
func (p *planned) tiles() pipeline.Rows {
	all := pipeline.AllRows(p.e.plan)
	return pipeline.Rows{Min: p.first, Max: min(p.first+p.coding.Step(), all.Max)}
}

// WriteBlock implements raster.Sink. Rows that come in one block with all of their tiles are
// not copied.
func (p *planned) WriteBlock(ctx context.Context, b *raster.Block) error {
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; {
		slab := p.e.plan.Grid().Pixels(image.Rect(0, p.tiles().Min, p.e.plan.Grid().Across(), p.tiles().Max))
		rows := slab.Intersect(image.Rect(0, y, p.format.Width, b.Rect.Max.Y))
		part := b.Sub(rows)
		if rows != slab {
			if p.slab == nil {
				p.slab = raster.NewBlock(slab, p.format.Type, len(p.format.Bands))
			}
			raster.Copy(p.slab, part)
			part = p.slab
		}
		if y = rows.Max.Y; y == slab.Max.Y {
			if err := p.code(ctx, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// code codes the rows of tiles that come next.
func (p *planned) code(ctx context.Context, b *raster.Block) error {
	rows := p.tiles()
	p.first, p.slab = rows.Max, nil
	src, err := engine.InScale(&inBlock{formatted{p.format}, b})
	if err != nil {
		return err
	}
	return p.coding.Code(ctx, p.e.coloured(src), rows)
}

func (p *planned) close(ctx context.Context) error {
	totals, err := p.coding.Close(ctx)
	if err == nil {
		p.e.work.Finish()
		p.e.report(p.e.plan, totals, p.out.n)
	}
	return err
}

// inBlock is the rows of a source that a block has.
type inBlock struct {
	formatted
	b *raster.Block
}

func (s *inBlock) ReadBlock(_ context.Context, dst *raster.Block) error {
	raster.Copy(dst, s.b)
	return nil
}
