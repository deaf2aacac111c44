package compare

import (
	_ "embed"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
)

// The plot in its own units: the whole, and the margins of its axes.
const (
	plotW, plotH          = 600, 400
	plotLeft, plotRight   = 46, 96
	plotTop, plotBottom   = 16, 44
	labelHeight           = 15.0
	plotWidth, plotHeight = plotW - plotLeft - plotRight, plotH - plotTop - plotBottom
)

//go:embed colours.css
var coloursCSS string

//go:embed plot.css
var plotCSS string

// Plot writes PSNR over bits per pixel as an SVG file of its own, light and dark.
func (r *Report) Plot(w io.Writer) error {
	p := r.psnrPlot()
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" class="plot" role="img"><title>%s</title>
<style>%s
%s
svg { background: var(--ground) }</style>
%s</svg>
`, plotW, plotH, plotW, plotH, html.EscapeString(p.title), coloursCSS, plotCSS, p.draw())
	return err
}

// plot is curves over bits per pixel.
type plot struct {
	title, unit string
	format      string
	curves      []Curve
	value       func(p *Point) *float64
	x, y        span
}

// span is a range of values along an axis.
type span struct {
	low, high float64
	ticks     []float64
	log       bool
}

// part is where a value lies, 0 to 1.
func (s *span) part(v float64) float64 {
	if s.log {
		return math.Log(v/s.low) / math.Log(s.high/s.low)
	}
	return (v - s.low) / (s.high - s.low)
}

func (r *Report) psnrPlot() *plot {
	return newPlot(r.Curves, "PSNR over bits per pixel", "dB", "%.2f dB", func(p *Point) *float64 { return p.PSNR })
}

func (r *Report) ssimPlot() *plot {
	return newPlot(r.Curves, "SSIM over bits per pixel", "", "%.4f", func(p *Point) *float64 { return p.SSIM })
}

func newPlot(curves []Curve, title, unit, format string, value func(p *Point) *float64) *plot {
	p := &plot{title: title, unit: unit, format: format, curves: curves, value: value}
	x, y := span{low: math.Inf(1), high: math.Inf(-1), log: true}, span{low: math.Inf(1), high: math.Inf(-1)}
	for _, c := range curves {
		for i := range c.Points {
			if v := value(&c.Points[i]); v != nil {
				x.low, x.high = min(x.low, c.Points[i].BitsPerPixel), max(x.high, c.Points[i].BitsPerPixel)
				y.low, y.high = min(y.low, *v), max(y.high, *v)
			}
		}
	}
	if x.low >= x.high || y.low >= y.high { // no curve, or a single point
		x.low, x.high, y.low, y.high = 0.1, 10, 0, 1
	}
	for decade := math.Floor(math.Log10(x.low)); decade <= math.Ceil(math.Log10(x.high)); decade++ {
		for _, m := range []float64{1, 2, 5} {
			if v := m * math.Pow(10, decade); v >= x.low*0.999 && v <= x.high*1.001 {
				x.ticks = append(x.ticks, v)
			}
		}
	}
	step := math.Pow(10, math.Floor(math.Log10((y.high-y.low)/5)))
	for _, m := range []float64{1, 2, 5, 10} {
		if (y.high-y.low)/(step*m) <= 8 {
			step *= m
			break
		}
	}
	y.low, y.high = math.Floor(y.low/step)*step, math.Ceil(y.high/step)*step
	for i := 0; y.low+float64(i)*step <= y.high+step/2; i++ {
		y.ticks = append(y.ticks, y.low+float64(i)*step)
	}
	p.x, p.y = x, y
	return p
}

func (p *plot) px(v float64) float64 { return plotLeft + plotWidth*p.x.part(v) }
func (p *plot) py(v float64) float64 { return plotTop + plotHeight*(1-p.y.part(v)) }

// draw is the elements of the plot.
func (p *plot) draw() string {
	var b strings.Builder
	for _, v := range p.x.ticks {
		fmt.Fprintf(&b, `<path class="grid" d="M%.1f %d V%d"/><text class="tick" x="%.1f" y="%d" text-anchor="middle">%g</text>`+"\n",
			p.px(v), plotTop, plotH-plotBottom, p.px(v), plotH-plotBottom+18, v)
	}
	for _, v := range p.y.ticks {
		fmt.Fprintf(&b, `<path class="grid" d="M%d %.1f H%d"/><text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			plotLeft, p.py(v), plotW-plotRight, plotLeft-7, p.py(v)+4, tick(v))
	}
	fmt.Fprintf(&b, `<text class="axis" x="%d" y="%d" text-anchor="middle">bits per pixel</text>`+"\n", plotLeft+plotWidth/2, plotH-8)
	if p.unit != "" {
		fmt.Fprintf(&b, `<text class="axis" x="%d" y="%d">%s</text>`+"\n", plotLeft+5, plotTop+12, p.unit)
	}
	var ends []end
	for i, c := range slices.Backward(p.curves) { // qtgpu, the first, on top
		if e, ok := p.curve(&b, &c, i); ok {
			ends = append(ends, e)
		}
	}
	p.labels(&b, ends)
	return b.String()
}

