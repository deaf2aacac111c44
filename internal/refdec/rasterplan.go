package refdec

// rasterBand says how the samples of a band become the numbers of a plane (FORMAT.md,
// "Raster plan").
type rasterBand struct {
	*mapping
	parent  int   // a band, −1 for none
	bound   int32 // the largest error of a number
	step    int32 // the least one of means
	scales  [3]scale
	classes []class
}

// noData are the classes that mean none.
func (b *rasterBand) noData() (samples []int64) {
	for _, c := range b.classes {
		if c.noData {
			samples = append(samples, c.sample)
		}
	}
	return samples
}

// readMapped reads what PLAN says of the bands of a raster.
func (f *File) readMapped(r *reader) {
	for i := 0; i < f.NumBands() && r.err == nil; i++ {
		b := rasterBand{mapping: readMapping(r, f.Type)}
		b.parent = int(field{"parent", 0, uint64(f.NumBands())}.in(r)) - 1
		b.bound = int32(field{"bound", 0, 1 << 29}.in(r))
		b.step = int32(field{"least step of means", 0, 1 << 30}.in(r))
		for k := range b.scales {
			if !f.Type.narrow() {
				b.scales[k].energy, b.scales[k].around = int64(r.byte("scale of energies", 255)), int64(r.byte("scale of residuals", 255))
			}
		}
		n := field{"number of classes", 0, 255}.in(r)
		for range n {
			b.classes = append(b.classes, f.Type.readClass(r))
		}
		f.mapped = append(f.mapped, b)
	}
	if r.err == nil {
		f.order(r)
	}
}

// order finds the band of each plane.
func (f *File) order(r *reader) {
	placed := make([]bool, len(f.mapped))
	f.planes = make([]int, len(f.mapped))
	for i := range f.mapped {
		var chain []int
		for b := i; b >= 0 && !placed[b]; b = f.mapped[b].parent {
			if len(chain) == len(f.mapped) {
				r.fail("band %d is its own ancestor", i)
				return
			}
			chain = append(chain, b)
		}
		for k := len(chain) - 1; k >= 0; k-- {
			placed[chain[k]] = true
			f.planes[chain[k]] = len(f.planeBands)
			f.planeBands = append(f.planeBands, chain[k])
		}
	}
}

// fine tells whether a plane has weights of more bits.
func (f *File) fine(plane int) bool {
	return f.Has(Mapped) && !f.Type.narrow() && f.Values[plane] == nil
}

// Parent is the parent of a band of a raster, −1 for none.
func (f *File) Parent(band int) int { return f.mapped[band].parent }

// PlaneBand is the band of a plane of a raster.
func (f *File) PlaneBand(plane int) int { return f.planeBands[plane] }

// parentOf is the plane of the parent of a band, −1 for none.
func (f *File) parentOf(b *rasterBand) int {
	if b.parent < 0 {
		return -1
	}
	return f.planes[b.parent]
}
