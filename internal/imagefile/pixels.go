package imagefile

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/qtgpu/qtgpu/raster"
)

// picture is what a raster shows: gray or colours, alone or with one more band.
type picture struct {
	channels int    // 1 gray, 3 red, green and blue; 2 and 4 with one more
	depth    int    // bits of a sample, 8 or 16
	full     uint32 // the sample of full scale
	alpha    Alpha
	data     bool      // the first band is no gray but some measurement
	table    [][4]byte // the colours of the indices, nil where there is no palette
}

// pictureOf tells what a raster shows; the error says why the format, which holds
// pictures alone, cannot hold it.
func pictureOf(format string, f *raster.Format) (*picture, error) {
	if f.Type != raster.Uint8 && f.Type != raster.Uint16 {
		return nil, fmt.Errorf("%s holds unsigned samples of 8 and 16 bits, expected uint8 or uint16, found %v: write tif instead", format, f.Type)
	}
	n := len(f.Bands)
	p := &picture{channels: n, depth: 8 * f.Type.Size(), full: uint32(f.FullScale())}
	switch first := f.Bands[0].Role; {
	case n == 1 && first == raster.Index:
		p.table, p.channels = expandPalette(f.Palette)
		p.depth, p.full = 8, 255
		return p, nil
	case n <= 2 && (first == raster.Gray || first == raster.Data || first == raster.Label):
		p.data = first != raster.Gray
	case n > 4 || f.Colour() != 0:
		return nil, fmt.Errorf("%s holds gray or red, green and blue, and at most one band beside them, found %s: write tif instead", format, roleNames(f))
	}
	if n%2 == 0 {
		p.alpha = alphaOf(f.Bands[n-1].Role)
	}
	return p, nil
}

// alphaOf is what a role makes of a band beside the colours.
func alphaOf(r raster.Role) Alpha {
	switch r {
	case raster.Alpha:
		return Straight
	case raster.Premultiplied:
		return Premultiplied
	}
	return NoAlpha
}

