//go:build !amd64 || purego

package transform

import "github.com/qtgpu/qtgpu/internal/rans"

// levelScratch is of builds that have kernels.
type levelScratch struct{}

func (*levelScratch) symbols(*rans.Decoder, []rans.DecTable, *magnitudes, []scanPos) (int, []foundLevel) {
	return 0, nil
}

func productsOf(_, _ *int32, _ int) (int64, int64) { panic("transform: no kernels in this build") }
