package imagefile

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// WriteOptions are the choices of Write.
type WriteOptions struct {
	// Uncompressed leaves the strips of a TIFF file as they are; otherwise they
	// are compressed with Deflate.
	Uncompressed bool
	// Quality of a JPEG file, 1 to 100; 0 is DefaultQuality. Subsample gives it colour
	// of half the width and height.
	Quality   int
	Subsample bool
}

// Write writes an image as "png", "tif", "ppm", "pgm" or "jpg". PNG and TIFF
// keep every sample and the metadata; PNM keeps every sample and the full scale
// but takes no alpha, and PGM no colour; JPEG has 8 bits and no alpha, and keeps metadata.
// What a format cannot hold is refused, or left out or changed as Unsaid says.
func Write(w io.Writer, format string, m *Image, opt WriteOptions) error {
	b := bufio.NewWriterSize(w, 1<<16)
	var err error
	switch format {
	case "png":
		err = writePNG(b, m)
	case "tif":
		err = writeTIFF(b, m, opt)
	case "ppm":
		err = writePNM(b, m, '6')
	case "pgm":
		err = writePNM(b, m, '5')
	case "jpg":
		err = writeJPEG(b, m, opt)
	default:
		return fmt.Errorf("format %q: expected png, tif, ppm, pgm or jpg", format)
	}
	if err != nil {
		return err
	}
	return b.Flush()
}

// FormatFromName returns the format that Write takes for the extension of a
// file's name; the error lists those it knows.
func FormatFromName(name string) (string, error) {
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".png", ".tif", ".ppm", ".pgm", ".jpg":
		return ext[1:], nil
	case ".tiff":
		return "tif", nil
	case ".jpeg":
		return "jpg", nil
	default:
		return "", fmt.Errorf("extension %q: expected .png, .tif, .ppm, .pgm or .jpg", ext)
	}
}
