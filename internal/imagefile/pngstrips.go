package imagefile

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/adler32"
	"io"
	"runtime"

	"github.com/klauspost/compress/flate"
)

// pngStrips filters rows and compresses them into one stream of zlib (RFC 1950), some strips at the same time: about
// stripBytes each, by itself, so that the bytes are the same for any number of goroutines. The first 32 KiB of a strip
// find nothing of the one before.
type pngStrips struct {
	w          io.Writer
	n, height  int      // bytes of a row, and rows of the picture
	rows       int      // of a strip
	batch      []byte   // rows that wait, behind the last one before them
	held, done int      // rows that wait, and before these
	packers    []*strip // for strips at the same time
	sum        uint32   // Adler-32 of what is written
}

// newPNGStrips takes the bytes of a row and of a pixel. Without filters rows are as they are.
func newPNGStrips(w io.Writer, n, height, pixel int, filters bool) *pngStrips {
	s := &pngStrips{w: w, n: n, height: height, rows: min(height, max(1, stripBytes/(1+n))), sum: 1}
	strips := (height-1)/s.rows + 1
	for range max(1, min(strips, runtime.GOMAXPROCS(0), stripBatch/(s.rows*n))) {
		s.packers = append(s.packers, &strip{filter: newPNGFilter(n, pixel), filters: filters})
	}
	s.batch = make([]byte, (1+s.rows*len(s.packers))*n)
	return s
}

// next is the memory of the next row, to be filled.
func (s *pngStrips) next() ([]byte, error) {
	if s.held == s.rows*len(s.packers) {
		if err := s.flush(); err != nil {
			return nil, err
		}
	}
	s.held++
	return s.batch[s.held*s.n:][:s.n], nil
}

// flush compresses the rows that wait, and writes them.
func (s *pngStrips) flush() error {
	strips := (s.held + s.rows - 1) / s.rows
	err := parallel(context.Background(), strips, strips, func(i int) error {
		from, to := i*s.rows, min((i+1)*s.rows, s.held)
		return s.packers[i].pack(s.batch[from*s.n:(to+1)*s.n], s.done+to == s.height)
	})
	if err != nil {
		return err
	}
	if s.done == 0 {
		if _, err := s.w.Write([]byte{0x78, 0x01}); err != nil { // Deflate with a window of 32 KiB, fastest
			return err
		}
	}
	for _, p := range s.packers[:strips] {
		if _, err := s.w.Write(p.z.Bytes()); err != nil {
			return err
		}
		s.sum = joinAdler(s.sum, p.sum, p.length)
	}
	copy(s.batch, s.batch[s.held*s.n:][:s.n])
	if s.done, s.held = s.done+s.held, 0; s.done < s.height {
		return nil
	}
	_, err = s.w.Write(binary.BigEndian.AppendUint32(nil, s.sum))
	return err
}

// joinAdler is the Adler-32 of two parts by the ones of both and the length of the second: its two sums are of n
// bytes that begin with the sums of the first (RFC 1950, section 8.2).
func joinAdler(first, second uint32, n int) uint32 {
	const prime = 65521
	a1, b1, a2, b2 := uint64(first&0xffff), uint64(first>>16), uint64(second&0xffff), uint64(second>>16)
	a := (a1 + a2 + prime - 1) % prime
	b := (b1 + b2 + uint64(n)%prime*(a1+prime-1)) % prime
	return uint32(b<<16 | a)
}

// strip is what compresses a strip.
type strip struct {
	filter  *pngFilter
	filters bool
	d       *flate.Writer
	z       bytes.Buffer
	sum     uint32 // Adler-32 of what is compressed
	length  int    // of that, in bytes
}

// pack filters and compresses rows, the first of which is the one above. The last strip ends the stream.
func (p *strip) pack(rows []byte, last bool) (err error) {
	p.z.Reset()
	if p.d == nil {
		p.d, err = flate.NewWriter(&p.z, deflateLevel)
	} else {
		p.d.Reset(&p.z)
	}
	if err != nil {
		return err
	}
	n := p.filter.n
	copy(p.filter.next(), rows)
	sum := adler32.New()
	p.length = 0
	for rows = rows[n:]; len(rows) > 0; rows = rows[n:] {
		copy(p.filter.next(), rows)
		line := p.filter.none()
		if p.filters {
			line = p.filter.best()
		}
		sum.Write(line)
		p.length += len(line)
		if _, err := p.d.Write(line); err != nil {
			return err
		}
	}
	p.sum = sum.Sum32()
	if last {
		return p.d.Close()
	}
	return p.d.Flush() // to a whole byte
}
