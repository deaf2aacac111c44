package qtgpu

import (
	"context"
	"image"
	"io"

	"github.com/qtgpu/qtgpu/internal/container"
)

func init() {
	image.RegisterFormat("qtg", container.Magic, Decode, DecodeConfig)
}

// Decode reads a .qtg file of at most 2^30 pixels, to its end and no further, and
// decodes it, as package image asks for it. [NewDecoder] takes a context and options, and
// gives samples that no image holds, which are an *UnsupportedError here; [NewReader] gives
// regions and levels.
func Decode(r io.Reader) (image.Image, error) {
	ctx := context.Background()
	d, err := NewDecoder(ctx, r, nil)
	if err != nil {
		return nil, err
	}
	return d.Decode(ctx)
}

// DecodeConfig reads the size and the colour model, no further than the header. What
// Decode refuses, it refuses too.
func DecodeConfig(r io.Reader) (image.Config, error) {
	h, err := container.ReadHeader(r)
	if err == nil {
		err = checkImage(&h.Format)
	}
	if err != nil {
		return image.Config{}, public(err)
	}
	return config(&h.Format), nil
}
