package imagefile

import (
	"container/list"
	"context"
	"fmt"
	"image"
	"math"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/raster"
)

// rowDecoder decodes the rows of a strip, of a tile or of a file, one after the other.
type rowDecoder interface {
	// next returns the next row: packed samples in the byte order of the machine. They
	// are valid, and the caller must leave them alone, up to the next call.
	next() ([]byte, error)
	// close gives memory back. Nothing is called after it.
	close()
}

// decoded gives parts of what can only be decoded from its first row on: strips, tiles
// or a file as one, which are called blocks here. It keeps rows of blocks that were not
// wanted whole, a segment of rows being what is kept or dropped, and decoders that have
// rows to come.
type decoded struct {
	open     func(block int) (rowDecoder, error)
	samples  int // of a pixel
	rowBytes int // of the widest block
	rows     int // of a segment
	kept     segments

	// A block has one goroutine at a time, so that what one has decoded the other finds.
	locks   [64]sync.Mutex
	mu      sync.Mutex
	streams []*stream // those that nobody uses, the longest unused first
}

// stream is a decoder that has come to row y of its block.
type stream struct {
	rowDecoder
	block, y int
}

const (
	segmentBytes = 4 << 20
	maxStreams   = 16
	// maxKept is what is kept where ReadOptions.MaxMemory does not say less.
	maxKept = 256 << 20
	// keptRows are as many rows of the picture as are kept, besides a row of blocks:
	// readers take them in tiles of that height or less, beside each other.
	keptRows = 1024
)

// newDecoded returns what reads blocks of up to w pixels and h rows, of a picture whose
// rows of all bands take so many bytes; a decoder holds about 4 rows. The error is of
// MaxMemory.
func newDecoded(pictureRow int64, w, h, samples int, typ raster.Type, opt ReadOptions, open func(block int) (rowDecoder, error)) (*decoded, error) {
	pixel := int64(samples * typ.Size())
	most := int64(math.MaxInt)
	if opt.MaxMemory > 0 {
		most = min(most, opt.MaxMemory)
	}
	if n := 4 * pixel * int64(w); n > most {
		return nil, fmt.Errorf("header: 4 rows of %d pixels take %d bytes of memory, expected at most %d", w, n, most)
	}
	limit, segment := int64(maxKept), int64(segmentBytes)
	if opt.MaxMemory > 0 {
		limit, segment = min(limit, opt.MaxMemory/2), min(segment, opt.MaxMemory/16)
	}
	rows := min(int64(h), max(1, segment/(pixel*int64(w))))
	limit = min(limit, pictureRow*(keptRows+2*rows))
	d := &decoded{open: open, samples: samples, rowBytes: int(pixel * int64(w)), rows: int(rows)}
	d.kept.limit = limit
	return d, nil
}

// read fills the part of dst that lies in a block, whose place is rect. Its planes are
// the first samples of the block's pixels.
func (d *decoded) read(ctx context.Context, block int, rect image.Rectangle, dst *raster.Block) error {
	lock := &d.locks[block%len(d.locks)]
	lock.Lock()
	defer lock.Unlock()
	part := dst.Rect.Intersect(rect)
	var s *stream
	defer func() { d.suspend(s, rect.Dy()) }()
	for y := part.Min.Y - rect.Min.Y; y < part.Max.Y-rect.Min.Y; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		segment := y / d.rows
		end := min((segment+1)*d.rows, rect.Dy())
		if rows := d.kept.get([2]int{block, segment}); rows != nil {
			d.putAll(dst, rows, rect, segment*d.rows)
			y = end
			continue
		}
		if s == nil || s.y > segment*d.rows {
			d.suspend(s, rect.Dy())
			var err error
			if s, err = d.resume(block, segment*d.rows); err != nil {
				return err
			}
		}
		for s.y < end {
			if err := d.decode(s, rect, dst); err != nil {
				s.close()
				s = nil
				return err
			}
		}
		y = end
	}
	return nil
}

