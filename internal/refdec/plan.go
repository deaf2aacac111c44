package refdec

import (
	"fmt"
	"math"
	"slices"
)

// readPlan reads PLAN (FORMAT.md, "PLAN").
func (f *File) readPlan(r *reader) error {
	f.plan = r.data
	f.Engine = Engine(field{"engine", 0, 2}.in(r))
	f.Payload = r.data
	what := "tables"
	switch f.Engine {
	case Transform:
		f.Step = int(field{"step", 3, 4096}.in(r))
		flags := r.byte("flags", 31)
		f.Subsampling, f.Restored, f.Guided, f.Predicted, f.Classes = flags&1, flags&2 != 0, flags&4 != 0, flags&8 != 0, flags&16 != 0
		if f.Classes && f.Step > 2048 {
			r.fail("step %d with flag 16, expected 3 to 2048", f.Step)
		}
	case Predictive:
		f.Flags = r.byte("flags", Mapped)
		what = "values, weights, tables"
		if f.Has(Mapped) {
			f.readMapped(r)
		}
	}
	tables := r.bytes(uint64(len(r.data)), what)
	if r.err != nil {
		return r.err
	}
	if err := f.accepts(); err != nil {
		return fmt.Errorf("PLAN: %w", err)
	}
	return f.readModel(tables)
}

// rule is what an engine does not accept.
type rule struct {
	broken bool
	what   string // that is expected
}

// accepts holds HEAD to what the engine accepts.
func (h *Header) accepts() error {
	rules := map[Engine]func() []rule{Transform: h.lossyRules, Predictive: h.exactRules, Layered: h.layeredRules}[h.Engine]()
	rules = append(h.bandRules(), rules...)
	if h.Has(Mapped) {
		rules = h.rasterRules()
	}
	for _, r := range rules {
		if r.broken {
			return fmt.Errorf("engine %d of bands of roles %d, type %d up to %d, bound %d with t %d, subsampling %d, flags %d: expected %s",
				h.Engine, h.Roles, h.Type, h.Maximum, h.Bound, h.T, h.Subsampling, h.Flags, r.what)
		}
	}
	return nil
}

// named tells whether samples are names.
func (h *Header) named() bool { return h.Roles[0] == Index || h.Roles[0] == Label }

// colours tells whether red, green and blue come first.
func (h *Header) colours() bool {
	return h.NumBands() >= 3 && h.Roles[0] == Red && h.Roles[1] == Green && h.Roles[2] == Blue
}

// bandRules are the rules of all engines.
func (h *Header) bandRules() []rule {
	n := h.NumBands()
	last := h.Roles[n-1]
	return []rule{
		{h.Type > Uint16, "uint8 or uint16"},
		{n > 4 || n >= 3 && !h.colours() || n == 2 && h.Roles[0] != Gray || n == 1 && h.Roles[0] != Gray && !h.named(),
			"gray, or red, green and blue, and at most one more; or an index or a label"},
		{n%2 == 0 && last != Straight && last != Premultiplied && last != Data, "alpha or data beside gray or colours"},
	}
}

// isPicture tells whether bands are the ones of a picture.
func (h *Header) isPicture() bool {
	for _, r := range h.bandRules() {
		if r.broken {
			return false
		}
	}
	return !h.named()
}

func (h *Header) rasterRules() []rule {
	names := slices.Contains(h.Roles, Index) || slices.Contains(h.Roles, Label)
	tile := int64(h.NumBands()) << (2 * h.TileLog2)
	return []rule{
		{h.Bound != 1 || h.T >= 1<<63 || h.Type.float() && h.T >= Float64.infinity(), "bound 1 with t below 2^63, of floats the bits of a finite number"},
		{names, "no names"},
		{tile > 1<<22 && h.TileLog2 > 6, "tiles of at most 2^22 samples, or sides of 64"},
	}
}

// checkNoData holds what engines need to know of no data to what bands say of it: flag 4 is of
// rasters, and the layered engine has ends of the range only.
func (f *File) checkNoData() error {
	none := false
	for _, b := range f.Bands {
		none = none || b.NoData != nil
	}
	if f.Engine != Predictive && none {
		if f.readMasks(); f.Engine == Layered && !f.ends() {
			return fmt.Errorf("PLAN: no data within the range of samples, expected an end of it")
		}
	}
	raster := !f.named() && (none || !f.isPicture())
	if f.Engine == Predictive && raster != f.Has(Mapped) {
		return fmt.Errorf("Predictive plan: flags %d of bands of roles %d, type %d, no data %t, expected flag 4 of rasters alone", f.Flags, f.Roles, f.Type, raster && f.isPicture())
	}
	return nil
}

func (h *Header) lossyRules() []rule {
	return []rule{
		{h.Bound != 0 || h.T < 1 || h.T > 255*65536, "bound 0 with t from 1 to 255·65536"},
		{h.named(), "no names"},
		{h.Subsampling > 0 && !h.colours(), "4:2:0 of colours only"},
		{h.Guided && h.Subsampling == 0, "guided upsampling beside 4:2:0 only"},
	}
}

func (h *Header) exactRules() []rule {
	return []rule{
		{h.Bound != 1 || h.T > 65535, "bound 1 with t from 0 to 65535"},
		{h.named() && (h.T > 0 || !h.Has(Singles)), "t 0 and flag 1 of names"},
		{h.Has(Singles) && (h.NumBands() > 1 || h.T > 0), "flag 1 of one band with t 0"},
		{h.Has(Merged) && h.T == 0, "flag 2 with t from 1 on"},
	}
}

func (h *Header) layeredRules() []rule {
	return []rule{
		{h.Bound != 1 || h.T < 1 || h.T > 255, "bound 1 with t from 1 to 255"},
		{h.Type != Uint8 || h.Maximum != math.MaxUint8, "uint8 up to 255"},
		{!h.colours(), "red, green and blue, and at most one more"},
	}
}
