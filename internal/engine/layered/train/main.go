// Train fits the universal tables of corrections to images: it codes each at
// many bounds, counts the tokens, and writes the tables.
//
//	go run ./internal/engine/layered/train -o internal/engine/layered/universal.bin IMAGES...
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/layered"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// bounds span what people use; each counts alike.
var bounds = []int{1, 2, 3, 4, 6, 8, 12, 16}

func main() {
	out := flag.String("o", "universal.bin", "where to write the tables")
	flag.Parse()
	h := layered.NewHistogram()
	for _, path := range flag.Args() {
		if err := count(h, path); err != nil {
			log.Fatal(err)
		}
	}
	if err := os.WriteFile(*out, layered.Universal(h), 0o644); err != nil {
		log.Fatal(err)
	}
}

func count(h rans.Histogram, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	m, _, err := imagefile.Read(f, imagefile.ReadOptions{})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if m.Channels != 3 || m.Depth != 8 {
		return fmt.Errorf("%s: %d channels of %d bits, expected 3 of 8", path, m.Channels, m.Depth)
	}
	for _, t := range bounds {
		e := layered.NewEncoder(layered.Format{Planes: []transform.Plane{{}, {Chroma: true}, {Chroma: true}}, Bound: t}, cpufallback.New(0), engine.SplitHybrid)
		tile, err := e.Tile(context.Background(), new(layered.Scratch), &m.Interleaved)
		if err != nil {
			return err
		}
		tile.Count(h)
	}
	return nil
}
