package predictive

import (
	"context"
	"slices"
)

// Merged values of a raster are the values of planes without a bound: the encoder has them stand for all
// within T, and decoders know of nothing. No data stand for themselves alone, and no other sample becomes
// one: values on either side are merged apart, and what stands for some lies between them.

// merged finds the values that stand for others, of all planes but a mask.
func (s *survey) merged(ctx context.Context, r *rasterPlan) ([]Values, error) {
	counts, err := histograms(ctx, s.src, s.grid, s.list, false, s.workers, s.work.Half())
	if err != nil {
		return nil, err
	}
	out, t := make([]Values, len(r.bands)), min(s.t, MaxT) // no samples are further from each other
	for i, b := range r.order {
		if b == r.mask-1 {
			continue
		}
		if none := r.none(b); none >= 0 {
			out[i] = counts[b].mergeBeside(none, t)
		} else {
			out[i] = counts[b].merge(t)
		}
	}
	return out, nil
}

// none is the number of no data of a band of a picture, -1 where there is none.
func (r *rasterPlan) none(band int) int32 {
	for _, c := range r.bands[band].classes {
		if c.noData {
			return int32(c.word)
		}
	}
	return -1
}

// mergeBeside is merge, but for one number, which is among the values if it occurs.
func (h histogram) mergeBeside(none int32, t int64) (s Values) {
	below, above := slices.Clone(h), slices.Clone(h)
	clear(below[none:])
	clear(above[:none+1])
	s = below.merge(t)
	if h[none] > 0 {
		s = append(s, none)
	}
	return append(s, above.merge(t)...)
}

// merges tells whether the values of a plane stand for others: with T above 0, and no bound but in what
// stands for them.
func (e *encoder) merges(plane int) bool {
	b := e.raster.order[plane]
	return e.plan.T > 0 && e.raster.bands[b].bound == 0 && b != maskBand(&e.plan.Format)-1
}

// mergedIndex finds what stands for a number of a plane: for no data only they themselves, for others what lies
// on their side of these.
func (e *encoder) mergedIndex(plane int) valueIndex {
	s, none := e.format.Values[plane], e.raster.none(e.raster.order[plane])
	if none < 0 {
		return s.indices(e.plan.T, e.format.Depth)
	}
	k, found := slices.BinarySearch(s, none)
	table := s[:k].indices(e.plan.T, e.format.Depth).table
	above := s[k:]
	table[none] = -1
	if found {
		table[none], above = int32(k), s[k+1:]
	}
	for v, i := range above.indices(e.plan.T, e.format.Depth).table {
		switch {
		case v <= int(none):
		case i < 0:
			table[v] = -1
		default:
			table[v] = i + int32(len(s)-len(above))
		}
	}
	return valueIndex{table: table}
}

// lossy tells whether any band has a bound.
func (r *rasterPlan) lossy() bool {
	return slices.ContainsFunc(r.bands, func(b band) bool { return b.bound > 0 })
}
