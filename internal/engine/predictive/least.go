package predictive

import "github.com/qtgpu/qtgpu/chroma"

// samplesPerByte is more than the samples that a byte of a segment of prediction can
// stand for: of the 16 symbols of a context none has a frequency above 2033 of 2048,
// so that each takes 1/95 bit, and there is one at least, a mean or a sample of the
// grid, for 64 samples (FORMAT-EXACT.md, "Length of codes").
const samplesPerByte = 1 << 16

// Least is the number of bytes that front and body take at least of a tile of w×h
// pixels that begins with the given front segment; 1 and 0 where its mode means
// nothing. What patterns take depends on their samples: they hold a tile to it while
// they decode it.
func Least(front []byte, channels, w, h int) (frontBytes, bodyBytes int64) {
	if len(front) == 0 || patterns(front[0]) || front[0] >= modeSlow+chroma.RCTs {
		return 1, 0
	}
	samples := int64(channels) * int64(max(w, minSide)) * int64(max(h, minSide))
	least := (samples + samplesPerByte - 1) / samplesPerByte
	if front[0] >= modeSlow {
		return 1 + least, leastSlow(samples)
	}
	return 1 + least, least
}
