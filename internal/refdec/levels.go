package refdec

import "fmt"

// Levels is the number of levels of detail (FORMAT.md, "Levels of detail").
func (h *Header) Levels() int {
	n := 1
	for (max(h.Width, h.Height)-1)>>(n-1) > 0 {
		n++
	}
	return n
}

// Level decodes a level of detail, 0 being all there is. It keeps levels 0 and 3, so that
// segments must not change from then on, nor may the samples of an image.
func (f *File) Level(level int) (*Image, error) {
	if level < 0 || level >= f.Levels() {
		return nil, fmt.Errorf("Levels of detail: level %d, expected 0 to %d", level, f.Levels()-1)
	}
	m, err := f.picture(level)
	if err != nil {
		return nil, err
	}
	maximum, depth := f.Maximum, f.Depth()
	if f.Roles[0] == Index {
		m, maximum, depth = m.look(f.Colours), 255, 8
	}
	return &Image{
		Width: m.w, Height: m.h, Bands: m.bands, Bits: depth, Maximum: maximum, Samples: m.samples,
		Header: f.Header, Metadata: f.Metadata,
	}, nil
}

// picture decodes the samples of a level.
func (f *File) picture(level int) (*picture, error) {
	from := 0
	if level >= 3 {
		from = 3
	}
	m, err := f.fromTiles(from)
	if err != nil {
		return nil, err
	}
	return f.coarser(m, from, level), nil
}

// fromTiles decodes level 0 or 3 from the tiles, once.
func (f *File) fromTiles(level int) (*picture, error) {
	if m := f.bases[level]; m != nil {
		return m, nil
	}
	if err := f.checkFronts(); err != nil {
		return nil, err
	}
	decode := f.exactBase
	if f.Engine == Transform {
		decode = f.lossyBase
	}
	m, err := decode(level == 3)
	if err == nil {
		f.bases[level] = m
	}
	return m, err
}

// coarser makes a level of a finer one from which that is made.
func (f *File) coarser(m *picture, from, level int) *picture {
	for from < level {
		next := min(level, (from/3+1)*3)
		switch {
		case f.Engine == Predictive && f.Has(Singles):
			m = m.pick(next - from)
		case f.byNumbers():
			m = f.shrinkNumbers(m, next-from)
		default:
			m = m.shrink(next-from, f.weighing())
		}
		from = next
	}
	return m
}

// ReadTile goes through a tile as decoding does, or through its overview, with segments
// and codes of the caller.
func (f *File) ReadTile(codes Codes, tile int, front, body []byte, overview bool) error {
	_, _, w, h := f.tileSize(tile)
	if f.Engine != Transform {
		_, err := f.exactTile(codes, front, body, w, h, overview)
		return err
	}
	_, front, body, err := f.cutMask(codes, front, body, w, h, overview)
	if err != nil {
		return err
	}
	one := f.Header
	one.Width, one.Height = w, h
	return f.lossyTile(codes, one.parts(one.newPlanes(w, h), 0), f.tables, front, body, overview)
}

// eachTile calls do for every tile with segments that INDX vouches for; the overview
// needs no body but in the mode whose means are made of samples.
func (f *File) eachTile(overview bool, do func(tile int, front, body []byte) error) error {
	for i := range f.index {
		whole := f.Engine == Predictive && len(f.Fronts[i]) > 0 && int(f.Fronts[i][0])&^plainFlag == wholeMode
		err := f.checksums(i, overview && !whole)
		if err == nil {
			err = do(i, f.Fronts[i], f.Bodies[i])
		}
		if err != nil {
			return fmt.Errorf("tile %d: %w", i, err)
		}
	}
	return nil
}

// lossyBase decodes level 0 of the transform engine, or level 3.
func (f *File) lossyBase(overview bool) (*picture, error) {
	planes := f.newPlanes(f.Width, f.Height)
	masks := make([]*head, len(f.index))
	err := f.eachTile(overview, func(tile int, front, body []byte) (err error) {
		_, _, w, h := f.tileSize(tile)
		if masks[tile], front, body, err = f.cutMask(Stored, front, body, w, h, overview); err != nil {
			return err
		}
		return f.lossyTile(Stored, f.parts(planes, tile), f.tables, front, body, overview)
	})
	if err != nil {
		return nil, err
	}
	m, lg := f.finest, 0
	if overview {
		m, lg = f.overview, 3
	}
	out := m(planes)
	for tile, t := range masks {
		left, top, w, h := f.tileSize(tile)
		f.restore(out, t, left>>lg, top>>lg, (w-1)>>lg+1, (h-1)>>lg+1, overview)
	}
	return out, nil
}

