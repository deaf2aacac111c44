//lint:file-ignore ST1005 errors begin with the title of a section of docs/FORMAT.md

package refdec

import (
	"errors"
	"fmt"
	"slices"
)

// The modes of FORMAT.md, "Predictive tiles".
const (
	transforms  = 10 // modes of prediction, and as many slow ones from slowMode on
	gridMode    = 16
	patternMode = 17
	wholeMode   = 18
	slowMode    = 32
	plainFlag   = 64 // + any of these
)

// planar are the samples of an image or of a part of it.
type planar struct {
	w, h int
	pix  [][]int32
}

func newPlanar(w, h, n int) *planar {
	c := &planar{w: w, h: h}
	for range n {
		c.pix = append(c.pix, make([]int32, w*h))
	}
	return c
}

// interleaved are the pixels of planar samples.
func (c *planar) interleaved() *picture {
	m := newPicture(c.w, c.h, len(c.pix))
	for i := range c.w * c.h {
		for _, pix := range c.pix {
			m.samples = append(m.samples, pix[i])
		}
	}
	return m
}

// split is the inverse of interleaved.
func (m *picture) split() *planar {
	c := newPlanar(m.w, m.h, m.bands)
	for i, v := range m.samples {
		c.pix[i%m.bands][i/m.bands] = v
	}
	return c
}

// exactBase decodes level 0 of the predictive and the layered engine, or level 3.
func (f *File) exactBase(overview bool) (*picture, error) {
	lg := 0 // of what a sample of tiles stands for
	if overview {
		lg = 3
	}
	all := newPlanar((f.Width-1)>>lg+1, (f.Height-1)>>lg+1, f.NumBands())
	err := f.eachTile(overview, func(i int, front, body []byte) error {
		left, top, w, h := f.tileSize(i)
		tile, err := f.exactTile(Stored, front, body, w, h, overview)
		if err != nil {
			return err
		}
		for c, pix := range tile.pix {
			for y := range tile.h {
				copy(all.pix[c][(top>>lg+y)*all.w+left>>lg:][:tile.w], pix[y*tile.w:])
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	m := all.interleaved()
	if f.Roles[0] == Index {
		if err := m.checkIndices(len(f.Colours)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// checkIndices holds indices to be some of n colours.
func (m *picture) checkIndices(n int) error {
	for i, v := range m.samples {
		if int(v) >= n {
			return fmt.Errorf("HEAD: x %d, y %d: index %d, expected less than %d", i%m.w, i/m.w, v, n)
		}
	}
	return nil
}

// look turns indices into colours.
func (m *picture) look(colours [][4]int) *picture {
	out := newPicture(m.w, m.h, 4)
	for _, v := range m.samples {
		for _, sample := range colours[v] {
			out.samples = append(out.samples, int32(sample))
		}
	}
	return out
}

// exactTile decodes a tile, or its overview alone.
func (f *File) exactTile(codes Codes, front, body []byte, w, h int, overview bool) (*planar, error) {
	if f.Engine == Layered {
		return f.layeredTile(codes, front, body, w, h, overview)
	}
	if len(front) == 0 {
		return nil, errors.New("Predictive tiles: no mode, since the front segment is empty")
	}
	mode, front := int(front[0]), front[1:]
	if mode&plainFlag != 0 {
		var err error
		if f, err = f.plain(); err != nil {
			return nil, err
		}
		mode -= plainFlag
	}
	if err := f.checkMode(mode); err != nil {
		return nil, err
	}
	c, err := f.samples(codes, mode, front, body, w, h, overview && mode != wholeMode)
	if err != nil {
		return nil, err
	}
	if !overview || mode == gridMode || mode == wholeMode { // else these are means of values
		c.lookUp(f.Values)
	}
	if overview && mode == wholeMode {
		return c.interleaved().shrink(3, f.Alpha()).split(), nil
	}
	return c, nil
}

// plain is a file of which samples are coded as they are.
func (f *File) plain() (*File, error) {
	if !slices.ContainsFunc(f.Values, func(v []int) bool { return v != nil }) {
		return nil, errors.New("Predictive tiles: samples as they are of bands without values, expected some with values")
	}
	p := *f
	p.Values = make([][]int, len(f.Values))
	p.Flags &^= Merged
	return &p, nil
}

// checkMode holds the mode to be one of those that the header allows.
func (f *File) checkMode(mode int) error {
	exact := f.T == 0 || f.Has(Merged)
	transform := mode % slowMode
	switch {
	case mode == gridMode || mode == patternMode || mode == wholeMode:
		if !exact || f.NumBands() > 1 && f.Depth() > 8 {
			return fmt.Errorf("Predictive tiles: mode %d of %d bands of %d bits with t %d, expected t 0 and one band or 8 bits", mode, f.NumBands(), f.Depth(), f.T)
		}
	case mode >= 2*slowMode || transform >= transforms:
		return fmt.Errorf("Predictive tiles: mode %d, expected 0 to 9, 16 to 18, 32 to 41 or these and 64", mode)
	case transform > 0 && (!exact || f.NumBands() < 3):
		return fmt.Errorf("Reversible colour: mode %d of %d bands with t %d, expected 3 or 4 bands with t 0", mode, f.NumBands(), f.T)
	}
	return nil
}

// lookUp turns ranks into values.
func (c *planar) lookUp(values [][]int) {
	for i, v := range values {
		for j, rank := range c.pix[i] {
			if v != nil {
				c.pix[i][j] = int32(v[clamp(int(rank), 0, len(v)-1)])
			}
		}
	}
}

// samples are ranks of what has values, but means are values.
func (f *File) samples(codes Codes, mode int, front, body []byte, w, h int, overview bool) (*planar, error) {
	if mode >= gridMode && mode <= wholeMode {
		return f.patternTile(codes, mode, front, body, w, h, overview)
	}
	return f.predictedTile(codes, mode, front, body, w, h, overview)
}

// leastBytes is the length of codes of n samples, of which free are free (FORMAT.md,
// "Length of codes").
func leastBytes(n, free, perByte int) int {
	return (max(n-free, 0) + perByte - 1) / perByte
}
