package qtgpu_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/qtgpu/qtgpu"
)

// httpFile is a file on a server that answers ranges: an io.ReaderAt.
type httpFile struct {
	url   string
	bytes atomic.Int64 // read so far
}

func (f *httpFile) ReadAt(p []byte, off int64) (int, error) {
	q, err := http.NewRequest("GET", f.url, nil)
	if err != nil {
		return 0, err
	}
	q.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+int64(len(p))-1))
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusPartialContent {
		return 0, fmt.Errorf("%s: %s, expected a range", f.url, r.Status)
	}
	n, err := io.ReadFull(r.Body, p)
	f.bytes.Add(int64(n))
	return n, err
}

// grain is a picture that takes many bytes.
func grain(w, h int) image.Image {
	m := image.NewGray(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = uint8(100 + r.IntN(60))
	}
	return m
}

// A part of an image, or a small version of it, is read by ranges; the rest stays where it
// is.
func ExampleNewReader_http() {
	ctx := context.Background()
	var file bytes.Buffer
	if err := qtgpu.Encode(ctx, &file, grain(1200, 1000), &qtgpu.Options{T: 5}); err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		http.ServeContent(w, q, "grain.qtg", time.Time{}, bytes.NewReader(file.Bytes()))
	}))
	defer server.Close()

	head, err := http.Head(server.URL)
	if err != nil {
		log.Fatal(err)
	}
	f := &httpFile{url: server.URL}
	r, err := qtgpu.NewReader(ctx, f, head.ContentLength, nil)
	if err != nil {
		log.Fatal(err)
	}
	crop, err := r.DecodeRegion(ctx, image.Rect(100, 100, 356, 356), 0)
	if err != nil {
		log.Fatal(err)
	}
	small, err := r.DecodeRegion(ctx, image.Rectangle{Max: r.Size(3)}, 3)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(crop.Bounds().Size(), small.Bounds().Size())
	fmt.Println("read less than the file:", f.bytes.Load() < head.ContentLength)
	// Output:
	// (256,256) (150,125)
	// read less than the file: true
}
