package imagefile

import (
	"context"
	"fmt"
	"image"
	"io"
	"runtime"
	"sync"

	"github.com/qtgpu/qtgpu/internal/hugepages"
	"github.com/qtgpu/qtgpu/raster"
)

// put copies packed pixels of n samples, a row of them from x on, to row y of a block,
// as far as they lie in it. Samples past the bands of the block are left out.
func put(dst *raster.Block, row []byte, x, y, n int) {
	size := dst.Type.Size()
	x0, x1 := max(x, dst.Rect.Min.X), min(x+len(row)/(n*size), dst.Rect.Max.X)
	if x0 >= x1 || y < dst.Rect.Min.Y || y >= dst.Rect.Max.Y {
		return
	}
	row = row[(x0-x)*n*size : (x1-x)*n*size]
	at := ((y-dst.Rect.Min.Y)*dst.Stride + (x0-dst.Rect.Min.X)*dst.Step) * size
	if beside(dst, n) {
		done := copy(dst.Planes[0][at:], row)
		if done == len(row) {
			return
		}
		// The memory of the first band may end before the other samples of the last pixel.
		at, row = at+len(row)-n*size, row[len(row)-n*size:]
	}
	for band, p := range dst.Planes {
		gather(p[at:], row[band*size:], dst.Step*size, n*size, size)
	}
}

// beside tells whether the pixels of a block lie as n samples side by side.
func beside(b *raster.Block, n int) bool {
	if b.Step != n || len(b.Planes) != n {
		return false
	}
	size := b.Type.Size()
	for i, p := range b.Planes[1:] {
		if first := b.Planes[0]; len(first) <= (i+1)*size || &first[(i+1)*size] != &p[0] {
			return false
		}
	}
	return true
}

// packedRows are rows of pixels that are not compressed, at equal distances.
type packedRows struct {
	src     io.ReaderAt
	rect    image.Rectangle
	first   int64 // place in the file of the first row
	stride  int64 // from a row to the one below it, negative where the lowest comes first
	bits    int   // of a pixel
	typ     raster.Type
	samples int // of a pixel in memory
	// unpack makes samples of as many pixels; dst is src where both have the same
	// length. nil leaves them as they are.
	unpack func(dst, src []byte) error
}

// batchBytes is about what is read from a file at once.
const batchBytes = 1 << 17

// rowReaders is how many batches are read at once where they need no other memory: before the first tile is coded, all goroutines wait
// for its rows.
const rowReaders = 2

// readBlock implements pixels for blocks inside p.rect.
func (p *packedRows) readBlock(ctx context.Context, dst *raster.Block) error {
	r := dst.Rect.Sub(p.rect.Min)
	for r.Min.X%8*p.bits%8 != 0 { // to the first pixel of a byte
		r.Min.X--
	}
	from := int64(r.Min.X) * int64(p.bits) / 8
	n := int((int64(r.Max.X)*int64(p.bits)+7)/8 - from)
	stride := max(p.stride, -p.stride)
	batch := int(min(int64(r.Dy()), 1+max(0, batchBytes-int64(n))/stride))
	if p.direct(dst, n) {
		return parallel(ctx, rowReaders, (r.Dy()-1)/batch+1, func(i int) error {
			y := i * batch
			k := min(batch, r.Dy()-y)
			return p.read(dst.Planes[0][y*n:][:k*n], r.Min.Y+y, k, from, n)
		})
	}
	return p.readUnpacked(ctx, dst, r, from, n, batch)
}

// readUnpacked is readBlock by batches of rows, of which n bytes from one on are unpacked into the columns of r.
func (p *packedRows) readUnpacked(ctx context.Context, dst *raster.Block, r image.Rectangle, from int64, n, batch int) error {
	stride := max(p.stride, -p.stride)
	buf := borrow(int(int64(batch-1)*stride) + n + r.Dx()*p.samples*p.typ.Size())
	defer giveBack(buf)
	samples := (*buf)[:r.Dx()*p.samples*p.typ.Size()]
	data := (*buf)[len(samples):]
	return parallel(ctx, 1, (r.Dy()-1)/batch+1, func(i int) error {
		y := r.Min.Y + i*batch
		k := min(batch, r.Max.Y-y)
		part := data[:int(int64(k-1)*stride)+n]
		if err := p.read(part, y, k, from, n); err != nil {
			return err
		}
		for i := range k {
			if err := p.putRow(dst, samples, part[int64(p.inFile(i, k))*stride:][:n], r.Min.X, y+i); err != nil {
				return err
			}
		}
		return nil
	})
}

// direct tells whether rows of n bytes lie in a block as they do in the file.
func (p *packedRows) direct(dst *raster.Block, n int) bool {
	return p.unpack == nil && p.stride == int64(n) && beside(dst, p.samples) &&
		dst.Stride*p.typ.Size() == n && len(dst.Planes[0]) >= n*dst.Rect.Dy()
}

// inFile is the place in the file of row i of k.
func (p *packedRows) inFile(i, k int) int {
	if p.stride < 0 {
		return k - 1 - i
	}
	return i
}

// read reads k rows from row y on, of each the n bytes at from, and what lies between.
func (p *packedRows) read(part []byte, y, k int, from int64, n int) error {
	first, last := p.first+int64(y)*p.stride, p.first+int64(y+k-1)*p.stride
	done, err := p.src.ReadAt(part, min(first, last)+from)
	if done == len(part) {
		return nil
	}
	stride := max(p.stride, -p.stride)
	return fmt.Errorf("row %d of %d: expected %d bytes of samples, found %d: %w",
		y+p.inFile(int(int64(done)/stride), k), p.rect.Dy(), n, int64(done)%stride, noEOF(err))
}

// putRow gives dst the pixels of a row of the file, from x on.
func (p *packedRows) putRow(dst *raster.Block, samples, row []byte, x, y int) error {
	if len(samples) == len(row) {
		samples = row
	}
	if p.unpack != nil {
		if err := p.unpack(samples, row); err != nil {
			return fmt.Errorf("row %d of %d: %w", y, p.rect.Dy(), err)
		}
	}
	put(dst, samples, p.rect.Min.X+x, p.rect.Min.Y+y, p.samples)
	return nil
}

var buffers sync.Pool // of *[]byte

// borrow returns n bytes of any value; giveBack lets others use them again.
func borrow(n int) *[]byte {
	b, _ := buffers.Get().(*[]byte)
	if b == nil || cap(*b) < n {
		b = new([]byte)
		*b = hugepages.Make[byte](max(n, batchBytes))
	}
	*b = (*b)[:n]
	return b
}

func giveBack(b *[]byte) {
	if cap(*b) <= 4*batchBytes { // larger ones are rare
		buffers.Put(b)
	}
}

// parallel calls do for 0 to n-1, in that order, on at most so many goroutines. It
// returns the error of the first that has one; those after it may not be called.
func parallel(ctx context.Context, workers, n int, do func(i int) error) error {
	var mu sync.Mutex
	var first error
	next, failed := 0, n
	take := func() (i int) {
		mu.Lock()
		defer mu.Unlock()
		if next < failed {
			next++
			return next - 1
		}
		return n
	}
	work := func() {
		for i := take(); i < n; i = take() {
			err := context.Cause(ctx)
			if err == nil {
				err = guard(func() error { return do(i) })
			}
			mu.Lock()
			if err != nil && i < failed {
				first, failed = err, i
			}
			mu.Unlock()
		}
	}
	var wg sync.WaitGroup
	for range min(workers, n, runtime.GOMAXPROCS(0)) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	return first
}
