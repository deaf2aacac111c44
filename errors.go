package qtgpu

import "github.com/qtgpu/qtgpu/internal/container"

// FormatError reports that the input is not a valid .qtg file: where, what was
// found and what was expected.
type FormatError = container.FormatError

// UnsupportedError reports a file, or a request, that is valid but needs what
// this version does not implement.
type UnsupportedError = container.UnsupportedError

// TileError reports a tile that cannot be read or decoded; other tiles may be fine.
type TileError = container.TileError

// ThresholdError reports an Options.T that makes no sense for the bound and the
// image, and says what is allowed.
type ThresholdError struct{ What string }

func (e *ThresholdError) Error() string { return e.What }

// ErrTooLarge reports an image of more pixels than DecodeOptions.MaxPixels, or a
// region that takes more than DecodeOptions.MaxMemory.
var ErrTooLarge = container.ErrTooLarge