// finest is level 0 of decoded planes.
func (h *Header) finest(planes []*plane) *picture {
	for i, p := range planes {
		if h.filtered(i) {
			p.smooth(h.Step)
			p.deblock(h.Step)
		}
	}
	if h.Restored {
		h.restorePlanes(planes)
	}
	full := *h
	if h.Guided {
		planes = h.guided(planes)
		full.Subsampling = 0
	}
	m := full.toPixels(planes)
	h.putEnds(m, planes, 8)
	return m
}

// filtered tells whether a plane is, all but alpha.
func (h *Header) filtered(plane int) bool { return h.Alpha() == Data || plane < h.NumBands()-1 }

// overview is level 3 of decoded planes.
func (h *Header) overview(planes []*plane) *picture {
	small := make([]*plane, len(planes))
	for i, p := range planes {
		o := newPlane(p.kind, (p.w+7)/8, (p.h+7)/8)
		for y := range o.h {
			for x := range o.w {
				o.pix[y*o.stride+x] = int32(levelThree(p.shown[y*p.cells+x], p.kind, h.Step))
			}
		}
		small[i] = o
	}
	if h.Subsampling == 1 && h.Alpha() == Straight {
		small[1], small[2] = small[1].covered(small[3]), small[2].covered(small[3])
	}
	m := h.toPixels(small)
	h.putEnds(m, planes, 1)
	return m
}

// hidden tells whether alpha hides the sample of chroma at (x,y) on level 3.
func hidden(alpha *plane, x, y int) bool {
	for i := range 4 {
		ax, ay := 2*x+i%2, 2*y+i/2
		if ax < alpha.w && ay < alpha.h && alpha.at(ax, ay) > 0 {
			return false
		}
	}
	return true
}

// covered is a plane of chroma on level 3 whose hidden samples take after their
// neighbours.
func (p *plane) covered(alpha *plane) *plane {
	o := *p
	o.pix = append([]int32{}, p.pix...)
	for y := range p.h {
		for x := range p.w {
			if !hidden(alpha, x, y) {
				continue
			}
			sum, n := 0, 0
			for i := range 9 {
				nx, ny := x+i%3-1, y+i/3-1
				if nx >= 0 && ny >= 0 && nx < p.w && ny < p.h && !hidden(alpha, nx, ny) {
					sum, n = sum+p.at(nx, ny), n+1
				}
			}
			if n > 0 {
				o.pix[y*p.stride+x] = int32((sum + n/2) / n)
			}
		}
	}
	return &o
}

// picture is pixels: samples interleaved, row by row.
type picture struct {
	w, h, bands int
	samples     []int64
}

// newPicture has room for samples, and none yet.
func newPicture(w, h, bands int) *picture {
	return &picture{w, h, bands, make([]int64, 0, w*h*bands)}
}

// weighing is the band of opacities that means are weighted by, −1 for none.
func (h *Header) weighing() int {
	band := -1
	for i, r := range h.Roles {
		if r == Straight && h.Type <= Uint32 {
			band = i
		}
	}
	return band
}

// shrink averages squares of 2^lg pixels, weighted by band alpha, if that is not −1.
func (m *picture) shrink(lg, alpha int) *picture {
	if lg == 0 {
		return m
	}
	n := 1 << lg
	s := newPicture((m.w+n-1)/n, (m.h+n-1)/n, m.bands)
	for y := range s.h {
		for x := range s.w {
			for c := range m.bands {
				weight := alpha
				if c == alpha {
					weight = -1
				}
				sum, count := m.add(n*x, n*y, n, c, weight)
				if count == 0 {
					sum, count = m.add(n*x, n*y, n, c, -1)
				}
				s.samples = append(s.samples, floorDiv(2*sum+count, 2*count))
			}
		}
	}
	return s
}

// add sums up a band of a square of n pixels, each times its weight, and the weights.
func (m *picture) add(x, y, n, band, alpha int) (sum, weights int64) {
	for j := y; j < min(y+n, m.h); j++ {
		for i := x; i < min(x+n, m.w); i++ {
			pixel := m.samples[(j*m.w+i)*m.bands:][:m.bands]
			weight := int64(1)
			if alpha >= 0 {
				weight = pixel[alpha]
			}
			sum += weight * pixel[band]
			weights += weight
		}
	}
	return sum, weights
}

// floorDiv is a/b rounded down, b being above 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// pick takes the first of squares of 2^lg pixels.
func (m *picture) pick(lg int) *picture {
	n := 1 << lg
	s := newPicture((m.w+n-1)/n, (m.h+n-1)/n, m.bands)
	for y := range s.h {
		for x := range s.w {
			i := (n*y*m.w + n*x) * m.bands
			s.samples = append(s.samples, m.samples[i:i+m.bands]...)
		}
	}
	return s
}
