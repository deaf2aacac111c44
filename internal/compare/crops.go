package compare

import (
	"bytes"
	"cmp"
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/metrics"
)

// crop is a part of the picture as codecs make it in files of the same bytes.
type crop struct {
	t        float64
	at       image.Rectangle
	original []byte // PNG
	versions []version
	leaves   []image.Rectangle // inside of it, from its corner on
	spread   float64           // of the RMS errors of the versions
}

// version is what a codec makes of a crop.
type version struct {
	id, codec string
	row       *Row
	png       []byte
	rms       float64 // of the crop
}

// overview is the whole picture, smaller, and the leaves of its quadtree.
type overview struct {
	png    []byte
	size   image.Point // of the PNG
	t      float64
	scale  float64 // pixels of the PNG for one of the picture
	leaves []image.Rectangle
}

// A crop is 6 cells a side; cropsEach are taken at a threshold.
const (
	cropCells = 6
	cropSide  = cropCells * cellSide
	cropsEach = 3
)

// window is a square of cells, and how far the RMS errors of codecs lie apart in it.
type window struct {
	x, y   int
	spread float64
}

// apart are the windows without a common cell in which the RMS errors of codecs lie furthest
// apart, the best first.
func apart(all []*cells, most int) (chosen []window) {
	size := all[0].whole
	var windows []window
	for y := 0; y+cropCells <= size.Y; y++ {
		for x := 0; x+cropCells <= size.X; x++ {
			w := window{x: x, y: y}
			low, high := math.Inf(1), 0.0
			for _, c := range all {
				rms := math.Sqrt(float64(c.sum(x, y)))
				low, high = min(low, rms), max(high, rms)
			}
			w.spread = high - low
			windows = append(windows, w)
		}
	}
	slices.SortStableFunc(windows, func(a, b window) int { return cmp.Compare(b.spread, a.spread) })
	for _, w := range windows {
		near := func(o window) bool { return max(w.x-o.x, o.x-w.x) < cropCells && max(w.y-o.y, o.y-w.y) < cropCells }
		if !slices.ContainsFunc(chosen, near) {
			if chosen = append(chosen, w); len(chosen) == most {
				break
			}
		}
	}
	return chosen
}

// sum adds the squared errors of a window up.
func (c *cells) sum(x, y int) (sum uint64) {
	for j := y; j < y+cropCells; j++ {
		for i := x; i < x+cropCells; i++ {
			sum += c.sums[j*c.size.X+i]
		}
	}
	return sum
}

// cutCrops cuts the places out where the codecs differ most, of the files of equal bytes.
func (r *runner) cutCrops(ctx context.Context, t float64, all []*measured) error {
	all = slices.DeleteFunc(slices.Clone(all), func(m *measured) bool { return m.cells == nil })
	if !r.opt.Crops || len(all) < 2 || min(r.original.image.W, r.original.image.H) < cropSide {
		return nil
	}
	r.say("crops, T = %s", number(t))
	var errors []*cells
	for _, m := range all {
		errors = append(errors, m.cells)
	}
	leaves, err := r.opt.Own.Leaves(ctx, r.opt.Shop.path(all[0].probe.out))
	if err != nil {
		return err
	}
	first := len(r.report.crops)
	for _, w := range apart(errors, cropsEach) {
		at := image.Rect(0, 0, cropSide, cropSide).Add(image.Pt(w.x, w.y).Mul(cellSide))
		c := crop{t: t, at: at, spread: w.spread, original: asPNGBytes(cut(r.original.colours(), at))}
		for _, l := range leaves {
			if l.Overlaps(at) {
				c.leaves = append(c.leaves, l.Intersect(at).Sub(at.Min))
			}
		}
		r.report.crops = append(r.report.crops, c)
	}
	for _, m := range all {
		picture, err := m.pixels(ctx)
		if err != nil {
			return err
		}
		for i := first; i < len(r.report.crops); i++ {
			c := &r.report.crops[i]
			rms := math.Sqrt(float64(m.cells.sum(c.at.Min.X/cellSide, c.at.Min.Y/cellSide)) / float64(c.at.Dx()*c.at.Dy()*metrics.ColourChannels(picture.Channels)))
			c.versions = append(c.versions, version{m.ID, m.Codec, &m.Row, asPNGBytes(cut(picture, c.at)), rms})
		}
	}
	if r.report.overview == nil {
		r.report.overview = newOverview(r.original.colours(), leaves, t)
	}
	return nil
}

// asPNGBytes is a picture as a PNG file.
func asPNGBytes(m *imagefile.Image) []byte {
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestCompression}
	if e.Encode(&b, m.Std()) != nil {
		return nil // a buffer takes all, and a crop is a picture that PNG holds
	}
	return b.Bytes()
}

// overviewSide is the longest side of an overview in pixels.
const overviewSide = 800

// newOverview makes the picture smaller by means of whole squares of pixels.
func newOverview(m *imagefile.Image, leaves []image.Rectangle, t float64) *overview {
	n := (max(m.W, m.H) + overviewSide - 1) / overviewSide
	small := imagefile.New(max(m.W/n, 1), max(m.H/n, 1), m.Channels, m.Depth)
	small.Alpha = m.Alpha
	for y := range small.H {
		for x := range small.W {
			for c := range m.Channels {
				sum := 0
				for j := range n {
					for i := range n {
						sum += int(m.Pix[(y*n+j)*m.Stride+(x*n+i)*m.Step+c])
					}
				}
				small.Pix[y*small.Stride+x*small.Step+c] = byte((sum + n*n/2) / (n * n))
			}
		}
	}
	return &overview{png: asPNGBytes(small), size: image.Pt(small.W, small.H), t: t, scale: 1 / float64(n), leaves: leaves}
}

// leafColours are the colours of leaves by their side, as qtgpu tree draws them.
var leafColours = map[int]color.NRGBA{8: {255, 64, 64, 255}, 16: {255, 208, 0, 255}, 32: {0, 176, 255, 255}}

// sizes is a PNG of the size of the overview that has, of each pixel, the colour of a leaf there.
func (o *overview) sizes() []byte {
	palette := color.Palette{color.NRGBA{}, leafColours[8], leafColours[16], leafColours[32]}
	m := image.NewPaletted(image.Rectangle{Max: o.size}, palette)
	for _, l := range o.leaves {
		index := uint8(palette.Index(leafColours[max(l.Dx(), l.Dy())]))
		for y := int(float64(l.Min.Y) * o.scale); y < min(int(float64(l.Max.Y)*o.scale), o.size.Y); y++ {
			for x := int(float64(l.Min.X) * o.scale); x < min(int(float64(l.Max.X)*o.scale), o.size.X); x++ {
				m.SetColorIndex(x, y, index)
			}
		}
	}
	var b bytes.Buffer
	if png.Encode(&b, m) != nil {
		return nil
	}
	return b.Bytes()
}
