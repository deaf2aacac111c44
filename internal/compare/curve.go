package compare

import (
	"context"
	"math"
	"slices"
	"strconv"
)

// curve is what a peer makes of the pilot at several settings.
type curve struct {
	coding *coding
	points []curvePoint // by number of setting
}

type curvePoint struct {
	number     float64 // of the setting on its scale
	setting    string
	bytes      int64
	psnr, ssim float64
}

// ownT are thresholds that show what qtgpu can do.
var ownT = []float64{2, 4, 7, 12, 20, 32}

// curve measures a peer on the pilot, once for all thresholds.
func (r *runner) curve(ctx context.Context, p *peer) (*curve, error) {
	c := &curve{coding: r.resume(p, r.pilot)}
	if i := slices.IndexFunc(r.curves, func(have *curve) bool { return have.coding == c.coding }); i >= 0 {
		return r.curves[i], nil
	}
	for _, v := range p.curve {
		setting, place := number(v), v
		if p.knob != nil {
			i := p.knob.near(v)
			setting, place = p.knob.text(i), float64(i)
		}
		if err := c.measure(ctx, setting, place); err != nil {
			return nil, err
		}
	}
	if r.opt.Curves || r.pilot != r.original {
		r.curves = append(r.curves, c)
	}
	return c, nil
}

// measure adds a point, if it is not there.
func (c *curve) measure(ctx context.Context, setting string, place float64) error {
	if slices.ContainsFunc(c.points, func(p curvePoint) bool { return p.setting == setting }) {
		return nil
	}
	p, err := c.coding.probe(ctx, setting)
	if err != nil {
		return err
	}
	f, _, err := c.coding.measure(ctx, p)
	if err != nil {
		return err
	}
	c.points = append(c.points, curvePoint{place, setting, p.bytes, f.psnr, f.ssim})
	slices.SortFunc(c.points, func(a, b curvePoint) int { return int(math.Copysign(1, a.number-b.number)) })
	return nil
}

// own measures qtgpu on the pilot at a threshold and, where curves are wanted, at others.
func (r *runner) ownPilot(ctx context.Context, us *peer, t float64) (curvePoint, error) {
	c, err := r.curve(ctx, us)
	if err != nil {
		return curvePoint{}, err
	}
	if err := c.measure(ctx, number(t), t); err != nil {
		return curvePoint{}, err
	}
	i := slices.IndexFunc(c.points, func(p curvePoint) bool { return p.setting == number(t) })
	return c.points[i], nil
}

// between is a value of the points at any place, by the line between two or, beyond the last,
// through the last two.
func (c *curve) between(place float64, value func(p *curvePoint) float64) float64 {
	if len(c.points) < 2 {
		return 0
	}
	i := 1
	for i < len(c.points)-1 && c.points[i].number < place {
		i++
	}
	a, b := &c.points[i-1], &c.points[i]
	part := (place - a.number) / (b.number - a.number)
	return value(a) + part*(value(b)-value(a))
}

func psnrOf(p *curvePoint) float64     { return p.psnr }
func logBytesOf(p *curvePoint) float64 { return math.Log(float64(p.bytes)) }

// report is the curve as a report has it, from few bytes to many.
func (c *curve) report() Curve {
	out := Curve{Codec: c.coding.peer.name, ID: c.coding.peer.id}
	if c.coding.peer.family == "avif" && c.coding.fine {
		out.Codec += ", 4:4:4"
	}
	for _, p := range c.points {
		out.Points = append(out.Points, Point{p.setting, bitsPerPixel(p.bytes, c.coding.of), finite(p.psnr), finite(p.ssim)})
	}
	slices.SortFunc(out.Points, func(a, b Point) int { return int(math.Copysign(1, a.BitsPerPixel-b.BitsPerPixel)) })
	return out
}

// known are the settings of a coding by their numbers, with what is measured of them.
func (c *coding) known(value func(p *probe) float64) map[int]float64 {
	known := map[int]float64{}
	for setting, p := range c.probes {
		if q, err := strconv.ParseFloat(setting, 64); err == nil && !math.IsNaN(value(p)) {
			known[c.peer.knob.near(q)] = value(p)
		}
	}
	return known
}
