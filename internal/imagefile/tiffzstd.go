package imagefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

const (
	// wholeZSTD is the most that a block holds to be decoded at once: then what has been
	// decoded is the window, however large a frame says that its window is. Writers that
	// do not know what will come announce up to 128 MiB for a tile.
	wholeZSTD = 4 << 20
	// freeWindow is the window of the levels up to 19, which is allowed whatever the block
	// holds of the image.
	freeWindow = 8 << 20
	maxWindow  = 128 << 20 // of level 22
)

// zstdBlocks decodes blocks of Zstandard, one after the other.
type zstdBlocks struct {
	d      *zstd.Decoder
	window uint64
	coded  bytes.Buffer // of a block that is decoded at once
	out    []byte       // the same, decoded; nil where blocks are not
}

// blockMemory is what a decoder of blocks holds besides some rows.
func (h *tiffHeader) blockMemory(opt ReadOptions) int64 {
	switch {
	case h.compression == compressionJPEG:
		return 4 * h.rowBytes() * int64(h.blockH)
	case h.compression == compressionZSTD && h.wholeZSTD() > 0:
		return 2 * h.wholeZSTD()
	case h.compression == compressionZSTD:
		return int64(h.zstdWindow(opt))
	}
	return 0
}

// inside is the bytes that a block may have inside the image.
func (h *tiffHeader) inside() int64 {
	return int64(min(h.blockW, h.w)) * int64(min(h.blockH, h.h)) * int64(h.blockSamples()*h.bits) / 8
}

// wholeZSTD is the bytes of a block that is decoded at once, 0 where it is too large, or
// much larger than the image.
func (h *tiffHeader) wholeZSTD() int64 {
	whole := h.rowBytes() * int64(h.blockH)
	if whole > wholeZSTD || whole > 4*h.inside()+1<<16 {
		return 0
	}
	return whole
}

// zstdWindow is the largest window that is allowed: what a block holds of the image, and
// a share of the memory.
func (h *tiffHeader) zstdWindow(opt ReadOptions) uint64 {
	most := int64(maxWindow)
	if opt.MaxMemory > 0 {
		most = min(most, opt.MaxMemory/16)
	}
	return uint64(max(freeWindow, min(most, 2*h.inside())))
}

func newZSTDBlocks(h *tiffHeader, opt ReadOptions) (*zstdBlocks, error) {
	z := &zstdBlocks{window: h.zstdWindow(opt)}
	o := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true)}
	if whole := h.wholeZSTD(); whole > 0 {
		z.out = make([]byte, 0, whole)
		o = append(o, zstd.WithDecodeAllCapLimit(true))
	} else {
		o = append(o, zstd.WithDecoderMaxWindow(z.window))
	}
	var err error
	z.d, err = zstd.NewReader(nil, o...)
	return z, err
}

// open begins with a block, which lasts to the next call.
func (z *zstdBlocks) open(r io.Reader) (io.Reader, error) {
	if z.out == nil {
		return zstdErrors{z.d, z.window}, z.d.Reset(r)
	}
	z.coded.Reset()
	// What does not compress grows by 3 bytes for 128 KiB.
	most := int64(cap(z.out))
	if _, err := z.coded.ReadFrom(io.LimitReader(r, most+most/1024+1<<16)); err != nil {
		return nil, err
	}
	out, err := z.d.DecodeAll(z.coded.Bytes(), z.out[:0])
	return bytes.NewReader(out), err
}

// zstdErrors says of which window a stream has too large a one.
type zstdErrors struct {
	io.Reader
	window uint64
}

func (z zstdErrors) Read(p []byte) (int, error) {
	n, err := z.Reader.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		err = &UnsupportedError{"Zstandard with a window larger than what memory allows and the block holds", fmt.Sprintf("at most %d bytes", z.window)}
	}
	return n, err
}
