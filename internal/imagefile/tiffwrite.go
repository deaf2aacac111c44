package imagefile

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"

	"github.com/klauspost/compress/zlib"

	"github.com/qtgpu/qtgpu/internal/hugepages"
	"github.com/qtgpu/qtgpu/raster"
)

const (
	stripBytes = 1 << 18 // about what a strip holds before compression
	stripBatch = 1 << 22 // the most of strips that are compressed at the same time

	deflateLevel = 2 // as fast as 1, and smaller

	tileSide  = 256
	mostTiles = 64 << 20 // the most that a row of tiles holds before compression
)

// tiffEncoder writes a little-endian TIFF: header, strips or tiles, directories. Blocks are
// Deflate with a predictor, or as they are.
type tiffEncoder struct {
	tiffForm
	w      io.Writer
	back   io.WriteSeeker // w, where the header waits for the end; else nil
	start  int64          // where the file starts in back
	raw    bool           // blocks are as they are
	at     int64          // where the next one lies in the file
	held   [][]byte       // those before it, where the header cannot wait
	images []*tiffImage   // each with a directory of its own
}

// tiffImage is the samples under one directory.
type tiffImage struct {
	*tiffLayout
	tiffCut
	fixed     []field // but for the places of the blocks and the predictor
	predictor uint16
	measured  bool      // predictor is chosen
	batch     []byte    // the samples of the next rows
	packers   []*packer // for blocks at the same time
	offsets   []int64   // of blocks in the file
	counts    []int64   // bytes of blocks
}

// tiffCut is how an image is cut into blocks: strips, or tiles.
type tiffCut struct {
	tiled  bool
	w, h   int // of a block, in pixels
	across int
	n      int // blocks
}

func newTIFFEncoder(w io.Writer, f *raster.Format, meta Meta, opt WriteOptions) (*tiffEncoder, error) {
	e, err := planTIFF(w, f, meta, opt)
	if err != nil {
		return nil, err
	}
	return e, e.begin()
}

// planTIFF returns an encoder that has yet to begin.
func planTIFF(w io.Writer, f *raster.Format, meta Meta, opt WriteOptions) (*tiffEncoder, error) {
	picture, masked := beforeMask(f, opt.Tags)
	l, err := newTIFFLayout(picture, meta.ICC, &opt)
	if err != nil {
		return nil, err
	}
	e := &tiffEncoder{w: w, raw: opt.Uncompressed}
	e.add(l, l.cut(), l.describing(meta))
	if masked {
		mask, err := newMaskLayout(f)
		if err != nil {
			return nil, err
		}
		e.add(mask, l.cut(), []field{longs(tagNewSubfileType, maskSubfile)})
	}
	e.big = e.atMost() > math.MaxUint32
	return e, nil
}

// add adds an image of which more is to be said than what its samples are.
func (e *tiffEncoder) add(l *tiffLayout, cut tiffCut, describing []field) {
	m := &tiffImage{tiffLayout: l, tiffCut: cut, predictor: l.picturePredictor()}
	compression := uint16(compressionDeflate)
	if e.raw {
		compression, m.predictor = compressionNone, predictorNone
	}
	m.measured = e.raw || !m.tiled
	workers, rows := max(1, min(m.n, runtime.GOMAXPROCS(0), stripBatch/m.blockBytes())), m.tiffCut.h
	for range workers {
		m.packers = append(m.packers, &packer{layout: l})
	}
	if !m.tiled {
		rows *= workers
	}
	m.batch = hugepages.Make[byte](rows * l.stride())[:0]
	m.fixed = append(l.sampleFields(), longs(tagImageWidth, uint32(l.format.Width)), longs(tagImageLength, uint32(l.format.Height)), shorts(tagCompression, compression))
	m.fixed = append(append(m.fixed, m.sizeFields()...), describing...)
	e.images = append(e.images, m)
}

// cut chooses tiles for what is more than a picture, if it has more than one and they do
// not take too much memory, else strips.
func (l *tiffLayout) cut() tiffCut {
	f := l.format
	c := tiffCut{w: tileSide, h: tileSide, tiled: true}
	tile := int64(tileSide*tileSide) * int64(l.step())
	side := min(f.Width, f.Height) > tileSide
	c.across = (f.Width-1)/tileSide + 1
	if _, err := pictureOf("png", f); !side || err == nil && !l.georeferenced() || tile*int64(c.across) > mostTiles {
		rows := min(f.Height, max(1, stripBytes/l.stride()))
		c = tiffCut{w: f.Width, h: rows, across: 1}
	}
	c.n = ((f.Height-1)/c.h + 1) * c.across
	return c
}

