package jpeg

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDjpegDamaged: files that are cut, or of which bytes are changed, show what
// djpeg shows of them.
func TestDjpegDamaged(t *testing.T) {
	damaged := 0
	for seed := range uint64(filesToTry()) {
		file, command := randomJPEG(t, seed)
		rnd := rand.New(rand.NewPCG(seed, 3))
		start := bytes.Index(file, []byte{0xff, sos})
		start += 2 + int(file[start+3])
		if rnd.IntN(2) == 0 {
			file = file[:start+rnd.IntN(len(file)-start)]
		} else {
			for range 1 + rnd.IntN(3) {
				file[start+rnd.IntN(len(file)-start)] ^= 1 << rnd.IntN(8)
			}
		}
		out, warnings, code := runTool(t, file, "djpeg -pnm")
		m, err := Decode(file, Options{})
		if code == 1 {
			assert.Error(t, err, "%d: %s", seed, warnings)
			continue
		}
		if err != nil {
			var damage *DamageError
			require.ErrorAs(t, err, &damage, "%d: %s %s", seed, command, warnings)
			damaged++
			if strings.Contains(damage.What, "ends in the segment") {
				continue // which djpeg completes with an EOI marker
			}
		} else if !strings.HasPrefix(warnings, "Invalid SOS parameters") {
			assert.Empty(t, warnings, "%d: %s", seed, command)
		}
		require.NotNil(t, m)
		diff, where := largest(t, readPNM(t, out), m.picture())
		assert.Zero(t, diff, "%d: %s: %s\n%v\n%s", seed, command, where, err, warnings)
	}
	assert.NotZero(t, damaged)
}
