package jpeg

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (p picture) source() *Source {
	return &Source{W: p.w, H: p.h, Channels: p.channels, Step: p.channels, Stride: p.w * p.channels, Pix: p.pix}
}

func encode(t testing.TB, s *Source, o EncodeOptions) []byte {
	var b bytes.Buffer
	require.NoError(t, Encode(&b, s, o))
	return b.Bytes()
}

// TestCjpeg: files are byte by byte as cjpeg makes them.
func TestCjpeg(t *testing.T) {
	for seed := range uint64(filesToTry()) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		p := drawing(1+rnd.IntN(70), 1+rnd.IntN(70), 1+2*min(rnd.IntN(4), 1), seed)
		o := EncodeOptions{Quality: 1 + rnd.IntN(100), Subsample: rnd.IntN(2) == 0}
		sampling := map[bool]string{false: "1x1", true: "2x2"}[o.Subsample && p.channels == 3]
		command := fmt.Sprintf("cjpeg -baseline -optimize -quality %d -sample %s", o.Quality, sampling)
		want := tool(t, p.pnm(), command)
		got := encode(t, p.source(), o)
		assert.True(t, bytes.Equal(want, got), "%s of %dx%dx%d: want %d bytes, got %d", command, p.w, p.h, p.channels, len(want), len(got))
	}
}

// TestEncodeGolden: the stored pixels give the stored file of cjpeg.
func TestEncodeGolden(t *testing.T) {
	p := readPNM(t, golden(t, "444.pnm"))
	assert.Equal(t, golden(t, "encoded.jpg"), encode(t, p.source(), EncodeOptions{Quality: 85, Subsample: true}))
}

