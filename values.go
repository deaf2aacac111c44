package qtgpu

import (
	"context"
	"encoding/binary"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// valueSet is the set of values that a channel uses, in ascending order.
type valueSet []uint16

// usedValues finds the values of each channel.
func usedValues(ctx context.Context, workers int, src *imagefile.Image) ([]valueSet, error) {
	out := make([]valueSet, src.Channels)
	size := src.Depth / 8
	return out, parallel.For(ctx, workers, len(out), func(c int) error {
		seen := make([]bool, 1<<src.Depth)
		for y := range src.H {
			row := src.Pix[y*src.Stride+c*size:]
			for x := range src.W {
				if p := row[x*src.Step:]; size == 1 {
					seen[p[0]] = true
				} else {
					seen[binary.BigEndian.Uint16(p)] = true
				}
			}
		}
		for v, used := range seen {
			if used {
				out[c] = append(out[c], uint16(v))
			}
		}
		return nil
	})
}

// sparse tells whether ranks among the used values are worth their list: where
// an eighth of the values between the least and the largest are not used, and
// the list is short against the image.
func (s valueSet) sparse(pixels int) bool {
	n := len(s)
	used := int(s[n-1]) - int(s[0]) + 1
	return 8*n <= 7*used && n <= pixels/32
}

// put writes the list: its length, then gaps; 0 for a channel that is coded as
// it is.
func (s valueSet) put(w *rans.BitWriter) {
	w.PutExpGolomb(uint32(len(s)))
	next := uint16(0)
	for _, v := range s {
		w.PutExpGolomb(uint32(v - next))
		next = v + 1
	}
}

// parseValues is the inverse of put, for samples of depth bits.
func parseValues(r *rans.BitReader, depth int) (valueSet, error) {
	n := r.ExpGolomb()
	if n > 1<<depth {
		return nil, rans.ErrCorrupt
	}
	var s valueSet
	next := uint32(0)
	for range n {
		v := next + r.ExpGolomb()
		if v >= 1<<depth || v < next {
			return nil, rans.ErrCorrupt
		}
		s = append(s, uint16(v))
		next = v + 1
	}
	return s, nil
}

// ranks is the rank of each value of depth bits.
func (s valueSet) ranks(depth int) []int32 {
	t := make([]int32, 1<<depth)
	for i, v := range s {
		t[v] = int32(i)
	}
	return t
}

// merges tells whether merge makes one of any two values.
func (s valueSet) merges(t int) bool {
	for i := range len(s) - 1 {
		if int(s[i+1])-int(s[i]) <= 2*t {
			return true
		}
	}
	return false
}

// merge gives values each of which stands for the values of s within t of it,
// as few as possible; the rank of the one that stands for each value of depth
// bits; and the largest distance.
func (s valueSet) merge(t, depth int) (merged valueSet, ranks []int32, worst int) {
	ranks = make([]int32, 1<<depth)
	for len(s) > 0 {
		n := 1
		for n < len(s) && int(s[n])-int(s[0]) <= 2*t {
			n++
		}
		low, high := int(s[0]), int(s[n-1])
		middle := (low + high) / 2
		for _, v := range s[:n] {
			ranks[v] = int32(len(merged))
		}
		merged = append(merged, uint16(middle))
		worst = max(worst, middle-low, high-middle)
		s = s[n:]
	}
	return merged, ranks, worst
}
