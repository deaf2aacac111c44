//go:build !amd64 || purego

package linear

import (
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
)

// kernelTables are of no use without kernels.
type kernelTables struct{}

func (*kernelTables) set(*[textures]weights, *residual.Expectation) {}

// predictNarrow fills a row of samples of up to 16 bits.
func (p *Predictor) predictNarrow(n, lev int, ps interlace.Pass, y int, before [2]*interlace.Level) {
	predict(p, p.Row.sum[:n], lev, ps, y, before)
}

// add enters the terms of a sample.
func (m *moments) add(d *[terms + 1]int32) { m.addPlain(d) }
