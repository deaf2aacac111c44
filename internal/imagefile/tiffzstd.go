package imagefile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/klauspost/compress/zstd"
)

const (
	// freeWindow is the window of the levels up to 19, which is allowed whatever the block
	// holds of the image.
	freeWindow = 8 << 20
	maxWindow  = 128 << 20 // of level 22
	// leastWindow is the most that a block of Zstandard holds, which a smaller window would
	// limit.
	leastWindow = 128 << 10
)

// zstdBlocks decodes blocks of Zstandard, one after the other.
type zstdBlocks struct {
	d      *zstd.Decoder
	window uint64 // the largest
	needed byte   // Window_Descriptor of what a block needs
}

// blockMemory is what a decoder of blocks holds besides some rows.
func (h *tiffHeader) blockMemory(opt ReadOptions) int64 {
	whole := h.rowBytes() * int64(h.blockH)
	switch h.compression {
	case compressionJPEG:
		return 4 * whole
	case compressionZSTD:
		return min(2*max(whole, leastWindow), int64(h.zstdWindow(opt)))
	}
	return 0
}

// zstdWindow is the largest window that is allowed: what a block holds of the image, and
// a share of the memory.
func (h *tiffHeader) zstdWindow(opt ReadOptions) uint64 {
	inside := int64(min(h.blockW, h.w)) * int64(min(h.blockH, h.h)) * int64(h.blockSamples()*h.bits) / 8
	most := int64(maxWindow)
	if opt.MaxMemory > 0 {
		most = min(most, opt.MaxMemory/16)
	}
	return uint64(max(freeWindow, min(most, 2*inside)))
}

func newZSTDBlocks(h *tiffHeader, opt ReadOptions) (z *zstdBlocks, err error) {
	z = &zstdBlocks{window: h.zstdWindow(opt), needed: windowDescriptor(h.rowBytes() * int64(h.blockH))}
	z.d, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(z.window))
	return z, err
}

// windowDescriptor is the byte for the smallest power of two, from leastWindow on, of at
// least n (RFC 8878, section 3.1.1.1.2).
func windowDescriptor(n int64) byte {
	const least, mantissaBits = 10, 3
	return byte(min(31, bits.Len64(uint64(max(n, leastWindow)-1))-least) << mantissaBits)
}

// open begins with a block, which lasts to the next call. Writers that do not know what
// will come announce up to 128 MiB for a tile, but no block needs a larger window than
// what it holds.
func (z *zstdBlocks) open(r *bufio.Reader) (io.Reader, error) {
	const descriptor, window, singleSegment = 4, 5, 1 << 5 // places in the head of a frame
	var head [window + 1]byte
	n, err := io.ReadFull(r, head[:])
	if err == nil && head[descriptor]&singleSegment == 0 {
		head[window] = min(head[window], z.needed)
	}
	return z, z.d.Reset(io.MultiReader(bytes.NewReader(head[:n]), r))
}

// Read implements io.Reader. It says of which window a stream has too large a one.
func (z *zstdBlocks) Read(p []byte) (int, error) {
	n, err := z.d.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		err = &UnsupportedError{"Zstandard with a window larger than what the block holds, or memory allows", fmt.Sprintf("at most %d bytes", z.window)}
	}
	return n, err
}
