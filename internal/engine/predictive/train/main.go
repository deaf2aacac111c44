// Train fits the built-in weights and tables of the predictive engine to images:
// the weights to all of them, then the tables to tiles that use weights of
// their own image. Run it twice: tokens depend on the built-in weights where a
// class has few samples. See docs/TRAINING.md.
//
//	go run ./internal/engine/predictive/train -o internal/engine/predictive/defaults.bin IMAGES...
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"slices"

	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

const fitRows = 4 // every fourth row of a pass is fitted to

func main() {
	out := flag.String("o", "defaults.bin", "where to write")
	flag.Parse()
	format := predictive.Format{Channels: 3, Depth: 8}
	sum, h := predictive.NewFit(&format, fitRows), predictive.NewHistogram()
	var scratch predictive.Scratch
	for _, path := range flag.Args() {
		channels, err := load(path)
		if err != nil {
			log.Fatal(err)
		}
		fit := predictive.NewFit(&format, fitRows)
		fit.Add(&scratch, &format, clone(channels))
		fit.Model().Encode(&scratch, &format, predictive.EffortFitted, channels).Count(h)
		sum.Merge(fit)
	}
	if err := os.WriteFile(*out, predictive.Defaults(sum.Model(), h), 0o644); err != nil {
		log.Fatal(err)
	}
}

// load reads the channels of an RGB image.
func load(path string) ([]predictive.Plane, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, _, err := imagefile.Read(f, imagefile.ReadOptions{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if m.Channels != 3 || m.Depth != 8 {
		return nil, fmt.Errorf("%s: %d channels of %d bits, expected 3 of 8", path, m.Channels, m.Depth)
	}
	planes := make([]predictive.Plane, 3)
	for i := range planes {
		planes[i] = predictive.NewPlane(m.W, m.H)
		for y := range m.H {
			for x := range m.W {
				planes[i].Pix[y*m.W+x] = int32(m.Pix[y*m.Stride+x*m.Step+i])
			}
		}
	}
	return planes, nil
}

func clone(planes []predictive.Plane) []predictive.Plane {
	out := slices.Clone(planes)
	for i := range out {
		out[i].Pix = slices.Clone(out[i].Pix)
	}
	return out
}
