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
	"github.com/qtgpu/qtgpu/internal/refdec"
)

// damage changes a segment or the tables and keeps the checksums right, so that decoders
// have to find the damage in the codes.
func damage(t testing.TB, p []byte, rng *rand.Rand) []byte {
	h, err := container.ReadHeader(bytes.NewReader(p))
	require.NoError(t, err)
	f, err := parse(p)
	require.NoError(t, err)
	parts := [][][]byte{f.Fronts, f.Bodies, {f.Tables}}
	if f.Tables == nil {
		parts = parts[:2]
	}
	part := parts[rng.IntN(len(parts))]
	i := rng.IntN(len(part))
	part[i] = damageBytes(part[i], rng)
	if len(parts) > 2 {
		f.Tables = parts[2][0]
	}
	var b bytes.Buffer
	require.NoError(t, container.Write(&b, &container.File{Header: h, Tables: f.Tables, Fronts: f.Fronts, Bodies: f.Bodies}))
	return b.Bytes()
}

// damageBytes adds a byte, cuts or changes one.
func damageBytes(p []byte, rng *rand.Rand) []byte {
	p = bytes.Clone(p)
	switch at := rng.IntN(len(p) + 1); {
	case at == len(p):
		p = append(p, byte(rng.IntN(256)))
	case rng.IntN(3) == 0:
		p = p[:at]
	default:
		p[at] ^= byte(1 + rng.IntN(255))
	}
	return p
}

// naiveLevel decodes a level by the naive decoder, nil where the file has none such.
func naiveLevel(p []byte, level int) (*refdec.Image, error) {
	f, err := parse(p)
	if err != nil || level >= f.Levels() {
		return nil, err
	}
	return f.Level(level)
}

// engineLevel decodes a level by the module.
func engineLevel(t testing.TB, p []byte, level int) (*refdec.Image, error) {
	r, err := qtgpu.NewReader(bytes.NewReader(p), int64(len(p)), nil)
	if err != nil {
		return nil, err
	}
	m, err := r.DecodeRegion(image.Rectangle{Max: r.Size(level)}, level)
	if err != nil {
		return nil, err
	}
	return fromImage(t, m, r.Info().Channels), nil
}

// requireSameVerdict: of a level that the file has, both decoders find it damaged, or both
// decode it alike.
func requireSameVerdict(t testing.TB, p []byte, level int) {
	naive, err := naiveLevel(p, level)
	if naive == nil && err == nil {
		return
	}
	m, e := engineLevel(t, p, level)
	require.Equal(t, err != nil, e != nil, "level %d: the naive decoder has error %v, the engine %v", level, err, e)
	if err == nil {
		requireSame(t, naive, m, fmt.Sprintf("level %d", level))
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
