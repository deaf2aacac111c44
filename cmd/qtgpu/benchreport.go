package main

import (
	"encoding/csv"
	"fmt"
	"image"
	"io"
	"slices"
	"strconv"
	"time"
)

// csv writes every sample.
func (b *benchmark) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"width", "height", "backend", "stage", "run", "seconds"})
	for _, s := range b.samples {
		c.Write([]string{strconv.Itoa(s.size.X), strconv.Itoa(s.size.Y), s.backend, s.stage, strconv.Itoa(s.run),
			strconv.FormatFloat(s.took.Seconds(), 'f', -1, 64)})
	}
	c.Flush()
	return c.Error()
}

// median is the median time of a stage over all runs, and whether there is such a
// stage.
func (b *benchmark) median(size image.Point, backend, stage string) (time.Duration, bool) {
	var took []time.Duration
	for _, s := range b.samples {
		if s.size == size && s.backend == backend && s.stage == stage {
			took = append(took, s.took)
		}
	}
	if len(took) == 0 {
		return 0, false
	}
	slices.Sort(took)
	return took[len(took)/2], true
}

// stages are the names of all stages in the order of the report.
func (b *benchmark) stages() []string {
	var names []string
	for _, kind := range []string{backendGPU, backendCPU} {
		for _, s := range b.samples {
			if s.backend == kind && !slices.Contains(names, s.stage) && s.stage != stageTotal && s.stage != stageBuild {
				names = append(names, s.stage)
			}
		}
	}
	slices.SortStableFunc(names, func(a, c string) int { return rank(a) - rank(c) })
	return append(names, stageBuild, stageTotal)
}

// rank puts the stages above the seam first, and the dispatches last.
func rank(stage string) int {
	order := []string{"upload", "colour", "pyramid", "read back"}
	if i := slices.Index(order, stage); i >= 0 {
		return i
	}
	if len(stage) > len(stageDispatch) && stage[:len(stageDispatch)] == stageDispatch {
		return len(order) + 1
	}
	return len(order)
}

func (b *benchmark) table() *text {
	var t text
	for _, one := range b.backends {
		t.line(one.kind, "%s", one.device())
	}
	if b.noGPU != nil {
		t.line("gpu", "%v", b.noGPU)
	}
	t.line("runs", "%d of each, medians in milliseconds, T = %g", b.runs, b.t)
	if b.row > 1 {
		t.line("in a row", "%d images, of which times are sums", b.row)
	}
	for _, size := range b.sizes {
		b.sizeTable(&t, size)
	}
	if b.noGPU == nil {
		t.line("\ncrossover", "%s", b.crossover())
		if b.verify {
			t.line("verified", "all files of both backends are the same")
		}
	}
	return &t
}

func (b *benchmark) sizeTable(t *text, size image.Point) {
	fmt.Fprintf(t, "\n%-28s", fmt.Sprintf("%d×%d", size.X, size.Y))
	for _, one := range b.backends {
		fmt.Fprintf(t, "%10s", one.kind)
	}
	fmt.Fprintf(t, "%10s\n", "gpu/cpu")
	for _, stage := range b.stages() {
		b.stageLine(t, size, stage)
	}
	fmt.Fprintf(t, "%-28s", "megapixels a second")
	for _, one := range b.backends {
		d, _ := b.median(size, one.kind, stageTotal)
		fmt.Fprintf(t, "%10.1f", float64(b.row*size.X*size.Y)/1e6/d.Seconds())
	}
	fmt.Fprintln(t)
}

// stageLine writes the times of a stage, if it ran for this size.
func (b *benchmark) stageLine(t *text, size image.Point, stage string) {
	line, ran := fmt.Sprintf("%-28s", stage), false
	for _, one := range b.backends {
		if d, ok := b.median(size, one.kind, stage); ok {
			line, ran = line+fmt.Sprintf("%10.2f", milliseconds(d)), true
		} else {
			line += fmt.Sprintf("%10s", "")
		}
	}
	if ratio, ok := b.ratio(size, stage); ok {
		line += fmt.Sprintf("%10.2f", ratio)
	}
	if ran {
		t.WriteString(line + "\n")
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// ratio is the GPU's time divided by the CPU's.
func (b *benchmark) ratio(size image.Point, stage string) (float64, bool) {
	g, ok := b.median(size, backendGPU, stage)
	c, ok2 := b.median(size, backendCPU, stage)
	return float64(g) / float64(max(c, 1)), ok && ok2
}

// crossover is the smallest size from which on the GPU is faster.
func (b *benchmark) crossover() string {
	var least image.Point
	for _, size := range b.sizes { // the largest one first
		if r, _ := b.ratio(size, stageTotal); r >= 1 {
			break
		}
		least = size
	}
	if least == (image.Point{}) {
		return "none: the CPU encodes the largest size faster"
	}
	return fmt.Sprintf("the GPU encodes faster from %d×%d on", least.X, least.Y)
}
