// Train fits the universal tables of the transform engine to images: it encodes
// each at many thresholds, counts the tokens, and writes the tables. The
// quantiser prices its decisions by the tables that are built in, so run it
// again, two or three times, until the tables settle. See docs/TRAINING.md.
//
//	go run ./internal/engine/transform/train -o internal/engine/transform/universal.bin IMAGES...
package main

import (
	"context"
	"flag"
	"fmt"
	"image"
	"log"
	"os"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/tree"
)

// thresholds span what people use; each counts alike.
var thresholds = []float64{1.5, 2, 3, 4, 6, 8, 10, 14, 20}

func main() {
	out := flag.String("o", "universal.bin", "where to write the tables")
	flag.Parse()
	sum := transform.NewHistogram()
	for _, path := range flag.Args() {
		if err := count(sum, path); err != nil {
			log.Fatal(err)
		}
	}
	if err := os.WriteFile(*out, sum.Universal(), 0o644); err != nil {
		log.Fatal(err)
	}
}

func count(sum *transform.Histogram, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	m, _, err := imagefile.Read(f, imagefile.ReadOptions{})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, sub := range []bool{true, false} {
		p, err := tree.Prepare(context.Background(), cpufallback.New(0), &m.Interleaved, sub)
		if err != nil {
			return err
		}
		planes := make([]transform.Plane, len(p.Planes))
		rects := make([]image.Rectangle, len(p.Planes))
		for i := range planes {
			planes[i].Chroma = i == 1 || i == 2
			rects[i] = image.Rect(0, 0, p.Planes[i].Stride, p.Planes[i].Rows())
		}
		for _, t := range thresholds {
			if sub != (t >= 2) {
				continue
			}
			e := transform.NewEncoder(transform.StepFor(int64(t*engine.ErrorUnit)), planes, engine.SplitHybrid)
			sum.Add(e.Tile(new(transform.EncoderScratch), p.Planes, p.Pyramids, rects))
		}
	}
	return nil
}