// roleNames names the roles of the bands, the first of many.
func roleNames(f *raster.Format) string {
	const most = 5
	var names []string
	for _, b := range f.Bands[:min(most, len(f.Bands))] {
		names = append(names, b.Role.String())
	}
	if more := len(f.Bands) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// channelsFor is the number of channels that a picture is written with where the file
// holds its profile: gray is written as colours if the profile is for these, so that
// the two agree.
func (p *picture) channelsFor(icc []byte) int {
	if p.channels <= 2 && !p.data && !profileFits(icc, p.channels) && profileFits(icc, 3) {
		return p.channels + 2
	}
	return p.channels
}

// pixels reads the picture as pixels of its channels, or of 3 where it has 1 and of 4
// where it has 2: gray is repeated.
func (p *picture) pixels(f *raster.Format, channels int, order binary.ByteOrder) (*pixels, error) {
	if p.table != nil {
		return newPixels(f, make([]int, channels), p.table, order)
	}
	bands := []int{0, 1, 2, 3}
	if channels > p.channels {
		bands = []int{0, 0, 0, 1}
	}
	return newPixels(f, bands[:channels], nil, order)
}

// pixels brings rows of a raster to the form they have in a file: the samples of a pixel
// beside each other, in one byte order.
type pixels struct {
	w     int
	bands []int // of which each sample of a pixel is
	// table has the samples of a pixel for each index, which the raster's only band then
	// holds; nil where samples are as they are.
	table [][4]byte
	size  int  // bytes of a sample
	swap  bool // the file's order is not the machine's
}

// maxRow is the most bytes of a row.
const maxRow = 1 << 30

func newPixels(f *raster.Format, bands []int, table [][4]byte, order binary.ByteOrder) (*pixels, error) {
	p := &pixels{w: f.Width, bands: bands, table: table, size: f.Type.Size(), swap: !native(order)}
	if table != nil {
		p.size = 1
	}
	if n := int64(f.Width) * int64(len(bands)) * int64(p.size); n > maxRow {
		return nil, fmt.Errorf("image file with rows of %d bytes, expected at most %d", n, maxRow)
	}
	return p, nil
}

var nativeEndian = binary.NativeEndian

// native tells whether an order is the machine's.
func native(order binary.ByteOrder) bool {
	mark := []byte{1, 0}
	return order.Uint16(mark) == nativeEndian.Uint16(mark)
}

// step is the bytes of a pixel, stride of a row.
func (p *pixels) step() int   { return len(p.bands) * p.size }
func (p *pixels) stride() int { return p.w * p.step() }

// row fills dst with row y of b. The error names an index without a colour.
func (p *pixels) row(dst []byte, b *raster.Block, y int) error {
	if p.table != nil {
		return p.lookUp(dst, b, y)
	}
	if p.beside(b) {
		copy(dst, b.RowBytes(0, y)) // up to the first sample of the last pixel
		for i := range p.bands {
			sample := b.RowBytes(i, y)[(p.w-1)*p.step():]
			copy(dst[(p.w-1)*p.step()+i*p.size:], sample)
		}
	} else {
		for i, band := range p.bands {
			gather(dst[i*p.size:], b.RowBytes(band, y), p.step(), b.Step*p.size, p.size)
		}
	}
	if p.swap {
		swapBytes(dst, p.size)
	}
	return nil
}

// asWritten are the rows of b as the file has them, where they lie so in memory, else nil.
func (p *pixels) asWritten(b *raster.Block) []byte {
	if p.table != nil || p.swap && p.size > 1 || !p.beside(b) || b.Stride != p.w*b.Step {
		return nil
	}
	return b.Planes[0][:b.Rect.Dy()*p.stride()]
}

// beside tells whether the samples of a pixel lie in a block as they do in the file.
func (p *pixels) beside(b *raster.Block) bool {
	if b.Step != len(p.bands) {
		return false
	}
	for i, band := range p.bands {
		if at := i * p.size; band != i || at >= len(b.Planes[0]) || &b.Planes[0][at] != &b.Planes[i][0] {
			return false
		}
	}
	return true
}

// gather copies samples that lie so many bytes apart in dst and in src.
func gather(dst, src []byte, to, from, size int) {
	switch size {
	case 1:
		for i, k := 0, 0; k < len(src); i, k = i+to, k+from {
			dst[i] = src[k]
		}
	case 2:
		for i, k := 0, 0; k < len(src); i, k = i+to, k+from {
			nativeEndian.PutUint16(dst[i:], nativeEndian.Uint16(src[k:]))
		}
	case 4:
		for i, k := 0, 0; k < len(src); i, k = i+to, k+from {
			nativeEndian.PutUint32(dst[i:], nativeEndian.Uint32(src[k:]))
		}
	case 8:
		for i, k := 0, 0; k < len(src); i, k = i+to, k+from {
			nativeEndian.PutUint64(dst[i:], nativeEndian.Uint64(src[k:]))
		}
	}
}

// swapBytes changes the byte order of samples.
func swapBytes(samples []byte, size int) {
	switch size {
	case 2:
		for i := 0; i < len(samples); i += 2 {
			nativeEndian.PutUint16(samples[i:], bits.ReverseBytes16(nativeEndian.Uint16(samples[i:])))
		}
	case 4, 8:
		for sample := range slices.Chunk(samples, size) {
			slices.Reverse(sample)
		}
	}
}

// lookUp fills dst with what stands for the indices of row y.
func (p *pixels) lookUp(dst []byte, b *raster.Block, y int) error {
	src := b.RowBytes(0, y)
	size, n := b.Type.Size(), len(p.bands)
	for x := range p.w {
		v := int(src[x*b.Step*size])
		if size == 2 {
			v = int(nativeEndian.Uint16(src[2*x*b.Step:]))
		}
		if v >= len(p.table) {
			return fmt.Errorf("pixel %d,%d: palette index %d, expected less than %d", x, y, v, len(p.table))
		}
		copy(dst[x*n:][:n], p.table[v][:])
	}
	return nil
}

// indices reads a palette's indices as pixels of one byte; there are at most 256.
func indices(f *raster.Format) (*pixels, error) {
	table := make([][4]byte, len(f.Palette))
	for i := range table {
		table[i][0] = byte(i)
	}
	return newPixels(f, []int{0}, table, binary.LittleEndian)
}
