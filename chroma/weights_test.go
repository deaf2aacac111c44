package chroma

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestWeights: gray at full scale has full luma and no chroma.
func TestWeights(t *testing.T) {
	for i, want := range []int{1 << 16, 0, 0} {
		w := Weights()[i]
		assert.Equal(t, want, w[0]+w[1]+w[2], "row %d", i)
	}
}
