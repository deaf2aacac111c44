package imagefile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// pnmHeader is the header of a PNM or PAM file.
type pnmHeader struct {
	kind           byte // '1' to '7', the second byte of the file
	w, h, channels int
	max            int // the sample of full scale, 1 to 65535
}

// readPNM reads the first image of a PBM, PGM, PPM or PAM file and says how many
// follow. Samples have 8 bits where the file's maximum is at most 255, else 16,
// and stay as they are; samples of 0 and 1 become 0 and 255.
func readPNM(src *io.SectionReader, opt ReadOptions) (*Image, error) {
	r := &pnmReader{src: io.NewSectionReader(src, 0, src.Size())}
	r.Reader = bufio.NewReaderSize(r.src, 1<<16)
	h, err := readPNMHeader(r.Reader)
	if err != nil {
		return nil, err
	}
	if err := checkSize(h.w, h.h, h.pixelBytes(), opt); err != nil {
		return nil, err
	}
	if err := checkYield(h.dataLen(), 1, src.Size()); err != nil {
		return nil, err
	}
	m := newPacked(h.w, h.h, h.channels, h.depth(), h.channels*h.depth()/8)
	if h.max != 1 && h.max != 1<<m.Depth-1 {
		m.Max = h.max
	}
	for y := range h.h {
		if err := h.readRow(r.Reader, m.Pix[y*m.Stride:][:m.Stride]); err != nil {
			return nil, fmt.Errorf("row %d of %d: %w", y, h.h, err)
		}
	}
	m.Lost = r.further()
	return m, nil
}

// isPNM tells whether a file of this format starts with head.
func isPNM(head []byte) bool {
	return len(head) > 2 && head[0] == 'P' && '1' <= head[1] && head[1] <= '7' && (isSpace(head[2]) || head[2] == '#')
}

// pnmReader knows the place of what it reads.
type pnmReader struct {
	*bufio.Reader
	src *io.SectionReader
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

// depth is the depth of the samples in memory.
func (h *pnmHeader) depth() int {
	if h.max > 255 {
		return 16
	}
	return 8
}

// pixelBytes is the memory that a pixel takes.
func (h *pnmHeader) pixelBytes() int64 {
	if h.max > 255 {
		return 2 * int64(h.channels)
	}
	return int64(h.channels)
}

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

// readRow fills a row of samples.
func (h *pnmHeader) readRow(r *bufio.Reader, row []byte) error {
	switch h.kind {
	case '1':
		return readBitsASCII(r, row)
	case '2', '3':
		return h.readASCII(r, row)
	case '4':
		return readBits(r, row)
	}
	if _, err := io.ReadFull(r, row); err != nil {
		return noEOF(err)
	}
	return h.checkRow(row)
}

// readBits reads a row of P4: eight pixels a byte, one is black.
func readBits(r *bufio.Reader, row []byte) error {
	var b byte
	for x := range row {
		if x%8 == 0 {
			var err error
			if b, err = r.ReadByte(); err != nil {
				return noEOF(err)
			}
		}
		row[x] = 255 * (1 - b>>7)
		b <<= 1
	}
	return nil
}

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

func (h *pnmHeader) readASCII(r *bufio.Reader, row []byte) error {
	size := h.depth() / 8
	for i := 0; i < len(row); i += size {
		token, err := pnmToken(r)
		if err != nil {
			return err
		}
		v, err := strconv.ParseUint(token, 10, 16)
		if err != nil {
			return fmt.Errorf("sample %q: expected a number up to %d", token, h.max)
		}
		row[i+size-1] = byte(v)
		if size == 2 {
			row[i] = byte(v >> 8)
		} else if v > 255 {
			return fmt.Errorf("sample %d: expected at most %d", v, h.max)
		}
	}
	return h.checkRow(row)
}

// checkRow holds samples to the maximum; of 0 and 1 it makes 0 and 255.
func (h *pnmHeader) checkRow(row []byte) error {
	size := h.depth() / 8
	if h.max == 1<<h.depth()-1 {
		return nil
	}
	for i := 0; i < len(row); i += size {
		v := int(row[i])
		if size == 2 {
			v = v<<8 | int(row[i+1])
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
