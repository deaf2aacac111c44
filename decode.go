package qtgpu

import (
	"bytes"
	"fmt"
	"image"
	"io"

	"github.com/qtgpu/qtgpu/internal/container"
)

func init() {
	image.RegisterFormat("qtg", container.Magic, Decode, DecodeConfig)
}

// Decode reads a whole .qtg file, of at most 2^30 pixels and 64 MiB of metadata,
// and decodes it. For regions, levels and options use NewReader.
func Decode(r io.Reader) (image.Image, error) {
	var data bytes.Buffer
	h, err := container.ReadHeader(io.TeeReader(r, &data))
	if err == nil {
		err = h.Validate(container.DefaultMaxPixels)
	}
	if err == nil {
		_, err = data.ReadFrom(io.LimitReader(r, longest(&h)))
	}
	if err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	d, err := NewReader(bytes.NewReader(data.Bytes()), int64(data.Len()), nil)
	if err != nil {
		return nil, err
	}
	return d.Decode()
}

// longest bounds the file of a header, so that a stream without end is not read
// for ever: no sample takes 8 bytes, and the rest is for padding and metadata.
func longest(h *container.Header) int64 {
	return 8*int64(h.Width)*int64(h.Height)*int64(h.Channels) + 64<<20
}

// DecodeConfig reads the size and the colour model, no further than the header.
func DecodeConfig(r io.Reader) (image.Config, error) {
	h, err := container.ReadHeader(r)
	if err != nil {
		return image.Config{}, fmt.Errorf("qtgpu: %w", err)
	}
	return (&Reader{layout: layout{h}}).Config(), nil
}
