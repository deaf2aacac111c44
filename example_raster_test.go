package qtgpu_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"log"
	"math"
	"os"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/raster"
)

// hills are heights in metres, with a lake whose ground nobody has measured.
func hills(w, h int) *raster.Memory {
	none := -9999.0
	m, err := raster.NewMemory(raster.Format{
		Width: w, Height: h, Type: raster.Float32,
		Bands: []raster.Band{{Role: raster.Data, Name: "height", NoData: &none}},
	})
	if err != nil {
		log.Fatal(err)
	}
	b := m.View(m.Format().Bounds())
	for y := range h {
		row := raster.Row[float32](b, 0, y)
		for x := range row {
			row[x] = float32(500 + 100*math.Sin(float64(x)/40)*math.Cos(float64(y)/50))
			if row[x] < 420 {
				row[x] = float32(none)
			}
		}
	}
	return m
}

// Samples that no image holds are a raster: here heights, none off by more than a
// centimetre, and the place of what has no height as it was.
func ExampleEncodeRaster() {
	ctx := context.Background()
	src := hills(300, 200)
	var file bytes.Buffer
	if err := qtgpu.EncodeRaster(ctx, &file, src, &qtgpu.Options{T: 0.01}); err != nil {
		log.Fatal(err)
	}
	r, err := qtgpu.NewReader(ctx, bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
	if err != nil {
		log.Fatal(err)
	}
	f := r.Format()
	b := raster.NewBlock(f.Bounds(), f.Type, len(f.Bands))
	if err := r.ReadBlock(ctx, b, 0); err != nil {
		log.Fatal(err)
	}
	worst, moved, none := 0.0, 0, *f.Bands[0].NoData
	original := src.View(f.Bounds())
	for y := range f.Height {
		for x := range f.Width {
			was, is := original.At(0, x, y), b.At(0, x, y)
			if (was == none) != (is == none) {
				moved++
			}
			worst = max(worst, math.Abs(was-is))
		}
	}
	fmt.Println("within a centimetre:", worst <= 0.01)
	fmt.Println("pixels without data that moved:", moved)
	fmt.Printf("%s, %v, %g for no data\n", f.Bands[0].Name, f.Type, none)
	// Output:
	// within a centimetre: true
	// pixels without data that moved: 0
	// height, float32, -9999 for no data
}

// Whoever has rows, and cannot go back, gives them to an Encoder. It keeps in a file what
// takes more than a quarter of the memory.
func ExampleEncoder() {
	ctx := context.Background()
	spool, err := os.CreateTemp("", "rows")
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(spool.Name())
	defer spool.Close()

	var file bytes.Buffer
	f := raster.Format{Width: 1000, Height: 800, Type: raster.Uint16, Bands: raster.Bands(raster.Gray)}
	e, err := qtgpu.NewEncoder(&file, f, &qtgpu.Options{Memory: 4 << 20, Spool: spool})
	if err != nil {
		log.Fatal(err)
	}
	row := raster.NewBlock(image.Rect(0, 0, f.Width, 1), f.Type, len(f.Bands))
	for y := range f.Height {
		row.Rect = image.Rect(0, y, f.Width, y+1)
		for x, samples := 0, raster.Row[uint16](row, 0, y); x < f.Width; x++ {
			samples[x] = uint16(x + y)
		}
		if err := e.WriteBlock(ctx, row); err != nil {
			log.Fatal(err)
		}
	}
	if err := e.Close(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("at least 100 times smaller:", int64(file.Len())*100 < f.Bytes())
	// Output: at least 100 times smaller: true
}

// A Decoder reads a stream once. Here its rows are coded anew as they come, by a plan that
// was made before: neither the file nor the raster is ever held as a whole.
func ExampleDecoder() {
	ctx := context.Background()
	var file bytes.Buffer
	if err := qtgpu.Encode(ctx, &file, slope(160, 2000), &qtgpu.Options{T: 4}); err != nil {
		log.Fatal(err)
	}
	like, err := qtgpu.FromImage(slope(160, 480))
	if err != nil {
		log.Fatal(err)
	}
	plan, err := qtgpu.NewPlan(ctx, like, &qtgpu.Options{T: 10})
	if err != nil {
		log.Fatal(err)
	}

	stream := io.Reader(&file) // anything that gives bytes
	d, err := qtgpu.NewDecoder(ctx, stream, &qtgpu.DecodeOptions{MaxMemory: 64 << 20})
	if err != nil {
		log.Fatal(err)
	}
	var again bytes.Buffer
	e, err := qtgpu.NewEncoder(&again, d.Format(), &qtgpu.Options{Plan: plan})
	if err != nil {
		log.Fatal(err)
	}
	if err := d.Copy(ctx, e); err != nil {
		log.Fatal(err)
	}
	if err := e.Close(ctx); err != nil {
		log.Fatal(err)
	}
	c, err := qtgpu.DecodeConfig(&again)
	fmt.Println(c.Width, c.Height, err)
	// Output: 160 2000 <nil>
}

// Rows go into an image of the caller's, a few at a time.
func ExampleDecoder_ReadImage() {
	ctx := context.Background()
	var file bytes.Buffer
	if err := qtgpu.Encode(ctx, &file, slope(64, 48), nil); err != nil {
		log.Fatal(err)
	}
	d, err := qtgpu.NewDecoder(ctx, &file, nil)
	if err != nil {
		log.Fatal(err)
	}
	m := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for y := 0; y < 48; y += 16 {
		if err := d.ReadImage(ctx, m.SubImage(image.Rect(0, y, 64, y+16)).(*image.RGBA)); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(m.RGBAAt(32, 24))
	// Output: {127 127 128 255}
}

// Where work is to end before it is done, the context says so, and why.
func ExampleEncodeRaster_cancel() {
	tooLong := errors.New("the user has gone")
	ctx, cancel := context.WithCancelCause(context.Background())
	var file bytes.Buffer
	err := qtgpu.EncodeRaster(ctx, &file, hills(3000, 100), &qtgpu.Options{
		Progress: func(done, total int64) { cancel(tooLong) }, // at once
	})
	fmt.Println(errors.Is(err, tooLong), file.Len())
	// Output: true 0
}

// A plan is JSON, for processes on any number of machines: each encodes some rows of tiles,
// and one merges the parts. The file is the one that a single process makes.
func ExampleMerge() {
	ctx := context.Background()
	src := hills(100, 3000)
	plan, err := qtgpu.NewPlan(ctx, src, nil)
	if err != nil {
		log.Fatal(err)
	}
	job, err := json.Marshal(plan)
	if err != nil {
		log.Fatal(err)
	}

	part := func(first, end int) *qtgpu.Reader { // in another process
		var plan qtgpu.Plan
		if err := json.Unmarshal(job, &plan); err != nil {
			log.Fatal(err)
		}
		var file bytes.Buffer
		if err := plan.EncodePart(ctx, &file, src, first, end, nil); err != nil {
			log.Fatal(err)
		}
		r, err := qtgpu.NewReader(ctx, bytes.NewReader(file.Bytes()), int64(file.Len()), nil)
		if err != nil {
			log.Fatal(err)
		}
		return r
	}
	var parts []*qtgpu.Reader
	for row := range plan.Rows() {
		parts = append(parts, part(row, row+1))
	}

	var merged, single bytes.Buffer
	if err := qtgpu.Merge(ctx, &merged, parts, nil); err != nil {
		log.Fatal(err)
	}
	if err := qtgpu.EncodeRaster(ctx, &single, src, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(parts), "parts, same bytes:", bytes.Equal(merged.Bytes(), single.Bytes()))
	// Output: 3 parts, same bytes: true
}
