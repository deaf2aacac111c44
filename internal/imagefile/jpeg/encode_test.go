package jpeg

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (p picture) source() *Source {
	return &Source{W: p.w, H: p.h, Channels: p.channels, Step: p.channels, Stride: p.w * p.channels, Pix: p.pix}
}

func encoded(t testing.TB, p picture, o EncodeOptions) []byte {
	var b bytes.Buffer
	require.NoError(t, Encode(&b, p.source(), o))
	return b.Bytes()
}

// TestCjpeg: files are byte by byte those of cjpeg.
func TestCjpeg(t *testing.T) {
	for seed := range uint64(filesToTry()) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		p := drawing(1+rnd.IntN(70), 1+rnd.IntN(70), 1+2*min(rnd.IntN(4), 1), seed)
		o := EncodeOptions{Quality: 1 + rnd.IntN(100), Subsample: rnd.IntN(2) == 0}
		sampling := map[bool]string{false: "1x1", true: "2x2"}[o.Subsample && p.channels == 3]
		command := fmt.Sprintf("cjpeg -baseline -optimize -quality %d -sample %s", o.Quality, sampling)
		want := tool(t, p.pnm(), command)
		got := encoded(t, p, o)
		assert.True(t, bytes.Equal(want, got), "%s of %dx%dx%d: want %d bytes, got %d", command, p.w, p.h, p.channels, len(want), len(got))
	}
}
