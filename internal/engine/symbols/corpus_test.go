package symbols

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// peers are the bytes of other codecs: optipng 0.7.7 -o4, cwebp 1.2.4
// -lossless -z 9 (0 where it drops bits) and cjxl 0.7.0 -d 0 -e 7.
var peers = []struct {
	file               string
	optipng, webp, jxl int
}{
	{"mask/ade20k-1.png", 2523, 1560, 1340},
	{"mask/ade20k-2.png", 2582, 1718, 1424},
	{"mask/aloe-disparity.png", 86309, 68242, 51293},
	{"mask/apc-shelf-palette.png", 3753, 2092, 1352},
	{"mask/camvid-Seq05VD_f00000.png", 9293, 7312, 6751},
	{"mask/camvid-Seq05VD_f02370.png", 5508, 4168, 3852},
	{"mask/camvid-Seq05VD_f05100.png", 3637, 2754, 2467},
	{"mask/coco-inst-000000017914.png", 2761, 1676, 1695},
	{"mask/coco-inst-000000029286.png", 5026, 3518, 3055},
	{"mask/coco-stuff-000000000139.png", 5856, 4098, 4065},
	{"mask/coco-stuff-000000000785.png", 2326, 1484, 1103},
	{"mask/coco-stuff-000000001268.png", 5241, 3868, 3875},
	{"mask/membrane-15.png", 8322, 6762, 4155},
	{"mask/membrane-3.png", 9164, 7728, 4715},
	{"mask/nuclei-labels-16bit.tif", 8702, 0, 6469},
	{"mask/stemcell-segmentation-1.png", 4506, 3562, 1932},
	{"mask/voc-2011_000003.png", 2396, 1080, 788},
	{"mask/voc-2011_000006.png", 2822, 1394, 1132},
	{"screen/city-map-palette.png", 1117008, 952456, 1173518},
	{"screen/exoplanet-diagram-4k.png", 786524, 394076, 409265},
	{"screen/fantasy-painting.png", 2277690, 1603576, 1367432},
	{"screen/nip4-ct-dark.png", 831525, 490200, 419717},
	{"screen/pixelart-darkelf2.png", 33232, 26718, 32943},
	{"screen/pixelart-orc.png", 54495, 27228, 80704},
	{"screen/qgis-settings-hidpi.png", 633743, 259374, 425918},
	{"screen/scan-arabic-palette.png", 70344, 56184, 34725},
	{"screen/scan-feyn-1bit.tif", 170740, 149958, 110893},
	{"screen/scan-newspaper-1bit.tif", 243796, 212152, 223887},
	{"screen/scan-page-8bit-palette-lzw.tif", 356638, 149552, 69560},
	{"screen/scan-patent-1bit.png", 68073, 56252, 15478},
	{"screen/transit-map-scan-1933.png", 1789195, 1270156, 1130473},
	{"screen/wb-runner-dark.png", 208035, 52068, 41916},
}

// overhead is what the container adds to a file beside its palette.
const overhead = 80

// corpus returns the folder of the image set, or skips the test.
func corpus(t testing.TB) string {
	dir := os.Getenv("QTGPU_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no image set at %s: set QTGPU_CORPUS", dir)
	}
	return dir
}

// load reads an image as the symbols of a tile: indices where it has a
// palette, of so many bytes.
func load(t testing.TB, path string) (tile *Tile, palette int) {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	m, _, err := imagefile.Read(f, imagefile.ReadOptions{})
	require.NoError(t, err)
	if m.Palette != nil {
		return draw(m.W, m.H, 1, 8, func(x, y int) uint32 { return uint32(m.Index[y*m.W+x]) }), 3 * len(m.Palette)
	}
	return draw(m.W, m.H, m.Channels, m.Depth, func(x, y int) (v uint32) {
		p := m.Pix[y*m.Stride+x*m.Step:]
		if m.Depth == 16 {
			return uint32(p[0])<<8 | uint32(p[1])
		}
		for k := range m.Channels {
			v |= uint32(p[k]) << (8 * k)
		}
		return v
	}), 0
}

// split cuts a tile into tiles of at most n×n.
func split(tile *Tile, n int) (tiles []*Tile) {
	for y := 0; y < tile.H; y += n {
		for x := 0; x < tile.W; x += n {
			tiles = append(tiles, draw(min(n, tile.W-x), min(n, tile.H-y), tile.Channels, tile.Depth,
				func(i, j int) uint32 { return tile.Pix[(y+j)*tile.W+x+i] }))
		}
	}
	return tiles
}

// most is the number of pixels up to which TestSizes codes an image. docs/bench has
// them all.
const most = 1400 * 1200

// TestSizes holds the engine below its peers on the smaller images of the set.
func TestSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes of one goroutine")
	}
	dir := corpus(t)
	sum := map[string]*[4]int{"mask": {}, "screen": {}}
	for _, p := range peers {
		tile, size := load(t, filepath.Join(dir, p.file))
		if tile.W*tile.H > most {
			continue
		}
		size += overhead
		for _, s := range split(tile, 2048) {
			front, body := requireRoundTrip(t, s)
			size += len(front) + len(body)
		}
		t.Logf("%-36s %8d, optipng %8d, WebP %8d, JPEG XL %8d", p.file, size, p.optipng, p.webp, p.jxl)
		assert.LessOrEqualf(t, size, p.optipng, "%s: optipng", p.file)
		total := sum[filepath.Dir(p.file)]
		total[0], total[2] = total[0]+size, total[2]+p.jxl
		if p.webp > 0 {
			total[1], total[3] = total[1]+size, total[3]+p.webp
		}
	}
	for set, total := range sum {
		t.Logf("%s: %d, JPEG XL %d; without files that WebP cannot hold: %d, WebP %d", set, total[0], total[2], total[1], total[3])
		assert.Lessf(t, total[1], total[3], "%s: WebP", set)
	}
	assert.Less(t, sum["mask"][0], sum["mask"][2], "masks: JPEG XL")
}
