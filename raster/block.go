package raster

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"unsafe"

	"github.com/qtgpu/qtgpu/internal/hugepages"
)

// Block is a rectangle of samples of all bands, in the byte order of the machine:
// bands one after the other, or the samples of a pixel beside each other.
type Block struct {
	Rect image.Rectangle // where it lies, in pixels of the raster
	Type Type
	// Planes has one slice of each band, from its first sample on: sample (x,y) is the
	// one of number (y−Rect.Min.Y)·Stride + (x−Rect.Min.X)·Step. Step is 1 where bands lie
	// one after the other. Slices may overlap.
	Planes       [][]byte
	Step, Stride int
}

// NewBlock returns a block of zeros whose bands lie one after the other.
func NewBlock(r image.Rectangle, t Type, bands int) *Block {
	b := &Block{Rect: r, Type: t, Step: 1, Stride: r.Dx(), Planes: make([][]byte, bands)}
	n := r.Dx() * r.Dy() * t.Size()
	for i := range b.Planes {
		b.Planes[i] = aligned(n)
	}
	return b
}

// NewInterleaved returns a block of zeros whose samples of a pixel lie beside each
// other, step of them from pixel to pixel, at least bands.
func NewInterleaved(r image.Rectangle, t Type, bands, step int) *Block {
	b := &Block{Rect: r, Type: t, Step: step, Stride: step * r.Dx(), Planes: make([][]byte, bands)}
	p := aligned(r.Dx() * r.Dy() * step * t.Size())
	for i := range b.Planes {
		b.Planes[i] = p[i*t.Size():]
	}
	return b
}

// aligned returns n zero bytes at an address that suits every type.
func aligned(n int) []byte {
	if n == 0 {
		return nil
	}
	words := hugepages.Make[uint64]((n + 7) / 8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)[:n:n]
}

// Sub returns a view of the samples of r, which lies inside b.Rect and is not empty.
func (b *Block) Sub(r image.Rectangle) *Block {
	s := &Block{Rect: r, Type: b.Type, Step: b.Step, Stride: b.Stride, Planes: make([][]byte, len(b.Planes))}
	size := b.Type.Size()
	first := ((r.Min.Y-b.Rect.Min.Y)*b.Stride + (r.Min.X-b.Rect.Min.X)*b.Step) * size
	for i, p := range b.Planes {
		s.Planes[i] = p[first:] // to its end, where the other samples of the last pixel lie
	}
	return s
}

// Moved returns a block of r, which is not empty, in the memory of b, with the samples that happen to be
// there; nil where b is nil or has fewer columns or rows.
func (b *Block) Moved(r image.Rectangle) *Block {
	if b == nil || r.Dx() > b.Rect.Dx() || r.Dy() > b.Rect.Dy() {
		return nil
	}
	moved := *b
	moved.Rect = b.Rect.Add(r.Min.Sub(b.Rect.Min))
	return moved.Sub(r)
}

// RowBytes is row y of a band, Rect.Min.Y ≤ y < Rect.Max.Y, as bytes, from its first
// sample to its last.
func (b *Block) RowBytes(band, y int) []byte {
	size := b.Type.Size()
	n := ((b.Rect.Dx()-1)*b.Step + 1) * size
	return b.Planes[band][(y-b.Rect.Min.Y)*b.Stride*size:][:n:n]
}

// Sample is any Go type that a Type stands for.
type Sample interface {
	uint8 | uint16 | uint32 | int8 | int16 | int32 | float32 | float64
}

// TypeOf is the Type of a Go type.
func TypeOf[T Sample]() Type {
	var v T
	switch any(v).(type) {
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case float32:
		return Float32
	}
	return Float64
}

// Row is row y of a band, Rect.Min.Y ≤ y < Rect.Max.Y, as samples; pixel Rect.Min.X+x
// has number x·Step. It shares memory with b. It panics where T is not the block's type
// or Planes is not aligned for it.
func Row[T Sample](b *Block, band, y int) []T {
	if t := TypeOf[T](); t != b.Type {
		panic(fmt.Sprintf("raster: row of %v of a block of %v", t, b.Type))
	}
	return samples[T](b.RowBytes(band, y))
}

