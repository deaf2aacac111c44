package conformance

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/internal/refdec"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
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
	r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(p), int64(len(p)), nil)
	if err != nil {
		return nil, err
	}
	f := r.Format()
	wide := f.Bands[0].Role == raster.Index && f.Type != raster.Uint8 // which packages of images have no type for
	if wide || predictive.IsRaster(&f) {
		b := raster.NewBlock(image.Rectangle{Max: r.Size(level)}, f.Type, len(f.Bands))
		if err := r.ReadBlock(context.Background(), b, level); err != nil {
			return nil, err
		}
		if wide {
			return painted(b, f.Palette), nil
		}
		return fromBlock(b), nil
	}
	m, err := r.DecodeRegion(context.Background(), image.Rectangle{Max: r.Size(level)}, level)
	if err != nil {
		return nil, err
	}
	return fromImage(t, m, len(r.Format().Bands)), nil
}

// painted takes the colours of indices.
func painted(b *raster.Block, palette color.Palette) *refdec.Image {
	m := fromBlock(b)
	indices := m.Samples
	m.Bands, m.Bits, m.Samples = 4, 8, make([]int64, 0, 4*len(indices))
	for _, i := range indices {
		c := palette[i].(color.NRGBA)
		m.Samples = append(m.Samples, int64(c.R), int64(c.G), int64(c.B), int64(c.A))
	}
	return m
}

// fromBlock takes the samples of a block.
func fromBlock(b *raster.Block) *refdec.Image {
	w, n := b.Rect.Dx(), len(b.Planes)
	m := &refdec.Image{Width: w, Height: b.Rect.Dy(), Bands: n, Bits: 8 * b.Type.Size()}
	m.Samples = make([]int64, w*m.Height*n)
	words := make([]uint64, w)
	for i := range n {
		for y := range m.Height {
			sample.Words(words, b, i, b.Rect.Min.Y+y)
			for x, v := range words {
				m.Samples[(y*w+x)*n+i] = int64(v)
			}
		}
	}
	return m
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
		for seed := range shorttest.Rounds(uint64(20)) {
			t.Run(fmt.Sprint(kind, "/", seed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 5))
				p := damage(t, make(t, seed), rng)
				requireSameVerdict(t, p, 0)
				requireSameVerdict(t, p, 3)
			})
		}
	}
}

// chunksOf are the chunks of a file.
func chunksOf(p []byte) (chunks []stored) {
	for p = p[9:]; len(p) > 0; {
		kind := string(p[:4])
		size, n := binary.Uvarint(p[4:])
		p = p[4+n:]
		chunks = append(chunks, stored{kind, p[:size]})
		if p = p[size:]; kind != "FRNT" && kind != "BODY" {
			p = p[4:]
		}
	}
	return chunks
}

// stored is a chunk of a file.
type stored struct {
	kind    string
	payload []byte
}

// begin is what every file begins with.
const begin = container.Magic + string(rune(container.Version))

// fileOf is a file of chunks, with checksums that are right.
func fileOf(chunks []stored) []byte {
	p := []byte(begin)
	for _, c := range chunks {
		q := chunk(c.kind, c.payload)
		if c.kind == "FRNT" || c.kind == "BODY" {
			q = q[:len(q)-4]
		}
		p = append(p, q...)
	}
	return p
}

// TestDamagedChunks: the decoders agree on files of which a chunk is damaged, missing, comes
// twice or in another place. OVERs are left alone: only the naive decoder reads them for
// level 0.
func TestDamagedChunks(t *testing.T) {
	taken := 0
	for _, name := range []string{"groups-600x150", "part-bands-70x64", "metadata-40x30", "exact-palette-90x70", "exact-groups-labels-130x300", "raster-groups-float32-130x200", "masked-layered-rgb-150x130"} {
		p := readFile(t, vectorDir+"/"+name+".qtg")
		require.Equal(t, p, fileOf(chunksOf(p)), name)
		rng := rand.New(rand.NewPCG(9, 9))
		for range shorttest.Rounds(150) {
			chunks := chunksOf(p)
			i := rng.IntN(len(chunks))
			switch c := &chunks[i]; {
			case c.kind == "OVER" || len(c.payload) > 1000:
				continue
			case rng.IntN(10) == 0:
				chunks = slices.Delete(chunks, i, i+1)
			case rng.IntN(10) == 0:
				chunks = slices.Insert(chunks, rng.IntN(len(chunks)), *c)
			default:
				c.payload = damageBytes(c.payload, rng)
			}
			if requireSameVerdict(t, fileOf(chunks), 0) {
				taken++
			}
		}
	}
	require.Greater(t, taken, shorttest.Rounds(10), "files that both took")
}

// TestLongForms: a number that is longer than it needs to be is an error in payloads and
// segments of engines, too.
func TestLongForms(t *testing.T) {
	for _, name := range []string{"gray-1x1", "exact-layered-rgb-bound1-1x1"} {
		for _, change := range []func(c *contents){
			func(c *contents) { c.Payload = longer(c.Payload) },
			func(c *contents) { c.bodies[0] = longer(c.bodies[0]) },
		} {
			c := takenApart(t, readFile(t, vectorDir+"/"+name+".qtg"))
			change(c)
			require.False(t, requireSameVerdict(t, c.write(t), 0), name)
		}
	}
}

// longer writes the number that p begins with with one byte more.
func longer(p []byte) []byte {
	_, n := binary.Uvarint(p)
	q := append(bytes.Clone(p[:n]), 0)
	q[n-1] |= 0x80
	return append(q, p[n:]...)
}

// TestOversOfAnyLevel: OVERs of levels that no encoder writes change nothing, either.
func TestOversOfAnyLevel(t *testing.T) {
	p := readFile(t, vectorDir+"/groups-600x150.qtg")
	c := takenApart(t, p)
	tiles, err := pipeline.NewReader(opened(t, p), pipeline.Options{})
	require.NoError(t, err)
	c.overs = nil
	for _, level := range []int{1, 2, 4, 5, 7, 8, 9} {
		c.overs = append(c.overs, container.Overview{Level: level, File: lossless(t, tiles, level)})
	}
	compareLevels(t, c.write(t))
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
