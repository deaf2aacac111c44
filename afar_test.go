package qtgpu_test

import (
	"bytes"
	"fmt"
	"image"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
)

// answers are what a file says to all that looks at every tile.
func answers(t *testing.T, r *qtgpu.Reader) string {
	modes, modesErr := r.Modes(t.Context())
	leaves, leavesErr := r.Leaves(t.Context(), 0)
	return fmt.Sprint(modes, modesErr, leaves, leavesErr, r.Check(t.Context()))
}

// TestAllTilesFromAfar: Check, Leaves and Modes of a file that is asked for ranges say what
// they say of one at hand, also where a tile is damaged, and take few round trips.
func TestAllTilesFromAfar(t *testing.T) {
	all := maps.Clone(files())
	if !testing.Short() {
		all["lossless, 3×2 tiles"] = encode(t, picture(patterns["noise"], 2100, 1100, 3, 8), qtgpu.Options{})
	}
	for name, data := range all {
		_, bodies := segments(t, data)
		fronts, _ := segments(t, data)
		last := len(bodies) - 1
		for what, p := range map[string][]byte{
			"whole": data, "front": flipped(data, fronts[last].to-1, 1), "body": flipped(data, bodies[last].to-1, 1),
		} {
			far := &remote{counter: counter{ReaderAt: bytes.NewReader(p)}}
			for _, o := range []qtgpu.DecodeOptions{{}, {KeepGoing: true}} {
				r, err := qtgpu.NewReader(t.Context(), far, int64(len(p)), &o)
				require.NoError(t, err)
				far.reset()
				assert.Equal(t, answers(t, newReader(t, p, o)), answers(t, r), "%s, %s, %+v", name, what, o)
				assert.LessOrEqual(t, far.trips, 5+2*len(p)>>22, "%s, %s: round trips for %d tiles and %d bytes", name, what, last+1, len(p))
			}
		}
	}
}

// TestMetadataFromAfar: a look at the metadata of a file of many groups reads none of its
// overviews, and none of its tiles.
func TestMetadataFromAfar(t *testing.T) {
	data := gigapixel(t)
	far := &remote{counter: counter{ReaderAt: bytes.NewReader(data)}}
	r, err := qtgpu.NewReader(t.Context(), far, int64(len(data)), nil)
	require.NoError(t, err)
	far.reset()
	_, err = r.Metadata(t.Context())
	require.NoError(t, err)
	assert.Empty(t, far.reads)
	region(t, r, image.Rect(512*30, 512*30, 512*31, 512*31), 0)
	assert.Equal(t, 2, far.trips, "indices, then segments: %v", far.reads)
}
