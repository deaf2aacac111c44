package transform

import (
	"errors"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// fuzzPlanes are the planes of the fuzz targets: 64×32 luma, 32×32 chroma.
var (
	fuzzPlanes = []Plane{{}, {Chroma: true}}
	fuzzRects  = []image.Rectangle{image.Rect(0, 0, 64, 32), image.Rect(0, 0, 32, 32)}
)

// segmentsOf codes a picture for the seeds.
func segmentsOf(f *testing.F, step int, s source) (segments engine.Segments, tables []byte) {
	planes := []chroma.Plane{newPlane(s, 64, 32), newPlane(s, 32, 32)}
	e := NewEncoder(step, fuzzPlanes, engine.SplitHybrid)
	tile := e.Tile(new(EncoderScratch), planes, reduce(f, planes), fuzzRects, nil)
	plain := Tables{enc: rans.NewEncTable(universal.Universal)}
	return plain.Segments(tile), tablesOf(tile).Payload
}

// FuzzOverview: any bytes are an error or an overview within its limits.
func FuzzOverview(f *testing.F) {
	for _, s := range sources {
		segments, _ := segmentsOf(f, 40, s)
		f.Add(segments.Overview)
	}
	d, err := NewDecoder(MaxStep, fuzzPlanes, nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, segment []byte) {
		cells, err := d.Overview(segment, fuzzRects)
		if err != nil {
			require.ErrorIs(t, err, rans.ErrCorrupt)
			require.Nil(t, cells)
			return
		}
		for i := range cells {
			for at, v := range cells[i].overview {
				require.True(t, v >= -maxOverview && v <= maxOverview, "plane %d cell %d: %d", i, at, v)
			}
			r := fuzzRects[i]
			dst := chroma.NewPlane(r.Dx()/8, r.Dy()/8)
			d.Level3(&dst, 0, 0, &cells[i])
			requireSamples(t, &dst)
		}
	})
}

// FuzzDetail: any bytes over any overview are an error, or leaves and samples within
// their limits.
func FuzzDetail(f *testing.F) {
	for _, s := range sources {
		segments, _ := segmentsOf(f, 40, s)
		f.Add(segments.Detail, uint64(0), uint16(40))
		f.Add(segments.Detail, uint64(1), uint16(MaxStep))
		f.Add(segments.Detail, uint64(2), uint16(40))
		f.Add(segments.Detail, uint64(4), uint16(40))
		f.Add(segments.Detail, uint64(6), uint16(40))
		f.Add(segments.Detail, uint64(5), uint16(MaxVisualStep-MinStep))
	}
	f.Fuzz(func(t *testing.T, segment []byte, seed uint64, step uint16) {
		s := MinStep + int(step)%(MaxStep-MinStep+1)
		d, err := newDecoder(s, fuzzPlanes, nil, seed%4 > 1)
		require.NoError(t, err)
		if seed%2 != 0 {
			d = d.Restoring()
		}
		if seed&4 != 0 && s <= MaxVisualStep {
			d = d.Tuning()
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		cells := d.blankCells(fuzzRects)
		var dst []chroma.Plane
		for i, r := range fuzzRects {
			for at := range cells[i].overview {
				cells[i].overview[at] = rng.Int32N(2*maxOverview+1) - maxOverview
			}
			dst = append(dst, chroma.NewPlane(r.Dx(), r.Dy()))
		}
		if err = d.Detail(new(DecoderScratch), segment, cells, dst, make([]image.Point, 2)); err != nil {
			require.ErrorIs(t, err, rans.ErrCorrupt)
		}
		grids := GridsOf(cells, 0)
		require.NoError(t, d.Filter(t.Context(), 1, dst, grids))
		if d.restorations != nil {
			require.NoError(t, d.Restore(t.Context(), 1, dst, grids, fuzzRects))
		}
		for i := range dst {
			requireSamples(t, &dst[i])
			if err == nil {
				for at, lg := range cells[i].size {
					require.True(t, lg >= 3 && lg <= 5, "plane %d cell %d: leaf of 2^%d", i, at, lg)
				}
			}
		}
	})
}

func requireSamples(t *testing.T, p *chroma.Plane) {
	t.Helper()
	for i, v := range p.Pix {
		require.LessOrEqual(t, v, uint16(maxSample), "x %d y %d", i%p.Stride, i/p.Stride)
	}
}

// FuzzTables: any bytes are an error or tables that code all their symbols.
func FuzzTables(f *testing.F) {
	for _, s := range sources {
		_, tables := segmentsOf(f, MinStep, s)
		f.Add(tables)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		tables, err := parseTables(payload, false)
		if err != nil {
			require.True(t, errors.Is(err, rans.ErrCorrupt), "%v", err)
			return
		}
		require.Len(t, tables, allContexts)
		for c := range tables {
			require.True(t, tables[c].Valid(), "context %d: %v", c, tables[c])
			for s, freq := range tables[c] {
				require.Equal(t, s < alphabet(c), freq > 0, "context %d symbol %d: frequency %d", c, s, freq)
			}
		}
	})
}
