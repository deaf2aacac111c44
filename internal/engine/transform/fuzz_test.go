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
func segmentsOf(f *testing.F, step int, s source) (front, body, tables []byte) {
	planes := []chroma.Plane{newPlane(s, 64, 32), newPlane(s, 32, 32)}
	e := NewEncoder(step, fuzzPlanes, engine.SplitHybrid)
	tile := e.Tile(new(EncoderScratch), planes, reduce(f, planes), fuzzRects)
	plain := rans.NewEncTable(universal.Universal)
	front = plain.AppendSegment(nil, tile.front, &tile.frontRaw)
	body = plain.AppendSegment(nil, tile.body, &tile.bodyRaw)
	return front, body, ChooseTables([]*Tile{tile}).Payload
}

// FuzzFront: any bytes are an error or a front image within its limits.
func FuzzFront(f *testing.F) {
	for _, s := range sources {
		front, _, _ := segmentsOf(f, 40, s)
		f.Add(front)
	}
	d, err := NewDecoder(MaxStep, fuzzPlanes, nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, segment []byte) {
		cells, err := d.Front(segment, fuzzRects)
		if err != nil {
			require.ErrorIs(t, err, rans.ErrCorrupt)
			require.Nil(t, cells)
			return
		}
		for i := range cells {
			for at, v := range cells[i].front {
				require.True(t, v >= -frontLimit && v <= frontLimit, "plane %d cell %d: %d", i, at, v)
			}
			r := fuzzRects[i]
			dst := chroma.NewPlane(r.Dx()/8, r.Dy()/8)
			d.Overview(&dst, 0, 0, &cells[i])
			requireSamples(t, &dst)
		}
	})
}

// FuzzBody: any bytes over any front image are an error, or leaves and samples
// within their limits.
func FuzzBody(f *testing.F) {
	for _, s := range sources {
		_, body, _ := segmentsOf(f, 40, s)
		f.Add(body, uint64(0), uint16(40))
		f.Add(body, uint64(1), uint16(MaxStep))
	}
	f.Fuzz(func(t *testing.T, segment []byte, seed uint64, step uint16) {
		s := MinStep + int(step)%(MaxStep-MinStep+1)
		d, err := NewDecoder(s, fuzzPlanes, nil)
		require.NoError(t, err)
		rng := rand.New(rand.NewPCG(seed, 0))
		cells := BlankCells(fuzzRects)
		var dst []chroma.Plane
		for i, r := range fuzzRects {
			for at := range cells[i].front {
				cells[i].front[at] = rng.Int32N(2*frontLimit+1) - frontLimit
			}
			dst = append(dst, chroma.NewPlane(r.Dx(), r.Dy()))
		}
		if err = d.Body(new(DecoderScratch), segment, cells, dst, make([]image.Point, 2)); err != nil {
			require.ErrorIs(t, err, rans.ErrCorrupt)
		}
		for i := range dst {
			requireSamples(t, &dst[i])
			if size, _ := cells[i].Sizes(); err == nil {
				for at, lg := range size {
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
		_, _, tables := segmentsOf(f, MinStep, s)
		f.Add(tables)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		tables, err := parseTables(payload)
		if err != nil {
			require.True(t, errors.Is(err, rans.ErrCorrupt), "%v", err)
			return
		}
		require.Len(t, tables, nContexts)
		for c := range tables {
			require.True(t, tables[c].Valid(), "context %d: %v", c, tables[c])
			for s, freq := range tables[c] {
				require.Equal(t, s < alphabet(c), freq > 0, "context %d symbol %d: frequency %d", c, s, freq)
			}
		}
	})
}
