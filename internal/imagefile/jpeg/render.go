package jpeg

// renderer turns coefficients into pixels, one row of MCUs after the other.
type renderer struct {
	d      *decoder
	planes []plane
	pix    []byte
	smooth bool
	next   int      // row of pixels
	row    [][]byte // the planes of a row of pixels
}

func (d *decoder) newRenderer() *renderer {
	r := &renderer{d: d, row: make([][]byte, len(d.comps))}
	r.pix = make([]byte, d.Width*d.Height*d.Model.Channels())
	for i := range d.comps {
		r.planes = append(r.planes, newPlane(&d.comps[i], d.maxH, d.maxV))
	}
	return r
}

// render takes the next row of MCUs. The last pixels of it wait for the samples of
// the row below.
func (r *renderer) render(row int) {
	for i := range r.planes {
		r.transform(&r.planes[i], row)
	}
	end := (row+1)*r.d.MCUHeight - r.d.maxV
	if row == r.d.mcusY-1 {
		end = r.d.Height
	}
	for ; r.next < end; r.next++ {
		r.convert(r.next)
	}
}

// transform fills the ring with the samples of a row of MCUs.
func (r *renderer) transform(p *plane, row int) {
	quant := p.quant
	if quant == nil { // no scan of the component, all coefficients are 0
		quant = new([64]uint16)
	}
	blocks := p.mcuRow(row)
	for y := range min(p.v, p.blocksY-row*p.v) {
		ring := p.ring[8*((row*p.v+y)%(2*p.v))*p.stride:]
		line := blocks[y*p.component.stride:]
		var s *smoother
		if r.smooth {
			s = r.d.newSmoother(p.component, row, y)
		}
		for x := range p.blocksX {
			b := &line[x]
			if s != nil {
				b = s.smooth(x)
			}
			b.idct(quant, ring[8*x:], p.stride)
		}
	}
}

// convert writes a row of pixels. Ink of Adobe's files is stored inverted, so that
// the red, green and blue of YCCK are the ink of CMYK as it is returned.
func (r *renderer) convert(y int) {
	d := r.d
	for i := range r.planes {
		r.row[i] = r.planes[i].pixels(y)[:d.Width]
	}
	channels := len(r.row)
	dst := r.pix[y*d.Width*channels:][:d.Width*channels]
	if !d.ycc {
		interleave(dst, r.row)
		if d.Model == CMYK && d.adobe {
			invert(dst)
		}
		return
	}
	yccToRGB(dst, channels, r.row[0], r.row[1], r.row[2])
	if d.Model == CMYK {
		for x, k := range r.row[3] {
			dst[4*x+3] = ^k
		}
	}
}