// samples views bytes as samples.
func samples[T Sample](p []byte) []T {
	var v T
	if len(p) == 0 {
		return nil
	}
	first := unsafe.Pointer(unsafe.SliceData(p))
	if uintptr(first)%unsafe.Alignof(v) != 0 {
		panic("raster: samples at an address that does not suit their type")
	}
	return unsafe.Slice((*T)(first), len(p)/int(unsafe.Sizeof(v)))
}

// At is a sample as a number, exact for every type. Rows are far faster.
func (b *Block) At(band, x, y int) float64 {
	size := b.Type.Size()
	p := b.RowBytes(band, y)[(x-b.Rect.Min.X)*b.Step*size:]
	switch b.Type {
	case Uint8:
		return float64(p[0])
	case Int8:
		return float64(int8(p[0]))
	case Uint16:
		return float64(binary.NativeEndian.Uint16(p))
	case Int16:
		return float64(int16(binary.NativeEndian.Uint16(p)))
	case Uint32:
		return float64(binary.NativeEndian.Uint32(p))
	case Int32:
		return float64(int32(binary.NativeEndian.Uint32(p)))
	case Float32:
		return float64(math.Float32frombits(binary.NativeEndian.Uint32(p)))
	}
	return math.Float64frombits(binary.NativeEndian.Uint64(p))
}

// Numbers gives row y of a band as numbers, exact for every type: Rect.Dx() of them.
func (b *Block) Numbers(dst []float64, band, y int) {
	switch b.Type {
	case Uint8:
		numbers(dst, Row[uint8](b, band, y), b)
	case Uint16:
		numbers(dst, Row[uint16](b, band, y), b)
	case Uint32:
		numbers(dst, Row[uint32](b, band, y), b)
	case Int8:
		numbers(dst, Row[int8](b, band, y), b)
	case Int16:
		numbers(dst, Row[int16](b, band, y), b)
	case Int32:
		numbers(dst, Row[int32](b, band, y), b)
	case Float32:
		numbers(dst, Row[float32](b, band, y), b)
	default:
		numbers(dst, Row[float64](b, band, y), b)
	}
}

func numbers[T Sample](dst []float64, row []T, b *Block) {
	dst = dst[:b.Rect.Dx()]
	for x := range dst {
		dst[x] = float64(row[x*b.Step])
	}
}

// Copy copies the samples that two blocks of the same type and bands have in common.
func Copy(dst, src *Block) {
	r := dst.Rect.Intersect(src.Rect)
	if r.Empty() {
		return
	}
	d, s := dst.Sub(r), src.Sub(r)
	for i := range d.Planes {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			copyRow(d.RowBytes(i, y), s.RowBytes(i, y), d.Step, s.Step, d.Type.Size())
		}
	}
}

// copyRow copies samples of size bytes at every step-th place.
func copyRow(dst, src []byte, dstStep, srcStep, size int) {
	switch {
	case dstStep == 1 && srcStep == 1:
		copy(dst, src)
	case size == 1:
		for i, k := 0, 0; i < len(dst); i, k = i+dstStep, k+srcStep {
			dst[i] = src[k]
		}
	default:
		for i, k := 0, 0; i < len(dst); i, k = i+dstStep*size, k+srcStep*size {
			copy(dst[i:i+size], src[k:k+size])
		}
	}
}

// Source gives samples. It may be called from several goroutines.
type Source interface {
	// Format is the same at every call; the caller must not change it.
	Format() *Format
	// ReadBlock fills dst: its Rect, which lies inside the raster and is not empty,
	// of all bands; its Type is the Format's. Blocks of rows in their order from the top
	// cost one pass over the input, whatever it is; others may cost more.
	ReadBlock(ctx context.Context, dst *Block) error
}

