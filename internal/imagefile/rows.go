package imagefile

import (
	"context"
	"fmt"
	"image"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

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
		spread(p[at:], row[band*size:], dst.Step*size, n*size, size)
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
			return n == 1
		}
	}
	return true
}

// spread copies samples of size bytes, 1 or 2, between steps of so many bytes.
func spread(dst, src []byte, dstStep, srcStep, size int) {
	if size == 1 {
		for i, k := 0, 0; k < len(src); i, k = i+dstStep, k+srcStep {
			dst[i] = src[k]
		}
		return
	}
	for i, k := 0, 0; k < len(src); i, k = i+dstStep, k+srcStep {
		dst[i], dst[i+1] = src[k], src[k+1]
	}
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
	samples := r.Dx() * p.samples * p.typ.Size()
	unpacked := 0
	if samples != n {
		unpacked = samples
	}
	buf := borrow(int(int64(batch-1)*stride) + n + unpacked)
	defer giveBack(buf)
	data, unpackedRow := (*buf)[unpacked:], (*buf)[:unpacked]
	for y := r.Min.Y; y < r.Max.Y; y += batch {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		k := min(batch, r.Max.Y-y)
		part := data[:int(int64(k-1)*stride)+n]
		first, last := p.first+int64(y)*p.stride, p.first+int64(y+k-1)*p.stride
		if done, err := p.src.ReadAt(part, min(first, last)+from); done < len(part) {
			whole := int(int64(done) / stride) // rows that are there
			bad := y + whole
			if p.stride < 0 {
				bad = y + k - 1 - whole
			}
			return fmt.Errorf("row %d of %d: expected %d bytes of samples, found %d: %w", bad, p.rect.Dy(), n, int64(done)-int64(whole)*stride, noEOF(err))
		}
		for i := range k {
			at := int64(i) * stride
			if p.stride < 0 {
				at = int64(k-1-i) * stride
			}
			row, to := part[at:][:n], unpackedRow
			if unpacked == 0 {
				to = row
			}
			if p.unpack != nil {
				if err := p.unpack(to, row); err != nil {
					return fmt.Errorf("row %d of %d: %w", y+i, p.rect.Dy(), err)
				}
			}
			put(dst, to, p.rect.Min.X+r.Min.X, p.rect.Min.Y+y+i, p.samples)
		}
	}
	return nil
}

var buffers sync.Pool // of *[]byte

// borrow returns n bytes of any value; giveBack lets others use them again.
func borrow(n int) *[]byte {
	b, _ := buffers.Get().(*[]byte)
	if b == nil || cap(*b) < n {
		b = new([]byte)
		*b = make([]byte, n, max(n, batchBytes))
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
	errs := make([]error, n)
	var next atomic.Int64
	var failed atomic.Bool
	work := func() {
		for !failed.Load() {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			if errs[i] = context.Cause(ctx); errs[i] == nil {
				errs[i] = guard(func() error { return do(i) })
			}
			if errs[i] != nil {
				failed.Store(true)
			}
		}
	}
	var wg sync.WaitGroup
	for range min(workers, n, runtime.GOMAXPROCS(0)) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
