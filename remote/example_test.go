package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/remote"
)

// bucket serves a file of 1500×1000 pixels at /slope.qtg to who has a token.
func bucket() *httptest.Server {
	m := image.NewGray(image.Rect(0, 0, 1500, 1000))
	for i := range m.Pix {
		m.Pix[i] = byte(i % 1500 / 6)
	}
	var file bytes.Buffer
	if err := qtgpu.Encode(context.Background(), &file, m, &qtgpu.Options{T: 4}); err != nil {
		log.Fatal(err)
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch {
		case q.URL.Path != "/slope.qtg":
			http.NotFound(w, q)
		case q.Header.Get("Authorization") != "Bearer abc":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.Header().Set("ETag", `"1"`)
			http.ServeContent(w, q, "", time.Time{}, bytes.NewReader(file.Bytes()))
		}
	}))
}

// A thumbnail and a region of a file on a web server.
func ExampleOpen() {
	server := bucket()
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	f, err := remote.Open(ctx, server.URL+"/slope.qtg", &remote.Options{
		Header: http.Header{"Authorization": {"Bearer abc"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	r, err := qtgpu.NewReader(ctx, f, f.Size(), nil)
	if err != nil {
		log.Fatal(err)
	}
	thumbnail, err := r.DecodeRegion(ctx, image.Rectangle{Max: r.Size(4)}, 4)
	if err != nil {
		log.Fatal(err)
	}
	part, err := r.DecodeRegion(ctx, image.Rect(512, 512, 768, 640), 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(thumbnail.Bounds().Size(), part.Bounds().Size())
	// Output: (94,63) (256,128)
}

// What went wrong: the status of the answer, a file that changed, a server without ranges.
func ExampleError() {
	server := bucket()
	defer server.Close()
	_, err := remote.Open(context.Background(), server.URL+"/slope.qtg", nil)
	var e *remote.Error
	switch {
	case errors.Is(err, remote.ErrChanged):
		fmt.Println("open it again")
	case errors.Is(err, remote.ErrNoRanges):
		fmt.Println("download it")
	case errors.As(err, &e) && e.Status == http.StatusUnauthorized:
		fmt.Println("send a token")
	}
	// Output: send a token
}
