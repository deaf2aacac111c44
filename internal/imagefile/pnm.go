package imagefile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"strconv"
	"strings"

	"github.com/qtgpu/qtgpu/raster"
)

// pnmHeader is the header of a PNM or PAM file.
type pnmHeader struct {
	kind           byte // '1' to '7', the second byte of the file
	w, h, channels int
	max            int // the sample of full scale, 1 to 65535
}

// openPNM opens the first image of a PBM, PGM, PPM or PAM file and says how many
// follow. Samples have 8 bits where the file's maximum is at most 255, else 16,
// and stay as they are; samples of 0 and 1 become 0 and 255.
func openPNM(src *io.SectionReader, opt ReadOptions) (*File, error) {
	r := newPNMReader(src)
	h, err := readPNMHeader(r.Reader)
	if err != nil {
		return nil, err
	}
	if err := checkPixels(h.w, h.h, opt); err != nil {
		return nil, err
	}
	if err := checkYield(h.dataLen(), 1, src.Size()); err != nil {
		return nil, err
	}
	f := &File{format: h.format(), pixelBytes: h.pixelBytes()}
	if h.max == 1 {
		f.Tags = Tags{bitsTag(1)}
	}
	if h.kind <= '3' {
		f.pixels, err = h.digits(src, opt, func(behind []string) { f.Lost = behind })
		return f, err
	}
	f.pixels = h.packed(src, r.at())
	if r.skip(h.dataLen()) {
		f.Lost = r.further()
	}
	return f, nil
}

func (h *pnmHeader) format() raster.Format {
	f := raster.Format{Width: h.w, Height: h.h, Type: h.typ(), Bands: bandsOf(h.channels, Straight)}
	if h.max != 1 && int64(h.max) != f.Type.Max() {
		f.Max = int64(h.max)
	}
	return f
}

// packed are the rows of samples that are not digits, from a place in the file on.
func (h *pnmHeader) packed(src io.ReaderAt, first int64) *packedRows {
	p := &packedRows{
		src: src, rect: image.Rect(0, 0, h.w, h.h), first: first, stride: h.dataLen() / int64(h.h),
		bits: 8 * int(h.pixelBytes()), typ: h.typ(), samples: h.channels,
	}
	switch {
	case h.kind == '4':
		p.bits, p.unpack = 1, unpackBlack
	case h.typ() == raster.Uint16 || h.max < 255:
		p.unpack = func(samples, _ []byte) error {
			if h.typ() == raster.Uint16 {
				toNative(samples, 2)
			}
			return h.checkRow(samples)
		}
	}
	return p
}

// unpackBlack unpacks P4: eight pixels a byte, one is black.
func unpackBlack(dst, src []byte) error {
	for x := range dst {
		dst[x] = 255 * (1 - src[x/8]<<(x%8)>>7)
	}
	return nil
}

// digits are the rows of samples that are digits, of no known length each; end is told
// of the images behind the last row.
func (h *pnmHeader) digits(src *io.SectionReader, opt ReadOptions, end func(behind []string)) (pixelReader, error) {
	bounds := image.Rect(0, 0, h.w, h.h)
	return newSequence(bounds, h.channels, h.typ(), opt, func() (rowDecoder, error) {
		r := newPNMReader(src)
		_, err := readPNMHeader(r.Reader)
		return &pnmDigits{h: h, r: r, end: end, row: make([]byte, int64(h.w)*h.pixelBytes())}, err
	})
}

// pnmDigits decodes rows of digits.
type pnmDigits struct {
	h   *pnmHeader
	r   *pnmReader
	end func([]string)
	row []byte
	y   int
}

// next implements rowDecoder.
func (d *pnmDigits) next() ([]byte, error) {
	read := d.h.readASCII
	if d.h.kind == '1' {
		read = readBitsASCII
	}
	if err := read(d.r.Reader, d.row); err != nil {
		return nil, fmt.Errorf("row %d of %d: %w", d.y, d.h.h, err)
	}
	if d.y++; d.y == d.h.h {
		d.end(d.r.further())
	}
	return d.row, nil
}

func (d *pnmDigits) close() {}

// isPNM tells whether a file of this format starts with head.
func isPNM(head []byte) bool {
	return len(head) > 2 && head[0] == 'P' && '1' <= head[1] && head[1] <= '7' && (isSpace(head[2]) || head[2] == '#')
}

