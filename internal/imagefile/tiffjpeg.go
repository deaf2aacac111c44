package imagefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/qtgpu/qtgpu/internal/imagefile/jpeg"
)

const (
	jpegStart = "\xff\xd8" // SOI
	jpegEnd   = "\xff\xd9" // EOI
)

// readJPEGTables reads the tables that the streams of all blocks leave out (Adobe's TIFF
// Technical Note 2).
func (h *tiffHeader) readJPEGTables(d *directory, e entry) error {
	b, err := d.bytes(e)
	if err != nil {
		return err
	}
	tables, started := bytes.CutPrefix(b, []byte(jpegStart))
	tables, ended := bytes.CutSuffix(tables, []byte(jpegEnd))
	if !started || !ended {
		return fmt.Errorf("JPEG tables (tag %d) of %d bytes: expected them from SOI to EOI", tagJPEGTables, len(b))
	}
	h.jpegTables = tables
	return nil
}

// decodeJPEG decodes a block, whose colours are as the photometric interpretation says
// whatever its stream does.
func (h *tiffHeader) decodeJPEG(src io.Reader, b block, opt ReadOptions) (io.Reader, error) {
	data := append([]byte(jpegStart), h.jpegTables...)
	stream, err := io.ReadAll(src)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(stream, []byte(jpegStart)) {
		return nil, jpeg.ErrNotJPEG
	}
	data = append(data, stream[len(jpegStart):]...)
	space := jpeg.AsCoded
	if h.photometric == photometricYCbCr {
		space = jpeg.FromYCbCr
	}
	budget := opt.budget(int64(len(data)))
	memory := budget
	if opt.MaxMemory > 0 {
		memory = min(memory, opt.MaxMemory)
	}
	m, err := jpeg.Decode(data, jpeg.Options{
		MaxPixels: int64(h.blockW) * int64(h.blockH), MaxBytes: memory, MaxWork: budget / 64, Space: space,
	})
	unsupported := new(jpeg.UnsupportedError)
	switch {
	case errors.As(err, &unsupported):
		return nil, &UnsupportedError{"a stream with " + unsupported.What, "JPEG of 8 bits by Huffman codes"}
	case err != nil:
		return nil, fmt.Errorf("JPEG stream: %w", err)
	case m.Width != h.blockW || m.Height < b.h || m.Model.Channels() != h.blockSamples():
		return nil, fmt.Errorf("JPEG stream of %dx%d pixels of %d samples: expected %dx%d of %d",
			m.Width, m.Height, m.Model.Channels(), h.blockW, b.h, h.blockSamples())
	}
	return bytes.NewReader(m.Pix), nil
}