// georeferenced tells whether the tags have a georeference.
func (l *tiffLayout) georeferenced() bool {
	return slices.ContainsFunc(l.tags, func(t Tag) bool { return slices.Contains(georeference, t.Tag) })
}

// sizeFields say how large the blocks are.
func (m *tiffImage) sizeFields() []field {
	if m.tiled {
		return []field{longs(tagTileWidth, uint32(m.tiffCut.w)), longs(tagTileLength, uint32(m.tiffCut.h))}
	}
	return []field{longs(tagRowsPerStrip, uint32(m.tiffCut.h))}
}

// blockBytes is the bytes of a whole block before compression.
func (m *tiffImage) blockBytes() int { return m.rowBytes(m.tiffCut.w) * m.tiffCut.h }

// allBytes is the bytes of all blocks before compression.
func (m *tiffImage) allBytes() int64 {
	if m.tiled {
		return int64(m.n) * int64(m.blockBytes())
	}
	return int64(m.format.Height) * int64(m.rowBytes(m.format.Width))
}

// atMost is the most bytes that a file of 4-byte words can take: Deflate makes what it
// cannot compress longer by 5 bytes for each 65,535, and a block by 6 and the rest of a
// block of its own.
func (e *tiffEncoder) atMost() int64 {
	n := int64(8)
	for _, m := range e.images {
		all := m.allBytes()
		if !e.raw {
			all += all/1024 + 64*int64(m.n)
		}
		n += all + e.room(m)
	}
	return n
}

// room is the bytes of a directory.
func (e *tiffEncoder) room(m *tiffImage) int64 {
	n := int64(len(e.appendDirectory(nil, 0, 0, e.directory(m, []int64{0}, []int64{0}))))
	if m.n > 1 {
		n += 2 * int64(len(e.appendWord(nil, 0))) * int64(m.n) // where they lie, and their lengths
	}
	return n
}

