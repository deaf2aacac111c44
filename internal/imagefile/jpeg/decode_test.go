package jpeg

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDjpeg: random files of cjpeg give exactly what djpeg shows.
func TestDjpeg(t *testing.T) {
	for seed := range uint64(filesToTry()) {
		file, command := randomJPEG(t, seed)
		want := readPNM(t, tool(t, file, "djpeg -pnm"))
		m, err := Decode(file, Options{})
		require.NoError(t, err, "%d: %s", seed, command)
		diff, where := largest(t, want, m.picture())
		assert.Zero(t, diff, "%d: %s: %s", seed, command, where)
	}
}
