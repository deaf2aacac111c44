package geo

import (
	"image"
	"math"
	"slices"
)

// Window gives the tags of a part of the raster at a level of detail, where each pixel
// stands for 2^level × 2^level of the raster's. at is the part's first pixel, in pixels of
// the level. The error is of tags that Parse refuses.
func (t *Tags) Window(at image.Point, level int) (*Tags, error) {
	if err := t.checkPlace(); err != nil {
		return nil, err
	}
	k, err := parseKeys(t)
	if err != nil {
		return nil, err
	}
	kind, err := k.short(keyRasterType)
	if err != nil {
		return nil, err
	}
	w := window{scale: math.Ldexp(1, level)}
	centre := 0.0 // of pixel 0,0, where tags count from (B.2.2)
	if kind == pixelIsPoint {
		centre = 0.5
	}
	w.x = (float64(at.X)+centre)*w.scale - centre
	w.y = (float64(at.Y)+centre)*w.scale - centre
	out := w.of(t)
	out.RPC = rpcOf(t.RPC, at, w.scale)
	return out, nil
}

// Values of RPCCoefficient that count pixels ("RPCs in GeoTIFF", 2.1).
const (
	lineOffset, sampleOffset = 2, 3
	lineScale, sampleScale   = 7, 8
)

// rpcOf gives RPCs of a part, whose pixels stand for scale pixels each way. They count from
// the centre of pixel 0,0, whatever the GeoTIFF keys say.
func rpcOf(rpc []float64, at image.Point, scale float64) []float64 {
	out := slices.Clone(rpc)
	if len(out) > 0 {
		out[lineOffset] = (out[lineOffset]+0.5)/scale - 0.5 - float64(at.Y)
		out[sampleOffset] = (out[sampleOffset]+0.5)/scale - 0.5 - float64(at.X)
		out[lineScale] /= scale
		out[sampleScale] /= scale
	}
	return out
}

// window takes a place i, j in a part to i·scale + x, j·scale + y in the raster.
type window struct{ scale, x, y float64 }

func (w *window) of(t *Tags) *Tags {
	out := *t
	out.PixelScale, out.Tiepoints, out.Transformation = slices.Clone(t.PixelScale), slices.Clone(t.Tiepoints), slices.Clone(t.Transformation)
	for i := range min(2, len(out.PixelScale)) {
		out.PixelScale[i] *= w.scale
	}
	for p := out.Tiepoints; len(p) > 0; p = p[6:] {
		if s := t.PixelScale; len(s) > 0 {
			// The same place of the part has other coordinates.
			p[3] += (p[0]*w.scale + w.x - p[0]) * s[0]
			p[4] -= (p[1]*w.scale + w.y - p[1]) * s[1]
		} else {
			p[0], p[1] = (p[0]-w.x)/w.scale, (p[1]-w.y)/w.scale
		}
	}
	for m := out.Transformation; len(m) > 4; m = m[4:] { // the last row is 0, 0, 0, 1
		m[3] += m[0]*w.x + m[1]*w.y
		m[0], m[1] = m[0]*w.scale, m[1]*w.scale
	}
	return &out
}
