// Train fits the tables of the transform engine to images: it encodes each at many thresholds,
// counts the tokens, and writes the universal entropy tables; and it decodes each at two, and
// writes the weights that bring the decoded samples nearest to the images; and it quantises leaves, and writes the weights by
// which their costs are forecast. The quantiser prices
// its decisions by the tables that are built in, so run it again, two or three times, until the
// tables settle. See docs/TRAINING.md.
//
//	go run ./internal/engine/transform/train -tables internal/engine/transform/universal.bin IMAGES...
//	go run ./internal/engine/transform/train -predicted internal/engine/transform/predicted.bin IMAGES...
//	go run ./internal/engine/transform/train -classes internal/engine/transform/classes.bin IMAGES...
//	go run ./internal/engine/transform/train -restore internal/engine/transform/restore.bin IMAGES...
//	go run ./internal/engine/transform/train -forecast internal/engine/transform/forecast.bin IMAGES...
//
// Without a flag it writes all five into the folder that it is run in.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"image"
	"log"
	"os"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/tree"
)

// thresholds of tables span what people use; each counts alike.
var thresholds = []float64{1.5, 2, 3, 4, 6, 8, 10, 14, 20}

// restoreThresholds stand for little and for much that is lost.
var restoreThresholds = []float64{5, 14}

func main() {
	tables := flag.String("tables", "", "where to write the entropy tables")
	predicted := flag.String("predicted", "", "where to write the entropy tables of predicted leaves")
	classes := flag.String("classes", "", "where to write the tables of step classes")
	restore := flag.String("restore", "", "where to write the weights of restoration")
	forecast := flag.String("forecast", "", "where to write the weights of forecasts")
	flag.Parse()
	if flag.NFlag() == 0 {
		*tables, *predicted, *classes, *restore, *forecast = "universal.bin", "predicted.bin", "classes.bin", "restore.bin", "forecast.bin"
	}
	err := cmp.Or(
		trainTables(*tables, transform.NewHistogram(), false, flag.Args()),
		trainTables(*predicted, transform.NewPredictedHistogram(), true, flag.Args()),
		trainClasses(*classes, flag.Args()),
		trainRestore(*restore, flag.Args()),
		trainForecast(*forecast, flag.Args()))
	if err != nil {
		log.Fatal(err)
	}
}

func trainTables(out string, sum *transform.Histogram, predicts bool, paths []string) error {
	if out == "" {
		return nil
	}
	for _, path := range paths {
		for _, sub := range []bool{true, false} {
			s, err := load(path, sub)
			if err != nil {
				return err
			}
			for _, t := range thresholds {
				if sub == (t >= 2) {
					sum.Add(s.encode(t, predicts))
				}
			}
		}
	}
	return os.WriteFile(out, sum.Universal(), 0o644)
}

// classThresholds are few: classes depend on them by the sizes of leaves alone.
var classThresholds = []float64{3, 6, 10, 16, 28}

func trainClasses(out string, paths []string) error {
	if out == "" {
		return nil
	}
	sum := transform.NewHistogram()
	for _, path := range paths {
		s, err := load(path, true)
		if err != nil {
			return err
		}
		for _, t := range classThresholds {
			e := transform.NewEncoder(transform.VisualStepFor(int64(t*engine.ErrorUnit)), s.planes, engine.SplitHybrid).Tuning()
			sum.Add(s.tile(e))
		}
	}
	return os.WriteFile(out, sum.Classes(), 0o644)
}

func trainRestore(out string, paths []string) error {
	if out == "" {
		return nil
	}
	r := new(regression)
	for _, path := range paths {
		s, err := load(path, true)
		if err != nil {
			return err
		}
		for _, t := range restoreThresholds {
			decoded, err := s.decode(t)
			if err != nil {
				return err
			}
			transform.Trainees(stepFor(t), s.planes, decoded, s.prepared.Planes, func(x *transform.Trainee) { r.add(x, stepFor(t)) })
		}
	}
	return os.WriteFile(out, r.weights(), 0o644)
}

// source is an image as one tile.
type source struct {
	prepared *tree.Prepared
	planes   []transform.Plane
	rects    []image.Rectangle
}

func load(path string, sub420 bool) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, _, err := imagefile.Read(f, imagefile.ReadOptions{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &source{}
	if s.prepared, err = tree.Prepare(context.Background(), cpufallback.New(0), &m.Interleaved, sub420); err != nil {
		return nil, err
	}
	for i, p := range s.prepared.Planes {
		colour := i == 1 || i == 2
		s.planes = append(s.planes, transform.Plane{Chroma: colour, Half: colour && sub420})
		s.rects = append(s.rects, image.Rect(0, 0, p.Stride, p.Rows()))
	}
	return s, nil
}

func stepFor(t float64) int { return transform.StepFor(int64(t * engine.ErrorUnit)) }

func (s *source) encode(t float64, predicts bool) *transform.Tile {
	e := transform.NewEncoder(stepFor(t), s.planes, engine.SplitHybrid)
	if predicts {
		e = e.Predicting()
	}
	return s.tile(e)
}

func (s *source) tile(e *transform.Encoder) *transform.Tile {
	return e.Tile(new(transform.EncoderScratch), s.prepared.Planes, s.prepared.Pyramids, s.rects, nil)
}

// decode gives what a decoder makes of the planes before it restores them.
func (s *source) decode(t float64) ([]chroma.Plane, error) {
	h := transform.NewHistogram()
	tile := s.encode(t, false)
	h.Add(tile)
	tables := h.Tables()
	segments := tables.Segments(tile)
	d, err := transform.NewDecoder(stepFor(t), s.planes, tables.Payload)
	if err != nil {
		return nil, err
	}
	cells, err := d.Overview(segments.Overview, s.rects)
	if err != nil {
		return nil, err
	}
	planes := make([]chroma.Plane, len(s.rects))
	for i, r := range s.rects {
		planes[i] = chroma.NewPlane(r.Dx(), r.Dy())
	}
	err = d.Detail(new(transform.DecoderScratch), segments.Detail, cells, planes, make([]image.Point, len(planes)))
	if err != nil {
		return nil, err
	}
	return planes, d.Filter(context.Background(), 1, planes, transform.GridsOf(cells, 0))
}
