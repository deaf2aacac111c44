package jpeg

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzDecode: any input gives an image, an error or both as Decode says, within its
// limits, and its header alone gives the same.
func FuzzDecode(f *testing.F) {
	for _, g := range goldens {
		f.Add(golden(f, g.name+".jpg"))
	}
	scans := append(frameOf(sof2, 40, 40, 0x21, 0x12, 0x11), scanOf(3, 0, 0, 1)...)
	f.Add(append(append(append(scans, 1, 2, 3), scanOf(1, 1, 63, 0)...), 0xff, eoi))
	f.Add(append(append(frameOf(sof0, 40, 40, 0x11, 0x22, 0x41), scanOf(1, 0, 63, 0)...), 1, 2, 0xff, rst0, 3))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := Decode(file, Options{MaxPixels: 1 << 18, MaxBytes: 8 << 20, MaxWork: 1 << 16})
		h, headerErr := DecodeHeader(file)
		var damage *DamageError
		var limit *LimitError
		switch {
		case err == nil || errors.As(err, &damage):
			require.NoError(t, headerErr)
			require.Equal(t, *h, m.Header)
			require.Len(t, m.Pix, m.Width*m.Height*m.Model.Channels())
			require.LessOrEqual(t, m.Stray+m.Trailing, int64(len(file)))
			if damage != nil {
				require.LessOrEqual(t, damage.Offset, int64(len(file)))
				require.LessOrEqual(t, damage.MCURow, m.MCURows)
			}
		case errors.As(err, &limit):
			require.NoError(t, headerErr)
			require.Nil(t, m)
		default:
			require.Equal(t, err, headerErr)
			require.Nil(t, m)
		}
	})
}

// FuzzEncode: pixels come back as close as the finest steps allow.
func FuzzEncode(f *testing.F) {
	f.Add(byte(3), true, byte(1), []byte("some pixels of an image, of 8 bits"))
	f.Add(byte(16), false, byte(0), bytes.Repeat([]byte{255, 0}, 300))
	f.Fuzz(func(t *testing.T, width byte, colour bool, extra byte, pix []byte) {
		s := &Source{W: 1 + int(width), Channels: 1, Pix: pix}
		if colour {
			s.Channels = 3
		}
		s.Step = s.Channels + int(extra%3)
		s.Stride = s.W * s.Step
		if s.H = len(pix) / s.Stride; s.H == 0 || s.H > 300 {
			return
		}
		for _, o := range []EncodeOptions{{Quality: 100}, {Quality: 1 + int(extra)%100, Subsample: true}} {
			var b bytes.Buffer
			require.NoError(t, Encode(&b, s, o))
			m, err := Decode(b.Bytes(), Options{})
			require.NoError(t, err)
			require.Equal(t, [3]int{s.W, s.H, s.Channels}, [3]int{m.Width, m.Height, m.Model.Channels()})
			for i := 0; i < len(m.Pix) && o.Quality == 100 && !colour; i++ {
				x, y := i%s.W, i/s.W
				assert.InDelta(t, pix[y*s.Stride+x*s.Step], m.Pix[i], 2, "x=%d y=%d", x, y)
			}
		}
	})
}
