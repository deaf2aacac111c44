package imagefile

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// variants are images of all kinds of alpha and some full scales, with samples
// up to that.
func variants() (list []*Image) {
	for _, s := range []struct{ depth, max int }{{8, 0}, {8, 2}, {8, 100}, {8, 255}, {16, 0}, {16, 256}, {16, 1023}, {16, 65535}} {
		for channels := 1; channels <= 4; channels++ {
			for _, alpha := range []Alpha{Straight, Premultiplied, NoAlpha} {
				m := noise(9, 7, channels, s.depth)
				m.Alpha, m.Max = alpha, s.max
				for i := range m.W * m.H * channels {
					p := m.Pix[i/channels*m.Step+i%channels*s.depth/8:]
					if s.depth == 8 {
						p[0] = byte(int(p[0]) % (m.FullScale() + 1))
					} else {
						binary.BigEndian.PutUint16(p, uint16(int(binary.BigEndian.Uint16(p))%(m.FullScale()+1)))
					}
				}
				list = append(list, m, tight(m))
			}
		}
	}
	return list
}

func (m *Image) describe() string {
	return fmt.Sprintf("%d channels of %d bits, step %d, alpha %d, full scale %d", m.Channels, m.Depth, m.Step, m.Alpha, m.FullScale())
}

// raw is a sample as it is.
func (m *Image) raw(x, y, c int) float64 {
	p := m.Pix[y*m.Stride+x*m.Step+c*m.Depth/8:]
	if m.Depth == 8 {
		return float64(p[0])
	}
	return float64(binary.BigEndian.Uint16(p))
}

// shows returns what a pixel looks like, by the definitions of full scale and
// alpha: red, green, blue and opacity of 0 to 2^Depth-1.
func (m *Image) shows(x, y int) (out [4]float64) {
	full := float64(int(1)<<m.Depth - 1)
	at := func(c int) float64 { return math.Floor(m.raw(x, y, c)*full/float64(m.FullScale()) + 0.5) }
	out[3] = full
	for c := range 3 {
		out[c] = at(0)
		if m.Channels > 2 {
			out[c] = at(c)
		}
	}
	if m.Channels%2 == 0 && m.Alpha != NoAlpha {
		out[3] = at(m.Channels - 1)
	}
	return out
}

// TestColoursAtFullScale: At and Std show what full scale and alpha mean, in the
// types of package image that hold it without a change.
func TestColoursAtFullScale(t *testing.T) {
	for _, m := range variants() {
		std := m.Std()
		require.Equal(t, std.ColorModel(), m.ColorModel(), m.describe())
		for y := range m.H {
			for x := range m.W {
				want := m.shows(x, y)
				at := m.At(x, y)
				require.Equal(t, at, std.At(x, y), "%s: pixel %d,%d", m.describe(), x, y)
				var got [4]float64
				switch c := at.(type) {
				case color.Gray:
					got = [4]float64{float64(c.Y), float64(c.Y), float64(c.Y), 255}
				case color.Gray16:
					got = [4]float64{float64(c.Y), float64(c.Y), float64(c.Y), 65535}
				case color.RGBA:
					got = [4]float64{float64(c.R), float64(c.G), float64(c.B), float64(c.A)}
					require.True(t, m.Alpha == Premultiplied || c.A == 255, m.describe())
				case color.RGBA64:
					got = [4]float64{float64(c.R), float64(c.G), float64(c.B), float64(c.A)}
					require.True(t, m.Alpha == Premultiplied || c.A == 65535, m.describe())
				case color.NRGBA:
					got = [4]float64{float64(c.R), float64(c.G), float64(c.B), float64(c.A)}
					require.Equal(t, Straight, m.Alpha, m.describe())
				case color.NRGBA64:
					got = [4]float64{float64(c.R), float64(c.G), float64(c.B), float64(c.A)}
					require.Equal(t, Straight, m.Alpha, m.describe())
				}
				require.Equal(t, want, got, "%s: pixel %d,%d", m.describe(), x, y)
			}
		}
	}
}

// TestStdSharesPremultiplied: RGBA and RGBA64 go through FromImage and Std with
// their samples, whatever their alpha.
func TestStdSharesPremultiplied(t *testing.T) {
	r := image.Rect(-2, 3, 9, 11)
	for _, m := range []image.Image{painted(image.NewRGBA(r), false), painted(image.NewRGBA64(r), false)} {
		got, err := FromImage(m)
		require.NoError(t, err)
		require.Equal(t, []int{4, int(Premultiplied)}, []int{got.Channels, int(got.Alpha)})
		switch m := m.(type) {
		case *image.RGBA:
			require.Same(t, &m.Pix[0], &got.Pix[0])
			require.Same(t, &m.Pix[0], &got.Std().(*image.RGBA).Pix[0])
		case *image.RGBA64:
			require.Same(t, &m.Pix[0], &got.Pix[0])
			require.Same(t, &m.Pix[0], &got.Std().(*image.RGBA64).Pix[0])
		}
	}
}

// TestSamplesAboveFullScale are shown at full scale.
func TestSamplesAboveFullScale(t *testing.T) {
	m := New(1, 1, 1, 8)
	m.Max, m.Pix[0] = 100, 101
	require.Equal(t, color.Gray{Y: 255}, m.At(0, 0))
	m = New(1, 1, 1, 16)
	m.Max, m.Pix[0] = 1000, 255
	require.Equal(t, color.Gray16{Y: 65535}, m.Std().At(0, 0))
}
