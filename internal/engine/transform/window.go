package transform

import (
	"encoding/binary"

	"github.com/qtgpu/qtgpu/chroma"
)

// Windows of samples are restored one after the other, with four around them.
const (
	windowSide = 64
	windowRim  = 4
	windowSpan = windowSide + 2*windowRim // of a row of a window, in samples
	rowBytes   = sampleBytes * windowSpan
	blocks     = windowSide / block // along the side
)

// samples are the ones of a window, little-endian so that words of four are read at any place.
type samples [1<<placeBits + 8]byte

// placeBits is of a place in samples.
const placeBits = 14

// window is the samples at hand.
type window struct {
	kind       int
	pix, guide samples
	gradients  [blocks + 1][blocks + 4][4]int32 // of which kernels find four at once
	by         [blocks][blocks]*restoration     // that restores a block
	one        *restoration                     // that restores all of them, nil where several may
	class      [blocks][blocks]int8             // −1 for none
}

// at is the place of a sample.
func (w *window) at(x, y int) int { return (y+windowRim)*rowBytes + (x+windowRim)*sampleBytes }

// takePlane takes the width×height samples of a plane that begin at (x,y), whole blocks of it, with those around
// them. Beyond the plane and its padding the nearest are taken.
func (w *window) takePlane(p *chroma.Plane, def Plane, x, y, width, height int) {
	w.kind = def.kind()
	w.pix.takeRows(y, height, p.Rows(), func(dst []byte, at, n int) {
		if vector && x == 0 && width == p.Stride {
			takeWholeRows(&dst[0], &p.Pix[at*width:][:n*width][0], width, n)
			return
		}
		for j := range n {
			takeRow(dst[j*rowBytes:][:spanBytes(width)], p.Pix[(at+j)*p.Stride:][:p.Stride], x-windowRim)
		}
	})
}

// takeGuide takes the samples of luma that guide chroma, as takePlane does.
func (w *window) takeGuide(p, luma *chroma.Plane, def Plane, x, y, width, height int) {
	lumaRow := func(at int) []uint16 { return luma.Pix[min(at, luma.Rows()-1)*luma.Stride:][:luma.Stride] }
	w.guide.takeRows(y, height, p.Rows(), func(dst []byte, at, n int) {
		if vector && def.Half && x == 0 && width == p.Stride && luma.Stride == 2*width && luma.Rows() >= 2*(at+n) {
			takeWholeMeans(&dst[0], &luma.Pix[4*at*width:][:4*n*width][0], width, n)
			return
		}
		for j := range n {
			dst := dst[j*rowBytes:][:spanBytes(width)]
			if def.Half {
				takeMeans(dst, lumaRow(2*(at+j)), lumaRow(2*(at+j)+1), x-windowRim, p.Stride)
			} else {
				takeRow(dst, lumaRow(at+j), x-windowRim)
			}
		}
	})
}

// spanBytes is what a row of a window takes, which has some samples and those on both sides.
func spanBytes(width int) int { return sampleBytes * (width + 2*windowRim) }

// takeRows has the rows of a window written, which begins at row y of a plane: take writes n of them, from row at of the
// plane on. Where the plane has none the nearest is repeated.
func (s *samples) takeRows(y, height, rows int, take func(dst []byte, at, n int)) {
	first, end := min(max(y-windowRim, 0), rows-1), min(y+height+windowRim, rows)
	above, total := first-(y-windowRim), height+2*windowRim
	take(s[above*rowBytes:], first, end-first)
	for j := range above {
		copy(s[j*rowBytes:][:rowBytes], s[above*rowBytes:])
	}
	for j := above + end - first; j < total; j++ {
		copy(s[j*rowBytes:][:rowBytes], s[(j-1)*rowBytes:])
	}
}

// rowOf is row y of a plane with its padding, or the nearest one.
func rowOf(p *chroma.Plane, y int) []uint16 {
	return p.Pix[min(max(y, 0), p.Rows()-1)*p.Stride:][:p.Stride]
}

// takeRow writes the samples of a row from x on, the nearest for those that there are none of. x and the numbers of
// samples are multiples of four.
func takeRow(dst []byte, row []uint16, x int) {
	from, to := max(-x, 0), min(len(row)-x, len(dst)/sampleBytes)
	putRow(dst[sampleBytes*from:sampleBytes*to], row[x+from:x+to])
	repeat(dst[:sampleBytes*from], row[0])
	repeat(dst[sampleBytes*to:], row[len(row)-1])
}

// repeat writes a sample again and again.
func repeat(dst []byte, v uint16) {
	for ; len(dst) > 0; dst = dst[4*sampleBytes:] {
		binary.LittleEndian.PutUint64(dst, uint64(v)*ones)
	}
}

// putRow writes samples.
func putRow(dst []byte, row []uint16) {
	if n := len(row) / 8; vector && n > 0 {
		copySamples(&dst[:16*n][0], &row[0], n)
		dst, row = dst[16*n:], row[8*n:]
	}
	for i, v := range row {
		binary.LittleEndian.PutUint16(dst[sampleBytes*i:][:2], v)
	}
}

// takeMeans writes the means of squares of luma for the samples from x on of a row of n samples
// of half the resolution, as takeRow does.
func takeMeans(dst []byte, above, below []uint16, x, n int) {
	below = below[:len(above)]
	from := max(-x, 0)
	to := max(min(min(n, len(above)/2)-x, len(dst)/sampleBytes), from)
	if to > from {
		putMeans(dst[sampleBytes*from:sampleBytes*to], above[2*(x+from):2*(x+to)], below[2*(x+from):2*(x+to)])
	}
	last := len(above) - 1
	left, right := min(2*n-2, last), min(2*n-1, last)
	repeat(dst[:sampleBytes*from], meanOf(above[0]+above[1]+below[0]+below[1]))
	repeat(dst[sampleBytes*to:], meanOf(above[left]+above[right]+below[left]+below[right]))
}

// putMeans writes the means of the squares of two rows.
func putMeans(dst []byte, above, below []uint16) {
	below = below[:len(above)]
	if n := len(above) / 16; vector && n > 0 {
		meansOfRows(&dst[:16*n][0], &above[0], &below[0], n)
		dst, above, below = dst[16*n:], above[16*n:], below[16*n:]
	}
	for i := 0; i < len(above)-1; i += 2 {
		binary.LittleEndian.PutUint16(dst[i:], meanOf(above[i]+above[i+1]+below[i]+below[i+1]))
	}
}

// meanOf is the mean of four samples.
func meanOf(sum uint16) uint16 { return (sum + 2) >> 2 }

// Words of four samples, one in each 16 bits.
const ones = 1<<48 | 1<<32 | 1<<16 | 1

func word(p *samples, at int) uint64 {
	i := uint(at) & (1<<placeBits - 1)
	return binary.LittleEndian.Uint64(p[i : i+8])
}
