package imagefile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/raster"
)

const (
	stripBytes = 1 << 18 // about what a strip holds before compression
	stripBatch = 1 << 22 // the most of strips that are compressed at the same time
)

// tiffEncoder writes a little-endian TIFF: header, strips, directory. Strips are Deflate
// with a predictor, or as they are.
type tiffEncoder struct {
	*tiffLayout
	w       io.Writer
	back    io.WriteSeeker // w, where the header waits for the end; else nil
	start   int64          // where the file starts in back
	fields  []field        // but for the places of the strips
	room    int64          // bytes of the directory
	rows    int            // of a strip, fewer in the last
	n       int            // strips
	batch   []byte         // the samples of the next ones
	packers []*packer      // for each of a batch; nil where strips are as they are
	at      int64          // where the next one lies in the file
	counts  []uint32       // bytes of those before it
	held    [][]byte       // those before it, where the header cannot wait
}

func newTIFFEncoder(w io.Writer, f *raster.Format, meta Meta, opt WriteOptions) (*tiffEncoder, error) {
	l, err := newTIFFLayout(f, meta.ICC)
	if err != nil {
		return nil, err
	}
	e := &tiffEncoder{tiffLayout: l, w: w, at: 8}
	strip := e.cut(f.Height)
	batch := min(e.n, runtime.GOMAXPROCS(0), max(1, stripBatch/strip))
	e.batch = make([]byte, 0, batch*strip)
	compression, predictor := uint16(compressionNone), uint16(predictorNone)
	if !opt.Uncompressed {
		compression, predictor = compressionDeflate, l.predictor()
		for range batch {
			e.packers = append(e.packers, &packer{predictor: predictor, layout: l})
		}
	}
	e.fields = append(l.sampleFields(), longs(tagImageWidth, uint32(f.Width)), longs(tagImageLength, uint32(f.Height)),
		shorts(tagCompression, compression), shorts(tagPredictor, predictor), longs(tagRowsPerStrip, uint32(e.rows)))
	e.fields = append(e.fields, l.describing(meta)...)
	return e, e.begin()
}

// cut chooses the strips, and gives the bytes of one.
func (e *tiffEncoder) cut(height int) int {
	e.rows = min(height, max(1, stripBytes/e.stride()))
	e.n = (height-1)/e.rows + 1
	return e.rows * e.stride()
}

// begin writes the header: with the place of the directory where it is known, without
// where it can be written again, else not yet.
func (e *tiffEncoder) begin() error {
	e.room = int64(len(appendDirectory(nil, 0, e.directory([]uint32{0}, []uint32{0}))))
	if e.n > 1 {
		e.room += 8 * int64(e.n) // where they lie, and their lengths
	}
	if e.packers == nil {
		end := 8 + int64(e.format.Height)*int64(e.stride())
		if end+end&1+e.room > math.MaxUint32 {
			return e.tooLong(fmt.Sprintf("the image takes %d bytes", end+end&1+e.room))
		}
		_, err := e.w.Write(tiffHead(end + end&1))
		return err
	}
	if 8+e.room > math.MaxUint32 {
		return e.tooLong(fmt.Sprintf("the list of its %d strips takes %d bytes", e.n, e.room))
	}
	if e.back, e.start = seekable(e.w); e.back == nil {
		return nil
	}
	_, err := e.w.Write(tiffHead(0))
	return err
}

// tooLong refuses a file of more than 4 GiB.
func (e *tiffEncoder) tooLong(why string) error {
	if _, err := pngShapeOf(e.format, nil); err == nil {
		why += ": write png instead"
	}
	return errors.New("a TIFF file holds at most 4 GiB, " + why)
}

// tiffHead is the header of a file with its directory at an offset.
func tiffHead(directory int64) []byte {
	return binary.LittleEndian.AppendUint32([]byte("II*\x00"), uint32(directory))
}

// seekable is w with its place, nil where it cannot go back. Devices claim to, but stay
// where they are.
func seekable(w io.Writer) (io.WriteSeeker, int64) {
	s, ok := w.(io.WriteSeeker)
	if !ok {
		return nil, 0
	}
	start, err := s.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, 0
	}
	further, err := s.Seek(8, io.SeekCurrent)
	if back, err2 := s.Seek(start, io.SeekStart); err != nil || err2 != nil || further != start+8 || back != start {
		return nil, 0
	}
	return s, start
}

func (e *tiffEncoder) row(b *raster.Block, y int) error {
	n := len(e.batch)
	e.batch = e.batch[:n+e.stride()]
	if err := e.pixels.row(e.batch[n:], b, y); err != nil {
		return err
	}
	if len(e.batch) == cap(e.batch) {
		return e.flush()
	}
	return nil
}

