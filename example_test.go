package qtgpu_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/qtgpu/qtgpu"
)

// slope is a picture to encode.
func slope(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(x * 255 / w), uint8(y * 255 / h), 128, 255})
		}
	}
	return m
}

func ExampleEncode() {
	var file bytes.Buffer
	var stats qtgpu.Stats
	err := qtgpu.Encode(context.Background(), &file, slope(640, 480), &qtgpu.Options{T: 4, Stats: &stats})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("at least 100 times smaller:", int64(file.Len())*100 < stats.InputBytes)
	fmt.Println("promise kept:", stats.MaxLeafRMS[0] <= 4)
	// Output:
	// at least 100 times smaller: true
	// promise kept: true
}

func ExampleDecode() {
	var file bytes.Buffer
	if err := qtgpu.Encode(context.Background(), &file, slope(64, 48), &qtgpu.Options{T: 4}); err != nil {
		log.Fatal(err)
	}
	m, err := qtgpu.Decode(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%T of %v\n", m, m.Bounds().Size())
	// Output: *image.RGBA of (64,48)
}

// Without a threshold nothing is lost.
func ExampleEncode_lossless() {
	ctx := context.Background()
	m := slope(160, 120)
	var file bytes.Buffer
	if err := qtgpu.Encode(ctx, &file, m, nil); err != nil {
		log.Fatal(err)
	}
	back, err := qtgpu.Decode(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.Equal(m.(*image.RGBA).Pix, back.(*image.RGBA).Pix))
	// Output: true
}

// Importing the package lets image.Decode read .qtg files.
func Example_imageDecode() {
	var file bytes.Buffer
	if err := qtgpu.Encode(context.Background(), &file, slope(64, 48), &qtgpu.Options{T: 4}); err != nil {
		log.Fatal(err)
	}
	m, format, err := image.Decode(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(format, m.Bounds())
	// Output: qtg (0,0)-(64,48)
}

// A tile service: each request decodes the part of the level that it shows, and
// reads no more of the file than that.
func ExampleReader_DecodeRegion() {
	var file bytes.Buffer
	if err := qtgpu.Encode(context.Background(), &file, slope(700, 600), &qtgpu.Options{T: 4}); err != nil {
		log.Fatal(err)
	}
	r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	if err != nil {
		log.Fatal(err)
	}
	const side = 256
	serve := func(w http.ResponseWriter, q *http.Request) {
		number := func(name string) int { n, _ := strconv.Atoi(q.FormValue(name)); return n }
		level := number("level")
		if level < 0 || level >= r.Levels() {
			http.NotFound(w, q)
			return
		}
		rect := image.Rect(0, 0, side, side).Add(image.Pt(number("x"), number("y")).Mul(side))
		rect = rect.Intersect(image.Rectangle{Max: r.Size(level)})
		m, err := r.DecodeRegion(context.Background(), rect, level)
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "image/png")
		if err := png.Encode(w, m); err != nil {
			log.Print(err)
		}
	}

	for _, q := range []string{"/?level=0&x=1&y=1", "/?level=1&x=1&y=1", "/?level=4", "/?level=1&x=9"} {
		w := httptest.NewRecorder()
		serve(w, httptest.NewRequest("GET", q, nil))
		if m, err := png.Decode(w.Body); err == nil {
			fmt.Println(q, w.Code, m.Bounds().Size())
		} else {
			fmt.Println(q, w.Code)
		}
	}
	// Output:
	// /?level=0&x=1&y=1 200 (256,256)
	// /?level=1&x=1&y=1 200 (94,44)
	// /?level=4 200 (44,38)
	// /?level=1&x=9 404
}

// Profiles and other metadata are carried as they are.
func ExampleReader_Metadata() {
	ctx := context.Background()
	var file bytes.Buffer
	err := qtgpu.Encode(ctx, &file, slope(64, 48), &qtgpu.Options{
		Metadata: qtgpu.Metadata{XMP: []byte("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")},
	})
	if err != nil {
		log.Fatal(err)
	}
	r, err := qtgpu.NewReader(ctx, bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	if err != nil {
		log.Fatal(err)
	}
	m, err := r.Metadata(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", m.XMP)
	// Output: <x:xmpmeta xmlns:x='adobe:ns:meta/'/>
}

// Damage is an error that says where. With KeepGoing a damaged tile is shown by what its
// overview tells, and named.
func ExampleReader_LostTiles() {
	ctx := context.Background()
	var file bytes.Buffer
	if err := qtgpu.Encode(ctx, &file, slope(700, 600), &qtgpu.Options{T: 4}); err != nil {
		log.Fatal(err)
	}
	file.Bytes()[file.Len()-1] ^= 1 // of the last tile

	_, err := qtgpu.Decode(bytes.NewReader(file.Bytes()))
	if tile := (*qtgpu.TileError)(nil); errors.As(err, &tile) {
		fmt.Println("tile", tile.Tile, tile.Part, errors.Is(err, qtgpu.ErrChecksum))
	}

	r, err := qtgpu.NewReader(ctx, bytes.NewReader(file.Bytes()), int64(file.Len()), &qtgpu.DecodeOptions{KeepGoing: true})
	if err != nil {
		log.Fatal(err)
	}
	m, err := r.Decode(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Bounds(), "but for", r.LostTiles())
	// Output:
	// tile 3 body true
	// (0,0)-(700,600) but for [(512,512)-(700,600)]
}

// Many images at once share what there is: as many goroutines as CPUs take one image each,
// with one worker and their part of the memory: a small image has too few tiles for many.
func Example_manyImages() {
	const memory = 1 << 30
	n := runtime.GOMAXPROCS(0)
	o := qtgpu.Options{T: 4, Workers: 1, Memory: memory / int64(n)}
	work := make(chan int)
	sizes := make([]int, 20)
	var pool sync.WaitGroup
	for range n {
		pool.Go(func() {
			for i := range work {
				var file bytes.Buffer
				if err := qtgpu.Encode(context.Background(), &file, slope(100+i, 80), &o); err != nil {
					log.Fatal(err)
				}
				sizes[i] = file.Len()
			}
		})
	}
	for i := range sizes {
		work <- i
	}
	close(work)
	pool.Wait()
	fmt.Println("all done:", !slices.Contains(sizes, 0))
	// Output: all done: true
}

// Values with names are flags, and JSON.
func ExampleBound_UnmarshalText() {
	var o qtgpu.Options
	flags := flag.NewFlagSet("encode", flag.ContinueOnError)
	flags.TextVar(&o.Bound, "bound", qtgpu.BoundAuto, "what the promise limits: auto, rms or max")
	if err := flags.Parse([]string{"-bound", "max"}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(o.Bound == qtgpu.BoundMax, o.Bound)
	// Output: true max
}