// pnmReader knows the place of what it reads.
type pnmReader struct {
	*bufio.Reader
	src *io.SectionReader
}

func newPNMReader(src *io.SectionReader) *pnmReader {
	r := &pnmReader{src: io.NewSectionReader(src, 0, src.Size())}
	r.Reader = bufio.NewReaderSize(r.src, 1<<16)
	return r
}

// at is the place of the next byte.
func (r *pnmReader) at() int64 {
	at, _ := r.src.Seek(0, io.SeekCurrent) // which cannot fail
	return at - int64(r.Buffered())
}

// skip passes over n bytes and tells whether they are there, without reading
// them if they are many.
func (r *pnmReader) skip(n int64) bool {
	if n <= int64(r.Buffered()) {
		r.Discard(int(n))
		return true
	}
	at, err := r.src.Seek(n-int64(r.Buffered()), io.SeekCurrent)
	r.Reset(r.src)
	return err == nil && at <= r.src.Size()
}

// further counts the images behind the first. Images of digits have no
// length that a header tells; there the count ends.
func (r *pnmReader) further() []string {
	n := 0
	for {
		head, err := r.Peek(3)
		if len(head) > 0 && isSpace(head[0]) {
			r.Discard(1)
			continue
		}
		if err != nil || !isPNM(head) {
			break
		}
		h, err := readPNMHeader(r.Reader)
		if err != nil || h.kind <= '3' || checkSize(h.w, h.h, 1, ReadOptions{MaxPixels: 8 * r.src.Size()}) != nil || !r.skip(h.dataLen()) {
			return []string{"further images"}
		}
		n++
	}
	if n == 0 {
		return nil
	}
	return []string{plural(n, "further image")}
}

// typ is the type of the samples in memory.
func (h *pnmHeader) typ() raster.Type {
	if h.max > 255 {
		return raster.Uint16
	}
	return raster.Uint8
}

// pixelBytes is the memory that a pixel takes.
func (h *pnmHeader) pixelBytes() int64 { return int64(h.typ().Size() * h.channels) }

// dataLen is the fewest bytes that the samples can take.
func (h *pnmHeader) dataLen() int64 {
	samples := int64(h.w) * int64(h.h) * int64(h.channels)
	switch {
	case h.kind == '1':
		return samples
	case h.kind == '2', h.kind == '3':
		return 2*samples - 1 // a digit and a space between two
	case h.kind == '4':
		return int64(h.h) * ((int64(h.w) + 7) / 8)
	case h.max > 255:
		return 2 * samples
	}
	return samples
}

func readPNMHeader(r *bufio.Reader) (*pnmHeader, error) {
	var magic [2]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil {
		return nil, err
	}
	h := &pnmHeader{kind: magic[1], channels: 1, max: 1}
	if h.kind == '7' {
		return h, h.readPAM(r)
	}
	if h.kind == '3' || h.kind == '6' {
		h.channels = 3
	}
	values := []struct {
		name string
		to   *int
	}{{"width", &h.w}, {"height", &h.h}, {"maximum", &h.max}}
	if h.kind == '1' || h.kind == '4' {
		values = values[:2]
	}
	for _, v := range values {
		token, err := pnmToken(r)
		if err != nil {
			return nil, fmt.Errorf("header: %s: %w", v.name, err)
		}
		if *v.to, err = pnmNumber(token); err != nil {
			return nil, fmt.Errorf("header: %s %w", v.name, err)
		}
	}
	return h, h.check()
}

func (h *pnmHeader) check() error {
	if h.max < 1 || h.max > 65535 {
		return fmt.Errorf("header: maximum %d, expected 1 to 65535", h.max)
	}
	if h.w < 0 || h.w > 1<<31-1 || h.h < 0 || h.h > 1<<31-1 {
		return fmt.Errorf("header: image of %dx%d pixels, expected at most %d a side", h.w, h.h, 1<<31-1)
	}
	if h.channels < 1 || h.channels > 4 {
		return fmt.Errorf("header: %d channels, expected 1 to 4", h.channels)
	}
	return nil
}

// tupleTypes has the channels of each kind of PAM file.
var tupleTypes = map[string]int{
	"BLACKANDWHITE": 1, "GRAYSCALE": 1, "RGB": 3,
	"BLACKANDWHITE_ALPHA": 2, "GRAYSCALE_ALPHA": 2, "RGB_ALPHA": 4,
}

