package jpeg

import (
	"encoding/binary"
	"fmt"
)

// component is one of the planes that the frame header names.
type component struct {
	id   byte
	h, v int // sampling factors, 1 to 4
	// tq is the slot of its quantisation table, and quant the table that the slot
	// held at the start of the component's first scan, nil before.
	tq    byte
	quant *[64]uint16
	// width and height are in samples, without padding.
	width, height int
	// blocksX and blocksY are in blocks that hold samples of the image; scans of
	// several components have up to h-1 and v-1 more in each direction.
	blocksX, blocksY int
	// stride is the number of blocks of a row in blocks.
	stride int
	// blocks are all rows of blocks, or the rows of one MCU row where one scan
	// gives everything.
	blocks []block
	// precision and before are the lowest bit that is known of each coefficient,
	// -1 where none is: after the last scan of the component, and before it.
	precision, before [64]int8
}

// block is 8×8 coefficients in zigzag order, not yet dequantised.
type block struct {
	// nonzero has the bits of the AC coefficients that are not 0.
	nonzero uint64
	coef    [64]int16
}

// mcuRow returns the blocks of an MCU row of the frame.
func (c *component) mcuRow(r int) []block {
	n := c.v * c.stride
	if len(c.blocks) == n {
		return c.blocks
	}
	return c.blocks[r*n:][:n]
}

// frame is the geometry of the components, T.81 A.1.1 and A.2.
type frame struct {
	comps        []component
	maxH, maxV   int // largest sampling factors
	mcusX, mcusY int // MCUs of several components
}

// layOut derives the sizes of components for an image of w×h pixels.
func layOut(w, h int, comps []component) frame {
	f := frame{comps: comps}
	for _, c := range comps {
		f.maxH, f.maxV = max(f.maxH, c.h), max(f.maxV, c.v)
	}
	f.mcusX, f.mcusY = ceilDiv(w, 8*f.maxH), ceilDiv(h, 8*f.maxV)
	for i := range comps {
		c := &comps[i]
		c.width, c.height = ceilDiv(w*c.h, f.maxH), ceilDiv(h*c.v, f.maxV)
		c.blocksX, c.blocksY = ceilDiv(c.width, 8), ceilDiv(c.height, 8)
		c.stride = f.mcusX * c.h
	}
	return f
}

// frameHeader reads an SOF segment, T.81 B.2.2.
func (d *decoder) frameHeader(m byte, b []byte) error {
	if d.comps != nil {
		return d.badf("a second frame header")
	}
	if len(b) < 6 || len(b) != 6+3*int(b[5]) {
		return d.badf("frame header of %d bytes: expected 6 and 3 for each component", len(b))
	}
	if b[0] != 8 {
		return d.unsupported(fmt.Sprintf("JPEG of %s a sample (expected 8)", plural(int(b[0]), "bit")))
	}
	d.Height, d.Width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	if d.Width == 0 {
		return d.badf("frame header: image of width 0")
	}
	if d.Height == 0 {
		return d.unsupported("a height given by a DNL marker after the first scan")
	}
	d.Progressive = m == sof2
	n := int(b[5])
	if n != 1 && n != 3 && n != 4 {
		return d.unsupported(fmt.Sprintf("JPEG of %s (expected 1, 3 or 4)", plural(n, "component")))
	}
	comps := make([]component, n)
	for i := range comps {
		p := b[6+3*i:]
		c := component{id: p[0], h: int(p[1] >> 4), v: int(p[1] & 15), tq: p[2]}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return d.badf("sampling factors %dx%d of component %d: expected 1 to 4", c.h, c.v, i)
		}
		for k := range c.precision {
			c.precision[k] = -1
		}
		comps[i] = c
	}
	d.frame = layOut(d.Width, d.Height, comps)
	d.MCURows, d.MCUHeight = d.mcusY, 8*d.maxV
	for _, c := range comps {
		if d.maxH%c.h != 0 || d.maxV%c.v != 0 {
			return d.unsupported(samplings(comps) + ", with a ratio that is no whole number,")
		}
		d.Subsampled = d.Subsampled || c.h != d.maxH || c.v != d.maxV
	}
	return nil
}

// colour settles the colour space by the rules of libjpeg: a JFIF marker says
// YCbCr, Adobe's says what its transform is, and without both the identifiers
// "RGB" of the components say RGB. Four components are CMYK unless Adobe's marker
// says that they are YCCK.
func (d *decoder) colour() {
	switch len(d.comps) {
	case 1:
		d.Model = Gray
	case 3:
		ids := string([]byte{d.comps[0].id, d.comps[1].id, d.comps[2].id})
		d.Model = RGB
		switch {
		case d.jfif:
			d.ycc = true
		case d.adobe:
			d.ycc = d.transform != 0
		default:
			d.ycc = ids != "RGB"
		}
	case 4:
		d.Model = CMYK
		d.ycc = d.adobe && d.transform != 0
	}
	if d.space != ByMarkers {
		d.ycc, d.adobe = d.space == FromYCbCr && len(d.comps) > 1, false
	}
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
