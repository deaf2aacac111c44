package conformance

import (
	"bytes"
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/container"
)

// damage changes a segment and keeps the checksums right, so that decoders have
// to find the damage in the codes.
func damage(t testing.TB, p []byte, rng *rand.Rand) []byte {
	h, err := container.ReadHeader(bytes.NewReader(p))
	require.NoError(t, err)
	f, err := parse(p)
	require.NoError(t, err)
	segments := [][][]byte{f.Fronts, f.Bodies}[rng.IntN(2)]
	i := rng.IntN(len(segments))
	s := bytes.Clone(segments[i])
	switch at := rng.IntN(len(s) + 1); {
	case at == len(s):
		s = append(s, byte(rng.IntN(256)))
	case rng.IntN(3) == 0:
		s = s[:at]
	default:
		s[at] ^= byte(1 + rng.IntN(255))
	}
	segments[i] = s
	var b bytes.Buffer
	require.NoError(t, container.Write(&b, &container.File{Header: h, Tables: f.Tables, Fronts: f.Fronts, Bodies: f.Bodies}))
	return b.Bytes()
}

// requireSameVerdict: of a level that the file has, both decoders find a level damaged, or both decode it alike.
func requireSameVerdict(t testing.TB, p []byte, level int) {
	f, err := parse(p)
	require.NoError(t, err)
	if level >= f.Levels() {
		return
	}
	naive, err := f.Level(level)
	r, e := qtgpu.NewReader(bytes.NewReader(p), int64(len(p)), nil)
	require.NoError(t, e)
	m, e := r.DecodeRegion(image.Rectangle{Max: r.Size(level)}, level)
	require.Equal(t, err != nil, e != nil, "level %d: the naive decoder has error %v, the engine %v", level, err, e)
	if err == nil {
		requireSame(t, naive, fromImage(t, m, r.Info().Channels), fmt.Sprintf("level %d", level))
	}
}

// TestDamagedFiles: the decoders agree on what is damaged.
func TestDamagedFiles(t *testing.T) {
	for kind, make := range append(wildKinds, wild) {
		for seed := range uint64(40) {
			t.Run(fmt.Sprint(kind, "/", seed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 5))
				p := damage(t, make(t, seed), rng)
				requireSameVerdict(t, p, 0)
				requireSameVerdict(t, p, 3)
			})
		}
	}
}
