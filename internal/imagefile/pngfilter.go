package imagefile

import (
	"math"
	"math/bits"
)

// Filter types (PNG 9.2).
const (
	filterNone = iota
	filterSub
	filterUp
	filterAverage
	filterPaeth
	filterTypes
)

// pngFilter filters the rows of an image one after the other.
type pngFilter struct {
	n, pixel  int    // bytes of a row and of a pixel
	row, prev []byte // with a pixel of zeros before the first
	lines     [filterTypes][]byte
}

func newPNGFilter(n, pixel int) *pngFilter {
	f := &pngFilter{n: n, pixel: pixel, row: make([]byte, pixel+n), prev: make([]byte, pixel+n)}
	for i := range f.lines {
		f.lines[i] = make([]byte, 1+n)
		f.lines[i][0] = byte(i)
	}
	return f
}

// next is the memory of the next row, to be filled; it may hold anything.
func (f *pngFilter) next() []byte {
	f.row, f.prev = f.prev, f.row
	return f.row[f.pixel:]
}

// none is the row as it is, behind its filter type.
func (f *pngFilter) none() []byte {
	copy(f.lines[filterNone][1:], f.row[f.pixel:])
	return f.lines[filterNone]
}

// best is the row under the filter that leaves the smallest sum of differences,
// taken as signed bytes (PNG 12.7), behind its type.
func (f *pngFilter) best() []byte {
	least, best := int64(math.MaxInt64), 0
	done, sums := f.vectors()
	for _, kind := range [...]int{filterUp, filterPaeth, filterNone, filterSub, filterAverage} {
		if sum := f.apply(kind, done, sums[kind], least); sum < least {
			least, best = sum, kind
		}
	}
	return f.lines[best]
}

// apply filters the row from a byte on and returns the sum of the differences, which is known up to there. It may
// stop once they reach limit.
func (f *pngFilter) apply(kind, from int, sum, limit int64) int64 {
	a, x := f.row[from:f.n], f.row[f.pixel+from:]
	c, b := f.prev[from:f.n], f.prev[f.pixel+from:]
	line := f.lines[kind][1+from:]
	const block = 64
	for len(line) > 0 && sum < limit {
		n := min(block, len(line))
		switch kind {
		case filterNone:
			sum += int64(none(line[:n], x))
		case filterSub:
			sum += int64(difference(line[:n], x, a))
		case filterUp:
			sum += int64(difference(line[:n], x, b))
		case filterAverage:
			sum += int64(average(line[:n], x, a, b))
		case filterPaeth:
			sum += int64(paeth(line[:n], x, a, b, c))
		}
		line, x, a, b, c = line[n:], x[n:], a[n:], b[n:], c[n:]
	}
	return sum
}

// size is the distance of a byte from 0 on the circle of 256.
func size(v byte) int {
	m := int8(v) >> 7
	return int(uint8((int8(v) ^ m) - m))
}

func none(line, x []byte) (sum int) {
	x = x[:len(line)]
	for i, v := range x {
		line[i] = v
		sum += size(v)
	}
	return sum
}

func difference(line, x, a []byte) (sum int) {
	x, a = x[:len(line)], a[:len(line)]
	for i := range line {
		d := x[i] - a[i]
		line[i] = d
		sum += size(d)
	}
	return sum
}

func average(line, x, a, b []byte) (sum int) {
	x, a, b = x[:len(line)], a[:len(line)], b[:len(line)]
	for i := range line {
		d := x[i] - byte((int(a[i])+int(b[i]))/2)
		line[i] = d
		sum += size(d)
	}
	return sum
}

// paeth predicts a byte by the one of a, b and c, left, above and between, that is
// nearest to a+b-c, the former at a tie (PNG 9.4).
func paeth(line, x, a, b, c []byte) (sum int) {
	x, a, b, c = x[:len(line)], a[:len(line)], b[:len(line)], c[:len(line)]
	for i := range line {
		left, up, corner := int(a[i]), int(b[i]), int(c[i])
		pa, pb := up-corner, left-corner
		pc := abs(pa + pb)
		pa, pb = abs(pa), abs(pb)
		p := left
		if pb < pa {
			p, pa = up, pb
		}
		if pc < pa {
			p = corner
		}
		d := x[i] - byte(p)
		line[i] = d
		sum += size(d)
	}
	return sum
}

func abs(v int) int {
	m := v >> (bits.UintSize - 1)
	return (v ^ m) - m
}
