package qtgpu_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"

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
	if err := qtgpu.Encode(context.Background(), &file, slope(1500, 1000), &qtgpu.Options{T: 4}); err != nil {
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

	for _, q := range []string{"/?level=0&x=1&y=1", "/?level=1&x=2&y=1", "/?level=4", "/?level=1&x=9"} {
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
	// /?level=1&x=2&y=1 200 (238,244)
	// /?level=4 200 (94,63)
	// /?level=1&x=9 404
}
