package transform

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// TestPutNamed holds the tokens of names to what each of them says, in leaves of all sorts.
func TestPutNamed(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	names, tokens := make([]uint8, maxN*maxN+maxN), make([]rans.Token, maxN*maxN+maxN)
	for lg := cellLog2; lg <= rootLog2; lg++ {
		for kind := range kinds {
			for last := range groups {
				pos := scanOf(lg).through(last)
				for i := range names {
					names[i] = nameOf(rng.IntN(magnitudeClasses), int64(rng.IntN(escape+1)))
				}
				require.Equal(t, len(pos), putNamed(tokens, names, kind, lg, last), "leaf of %d up to group %d", 1<<lg, last)
				for i, p := range pos {
					require.Equal(t, p.token(kind, lg, names[i]), tokens[i], "leaf of %d up to group %d: token %d", 1<<lg, last, i)
				}
			}
		}
	}
}
