package qtgpu

import (
	"bytes"
	"context"
	"image"
	"io"

	"github.com/qtgpu/qtgpu/internal/container"
)

func init() {
	image.RegisterFormat("qtg", container.Magic, Decode, DecodeConfig)
}

// Decode reads a .qtg file of at most 2^30 pixels, to its end and no further, and
// decodes it. For regions, levels and options use NewReader, and for samples that no image
// holds, which are an *UnsupportedError here.
func Decode(r io.Reader) (image.Image, error) {
	data, err := container.ReadFile(r, func(h *container.Header) error {
		if err := h.Validate(container.DefaultMaxPixels); err != nil {
			return err
		}
		return checkImage(&h.Format)
	})
	if err != nil {
		return nil, public(err)
	}
	d, err := NewReader(context.Background(), bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		return nil, err
	}
	return d.Decode(context.Background())
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
