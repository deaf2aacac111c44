package container

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// TestOpening: what a file begins with gives back all that it was made of, and no part of
// it or more than it does.
func TestOpening(t *testing.T) {
	none := -9999.0
	h := &Header{Format: raster.Format{Width: 900, Height: 700, Type: raster.Uint16, Bands: raster.Bands(raster.Data, raster.Data)}, TileLog2: 8, GroupRows: 3, Bound: BoundMax, T: 5}
	h.Bands[1] = raster.Band{Name: "slope", NoData: &none, Scale: 0.5, Offset: 3}
	p, m := &Plan{Engine: 1, Payload: []byte{1, 2, 3}}, Metadata{XMP: []byte("<x/>"), ICC: []byte("profile")}
	b, err := Opening(h, p, m)
	require.NoError(t, err)
	gotH, gotP, gotM, err := ParseOpening(b)
	require.NoError(t, err)
	assert.Equal(t, h, gotH)
	assert.Equal(t, p, gotP)
	assert.Equal(t, m, gotM)
	bare, err := Opening(&Header{Format: h.Format, TileLog2: 8, GroupRows: 3}, p, nil)
	require.NoError(t, err)
	bands := len(appendChunk(nil, typeBand, appendBands(h.Bands)))
	for n := range bare {
		if n != len(bare)-bands { // where it is whole, of bands without names
			_, _, _, err := ParseOpening(bare[:n])
			assert.Error(t, err, "cut to %d of %d bytes", n, len(bare))
		}
	}
	_, _, _, err = ParseOpening(appendChunk(b, typeIndex, nil))
	assert.ErrorContains(t, err, "expected the end")
}