// decode decodes a segment, gives dst its part and keeps the rows where that is less
// than all.
func (d *decoded) decode(s *stream, rect image.Rectangle, dst *raster.Block) error {
	segment := s.y / d.rows
	all := image.Rect(rect.Min.X, rect.Min.Y+s.y, rect.Max.X, rect.Min.Y+min(s.y+d.rows, rect.Dy()))
	var keep []byte
	if !all.In(dst.Rect) {
		keep = make([]byte, 0, d.samples*dst.Type.Size()*all.Dx()*all.Dy())
	}
	for y := all.Min.Y; y < all.Max.Y; y++ {
		row, err := s.next()
		if err != nil {
			return err
		}
		s.y++
		put(dst, row, rect.Min.X, y, d.samples)
		if keep != nil {
			keep = append(keep, row...)
		}
	}
	if keep != nil {
		d.kept.put([2]int{s.block, segment}, keep)
	}
	return nil
}

// putAll gives dst its part of kept rows, the first being row y of the block.
func (d *decoded) putAll(dst *raster.Block, rows []byte, rect image.Rectangle, y int) {
	n := d.samples * dst.Type.Size() * rect.Dx()
	for y += rect.Min.Y; len(rows) > 0; y, rows = y+1, rows[n:] {
		put(dst, rows[:n], rect.Min.X, y, d.samples)
	}
}

// resume returns the decoder of a block that has come next to row y, a new one where
// none is before it.
func (d *decoded) resume(block, y int) (*stream, error) {
	d.mu.Lock()
	best := -1
	for i, s := range d.streams {
		if s.block == block && s.y <= y && (best < 0 || s.y > d.streams[best].y) {
			best = i
		}
	}
	if best >= 0 {
		s := d.streams[best]
		d.streams = slices.Delete(d.streams, best, best+1)
		d.mu.Unlock()
		return s, nil
	}
	d.mu.Unlock()
	r, err := d.open(block)
	if err != nil {
		return nil, err
	}
	return &stream{r, block, 0}, nil
}

// suspend keeps a decoder that has rows to come, of a block of so many.
func (d *decoded) suspend(s *stream, rows int) {
	if s == nil {
		return
	}
	if s.y == rows {
		s.close()
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streams = append(d.streams, s)
	if len(d.streams) > maxStreams {
		d.streams[0].close()
		d.streams = slices.Delete(d.streams, 0, 1)
	}
}

// sequence is a picture that is decoded from its first row on.
type sequence struct {
	*decoded
	bounds image.Rectangle
}

// newSequence returns the pixels of a picture that open decodes from the top.
func newSequence(bounds image.Rectangle, samples int, typ raster.Type, opt ReadOptions, open func() (rowDecoder, error)) (pixelReader, error) {
	row := int64(bounds.Dx()) * int64(samples*typ.Size())
	d, err := newDecoded(row, bounds.Dx(), bounds.Dy(), samples, typ, opt, func(int) (rowDecoder, error) { return open() })
	return sequence{d, bounds}, err
}

// readBlock implements pixels.
func (s sequence) readBlock(ctx context.Context, dst *raster.Block) error {
	return s.read(ctx, 0, s.bounds, dst)
}

// segments are rows that are kept, by block and segment, up to a limit in bytes; those
// that were not asked for the longest go first.
type segments struct {
	limit int64

	mu    sync.Mutex
	bytes int64
	order list.List // of *segment, the last used first
	index map[[2]int]*list.Element
}

type segment struct {
	key  [2]int
	rows []byte
}

// get returns the rows of a segment, which must not be changed, nil where there are
// none.
func (c *segments) get(key [2]int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.index[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*segment).rows
}

func (c *segments) put(key [2]int, rows []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.index == nil {
		c.index = map[[2]int]*list.Element{}
	}
	if c.index[key] == nil {
		c.index[key] = c.order.PushFront(&segment{key, rows})
		c.bytes += int64(len(rows))
	}
	for c.bytes > c.limit {
		last := c.order.Remove(c.order.Back()).(*segment)
		delete(c.index, last.key)
		c.bytes -= int64(len(last.rows))
	}
}
