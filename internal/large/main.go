// Command large takes a raster that is larger than memory through the codec: it encodes
// one that it makes up row by row, decodes it to TIFF, a region and an overview, and says
// what each step took of time and memory.
//
//	go run ./internal/large [-size 32768] [-kind rgb|gray16] [-t T] [-bound rms|max] [-memory 512] [-dir DIR]
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// steps are what one run does.
type steps struct {
	dir     string
	src     *landscape
	options qtgpu.Options
	memory  int64
}

func main() {
	size := flag.Int("size", 1<<15, "pixels along each side")
	kind := flag.String("kind", "rgb", "rgb, of 8 bits, or gray16")
	t := flag.Float64("t", 10, "the promise")
	bound := flag.String("bound", "rms", "what the promise limits: rms or max")
	memory := flag.Int64("memory", 512, "MiB that encoding and decoding may hold")
	dir := flag.String("dir", os.TempDir(), "where the files go")
	flag.Parse()
	debug.SetGCPercent(12) // as the command has it
	s := &steps{dir: *dir, src: newLandscape(*size, *kind == "gray16"), memory: *memory << 20}
	s.options = qtgpu.Options{T: *t, Bound: qtgpu.BoundRMS, Memory: s.memory}
	if *bound == "max" {
		s.options.Bound = qtgpu.BoundMax
	}
	if err := s.run(); err != nil {
		log.Fatal(err)
	}
}

func (s *steps) run() error {
	name := filepath.Join(s.dir, "large.qtg")
	defer os.Remove(name)
	for _, step := range []struct {
		name string
		do   func(qtg string) error
	}{
		{"encode", s.encode}, {"decode to TIFF", s.decode}, {"region", s.region}, {"overview", s.overview},
	} {
		if err := resetPeak(); err != nil {
			return err
		}
		start := time.Now()
		if err := step.do(name); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		peak, err := peak()
		if err != nil {
			return err
		}
		fmt.Printf("%-15s %8.1f s, peak %d MiB\n", step.name, time.Since(start).Seconds(), peak>>10)
	}
	return nil
}

func (s *steps) encode(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := qtgpu.EncodeRaster(context.Background(), f, s.src, &s.options); err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		fmt.Printf("%d×%d, %d bytes of samples, %d of file\n", s.src.format.Width, s.src.format.Height, s.src.format.Bytes(), info.Size())
	}
	return err
}

// reads is a file that counts what is read of it.
type reads struct {
	*os.File
	n, bytes int64
}

func (r *reads) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.File.ReadAt(p, off)
	r.n++
	r.bytes += int64(n)
	return n, err
}

// with opens the file.
func (s *steps) with(name string, do func(r *qtgpu.Reader) error) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	counted := &reads{File: f}
	r, err := qtgpu.NewReader(context.Background(), counted, info.Size(), &qtgpu.DecodeOptions{MaxPixels: 1 << 40, MaxMemory: s.memory})
	if err != nil {
		return err
	}
	if err := do(r); err != nil {
		return err
	}
	fmt.Printf("%d reads, %d bytes\n", counted.n, counted.bytes)
	return nil
}

func (s *steps) decode(name string) error {
	return s.with(name, func(r *qtgpu.Reader) error {
		out, err := os.Create(filepath.Join(s.dir, "large.tif"))
		if err != nil {
			return err
		}
		defer os.Remove(out.Name())
		defer out.Close()
		f := r.Format()
		w, err := imagefile.Create(out, "tif", &f, imagefile.Meta{}, imagefile.WriteOptions{})
		if err != nil {
			return err
		}
		check := &checked{Sink: w, src: s.src, exact: s.options.T == 0}
		if err := r.Copy(context.Background(), check, f.Bounds(), 0); err != nil {
			return err
		}
		return w.Close()
	})
}

// checked holds every 97th row that passes against the original, where the two must be
// equal.
type checked struct {
	raster.Sink
	src   *landscape
	exact bool
}

func (c *checked) WriteBlock(ctx context.Context, b *raster.Block) error {
	for y := b.Rect.Min.Y; c.exact && y < b.Rect.Max.Y; y += 97 {
		row := raster.NewInterleaved(image.Rect(b.Rect.Min.X, y, b.Rect.Max.X, y+1), b.Type, len(b.Planes), b.Step)
		if err := c.src.ReadBlock(ctx, row); err != nil {
			return err
		}
		for i := range row.Planes {
			if !bytes.Equal(row.RowBytes(i, y), b.RowBytes(i, y)) {
				return fmt.Errorf("row %d of band %d differs from the original", y, i)
			}
		}
	}
	return c.Sink.WriteBlock(ctx, b)
}

func (s *steps) region(name string) error {
	return s.with(name, func(r *qtgpu.Reader) error {
		n := s.src.format.Width / 2
		for level := range 3 {
			c := n >> level
			if _, err := r.DecodeRegion(context.Background(), image.Rect(c-128, c-128, c+128, c+128), level); err != nil {
				return err
			}
		}
		return nil
	})
}

// overview decodes the first level that fits 256 pixels.
func (s *steps) overview(name string) error {
	return s.with(name, func(r *qtgpu.Reader) error {
		level := 0
		for r.Size(level).X > 256 {
			level++
		}
		_, err := r.DecodeRegion(context.Background(), image.Rectangle{Max: r.Size(level)}, level)
		return err
	})
}
