//go:build !amd64

package predictive

const (
	vector    = false
	vectorLen = 0
)

func (p *pyramid) predictVector(n, lev int, ps pass, y int, others [2]*level) {
	panic("predictive: no vector kernels for this architecture")
}

func addMoments(m *moments, d *[terms + 1]int32) { m.add(d) }

func look(w *window) { panic("predictive: no vector kernels for this architecture") }

func filterMove(f *filter, gain int64) { f.move(gain) }