// begin writes the header: with the place of the directory where it is known, without
// where it can be written again, else not yet.
func (e *tiffEncoder) begin() error {
	e.at = e.headSize()
	if e.raw {
		end := e.at
		for _, m := range e.images {
			end += m.allBytes()
		}
		_, err := e.w.Write(e.head(end + end&1))
		return err
	}
	if e.back, e.start = seekable(e.w); e.back == nil {
		return nil
	}
	_, err := e.w.Write(e.head(0))
	return err
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

// row takes the next row.
func (e *tiffEncoder) row(b *raster.Block, y int) error {
	for _, m := range e.images {
		n := len(m.batch)
		m.batch = m.batch[:n+m.stride()]
		if err := m.tiffLayout.row(m.batch[n:], b, y); err != nil {
			return err
		}
		if len(m.batch) == cap(m.batch) {
			if err := e.flush(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush compresses the blocks of a batch, each on its own, and writes them in order.
func (e *tiffEncoder) flush(m *tiffImage) error {
	rows := len(m.batch) / m.stride()
	n := (rows + m.tiffCut.h - 1) / m.tiffCut.h * m.across
	if !m.measured && n > 0 {
		m.predictor, m.measured = m.measure(n), true
	}
	for i := 0; i < n; i += len(m.packers) {
		packers := m.packers[:min(len(m.packers), n-i)]
		err := parallel(context.Background(), len(packers), len(packers), func(k int) error {
			p := packers[k]
			p.take(m.batch, m.tiffCut, i+k)
			if !e.raw {
				p.pack(m.predictor)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, p := range packers {
			if err := e.put(m, p.out); err != nil {
				return err
			}
		}
	}
	m.batch = m.batch[:0]
	return nil
}

// measure is the predictor that makes the fewest bytes of every fourth tile of a row of n.
func (m *tiffImage) measure(n int) (best uint16) {
	least := math.MaxInt
	for _, predictor := range m.predictors() {
		size := 0
		for i := 0; i < n; i += 4 {
			p := m.packers[0]
			p.take(m.batch, m.tiffCut, i)
			p.pack(predictor)
			size += len(p.out)
		}
		if size < least {
			best, least = predictor, size
		}
	}
	return best
}

// put writes or holds a block as it is in the file.
func (e *tiffEncoder) put(m *tiffImage, block []byte) error {
	m.offsets, m.counts = append(m.offsets, e.at), append(m.counts, int64(len(block)))
	e.at += int64(len(block))
	if !e.raw && e.back == nil {
		e.held = append(e.held, bytes.Clone(block))
		return nil
	}
	_, err := e.w.Write(block)
	return err
}

// finish writes the directories, and what had to wait for them.
func (e *tiffEncoder) finish() error {
	for _, m := range e.images {
		if err := e.flush(m); err != nil {
			return err
		}
	}
	end := e.at + e.at&1
	tail := e.directories(end)
	if e.held != nil {
		e.held = slices.Insert(e.held, 0, e.head(end))
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

// directories are the directories of all images, the first at an offset in the file.
func (e *tiffEncoder) directories(at int64) (all []byte) {
	for i, m := range e.images {
		fields := e.directory(m, m.offsets, m.counts)
		next := int64(0)
		if i+1 < len(e.images) {
			next = at + int64(len(e.appendDirectory(nil, at, 0, fields)))
		}
		all = append(all, e.appendDirectory(nil, at, next, fields)...)
		at = next
	}
	return all
}

// directory is all fields of an image.
func (e *tiffEncoder) directory(m *tiffImage, offsets, counts []int64) []field {
	places, lengths := uint16(tagStripOffsets), uint16(tagStripByteCounts)
	if m.tiled {
		places, lengths = tagTileOffsets, tagTileByteCounts
	}
	return append(slices.Clip(m.fixed), shorts(tagPredictor, m.predictor), e.words(places, offsets), e.words(lengths, counts))
}

// patch writes the header again with the place of the directory and goes to the end of
// the file. A file that is open for appending writes elsewhere.
func (e *tiffEncoder) patch(directory, end int64) error {
	if _, err := e.back.Seek(e.start, io.SeekStart); err != nil {
		return err
	}
	if _, err := e.back.Write(e.head(directory)); err != nil {
		return err
	}
	switch at, err := e.back.Seek(0, io.SeekCurrent); {
	case err != nil:
		return err
	case at != e.start+e.headSize():
		return fmt.Errorf("TIFF file at %d: its header was written at %d, expected an output that is not open for appending", e.start, at-e.headSize())
	}
	_, err := e.back.Seek(e.start+end, io.SeekStart)
	return err
}

// packer makes blocks as they are in the file.
type packer struct {
	layout *tiffLayout
	block  []byte // samples of a tile
	bits   []byte // samples of a block that take no whole bytes
	out    []byte // the block, up to the next call
	z      bytes.Buffer
	d      *zlib.Writer
	line   []byte // scratch of a row
	width  int    // bytes of a row
}

// take takes the samples of block i of some rows, which it may change where they are a
// strip's. What a tile has outside the image repeats what is at its edge.
func (p *packer) take(rows []byte, c tiffCut, i int) {
	stride := p.layout.stride()
	p.width = c.w * p.layout.step()
	if c.tiled {
		p.tile(rows, c, i)
	} else {
		p.out = rows[min(len(rows), i*c.h*stride):min(len(rows), (i+1)*c.h*stride)]
	}
	if l := p.layout; l.packed() {
		n := l.rowBytes(c.w)
		bits := room(&p.bits, len(p.out)/p.width*n)
		for y := range len(p.out) / p.width {
			pack(bits[y*n:][:n], p.out[y*p.width:][:p.width], l.size(), l.bits())
		}
		p.out, p.width = bits, n
	}
}

// tile takes the samples of a tile.
func (p *packer) tile(rows []byte, c tiffCut, i int) {
	stride, step := p.layout.stride(), p.layout.step()
	p.block = slices.Grow(p.block[:0], c.h*p.width)
	from, to := i*p.width, min((i+1)*p.width, stride)
	for row := range slices.Chunk(rows, stride) {
		p.block = append(p.block, row[from:to]...)
		for n := to - from; n < p.width; n += step {
			p.block = append(p.block, row[to-step:to]...)
		}
	}
	for last := p.block[len(p.block)-p.width:]; len(p.block) < c.h*p.width; {
		p.block = append(p.block, last...)
	}
	p.out = p.block
}

// pack compresses the block. It changes the samples.
func (p *packer) pack(predictor uint16) {
	for row := range slices.Chunk(p.out, p.width) {
		switch predictor {
		case predictorHorizontal:
			subtract(row, p.layout.step(), p.layout.size())
		case predictorFloat:
			p.line = append(p.line[:0], row...)
			regroup(row, p.line, p.layout.size())
			subtract(row, len(p.layout.bands), 1)
		}
	}
	p.z.Reset()
	if p.d == nil {
		p.d, _ = zlib.NewWriterLevel(&p.z, deflateLevel) // which is one that there is
	} else {
		p.d.Reset(&p.z)
	}
	p.d.Write(p.out) // to memory, which takes everything
	p.d.Close()
	p.out = p.z.Bytes()
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
	case 8:
		for i := len(row) - 8; i >= step; i -= 8 {
			le.PutUint64(row[i:], le.Uint64(row[i:])-le.Uint64(row[i-step:]))
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
