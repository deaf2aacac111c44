package qtgpu

import (
	"errors"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/pipeline"
)

// FormatError reports that the input is not a valid .qtg file.
type FormatError struct {
	Offset int64  // where in the input, in bytes
	What   string // what was found and what was expected
	Err    error  // io.ErrUnexpectedEOF where the input is cut short, else nil
}

func (e *FormatError) Error() string { return (*container.FormatError)(e).Error() }

func (e *FormatError) Unwrap() error { return e.Err }

// UnsupportedError reports a file, or a request, that is valid but needs what this
// version does not implement.
type UnsupportedError struct {
	Offset int64 // where in the input, in bytes; 0 for a request
	What   string
}

func (e *UnsupportedError) Error() string { return (*container.UnsupportedError)(e).Error() }

// TileError reports a tile that cannot be read or decoded; other tiles may be fine.
type TileError struct {
	Tile   int    // in raster order
	Part   string // "front", the overview, or "body", the rest
	Offset int64  // of the part in the file
	Err    error
}

func (e *TileError) Error() string {
	return (&container.TileError{Tile: e.Tile, Part: container.Part(e.Part), Offset: e.Offset, Err: e.Err}).Error()
}

func (e *TileError) Unwrap() error { return e.Err }

// ReadError reports that the input could not be read, which says nothing of the file.
type ReadError struct {
	Offset, Size int64 // of what was to be read, in bytes
	Err          error // of the io.ReaderAt
}

func (e *ReadError) Error() string { return (*container.ReadError)(e).Error() }

func (e *ReadError) Unwrap() error { return e.Err }

// ThresholdError reports an Options.T that makes no sense for the bound and the
// image, and says what is allowed.
type ThresholdError struct{ What string }

func (e *ThresholdError) Error() string { return e.What }

// ErrTooLarge reports an image of more pixels than DecodeOptions.MaxPixels, or a
// region that takes more than DecodeOptions.MaxMemory.
var ErrTooLarge = container.ErrTooLarge

// ErrChecksum reports a part of a tile that does not match its checksum.
var ErrChecksum = container.ErrChecksum

// public turns an error of the packages below into one of this one: it reads the same,
// and errors.As finds the types above in it.
func public(err error) error {
	if err == nil {
		return nil
	}
	p := &publicError{text: "qtgpu: " + err.Error(), chain: []error{err}}
	if e := (*container.FormatError)(nil); errors.As(err, &e) {
		p.chain = append(p.chain, (*FormatError)(e))
	}
	if e := (*container.UnsupportedError)(nil); errors.As(err, &e) {
		p.chain = append(p.chain, (*UnsupportedError)(e))
	}
	if e := (*container.TileError)(nil); errors.As(err, &e) {
		p.chain = append(p.chain, &TileError{e.Tile, string(e.Part), e.Offset, e.Err})
	}
	if e := (*container.ReadError)(nil); errors.As(err, &e) {
		p.chain = append(p.chain, (*ReadError)(e))
	}
	if errors.Is(err, pipeline.ErrTooLarge) {
		p.chain = append(p.chain, ErrTooLarge)
	}
	return p
}

// publicError is an error and what the types of this package say of it.
type publicError struct {
	text  string
	chain []error
}

func (e *publicError) Error() string { return e.text }

func (e *publicError) Unwrap() []error { return e.chain }