// flush compresses the strips of a batch, each on its own, and writes them in order.
func (e *tiffEncoder) flush() error {
	strips := slices.Collect(slices.Chunk(e.batch, e.rows*e.stride()))
	if e.packers != nil {
		var all sync.WaitGroup
		for i, s := range strips {
			all.Go(func() { strips[i] = e.packers[i].pack(s) })
		}
		all.Wait()
	}
	for _, s := range strips {
		if err := e.put(s); err != nil {
			return err
		}
	}
	e.batch = e.batch[:0]
	return nil
}

// put writes or holds a strip as it is in the file.
func (e *tiffEncoder) put(strip []byte) error {
	at := e.at + int64(len(strip))
	if at+at&1+e.room > math.MaxUint32 {
		return e.tooLong(fmt.Sprintf("the rows up to %d of %d take %d bytes", min((len(e.counts)+1)*e.rows, e.format.Height), e.format.Height, at+at&1+e.room))
	}
	e.at = at
	e.counts = append(e.counts, uint32(len(strip)))
	if e.packers != nil && e.back == nil {
		e.held = append(e.held, bytes.Clone(strip))
		return nil
	}
	_, err := e.w.Write(strip)
	return err
}

// finish writes the directory, and what had to wait for it.
func (e *tiffEncoder) finish() error {
	if err := e.flush(); err != nil {
		return err
	}
	end := e.at + e.at&1
	offsets := make([]uint32, len(e.counts))
	for i, at := 0, uint32(8); i < len(offsets); i++ {
		offsets[i] = at
		at += e.counts[i]
	}
	tail := appendDirectory(nil, uint32(end), e.directory(offsets, e.counts))
	if e.held != nil {
		e.held = slices.Insert(e.held, 0, tiffHead(end))
	}
	for _, b := range append(e.held, make([]byte, e.at&1), tail) {
		if _, err := e.w.Write(b); err != nil {
			return err
		}
	}
	if e.back != nil {
		return e.patch(end, end+int64(len(tail)))
	}
	return nil
}

// directory is all fields of the file.
func (e *tiffEncoder) directory(offsets, counts []uint32) []field {
	return append(slices.Clip(e.fields), longs(tagStripOffsets, offsets...), longs(tagStripByteCounts, counts...))
}

// patch writes the header again with the place of the directory and goes to the end of
// the file. A file that is open for appending writes elsewhere.
func (e *tiffEncoder) patch(directory, end int64) error {
	if _, err := e.back.Seek(e.start, io.SeekStart); err != nil {
		return err
	}
	if _, err := e.back.Write(tiffHead(directory)); err != nil {
		return err
	}
	switch at, err := e.back.Seek(0, io.SeekCurrent); {
	case err != nil:
		return err
	case at != e.start+8:
		return fmt.Errorf("TIFF file at %d: its header was written at %d, expected an output that is not open for appending", e.start, at-8)
	}
	_, err := e.back.Seek(e.start+end, io.SeekStart)
	return err
}

// packer compresses strips.
type packer struct {
	layout    *tiffLayout
	predictor uint16
	z         bytes.Buffer
	d         *zlib.Writer
	line      []byte // scratch of a row
}

// pack returns a strip as it is in the file, until the next call. It changes the samples.
func (p *packer) pack(strip []byte) []byte {
	for row := range slices.Chunk(strip, p.layout.stride()) {
		switch p.predictor {
		case predictorHorizontal:
			subtract(row, p.layout.step(), p.layout.size)
		case predictorFloat:
			p.line = append(p.line[:0], row...)
			regroup(row, p.line, p.layout.size)
			subtract(row, len(p.layout.bands), 1)
		}
	}
	p.z.Reset()
	if p.d == nil {
		p.d, _ = zlib.NewWriterLevel(&p.z, zlib.BestSpeed) // the level is one that there is
	} else {
		p.d.Reset(&p.z)
	}
	p.d.Write(strip) // to memory, which takes everything
	p.d.Close()
	return p.z.Bytes()
}

// subtract takes the difference of each little-endian sample to the one step bytes
// before it (TIFF 6.0, section 14).
func subtract(row []byte, step, size int) {
	le := binary.LittleEndian
	switch size {
	case 1:
		for i := len(row) - 1; i >= step; i-- {
			row[i] -= row[i-step]
		}
	case 2:
		for i := len(row) - 2; i >= step; i -= 2 {
			le.PutUint16(row[i:], le.Uint16(row[i:])-le.Uint16(row[i-step:]))
		}
	case 4:
		for i := len(row) - 4; i >= step; i -= 4 {
			le.PutUint32(row[i:], le.Uint32(row[i:])-le.Uint32(row[i-step:]))
		}
	}
}

// regroup puts the highest bytes of all little-endian samples first, and so on to the
// lowest (Adobe Photoshop TIFF Technical Note 3).
func regroup(dst, src []byte, size int) {
	n := len(src) / size
	for k := range size {
		to := dst[(size-1-k)*n:][:n]
		for i := range to {
			to[i] = src[i*size+k]
		}
	}
}
