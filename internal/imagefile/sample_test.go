package imagefile

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// TestSource: an image as a raster has the samples of the image, shared where they have
// 8 bits, and comes back from it as it was.
func TestSource(t *testing.T) {
	for _, m := range append(variants(), paletted(9, 7, 5, false)) {
		s := m.Source()
		want := samples(m)
		got := raster.NewBlock(m.Bounds(), s.Format().Type, len(s.Format().Bands))
		require.NoError(t, s.ReadBlock(context.Background(), got))
		requireWindow(t, want, got, m.describe())
		back, err := FromRaster(context.Background(), s)
		require.NoError(t, err, m.describe())
		requireSame(t, m, back)
		require.Equal(t, m.FullScale(), back.FullScale(), m.describe())
		require.Equal(t, m.Index, back.Index, m.describe())
		require.Equal(t, m.Palette, back.Palette, m.describe())
		if m.Channels%2 == 0 && m.Palette == nil {
			require.Equal(t, m.Alpha, back.Alpha, m.describe())
		}
		shared, ok := s.(*raster.Memory)
		require.Equal(t, m.Depth == 8, ok, m.describe())
		switch {
		case m.Palette != nil:
			require.Same(t, &m.Index[0], &shared.View(m.Bounds()).Planes[0][0])
		case m.Depth == 8:
			require.Same(t, &m.Pix[0], &shared.View(m.Bounds()).Planes[0][0], m.describe())
		}
	}
}

// TestBandRoles: roles are those of the channels.
func TestBandRoles(t *testing.T) {
	for _, c := range []struct {
		channels int
		alpha    Alpha
		want     string
	}{
		{1, Straight, "[gray]"}, {2, Straight, "[gray alpha]"}, {2, NoAlpha, "[gray data]"}, {3, Straight, "[red green blue]"},
		{4, Premultiplied, "[red green blue premultiplied alpha]"}, {4, Straight, "[red green blue alpha]"}, {4, NoAlpha, "[red green blue data]"},
	} {
		var roles []raster.Role
		for _, b := range bandsOf(c.channels, c.alpha) {
			roles = append(roles, b.Role)
		}
		assert.Equal(t, c.want, fmt.Sprint(roles))
	}
}

// TestFromRaster: what an image does not hold is refused by its name or named in Lost.
func TestFromRaster(t *testing.T) {
	bands := raster.Bands
	seven := 7.0
	for _, c := range []struct {
		format raster.Format
		want   string // of the error, or of Lost
	}{
		{raster.Format{Type: raster.Float32, Bands: bands(raster.Data)}, "samples of float32: an image holds uint8 or uint16"},
		{raster.Format{Type: raster.Int16, Bands: bands(raster.Data)}, "samples of int16"},
		{raster.Format{Type: raster.Uint8, Bands: make([]raster.Band, 5)}, "5 bands: an image holds 1 to 4"},
		{raster.Format{Type: raster.Uint16, Bands: bands(raster.Gray), Max: 255}, "samples of uint16 up to 255: an image holds them from 256 on"},
		{raster.Format{Type: raster.Uint8, Bands: bands(raster.Alpha)}, "band 0 of 1 is alpha of uint8"},
		{raster.Format{Type: raster.Uint8, Bands: bands(raster.Blue, raster.Green, raster.Red)}, "band 0 of 3 is blue of uint8"},
		{raster.Format{Type: raster.Uint16, Bands: bands(raster.Index), Palette: color.Palette{color.Black}}, "band 0 of 1 is index of uint16"},
		{raster.Format{Type: raster.Uint8, Bands: bands(raster.Gray, raster.Index), Palette: color.Palette{color.Black}}, "band 1 of 2 is index"},
		{raster.Format{Type: raster.Uint8, Bands: bands(raster.Data, raster.Data, raster.Label)}, "[]"},
		{raster.Format{Type: raster.Uint16, Bands: []raster.Band{{Name: "near infrared"}, {NoData: &seven, Scale: 2}}, Max: 1023},
			"[the name of band 0 (near infrared) nodata value 7 of band 1 offset 0 and scale 2 of band 1]"},
	} {
		c.format.Width, c.format.Height = 5, 3
		src, err := raster.NewMemory(c.format)
		require.NoError(t, err)
		m, err := FromRaster(context.Background(), src)
		if err != nil {
			assert.ErrorContains(t, err, c.want)
			continue
		}
		assert.Equal(t, c.want, fmt.Sprint(m.Lost))
		assert.Equal(t, []any{5, 3, len(c.format.Bands), int(c.format.FullScale())}, []any{m.W, m.H, m.Channels, m.FullScale()})
	}
	src, err := raster.NewMemory(raster.Format{Width: 2, Height: 1, Type: raster.Uint8, Bands: bands(raster.Index), Palette: color.Palette{color.Black}})
	require.NoError(t, err)
	require.NoError(t, src.WriteBlock(context.Background(), indexBlock(0, 3)))
	_, err = FromRaster(context.Background(), src)
	assert.ErrorContains(t, err, "pixel 1,0: palette index 3, expected less than 1")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = FromRaster(ctx, New(2, 2, 1, 8).Source())
	assert.ErrorIs(t, err, context.Canceled)
}

// indexBlock is a row of indices.
func indexBlock(indices ...byte) *raster.Block {
	b := raster.NewBlock(image.Rect(0, 0, len(indices), 1), raster.Uint8, 1)
	copy(b.Planes[0], indices)
	return b
}
