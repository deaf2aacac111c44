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
// What lies before that place, in the order of the file, is as it was meant; what
// follows is what libjpeg shows: blocks without data are gray in a sequential
// file and lack detail in a progressive one, and the data after the next restart
// marker counts again.
type DamageError struct {
	Offset int64 // of the byte in the file
	Scan   int   // number of the scan, 0 for the first
	// MCURow is the row of MCUs that the damage lies in, Header.MCURows where it
	// lies after the last: then nothing is missing of the scan itself.
	MCURow int
	// Row is the first row of pixels of that MCU row.
	Row  int
	What string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("byte %d, scan %d, pixel row %d: %s", e.Offset, e.Scan, e.Row, e.What)
}
