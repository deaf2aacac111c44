package qtgpu

import (
	"bytes"
	"context"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/stretchr/testify/require"
)

// Every effort keeps the promise, in whole images, regions and overviews.
func TestEffort(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	m := imagefile.New(1060, 24, 3, 8) // two tiles
	for i := range m.Pix {
		m.Pix[i] = byte(i/7 + r.IntN(5))
	}
	size := map[int]int{}
	for _, bound := range shorttest.Cases([]float64{0, 2}) {
		for effort := range MaxEffort + 1 {
			var b bytes.Buffer
			require.NoError(t, Encode(t.Context(), &b, m, &Options{T: bound, Bound: BoundMax, Effort: effort}))
			file, err := NewReader(context.Background(), bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
			require.NoError(t, err)
			worst, err := verifyImage(file, m)
			require.NoError(t, err)
			for c, v := range worst {
				require.LessOrEqual(t, v, bound, "effort %d: channel %d", effort, c)
			}
			whole, err := file.Decode(context.Background())
			require.NoError(t, err)
			part, err := file.DecodeRegion(context.Background(), image.Rect(1000, 10, 1050, 20), 0)
			require.NoError(t, err)
			require.Equal(t, whole.At(1030, 15), part.At(30, 5), "effort %d", effort)
			_, err = file.DecodeRegion(context.Background(), image.Rectangle{Max: file.Size(3)}, 3)
			require.NoError(t, err)
			if bound == 0 {
				size[effort] = b.Len()
			}
		}
	}
	require.Equal(t, size[2], size[0], "default")
	require.Less(t, size[4], size[2])
	for _, effort := range []int{-1, MaxEffort + 1} {
		err := Encode(t.Context(), new(bytes.Buffer), m, &Options{Effort: effort})
		require.ErrorContains(t, err, "expected 0 to 4", "effort %d", effort)
	}
}

// Of lossy photographs effort 1 leaves decoders nothing to restore; 3 and 4 predict leaves, of which 4
// tries more.
func TestEffortOfLeaves(t *testing.T) {
	m := imagefile.New(700, 90, 3, 8)
	for i := range m.Pix {
		m.Pix[i] = byte(i/3%700/9*40 + i%3*50)
	}
	coded := map[int]string{}
	for effort := range MaxEffort + 1 {
		var b bytes.Buffer
		require.NoError(t, Encode(t.Context(), &b, m, &Options{T: 8, Engine: Transform, Effort: effort}))
		coded[effort] = b.String()
	}
	require.NotEqual(t, coded[1], coded[2])
	require.Equal(t, coded[2], coded[0], "the default")
	require.NotEqual(t, coded[3], coded[4])
	require.Less(t, len(coded[3]), len(coded[2]), "bytes")
	file, err := NewReader(t.Context(), bytes.NewReader([]byte(coded[3])), int64(len(coded[3])), nil)
	require.NoError(t, err)
	whole, err := file.Decode(t.Context())
	require.NoError(t, err)
	rect := image.Rect(490, 13, 560, 71) // of two tiles
	part, err := file.DecodeRegion(t.Context(), rect, 0)
	require.NoError(t, err)
	for y := range rect.Dy() {
		for x := range rect.Dx() {
			require.Equal(t, whole.At(rect.Min.X+x, rect.Min.Y+y), part.At(x, y), "x %d y %d of the region", x, y)
		}
	}
	plain, restored := decodedSquares(t, coded[1], m), decodedSquares(t, coded[2], m)
	require.Less(t, restored, plain, "squared error")
}

// decodedSquares is the squared error of a decoded file.
func decodedSquares(t *testing.T, file string, m *imagefile.Image) (sum int) {
	r, err := NewReader(t.Context(), bytes.NewReader([]byte(file)), int64(len(file)), nil)
	require.NoError(t, err)
	got, err := r.Decode(t.Context())
	require.NoError(t, err)
	pix := got.(*image.RGBA).Pix
	for i := range m.W * m.H {
		for c := range 3 {
			d := int(pix[4*i+c]) - int(m.Pix[m.Step*i+c])
			sum += d * d
		}
	}
	return sum
}
