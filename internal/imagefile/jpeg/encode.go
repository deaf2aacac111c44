package jpeg

import (
	"encoding/binary"
	"fmt"
	"io"
)

// MaxSide is the largest width and height that Encode writes, and libjpeg reads.
const MaxSide = 65500

// Source is an image to be encoded, gray or RGB.
type Source struct {
	W, H     int
	Channels int // 1 or 3, in successive bytes
	// Step and Stride are the bytes from a pixel to the next one in its row and in
	// its column.
	Step, Stride int
	Pix          []byte
}

// Density says how large the pixels are, as JFIF does.
type Density struct {
	Unit byte   // 0 for none, X and Y give the aspect ratio then; 1 for an inch, 2 for a centimetre
	X, Y uint16 // pixels in a unit, at least 1
}

// EncodeOptions say how Encode encodes.
type EncodeOptions struct {
	Quality   int  // 1 to 100, on the scale of libjpeg
	Subsample bool // chroma of half the width and height (4:2:0)
	// Density is written to the JFIF segment; the zero value stands for square
	// pixels of no known size.
	Density Density
	// Segments are APPn and COM segments to be written behind the JFIF segment.
	Segments []Segment
	// Progress is told of the rows of MCUs that are done; nil tells nobody.
	Progress func(done, total int64)
}

// Encode writes a baseline JFIF file with Huffman tables made for it, the same
// bytes as cjpeg -baseline -optimize does. It holds the coefficients in memory, 4
// bytes for each that is not 0. The errors come from w, or say which argument
// is out of its range.
func Encode(w io.Writer, src *Source, o EncodeOptions) error {
	if o.Density == (Density{}) {
		o.Density = Density{X: 1, Y: 1}
	}
	if err := src.check(); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	e := newEncoder(src, o)
	for row := range e.mcusY {
		e.load(row)
		e.transform(row)
		e.tokenise()
		if o.Progress != nil {
			o.Progress(int64(row+1), int64(e.mcusY))
		}
	}
	for i := range e.codes {
		e.codes[i] = newHuffmanCode(&e.freq[i])
	}
	if _, err := w.Write(e.header(o)); err != nil {
		return err
	}
	return e.emit(w)
}

func (s *Source) check() error {
	if s.W < 1 || s.H < 1 || s.W > MaxSide || s.H > MaxSide {
		return fmt.Errorf("JPEG of %dx%d pixels: expected 1 to %d a side", s.W, s.H, MaxSide)
	}
	if s.Channels != 1 && s.Channels != 3 {
		return fmt.Errorf("JPEG of %d channels: expected 1 or 3", s.Channels)
	}
	if s.Step < s.Channels || s.Stride < 0 {
		return fmt.Errorf("step of %d and stride of %d bytes: expected at least %d and 0", s.Step, s.Stride, s.Channels)
	}
	end := int64(s.H-1)*int64(s.Stride) + int64(s.W-1)*int64(s.Step) + int64(s.Channels)
	if end > int64(len(s.Pix)) {
		return fmt.Errorf("%d bytes of pixels: expected %d", len(s.Pix), end)
	}
	return nil
}

const maxPayload = 65533 // of a segment, whose length of 16 bits counts itself

func (o *EncodeOptions) check() error {
	if o.Quality < 1 || o.Quality > 100 {
		return fmt.Errorf("JPEG of quality %d: expected 1 to 100", o.Quality)
	}
	if d := o.Density; d.Unit > 2 || d.X == 0 || d.Y == 0 {
		return fmt.Errorf("JPEG of density %dx%d in unit %d: expected at least 1 in unit 0 to 2", d.X, d.Y, d.Unit)
	}
	for _, s := range o.Segments {
		if s.Marker != com && (s.Marker < app0 || s.Marker > app15) {
			return fmt.Errorf("JPEG segment of marker ff %02x: expected APPn or COM", s.Marker)
		}
		if len(s.Data) > maxPayload {
			return fmt.Errorf("JPEG segment of marker ff %02x of %d bytes: expected at most %d", s.Marker, len(s.Data), maxPayload)
		}
	}
	return nil
}

// encoder is the state of encoding an image.
type encoder struct {
	frame
	src    *Source
	planes []encoderPlane
	// lines are the planes of the pixels that give a row of chroma, with the right
	// end repeated up to whole MCUs.
	lines  [2][3][]byte
	tokens []token
	rows   [][]token // of each row of MCUs
	freq   [4]frequencies
	codes  [4]huffmanCode
}

// encoderPlane is a component while it is encoded. Its blocks and samples make
// one row of MCUs.
type encoderPlane struct {
	*component
	table   int // of quantisation and of Huffman codes: 0 for luma, 1 for chroma
	quant   *quantiser
	samples []byte // rows of 8·blocksX
	pred    int16  // the last DC coefficient
}

func newEncoder(src *Source, o EncodeOptions) *encoder {
	e := &encoder{src: src}
	comps := []component{{id: 1, h: 1, v: 1}, {id: 2, h: 1, v: 1}, {id: 3, h: 1, v: 1}}[:src.Channels]
	if o.Subsample && src.Channels == 3 {
		comps[0].h, comps[0].v = 2, 2
	}
	e.frame = layOut(src.W, src.H, comps)
	quant := [2]*quantiser{newQuantiser(scaled(&lumaSteps, o.Quality)), newQuantiser(scaled(&chromaSteps, o.Quality))}
	for i := range comps {
		c := &comps[i]
		c.blocks = make([]block, c.v*c.stride)
		table := min(i, 1)
		e.planes = append(e.planes, encoderPlane{
			component: c, table: table, quant: quant[table], samples: make([]byte, 8*c.v*8*c.blocksX),
		})
		e.lines[0][i], e.lines[1][i] = make([]byte, e.mcusX*8*e.maxH), make([]byte, e.mcusX*8*e.maxH)
	}
	return e
}

// header gives everything up to the data of the scan.
func (e *encoder) header(o EncodeOptions) []byte {
	out := []byte{0xff, soi}
	d := o.Density
	jfif := append([]byte("JFIF\x00\x01\x01"), d.Unit)
	jfif = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(jfif, d.X), d.Y)
	out = appendSegment(out, app0, append(jfif, 0, 0)) // no thumbnail
	for _, s := range o.Segments {
		out = appendSegment(out, s.Marker, s.Data)
	}
	tables := min(len(e.planes), 2)
	for i := range tables {
		b := []byte{byte(i)}
		for _, step := range e.planes[i].quant.steps {
			b = append(b, byte(step))
		}
		out = appendSegment(out, dqt, b)
	}
	sof := binary.BigEndian.AppendUint16([]byte{8}, uint16(e.src.H))
	sof = append(binary.BigEndian.AppendUint16(sof, uint16(e.src.W)), byte(len(e.planes)))
	scan := []byte{byte(len(e.planes))}
	for _, p := range e.planes {
		sof = append(sof, p.id, byte(p.h<<4|p.v), byte(p.table))
		scan = append(scan, p.id, byte(p.table<<4|p.table))
	}
	out = appendSegment(out, sof0, sof)
	for i := range 2 * tables {
		out = appendSegment(out, dht, e.codes[i].definition(byte(i&1<<4|i>>1)))
	}
	return appendSegment(out, sos, append(scan, 0, 63, 0))
}

// appendSegment appends a marker, the length of the segment and its data.
func appendSegment(out []byte, marker byte, data []byte) []byte {
	out = binary.BigEndian.AppendUint16(append(out, 0xff, marker), uint16(2+len(data)))
	return append(out, data...)
}
