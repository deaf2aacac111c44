package jpeg

import (
	"errors"
	"fmt"
)

// ErrNotJPEG is the error for data that does not begin with an SOI marker.
var ErrNotJPEG = errors.New("not a JPEG file: expected it to begin with bytes ff d8")

// FormatError says that the header, up to the first scan, breaks the standard, so
// that there is no picture.
type FormatError struct {
	Offset int64 // of the byte in the file
	What   string
}

func (e *FormatError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.what()) }

func (e *FormatError) what() string { return e.What }

// UnsupportedError names a kind of JPEG file that this package does not decode.
type UnsupportedError struct {
	Offset int64 // of the byte in the file that tells it
	What   string
}

func (e *UnsupportedError) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.what()) }

func (e *UnsupportedError) what() string { return e.What + " is not supported" }

// LimitError says which limit of Options a file exceeds.
type LimitError struct {
	What       string // of what there is too much: pixels, bytes of memory, block visits
	Need, Have int64  // what the file asks for, or what it had asked for when it was stopped, and the limit
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%d %s: expected at most %d", e.Need, e.What, e.Have)
}

// DamageError comes with an image and says where the file is damaged or cut first.
// What the scan gives before that place is as it was meant. The rest is what
// libjpeg shows: blocks without data are gray in a sequential file, keep what
// earlier scans gave in a progressive one, and count again from the next restart
// marker on.
type DamageError struct {
	Offset int64 // in the file of the byte that decoding had come to
	Scan   int   // 0 for the first
	// MCURow is the row of MCUs that was being decoded; Header.MCURows between
	// scans, where nothing is missing of this scan.
	MCURow int
	// Row is the first row of pixels of MCURow. Where chroma is interpolated, the
	// row above may have some of the damage.
	Row  int
	What string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("byte %d, scan %d, pixel row %d: %s", e.Offset, e.Scan, e.Row, e.What)
}