// tick is a number without the noise of floating point.
func tick(v float64) string { return number(math.Round(v*1e6) / 1e6) }

// end is where a curve has its name.
type end struct {
	id, name string
	x, y     float64
}

// curve draws a line and its points, and says where it ends.
func (p *plot) curve(b *strings.Builder, c *Curve, i int) (e end, ok bool) {
	var path strings.Builder
	marks := ""
	for j := range c.Points {
		q := &c.Points[j]
		v := p.value(q)
		if v == nil {
			continue
		}
		command := "L"
		if !ok {
			command = "M"
		}
		x, y := p.px(q.BitsPerPixel), p.py(*v)
		fmt.Fprintf(&path, "%s%.1f %.1f", command, x, y)
		about := fmt.Sprintf("%s, setting %s: %.3f bits per pixel, "+p.format, c.Codec, q.Setting, q.BitsPerPixel, *v)
		marks += fmt.Sprintf(`<path class="mark" d="%s"><title>%s</title></path>`, mark(i, x, y), html.EscapeString(about))
		e, ok = end{c.ID, c.Codec, x, y}, true
	}
	if ok {
		fmt.Fprintf(b, `<g class="c-%s"><path class="curve" d="%s"/>%s</g>`+"\n", html.EscapeString(c.ID), &path, marks)
	}
	return e, ok
}

// mark is a shape of its own for each curve: not by colour alone are they told apart.
func mark(i int, x, y float64) string {
	switch i % 6 {
	case 0:
		return fmt.Sprintf("M%.1f %.1fa4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", x-4, y)
	case 1:
		return fmt.Sprintf("M%.1f %.1fh7v7h-7z", x-3.5, y-3.5)
	case 2:
		return fmt.Sprintf("M%.1f %.1fl4.5 8h-9z", x, y-5)
	case 3:
		return fmt.Sprintf("M%.1f %.1fl5 5l-5 5l-5 -5z", x, y-5)
	case 4:
		return fmt.Sprintf("M%.1f %.1fl4.5 -8h-9z", x, y+5)
	}
	return fmt.Sprintf("M%.1f %.1fh3v3h3v3h-3v3h-3v-3h-3v-3h3z", x-1.5, y-4.5)
}

// labels writes the names of the curves beside their ends, one below the other.
func (p *plot) labels(b *strings.Builder, ends []end) {
	slices.SortStableFunc(ends, func(a, b end) int { return int(math.Copysign(1, a.y-b.y)) })
	at := make([]float64, len(ends))
	for i, e := range ends {
		at[i] = e.y
		if i > 0 {
			at[i] = max(at[i], at[i-1]+labelHeight)
		}
	}
	// Those that have come too far down push the others up.
	for i, most := len(ends)-1, float64(plotH-plotBottom); i >= 0; i, most = i-1, at[i]-labelHeight {
		at[i] = min(at[i], most)
	}
	for i, e := range ends {
		fmt.Fprintf(b, `<g class="c-%s"><path class="leader" d="M%.1f %.1fL%d %.1f"/><text class="name" x="%d" y="%.1f">%s</text></g>`+"\n",
			html.EscapeString(e.id), e.x+6, e.y, plotW-plotRight+8, at[i], plotW-plotRight+12, at[i]+4, html.EscapeString(e.name))
	}
}
