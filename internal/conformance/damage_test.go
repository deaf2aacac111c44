package conformance

import (
	"bytes"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/refdec"
)

// damage changes a segment or the plan and keeps the checksums right, so that decoders
// have to find the damage in the codes.
func damage(t testing.TB, p []byte, rng *rand.Rand) []byte {
	c := takenApart(t, p)
	parts := [][][]byte{c.fronts, c.bodies, {c.Payload}}
	part := parts[rng.IntN(len(parts))]
	i := rng.IntN(len(part))
	part[i] = damageBytes(part[i], rng)
	c.Payload = parts[2][0]
	return c.write(t)
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
	return fromImage(t, m, len(r.Format().Bands)), nil
}

// requireSameVerdict: of a level that the file has, both decoders find it damaged, or both
// decode it alike. It tells whether they decode it.
func requireSameVerdict(t testing.TB, p []byte, level int) bool {
	t.Helper()
	naive, err := naiveLevel(p, level)
	if naive == nil && err == nil {
		return false
	}
	m, e := engineLevel(t, p, level)
	require.Equal(t, err != nil, e != nil, "level %d: the naive decoder has error %v, the engine %v", level, err, e)
	if err == nil {
		requireSame(t, naive, m, fmt.Sprintf("level %d", level))
	}
	return err == nil
}

// TestDamagedFiles: the decoders agree on what is damaged.
func TestDamagedFiles(t *testing.T) {
	for kind, make := range slices.Concat(wildKinds, []maker{wild, wildNamed, wildGroups}) {
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

// TestDamagedOvers: an OVER that holds another level than it names is found.
func TestDamagedOvers(t *testing.T) {
	c := takenApart(t, readFile(t, vectorDir+"/groups-600x150.qtg"))
	require.Len(t, c.overs, 2)
	for _, change := range []struct {
		name string
		do   func()
		want string
	}{
		{"the file of another level", func() { c.overs[0].File = c.overs[1].File }, "OVER of level 6: 2×1, type 1"},
		{"not a file", func() { c.overs[0].File = []byte("?") }, "OVER of level 6: Container: before byte 0"},
		{"other samples", func() { c.overs[0].File = encode(t, synthetic(10, 3, 3, 8), qtgpu.Options{}) }, "OVER of level 6: x 0, y 0, band 0"},
		{"losses", func() { c.overs[0].File = encode(t, synthetic(10, 3, 3, 8), qtgpu.Options{T: 4}) }, "with bound 0, expected 10×3"},
	} {
		was := slices.Clone(c.overs)
		change.do()
		f, err := parse(c.write(t))
		require.NoError(t, err, change.name)
		assert.ErrorContains(t, f.CheckOvers(), change.want, change.name)
		c.overs = was
	}
	f, err := parse(c.write(t))
	require.NoError(t, err)
	require.NoError(t, f.CheckOvers())
}
