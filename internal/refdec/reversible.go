package refdec

// colourOrders are the bands b, x, y of the transforms 1 to 9 (FORMAT.md,
// "Reversible colour").
var colourOrders = [transforms][3]int{1: {1, 0, 2}, {1, 2, 0}, {0, 1, 2}, {0, 2, 1}, {2, 0, 1}, {2, 1, 0}, {1, 0, 2}, {0, 1, 2}, {2, 0, 1}}

// recolour undoes a transform of the first w×h samples of planes, which at gives.
func recolour(transform int, planes []*predicted, width, height int, at func(p *predicted, x, y int) int32) *planar {
	out := newPlanar(width, height, len(planes))
	for i := range width * height {
		v := make([]int32, len(planes))
		for c, p := range planes {
			v[c] = at(p, i%width, i/width)
		}
		inverse(transform, v)
		for c := range v {
			out.pix[c][i] = planes[c].clip(v[c])
		}
	}
	return out
}

// inverse turns the samples of planes into samples of bands.
func inverse(transform int, v []int32) {
	if transform == 0 {
		return
	}
	order := colourOrders[transform]
	b, x, y := v[0], v[0]+v[1], v[2]
	if transform < 7 {
		y += (b + x) >> 1
	} else {
		y += b
	}
	v[order[0]], v[order[1]], v[order[2]] = b, x, y
}

// forward turns the samples of bands into samples of planes.
func forward(transform int, v []int32) {
	if transform == 0 {
		return
	}
	order := colourOrders[transform]
	b, x, y := v[order[0]], v[order[1]], v[order[2]]
	if transform < 7 {
		y -= (b + x) >> 1
	} else {
		y -= b
	}
	v[0], v[1], v[2] = b, x-b, y
}
