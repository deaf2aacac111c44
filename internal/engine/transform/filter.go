package transform

import (
	"context"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/parallel"
)

// filter smooths a plane and then the borders of its leaves.
type filter struct {
	smoother  *smoother
	deblocker *deblocker
}

func newFilter(m *memory, s *steps, def Plane, p *chroma.Plane, g *Grid) filter {
	return filter{newSmoother(m, overviewStepOf(int(s.plan), def), p, g), newDeblocker(m, s, p, g)}
}

// passes do a row of cells each, in any order within a pass: vertical borders lie within their row.
var passes = [...]func(f filter, y int){
	func(f filter, y int) { f.smoother.means(y) },
	func(f filter, y int) {
		f.smoother.samples(y)
		f.deblocker.vertical(y)
	},
	func(f filter, y int) { f.deblocker.horizontal(y) },
}

// all runs the passes of one plane.
func (f filter) all() {
	for _, pass := range passes {
		for y := range f.deblocker.grid.h {
			pass(f, y)
		}
	}
}

// filters are of planes, which are filtered side by side.
type filters []filter

// run runs the passes, each on several goroutines before the next begins.
func (f filters) run(ctx context.Context, workers int) error {
	rows := 0
	for _, one := range f {
		rows += one.deblocker.grid.h
	}
	for _, pass := range passes {
		err := parallel.For(ctx, workers, rows, func(y int) error {
			k := 0
			for ; y >= f[k].deblocker.grid.h; k++ {
				y -= f[k].deblocker.grid.h
			}
			pass(f[k], y)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
