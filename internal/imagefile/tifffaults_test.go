package imagefile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// littleEndian returns the samples of an image, pixel by pixel, samples of 16
// bits with the lower byte first.
func littleEndian(m *Image) (out []byte) {
	size := m.Depth / 8
	for i := range m.W * m.H {
		p := m.Pix[i/m.W*m.Stride+i%m.W*m.Step:][:m.Channels*size]
		for c := range m.Channels {
			for b := size - 1; b >= 0; b-- {
				out = append(out, p[c*size+b])
			}
		}
	}
	return out
}

// Files after public reports, of kinds that were once refused, read as their
// negative, or read without a word of what was left out. The sums come from
// the readers named in faults/reports/README.md.
func TestTIFFFaults(t *testing.T) {
	const (
		text  = "b6e7eda12d5f185cf9181c96da10930e"
		scan  = "2433fe40d76b0b11f97d3265695df384"
		photo = "bf5c86e141698396cf92c25cbfa350e1"
	)
	inverted := []string{"white is zero: samples inverted"}
	cases := []struct {
		file           string
		w, h, channels int
		sum            string
		alpha          Alpha
		lost, notes    []string
	}{
		{"reports/ccitt-g4-blackiszero.tif", 53, 37, 1, text, Straight, nil, nil},
		{"reports/ccitt-g4-gdal-palette.tif", 53, 37, 1, text, Straight, nil, nil},
		{"reports/ccitt-g3-2d.tif", 53, 37, 1, text, Straight, nil, inverted},
		{"reports/ccitt-g3-fill.tif", 53, 37, 1, text, Straight, nil, inverted},
		{"reports/predictor2-uncompressed.tif", 53, 37, 3, photo, Straight, nil, nil},
		{"reports/colormap-8bit-values.tif", 53, 37, 3, "401586fcf295519249dbc0625069e7e7", Straight, nil, nil},
		{"reports/thumbnail-first.tif", 53, 37, 3, photo, Straight, nil,
			[]string{"page 2 read: those before it are reduced images or masks", "an overview is made anew"}},
		{"reports/two-pages.tif", 53, 37, 3, photo, Straight, []string{"a further page"}, nil},
		{"reports/internal-mask.tif", 53, 37, 4, photo, Straight, nil, nil},
		{"reports/sparse-tiles.tif", 100, 100, 1, "debf79d74a3ccbe99ec7568951e8b84c", Straight, nil, nil},
		{"reports/no-stripbytecounts.tif", 53, 37, 3, photo, Straight, nil, []string{"byte counts missing: estimated"}},
		{"reports/tiled-stripoffsets.tif", 53, 37, 3, photo, Straight, nil, nil},
		{"reports/rgb-nir.tif", 53, 37, 4, "e60c70942d7a91f0181f5fbb398f6ad2", NoAlpha, nil, nil},
		{"reports/associated-alpha-straight-data.tif", 53, 37, 4, "e60c70942d7a91f0181f5fbb398f6ad2", Premultiplied, nil, nil},
		{"gd-g4.tif", 120, 180, 1, scan, Straight, nil, nil},
		{"g3-minwhite-refused.tif", 120, 180, 1, scan, Straight, nil, inverted},
		{"multi.tif", 120, 180, 3, "21e2bc6e237492478107325bddcf79c1", Straight, []string{"2 further pages"}, nil},
	}
	dir := filepath.Join(corpus(t), "faults")
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, c.file))
			require.NoError(t, err)
			m := decode(t, "tif", data)
			require.Equal(t, []int{c.w, c.h, c.channels}, []int{m.W, m.H, m.Channels})
			samples := *m
			if c.file == "reports/internal-mask.tif" { // the sum is of the colours
				samples.Channels--
			}
			require.Equal(t, c.sum, sum(littleEndian(&samples)))
			require.Equal(t, c.alpha, m.Alpha)
			require.Equal(t, c.lost, m.Lost)
			require.Equal(t, c.notes, m.Notes)
		})
	}
}