// Sink takes samples: blocks of whole rows, in their order from the top.
type Sink interface {
	// WriteBlock does not keep src, whose samples are its own until it returns.
	WriteBlock(ctx context.Context, src *Block) error
}

// Memory is a raster in memory: a Source, and a Sink of blocks in any order.
type Memory struct {
	format Format
	block  *Block
}

// NewMemory returns a raster of zeros. The error is from Format.Validate, or says that
// the samples are more than memory can address.
func NewMemory(f Format) (*Memory, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	if n := f.Bytes(); n > math.MaxInt-8 {
		return nil, fmt.Errorf("raster of %d bytes, expected at most %d", n, math.MaxInt-8)
	}
	return &Memory{f, NewBlock(f.Bounds(), f.Type, len(f.Bands))}, nil
}

// InMemory returns the raster of a block that covers all of it, which it shares. The
// error is from Format.Validate or Check.
func InMemory(f Format, b *Block) (*Memory, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	if err := Check(&f, b); err != nil {
		return nil, err
	}
	if b.Rect != f.Bounds() {
		return nil, fmt.Errorf("block %v of a raster of %d×%d, expected all of it", b.Rect, f.Width, f.Height)
	}
	return &Memory{f, b}, nil
}

// View returns the samples of a rectangle inside the raster; it shares them.
func (m *Memory) View(r image.Rectangle) *Block { return m.block.Sub(r) }

// Format implements Source.
func (m *Memory) Format() *Format { return &m.format }

// ReadBlock implements Source.
func (m *Memory) ReadBlock(ctx context.Context, dst *Block) error {
	if err := m.check(ctx, dst); err != nil {
		return err
	}
	Copy(dst, m.block)
	return nil
}

// WriteBlock implements Sink.
func (m *Memory) WriteBlock(ctx context.Context, src *Block) error {
	if err := m.check(ctx, src); err != nil {
		return err
	}
	Copy(m.block, src)
	return nil
}

func (m *Memory) check(ctx context.Context, b *Block) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	return Check(&m.format, b)
}

// Check tells whether a block is one of a raster of format f, and has the memory that its
// fields tell of.
func Check(f *Format, b *Block) error {
	switch {
	case b.Rect.Empty() || !b.Rect.In(f.Bounds()):
		return fmt.Errorf("block %v of a raster of %d×%d, expected one inside it", b.Rect, f.Width, f.Height)
	case b.Type != f.Type || len(b.Planes) != len(f.Bands):
		return fmt.Errorf("block of %d bands of %v, expected %d of %v", len(b.Planes), b.Type, len(f.Bands), f.Type)
	}
	return b.checkPlanes()
}

// checkPlanes tells whether the last sample of every band, and so all, are in memory at
// places that suit their type.
func (b *Block) checkPlanes() error {
	// In floating point, since fields may be anything: where it rounds no memory suffices.
	last := float64(b.Rect.Dy()-1)*float64(b.Stride) + float64(b.Rect.Dx()-1)*float64(b.Step)
	if b.Step < 1 || b.Stride < 0 {
		return fmt.Errorf("block %v of step %d and stride %d, expected at least 1 and 0", b.Rect, b.Step, b.Stride)
	}
	for i, p := range b.Planes {
		if least := (last + 1) * float64(b.Type.Size()); float64(len(p)) < least {
			return fmt.Errorf("block %v whose band %d has %d bytes, expected at least %.0f", b.Rect, i, len(p), least)
		}
		if uintptr(unsafe.Pointer(unsafe.SliceData(p)))%uintptr(b.Type.align()) != 0 {
			return fmt.Errorf("block %v whose band %d lies at an address that does not suit %v", b.Rect, i, b.Type)
		}
	}
	return nil
}

// align is what addresses of samples are multiples of.
func (t Type) align() int {
	if t == Float64 {
		return int(unsafe.Alignof(float64(0)))
	}
	return t.Size()
}