// psnr is the peak signal-to-noise ratio of two pictures in dB.
func psnr(want, got picture) float64 {
	sum := 0.0
	for i, v := range want.pix {
		d := float64(v) - float64(got.pix[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(want.pix))/sum)
}

// TestEncodeDecode: a picture of slopes survives with the fidelity that each quality
// promises, whatever the step and the stride of its pixels.
func TestEncodeDecode(t *testing.T) {
	for _, c := range []struct {
		channels, quality int
		subsample         bool
		least             float64
	}{{1, 100, false, 55}, {3, 100, false, 48}, {3, 90, false, 38}, {3, 90, true, 36}, {1, 50, false, 34}, {3, 1, true, 12}} {
		p := picture{50, 41, c.channels, make([]byte, 50*41*c.channels)}
		for i := range p.pix {
			x, y := i/c.channels%p.w, i/c.channels/p.w
			p.pix[i] = byte(40*(i%c.channels) + 2*x + y)
		}
		o := EncodeOptions{Quality: c.quality, Subsample: c.subsample}
		file := encode(t, p.source(), o)
		m, err := Decode(file, Options{})
		require.NoError(t, err)
		assert.Equal(t, c.subsample, m.Subsampled)
		assert.GreaterOrEqual(t, psnr(p, m.picture()), c.least, "%+v", c)

		wide := &Source{W: p.w, H: p.h, Channels: c.channels, Step: c.channels + 2, Stride: p.w*(c.channels+2) + 5}
		wide.Pix = make([]byte, wide.Stride*p.h)
		for i, v := range p.pix {
			x, y := i/c.channels%p.w, i/c.channels/p.w
			wide.Pix[y*wide.Stride+x*wide.Step+i%c.channels] = v
		}
		assert.Equal(t, file, encode(t, wide, o))
	}
}

// TestEncodeHeader: density and segments can be read back, in their order, behind
// JFIF.
func TestEncodeHeader(t *testing.T) {
	segments := []Segment{
		{Marker: 0xe1, Data: []byte("Exif\x00\x00")},
		{Marker: 0xe2, Data: make([]byte, maxPayload)},
		{Marker: com},
	}
	p := drawing(9, 9, 3, 1)
	file := encode(t, p.source(), EncodeOptions{Quality: 75, Density: Density{1, 300, 150}, Segments: segments})
	h, err := DecodeHeader(file)
	require.NoError(t, err)
	require.Len(t, h.Segments, 4)
	assert.Equal(t, []byte("JFIF\x00\x01\x01\x01\x01\x2c\x00\x96\x00\x00"), h.Segments[0].Data)
	for i, s := range segments {
		assert.Equal(t, s.Marker, h.Segments[i+1].Marker)
		assert.Equal(t, len(s.Data), len(h.Segments[i+1].Data))
	}
}

// TestEncodeArguments: what is out of range is refused by name, and an error of the
// writer is returned.
func TestEncodeArguments(t *testing.T) {
	p := drawing(4, 4, 3, 1)
	for what, change := range map[string]func(*Source, *EncodeOptions){
		"quality 0":         func(_ *Source, o *EncodeOptions) { o.Quality = 0 },
		"quality 101":       func(_ *Source, o *EncodeOptions) { o.Quality = 101 },
		"65501x4":           func(s *Source, _ *EncodeOptions) { s.W = 65501 },
		"4x65501":           func(s *Source, _ *EncodeOptions) { s.H = 65501 },
		"0x4":               func(s *Source, _ *EncodeOptions) { s.W = 0 },
		"4 channels":        func(s *Source, _ *EncodeOptions) { s.Channels = 4 },
		"step of 2":         func(s *Source, _ *EncodeOptions) { s.Step = 2 },
		"47 bytes":          func(s *Source, _ *EncodeOptions) { s.Pix = s.Pix[:47] },
		"unit 3":            func(_ *Source, o *EncodeOptions) { o.Density = Density{3, 1, 1} },
		"density 0x1":       func(_ *Source, o *EncodeOptions) { o.Density = Density{1, 0, 1} },
		"marker ff da":      func(_ *Source, o *EncodeOptions) { o.Segments = []Segment{{Marker: sos}} },
		"ff e1 of 65534":    func(_ *Source, o *EncodeOptions) { o.Segments = []Segment{{Marker: 0xe1, Data: make([]byte, 65534)}} },
		"no space left":     nil,
		"no space for data": nil,
	} {
		s, o := p.source(), EncodeOptions{Quality: 75}
		w := &fullWriter{err: errors.New(what), writes: 9}
		switch what {
		case "no space left":
			w.writes = 0
		case "no space for data":
			w.writes = 1
		default:
			change(s, &o)
		}
		assert.ErrorContains(t, Encode(w, s, o), what)
	}
}

// fullWriter fails after a number of writes.
type fullWriter struct {
	err    error
	writes int
}

func (w *fullWriter) Write(b []byte) (int, error) {
	if w.writes--; w.writes < 0 {
		return 0, w.err
	}
	return len(b), nil
}

// TestHuffmanCode: codes are a prefix code of at most 16 bits that leaves the code
// of all ones, even where frequencies grow so that longer ones would be best.
func TestHuffmanCode(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	var fibonacci, flat, one, none frequencies
	a, b := int64(1), int64(1)
	for s := range 60 {
		fibonacci[s] = a
		a, b = b, a+b
	}
	for s := range flat {
		flat[s] = 1 + int64(rnd.IntN(3))
	}
	one[7] = 1000
	for name, freq := range map[string]*frequencies{"fibonacci": &fibonacci, "flat": &flat, "one": &one, "none": &none} {
		h := newHuffmanCode(freq)
		room := 1 << 16
		for s, n := range freq {
			if n == 0 {
				continue
			}
			length := h.length[s]
			require.NotZero(t, length, "%s: symbol %d", name, s)
			require.LessOrEqual(t, length, uint8(16), "%s: symbol %d", name, s)
			room -= 1 << (16 - length)
		}
		assert.Positive(t, room, name)
		var d huffTable
		d.counts = h.counts
		copy(d.symbols[:], h.symbols)
		require.True(t, d.derive(false), name)
		for s, length := range h.length {
			if length == 0 {
				continue
			}
			acc := uint64(h.code[s]) << (64 - length)
			var got byte
			var n int
			if e := d.look[acc>>(64-lookBits)]; e != 0 {
				got, n = byte(e>>8), int(e&15)
			} else {
				got, n = d.long(acc)
			}
			assert.Equal(t, [2]int{s, int(length)}, [2]int{int(got), n}, name)
		}
	}
}