// readPAM reads the lines up to ENDHDR.
func (h *pnmHeader) readPAM(r *bufio.Reader) error {
	h.channels, h.max = 0, 0
	kind := ""
	for {
		line, err := pnmLine(r)
		if err != nil {
			return fmt.Errorf("header: expected ENDHDR: %w", err)
		}
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		value = strings.TrimSpace(value)
		to, known := map[string]*int{"WIDTH": &h.w, "HEIGHT": &h.h, "DEPTH": &h.channels, "MAXVAL": &h.max}[key]
		switch {
		case key == "" || key[0] == '#':
		case key == "ENDHDR":
			if n, ok := tupleTypes[kind]; kind != "" && (!ok || n != h.channels) {
				return fmt.Errorf("header: tuple type %q with %d channels: expected gray or RGB, alone or with alpha", kind, h.channels)
			}
			return h.check()
		case key == "TUPLTYPE":
			kind = value
		case !known:
			return fmt.Errorf("header: line %q, expected WIDTH, HEIGHT, DEPTH, MAXVAL, TUPLTYPE or ENDHDR", key)
		default:
			if *to, err = pnmNumber(value); err != nil {
				return fmt.Errorf("header: %s %w", key, err)
			}
		}
	}
}

const maxToken = 256

// pnmLine returns a line without its end.
func pnmLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		c, err := r.ReadByte()
		if err != nil {
			return "", noEOF(err)
		}
		if c == '\n' {
			return string(line), nil
		}
		if line = append(line, c); len(line) > maxToken {
			return "", fmt.Errorf("line of more than %d bytes", maxToken)
		}
	}
}

// pnmToken skips space and comments and returns what follows up to one space,
// which is consumed.
func pnmToken(r *bufio.Reader) (string, error) {
	var token []byte
	comment := false
	for {
		c, err := r.ReadByte()
		switch {
		case err == io.EOF && len(token) > 0:
			return string(token), nil
		case err != nil:
			return "", noEOF(err)
		case comment:
			if comment = c != '\n' && c != '\r'; !comment && len(token) > 0 {
				return string(token), nil // the comment counts as a space
			}
		case c == '#':
			comment = true
		case !isSpace(c):
			if token = append(token, c); len(token) > maxToken {
				return "", fmt.Errorf("word of more than %d bytes, expected a number", maxToken)
			}
		case len(token) > 0:
			return string(token), nil
		}
	}
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// readBitsASCII reads a row of P1: digits with or without space between.
func readBitsASCII(r *bufio.Reader, row []byte) error {
	for x := 0; x < len(row); {
		c, err := r.ReadByte()
		switch {
		case err != nil:
			return noEOF(err)
		case c == '0' || c == '1':
			row[x] = 255 * ('1' - c)
			x++
		case c == '#':
			if _, err := r.ReadString('\n'); err != nil {
				return noEOF(err)
			}
		case !isSpace(c):
			return fmt.Errorf("byte %q: expected 0 or 1", c)
		}
	}
	return nil
}

// pnmNumber is a number of a header, the largest int for larger ones, which are
// refused for what they are.
func pnmNumber(token string) (int, error) {
	v, err := strconv.Atoi(token)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%q: expected a number", token)
	}
	return v, nil
}

// readASCII reads a row of P2 or P3.
func (h *pnmHeader) readASCII(r *bufio.Reader, row []byte) error {
	size := h.typ().Size()
	for i := 0; i < len(row); i += size {
		token, err := pnmToken(r)
		if err != nil {
			return err
		}
		v, err := strconv.ParseUint(token, 10, 16)
		if err != nil {
			return fmt.Errorf("sample %q: expected a number up to %d", token, h.max)
		}
		if v > uint64(h.max) {
			return fmt.Errorf("sample %d: expected at most %d", v, h.max)
		}
		storeSample(row[i:i+size], int(v))
	}
	return h.checkRow(row)
}

// checkRow holds samples to the maximum; of 0 and 1 it makes 0 and 255.
func (h *pnmHeader) checkRow(row []byte) error {
	size := h.typ().Size()
	if int64(h.max) == h.typ().Max() {
		return nil
	}
	for i := 0; i < len(row); i += size {
		v := int(row[i])
		if size == 2 {
			v = int(binary.NativeEndian.Uint16(row[i:]))
		}
		if v > h.max {
			return fmt.Errorf("sample %d: expected at most %d", v, h.max)
		}
		if h.max == 1 {
			row[i] *= 255
		}
	}
	return nil
}
