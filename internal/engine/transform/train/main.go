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

	"github.com/qtgpu/qtgpu/chroma"
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
		planes := chroma.NewPlanes(m.W, m.H, m.Channels, sub)
		chroma.Forward(planes, &m.Interleaved, sub, 0, m.H)
		kinds := make([]transform.Plane, len(planes))
		rects := make([]image.Rectangle, len(planes))
		for i := range planes {
			chroma.Pad(&planes[i])
			kinds[i].Chroma = i == 1 || i == 2
			rects[i] = image.Rect(0, 0, planes[i].Stride, planes[i].Rows())
		}
		pyramids, err := tree.Reduce(context.Background(), cpufallback.New(0), tree.Padded(planes))
		if err != nil {
			return err
		}
		for _, t := range thresholds {
			if sub != (t >= 2) {
				continue
			}
			e := transform.NewEncoder(transform.StepFor(int64(t*engine.ErrorUnit)), kinds, engine.SplitHybrid)
			sum.Add(e.Tile(new(transform.EncoderScratch), planes, pyramids, rects))
		}
	}
	return nil
}
