package refdec

import "math"

// readMasks finds the classes of pictures whose engine knows of no data (FORMAT.md, "Masks").
func (f *File) readMasks() {
	f.mapped, f.planeBands = nil, nil
	for i := range f.NumBands() {
		b := rasterBand{mapping: &mapping{of: f.Type}, parent: -1}
		if v := f.noData(i); v == math.Trunc(v) && v >= 0 && v <= float64(f.Type.most()) {
			b.classes = []class{{int64(v), true}}
		}
		f.mapped, f.planeBands = append(f.mapped, b), append(f.planeBands, i)
	}
}

// masks tells whether tiles have masks.
func (f *File) masks() bool { return f.Engine != Predictive && f.mapped != nil }

// cutMask cuts the mask from the beginnings of the segments of a tile, nil where there is
// none.
func (f *File) cutMask(codes Codes, front, body []byte, w, h int, overview bool) (t *head, restFront, restBody []byte, err error) {
	if !f.masks() {
		return nil, front, body, nil
	}
	fr, br := &reader{data: front, section: "Masks"}, &reader{data: body, section: "Masks"}
	if t, err = f.readTileHead(codes, fr, br, w, h, overview); err != nil {
		return nil, nil, nil, err
	}
	for i := range t.planes {
		if s := t.planes[i].state; s > everywhere {
			fr.fail("plane %d in state %d, expected at most %d", i, s, everywhere)
		}
	}
	return t, fr.data, br.data, fr.err
}

// restore puts the mask of a tile over the pixels from (left,top) on.
func (f *File) restore(m *picture, t *head, left, top, w, h int, overview bool) {
	if t == nil {
		return
	}
	for i := range t.planes {
		b, classes := &f.mapped[i], t.planes[i].classes
		if overview {
			classes = t.planes[i].cells()
		}
		substitutes := f.Type.substitutes(b.noData())
		for k := range w * h {
			at := &m.samples[((top+k/w)*m.w+left+k%w)*m.bands+i]
			if by, ok := substitutes[*at]; ok {
				*at = by
			}
			if classes != nil && classes[k] > 0 {
				*at = b.classes[classes[k]-1].sample
			}
		}
	}
}

// ends tells whether samples of no data are ends of the range.
func (f *File) ends() bool {
	for _, b := range f.mapped {
		for _, c := range b.classes {
			if c.sample != 0 && c.sample != f.Type.most() {
				return false
			}
		}
	}
	return true
}
