package imagefile

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
)

// DefaultMaxPixels is the limit of ReadOptions where none is given.
const DefaultMaxPixels = 1 << 30

// ReadOptions bounds what Open and Read accept.
type ReadOptions struct {
	// MaxPixels is the largest width × height that is decoded; 0 stands for
	// DefaultMaxPixels.
	MaxPixels int64
	// Expansion is how many bytes of memory, or of work, a byte of input may ask
	// for beyond freeBytes; 0 stands for DefaultExpansion.
	Expansion int64
	// MaxMemory is the most bytes that a File may hold, or the image that Read
	// returns; 0 is no limit.
	MaxMemory int64
	// KeepGoing takes the part of a damaged JPEG file that there is.
	KeepGoing bool
	// Page is the page of a TIFF file that is read, from 1 in the order of the file, with
	// overviews and masks; 0 stands for the first that is neither. Files of other formats
	// have one.
	Page int
	// Progress is told how much is done of what takes long at once: of Open, where it looks
	// at all pixels of a PNG file, and of decoding JPEG.
	Progress func(done, total int64)
}

// DefaultExpansion is the limit of ReadOptions where none is given. Formats whose
// compression has a bound of its own stay below it: Deflate gives 1032 bytes for
// one, LZW 2731.
const DefaultExpansion = 4096

// freeBytes is the memory, or work, that any input may ask for.
const freeBytes = 256 << 20

// budget is what an input of n bytes may ask for.
func (o ReadOptions) budget(n int64) int64 {
	most := int64(1 << 62)
	if o.Expansion < most/max(n, 1) {
		most = freeBytes + o.Expansion*n
	}
	return most
}

// told tells how much is done.
func (o *ReadOptions) told(done, total int) {
	if o.Progress != nil {
		o.Progress(int64(done), int64(total))
	}
}

// withDefaults has the defaults in place of zeros.
func (o ReadOptions) withDefaults() ReadOptions {
	if o.MaxPixels == 0 {
		o.MaxPixels = DefaultMaxPixels
	}
	if o.Expansion == 0 {
		o.Expansion = DefaultExpansion
	}
	return o
}

// Read reads an image file of any size up to the limit and returns it with the
// name of its format, as Open and File.Image do.
func Read(r io.Reader, opt ReadOptions) (*Image, string, error) {
	f, err := open(r, opt.withDefaults())
	if err != nil {
		return nil, "", err
	}
	m, err := f.Image(context.Background())
	if err != nil {
		return nil, "", err
	}
	return m, f.Name, nil
}

// guard turns a panic of a third-party decoder on hostile input into an error.
func guard(read func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged data: the decoder failed: %v", p)
		}
	}()
	return read()
}

// format is one kind of file that Open knows. Its open leaves Name and title to
// the caller.
type format struct {
	name, title string
	open        func(*io.SectionReader, ReadOptions) (*File, error)
}

const headLen = 256

// detect tells the format by the first bytes, headLen of them or all there are.
func detect(head []byte) (format, error) {
	has := func(at int, s string) bool { return bytes.HasPrefix(head[min(at, len(head)):], []byte(s)) }
	if name := foreign(head); name != "" {
		return format{}, fmt.Errorf("%s is not read: expected TIFF, PNG, JPEG, BMP, WebP or PNM", name)
	}
	switch {
	case has(0, "II*\x00"), has(0, "MM\x00*"), has(0, "II+\x00"), has(0, "MM\x00+"):
		return format{"tif", "TIFF", openTIFF}, nil
	case has(0, pngSignature):
		return format{"png", "PNG", openPNG}, nil
	case has(0, "\xff\xd8\xff"):
		return format{"jpg", "JPEG", openJPEG}, nil
	case has(0, "BM"):
		return format{"bmp", "BMP", openBMP}, nil
	case has(0, "RIFF") && has(8, "WEBP"):
		return format{"webp", "WebP", openWebP}, nil
	case isPNM(head):
		return format{"pnm", "PNM", openPNM}, nil
	case len(head) == 0:
		return format{}, errors.New("not an image: the input is empty")
	}
	return format{}, fmt.Errorf("not an image that qtgpu reads: expected TIFF, PNG, JPEG, BMP, WebP or PNM, found bytes % x",
		head[:min(4, len(head))])
}

