package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// The chart in pixels: the whole, and the margins of its axes.
const (
	chartW, chartH            = 800, 500
	marginLeft, marginRight   = 70, 30
	marginTop, marginBottom   = 40, 50
	fontWidth, fontHalfHeight = 7, 4
	legendLine                = 16
)

// chart has a line for each series over two logarithmic axes.
type chart struct {
	title, xLabel, yLabel string
	series                []series
}

type series struct {
	name   string
	colour color.RGBA
	label  float64 // how far below the line its value stands
	points [][2]float64
}

var (
	black       = color.RGBA{A: 255}
	pale        = color.RGBA{R: 225, G: 225, B: 225, A: 255}
	chartColour = map[string]color.RGBA{backendCPU: {R: 31, G: 119, B: 180, A: 255}, backendGPU: {R: 214, G: 39, B: 40, A: 255}}
)

// chart shows the time above the seam and the whole over the size.
func (b *benchmark) chart() *chart {
	c := &chart{title: "Planes and pyramids, and the whole encode", xLabel: "megapixels", yLabel: "ms"}
	for _, one := range b.backends {
		for _, stage := range []string{stageBuild, stageTotal} {
			s := series{name: one.kind + ", " + stage, colour: chartColour[one.kind], label: 15}
			if one.kind == backendGPU {
				s.label = -15
			}
			for _, size := range b.sizes {
				d, _ := b.median(size, one.kind, stage)
				s.points = append(s.points, [2]float64{float64(size.X*size.Y) / 1e6, milliseconds(d)})
			}
			c.series = append(c.series, s)
		}
	}
	return c
}

// canvas is what a chart is drawn on.
type canvas interface {
	line(x0, y0, x1, y1 float64, c color.RGBA)
	text(x, y float64, s string, c color.RGBA) // from the left, centred in height
	encode(w io.Writer) error
}

// writer writes the chart in the format of an extension.
func (c *chart) writer(ext string) func(io.Writer) error {
	var on canvas = &svgCanvas{}
	if strings.EqualFold(ext, ".png") {
		on = newPNGCanvas()
	}
	return func(w io.Writer) error {
		c.draw(on)
		return on.encode(w)
	}
}

func (c *chart) draw(on canvas) {
	x, y := c.axis(0, marginLeft, chartW-marginRight), c.axis(1, chartH-marginBottom, marginTop)
	for _, v := range x.ticks() {
		on.line(x.at(v), marginTop, x.at(v), chartH-marginBottom, pale)
		on.text(x.at(v)-fontWidth, chartH-marginBottom+15, fmt.Sprintf("%g", v), black)
	}
	for _, v := range y.ticks() {
		on.line(marginLeft, y.at(v), chartW-marginRight, y.at(v), pale)
		on.text(10, y.at(v), fmt.Sprintf("%g %s", v, c.yLabel), black)
	}
	on.text(marginLeft, marginTop/2, c.title, black)
	on.text(chartW/2, chartH-15, c.xLabel, black)
	for i, s := range c.series {
		on.text(marginLeft+15, float64(marginTop+legendLine*(i+1)), s.name, s.colour)
		for j := range s.points {
			k := max(j-1, 0)
			on.line(x.at(s.points[k][0]), y.at(s.points[k][1]), x.at(s.points[j][0]), y.at(s.points[j][1]), s.colour)
		}
		largest := s.points[0]
		on.text(x.at(largest[0])-60, y.at(largest[1])+s.label, fmt.Sprintf("%.3g ms", largest[1]), s.colour)
	}
}

// axis maps a range of values to pixels, by their logarithms.
type axis struct{ least, most, from, to float64 }

// axis spans whole powers of ten around coordinate i of all points.
func (c *chart) axis(i int, from, to float64) axis {
	a := axis{math.Inf(1), math.Inf(-1), from, to}
	for _, s := range c.series {
		for _, p := range s.points {
			l := math.Log10(max(p[i], 1e-9))
			a.least, a.most = min(a.least, math.Floor(l)), max(a.most, math.Ceil(l))
		}
	}
	a.most = max(a.most, a.least+1)
	return a
}

func (a axis) at(v float64) float64 {
	return a.from + (math.Log10(max(v, 1e-9))-a.least)/(a.most-a.least)*(a.to-a.from)
}

// ticks are the powers of ten.
func (a axis) ticks() (v []float64) {
	for l := a.least; l <= a.most; l++ {
		v = append(v, math.Pow(10, l))
	}
	return v
}

// svgCanvas collects SVG elements.
type svgCanvas struct{ b strings.Builder }

func svgColour(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

func (s *svgCanvas) line(x0, y0, x1, y1 float64, c color.RGBA) {
	fmt.Fprintf(&s.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="1.5"/>`+"\n", x0, y0, x1, y1, svgColour(c))
}

func (s *svgCanvas) text(x, y float64, t string, c color.RGBA) {
	fmt.Fprintf(&s.b, `<text x="%.1f" y="%.1f" fill="%s">%s</text>`+"\n", x, y+fontHalfHeight, svgColour(c), t)
}

func (s *svgCanvas) encode(w io.Writer) error {
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="monospace" font-size="12">
<rect width="100%%" height="100%%" fill="white"/>
%s</svg>
`, chartW, chartH, &s.b)
	return err
}

// pngCanvas draws on an image.
type pngCanvas struct{ m *image.RGBA }

func newPNGCanvas() *pngCanvas {
	m := image.NewRGBA(image.Rect(0, 0, chartW, chartH))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	return &pngCanvas{m}
}

func (p *pngCanvas) line(x0, y0, x1, y1 float64, c color.RGBA) {
	n := max(math.Abs(x1-x0), math.Abs(y1-y0), 1)
	for i := 0.0; i <= n; i++ {
		p.m.SetRGBA(int(x0+(x1-x0)*i/n), int(y0+(y1-y0)*i/n), c)
	}
}

func (p *pngCanvas) text(x, y float64, t string, c color.RGBA) {
	d := font.Drawer{Dst: p.m, Src: image.NewUniform(c), Face: basicfont.Face7x13, Dot: fixed.P(int(x), int(y)+fontHalfHeight)}
	d.DrawString(t)
}

func (p *pngCanvas) encode(w io.Writer) error { return png.Encode(w, p.m) }
