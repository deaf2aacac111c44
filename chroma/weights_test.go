package chroma

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestWeights: those of luma make full scale, those of chroma nothing of gray.
func TestWeights(t *testing.T) {
	for i, want := range []int{1 << 16, 0, 0} {
		w := Weights()[i]
		assert.Equal(t, want, w[0]+w[1]+w[2], "row %d", i)
	}
}