// input gives random access to the file. What cannot seek is held in memory,
// but only once its first bytes show a known format.
func input(r io.Reader, opt ReadOptions) (*io.SectionReader, format, error) {
	if src := inPlace(r); src != nil {
		head := make([]byte, min(headLen, src.Size()))
		if _, err := src.ReadAt(head, 0); err != nil {
			return nil, format{}, err
		}
		f, err := detect(head)
		return src, f, err
	}
	buffered := bufio.NewReader(r)
	head, err := buffered.Peek(headLen)
	if err != nil && err != io.EOF {
		return nil, format{}, err
	}
	f, err := detect(head)
	if err != nil {
		return nil, format{}, err
	}
	limit := opt.MaxPixels*8 + 4*maxMeta
	data, err := io.ReadAll(io.LimitReader(buffered, limit+1))
	if err != nil {
		return nil, format{}, err
	}
	if int64(len(data)) > limit {
		return nil, format{}, fmt.Errorf("input of more than %d bytes: expected at most 8 for each of %d pixels", limit, opt.MaxPixels)
	}
	return section(data), f, nil
}

// inPlace returns what is left of a seekable input, nil for any other. Devices
// and pipes that claim to seek have no length and count as the others.
func inPlace(r io.Reader) *io.SectionReader {
	f, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		return nil
	}
	start, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil || end <= start {
		f.Seek(start, io.SeekStart)
		return nil
	}
	return io.NewSectionReader(f, start, end-start)
}

func section(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

// rewound is a buffered reader of the whole of src.
func rewound(src *io.SectionReader) *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(src, 0, src.Size()), 1<<16)
}

// checkSize holds the dimensions of a header against the limits, for a picture
// that is held in memory; a pixel takes so many bytes.
func checkSize(w, h int, pixel int64, opt ReadOptions) error {
	if err := checkPixels(w, h, opt); err != nil {
		return err
	}
	return checkMemory(w, h, pixel, opt)
}

// checkPixels holds the dimensions against MaxPixels.
func checkPixels(w, h int, opt ReadOptions) error {
	if w < 1 || h < 1 {
		return fmt.Errorf("header: image of %dx%d pixels, expected at least 1x1", w, h)
	}
	if int64(w) > opt.MaxPixels/int64(h) {
		return fmt.Errorf("header: image of %dx%d pixels, expected at most %d in all", w, h, opt.MaxPixels)
	}
	return nil
}

// checkMemory holds a picture in memory against MaxMemory.
func checkMemory(w, h int, pixel int64, opt ReadOptions) error {
	most := int64(math.MaxInt)
	if opt.MaxMemory > 0 {
		most = min(most, opt.MaxMemory)
	}
	if n := int64(w) * int64(h); n > most/pixel {
		return fmt.Errorf("header: image of %dx%d pixels takes %d bytes of memory, expected at most %d", w, h, pixel*n, most)
	}
	return nil
}

// checkYield refuses an image whose data cannot come from the input: n units,
// at most perByte of which one byte of input can give.
func checkYield(n, perByte, inputLen int64) error {
	if n/perByte > inputLen {
		return fmt.Errorf("header promises more than the file holds: expected at least %d bytes, found %d", n/perByte, inputLen)
	}
	return nil
}

// checkBudget refuses an image that takes n bytes of memory or work, where its input
// does not justify them.
func checkBudget(n, inputLen int64, opt ReadOptions) error {
	if most := opt.budget(inputLen); n > most {
		return fmt.Errorf("header: the image takes %d bytes to decode, a file of %d may take %d: --max-expansion raises that", n, inputLen, most)
	}
	return nil
}
