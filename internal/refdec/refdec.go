// Package refdec is a second decoder of .qtg files, written from docs/FORMAT.md and from
// nothing else. It shares no code with the module and imports none of it, so that what
// both decoders agree on is what the document says.
//
// It is naive: sequential, whole images, a function for each rule, in the document's
// words and order. Files are named after sections. It takes no file on trust, but it
// does not conceal damage either: a file decodes as a whole or is an error, which names
// the section that it offends against.
package refdec

// MaxPixels is the limit that Decode sets on images, of at most 4 times as many samples.
const MaxPixels = 1 << 26

// Image is decoded pixels.
type Image struct {
	Width, Height int   // in pixels
	Bands         int   // of an index 4
	Bits          int   // of a sample, 8, 16, 32 or 64
	Maximum       int64 // the sample of full scale of unsigned integers
	// Samples are the bands of one pixel after the other, row by row from the top: integers,
	// or the bits of IEEE 754 floats. Indices are given as their colours, straight R, G, B, A.
	Samples  []int64
	Header   Header
	Metadata map[string][]byte // payloads of chunks of metadata, by type
}

// Decode decodes a file of at most MaxPixels pixels, sides rounded up to multiples of 32.
// It holds up to 40 bytes a pixel, and up to 300 MiB of the tile at hand. The error names
// the section of the document that the file offends against.
func Decode(p []byte) (*Image, error) {
	f, err := Parse(p, MaxPixels)
	if err != nil {
		return nil, err
	}
	if err := f.CheckOvers(); err != nil {
		return nil, err
	}
	return f.Level(0)
}
