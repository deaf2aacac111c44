package tree

import (
	"context"
	"fmt"
	"slices"
)

// Both is a Coder that has two others do everything, and has the results of the first where the
// second comes to the same. Its error names the first difference by stage, plane, level, node and
// both values.
type Both struct{ First, Second Coder }

// Transform implements Coder.
func (b Both) Transform(ctx context.Context, p *Prepared, works []Work) ([][]int32, error) {
	return both(ctx, p, works, b.First.Transform, b.Second.Transform, compareCoefs)
}

// Costs implements Coder. It compares the coefficients too, work by work.
func (b Both) Costs(ctx context.Context, p *Prepared, works []Work) ([][]Cost, error) {
	for i := range works {
		if _, err := b.Transform(ctx, p, works[i:i+1]); err != nil {
			return nil, err
		}
	}
	return both(ctx, p, works, b.First.Costs, b.Second.Costs, compareCosts)
}

// Quantise implements Coder.
func (b Both) Quantise(ctx context.Context, p *Prepared, works []Work) ([]Outcomes, error) {
	return both(ctx, p, works, b.First.Quantise, b.Second.Quantise, compareRecords)
}

// stage is a stage of a Coder.
type stage[R any] func(ctx context.Context, p *Prepared, works []Work) ([]R, error)

func both[R any](ctx context.Context, p *Prepared, works []Work, first, second stage[R], compare func(w *Work, across int, got, want R) error) ([]R, error) {
	want, err := second(ctx, p, works)
	if err != nil {
		return nil, err
	}
	got, err := first(ctx, p, works)
	if err != nil {
		return nil, err
	}
	for i := range works {
		w := &works[i]
		if err := compare(w, p.Pyramids[w.Plane].At(w.Level).W, got[i], want[i]); err != nil {
			return nil, err
		}
	}
	return got, nil
}

// differs is the error of the k-th node of a work.
func (w *Work) differs(stage string, across, k int, format string, args ...any) error {
	n := int(w.Numbers[k])
	return fmt.Errorf("%s: plane %d: level %d node (%d,%d): %s", stage, w.Plane, w.Level, n%across, n/across, fmt.Sprintf(format, args...))
}

func compareCoefs(w *Work, across int, got, want []int32) error {
	if len(got) != len(want) {
		return fmt.Errorf("transform: plane %d: level %d: %d coefficients, want %d", w.Plane, w.Level, len(got), len(want))
	}
	for i, v := range want {
		if got[i] != v {
			k, at := i>>(2*w.Level), i&(1<<(2*w.Level)-1)
			return w.differs("transform", across, k, "coefficient u %d v %d: got %d, want %d", at>>w.Level, at&(1<<w.Level-1), got[i], v)
		}
	}
	return nil
}

func compareCosts(w *Work, across int, got, want []Cost) error {
	if len(got) != len(want) {
		return fmt.Errorf("cost: plane %d: level %d: %d nodes, want %d", w.Plane, w.Level, len(got), len(want))
	}
	for k, v := range want {
		if got[k].J != v.J {
			return w.differs("cost", across, k, "J: got %d, want %d", got[k].J, v.J)
		}
		if got[k].Forecast != v.Forecast {
			return w.differs("cost", across, k, "forecast: got %d, want %d", got[k].Forecast, v.Forecast)
		}
	}
	return nil
}

func compareRecords(w *Work, across int, got, want Outcomes) error {
	if len(got) != len(want) {
		return fmt.Errorf("quantise: plane %d: level %d: %d leaves, want %d", w.Plane, w.Level, len(got), len(want))
	}
	for k, r := range want {
		if slices.Equal(got[k], r) {
			continue
		}
		for i, v := range r {
			if i >= len(got[k]) || got[k][i] != v {
				place, signed := r.place(w.Level, i)
				if i >= len(got[k]) {
					return w.differs("quantise", across, k, "%s: got nothing, want %d", place, v)
				}
				if signed {
					return w.differs("quantise", across, k, "%s: got %d, want %d", place, int32(got[k][i]), int32(v))
				}
				return w.differs("quantise", across, k, "%s: got %#x, want %#x", place, got[k][i], v)
			}
		}
		return w.differs("quantise", across, k, "%d words, want %d", len(got[k]), len(r))
	}
	return nil
}

// place says what word i of a record is, and whether that is a number with a sign.
func (r Record) place(level, i int) (name string, signed bool) {
	m := 1 << (2 * (level - Base))
	if i == 0 {
		return "variants by class", false
	}
	if i <= m {
		return fmt.Sprintf("mean of cell %d", i-1), true
	}
	at, number := 1+m, 0
	for v := range r.variants(level) {
		switch i -= at; {
		case i == 0:
			return fmt.Sprintf("variant %d: last group and number of levels", number), false
		case i < VariantHead:
			return fmt.Sprintf("variant %d: word %d of the error", number, i-1), false
		case i < VariantHead+len(v.Levels):
			return fmt.Sprintf("variant %d: level %d", number, i-VariantHead), false
		}
		at, number = VariantHead+len(v.Levels), number+1
	}
	return "beyond the record", false
}
