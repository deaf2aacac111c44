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
			m.samples = append(m.samples, int64(pix[i]))
		}
	}
	return m
}

// split is the inverse of interleaved.
func (m *picture) split() *planar {
	c := newPlanar(m.w, m.h, m.bands)
	for i, v := range m.samples {
		c.pix[i%m.bands][i/m.bands] = int32(v)
	}
	return c
}

// exactBase decodes level 0 of the predictive and the layered engine, or level 3.
func (f *File) exactBase(overview bool) (*picture, error) {
	lg := 0 // of what a sample of tiles stands for
	if overview {
		lg = 3
	}
	m := newPicture((f.Width-1)>>lg+1, (f.Height-1)>>lg+1, f.NumBands())
	m.samples = m.samples[:cap(m.samples)]
	err := f.eachTile(overview, func(i int, front, body []byte) error {
		left, top, w, h := f.tileSize(i)
		tile, err := f.exactTile(Stored, front, body, w, h, overview)
		if err != nil {
			return err
		}
		for y := range tile.h {
			at := (top>>lg+y)*m.w + left>>lg
			copy(m.samples[at*m.bands:], tile.samples[y*tile.w*m.bands:][:tile.w*m.bands])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
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
			out.samples = append(out.samples, int64(sample))
		}
	}
	return out
}

// exactTile decodes a tile, or its overview alone.
func (f *File) exactTile(codes Codes, front, body []byte, w, h int, overview bool) (*picture, error) {
	if f.Engine == Layered {
		return f.layeredTile(codes, front, body, w, h, overview)
	}
	if len(front) == 0 {
		return nil, errors.New("Predictive tiles: no mode, since the front segment is empty")
	}
	mode, front := int(front[0]), front[1:]
	if f.Has(Mapped) {
		return f.rasterTile(codes, mode, front, body, w, h, overview)
	}
	plain := mode&plainFlag != 0
	if plain && !slices.ContainsFunc(f.Values, func(v []int64) bool { return v != nil }) {
		return nil, errors.New("Predictive tiles: samples as they are of bands without values, expected some with values")
	}
	mode &^= plainFlag
	planes := f.pictureCodings(plain)
	if err := f.checkMode(mode, planes); err != nil {
		return nil, err
	}
	c, err := f.samples(codes, mode, planes, front, body, w, h, overview && mode != wholeMode)
	if err != nil {
		return nil, err
	}
	if !overview || mode == gridMode || mode == wholeMode { // else these are means of values
		c.lookUp(planes)
	}
	if overview && mode == wholeMode {
		return c.interleaved().shrink(3, f.weighing()), nil
	}
	return c.interleaved(), nil
}

// checkMode holds the mode to be one of those that the planes of a tile allow.
func (f *File) checkMode(mode int, planes []coding) error {
	transform := mode % slowMode
	switch {
	case mode == gridMode || mode == patternMode || mode == wholeMode:
		if !exact(planes) || f.NumBands() > 4 || f.NumBands() > 1 && f.Depth() > 8 || f.Depth() > 16 {
			return fmt.Errorf("Predictive tiles: mode %d of %d bands of %d bits with t %d, expected t 0 and one band or 8 bits", mode, f.NumBands(), f.Depth(), f.T)
		}
	case mode >= 2*slowMode || transform >= transforms:
		return fmt.Errorf("Predictive tiles: mode %d, expected 0 to 9, 16 to 18, 32 to 41 or these and 64", mode)
	case transform > 0 && !joined(planes):
		return fmt.Errorf("Reversible colour: mode %d of %d bands with t %d, expected 3 or 4 bands with t 0", mode, f.NumBands(), f.T)
	}
	return nil
}

// joined tells whether a transform may join the first planes.
func joined(planes []coding) bool {
	if len(planes) != 3 && len(planes) != 4 {
		return false
	}
	for _, p := range planes[:3] {
		if p.bound > 0 || p.wide {
			return false
		}
	}
	return true
}

// lookUp turns ranks into values.
func (c *planar) lookUp(planes []coding) {
	for i := range planes {
		v := planes[i].values
		for j, rank := range c.pix[i] {
			if v != nil {
				c.pix[i][j] = int32(v[clamp(int(rank), 0, len(v)-1)])
			}
		}
	}
}

// samples are ranks of what has values, but means are values.
func (f *File) samples(codes Codes, mode int, planes []coding, front, body []byte, w, h int, overview bool) (*planar, error) {
	if mode >= gridMode && mode <= wholeMode {
		return f.patternTile(codes, mode, front, body, w, h, overview)
	}
	return f.predictedTile(codes, mode, planes, front, body, w, h, overview, false)
}

// leastBytes is the length of codes of n samples, of which free are free (FORMAT.md,
// "Length of codes").
func leastBytes(n, free, perByte int) int {
	return (max(n-free, 0) + perByte - 1) / perByte
}
