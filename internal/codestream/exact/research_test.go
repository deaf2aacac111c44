package exact

import (
	"fmt"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"slices"

	"github.com/qtgpu/qtgpu/internal/rans"
	"testing"
	"time"
)

func loadPlanes(f string) []Plane {
	r, err := os.Open(f)
	if err != nil {
		panic(err)
	}
	defer r.Close()
	m, _, err := image.Decode(r)
	if err != nil {
		panic(err)
	}
	b := m.Bounds()
	ps := make([]Plane, 3)
	for i := range ps {
		ps[i] = NewPlane(b.Dx(), b.Dy())
	}
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, g, bl, _ := m.At(b.Min.X+x, b.Min.Y+y).RGBA()
			R, G, B := int32(r>>8), int32(g>>8), int32(bl>>8)
			i := y*b.Dx() + x
			ps[0].Pix[i], ps[1].Pix[i], ps[2].Pix[i] = R, G, B
		}
	}
	return ps
}

func tilesOf(ps []Plane, n int) (out [][]Plane) {
	for y := 0; y < ps[0].H; y += n {
		for x := 0; x < ps[0].W; x += n {
			var t []Plane
			w, h := min(n, ps[0].W-x), min(n, ps[0].H-y)
			for i := range ps {
				q := NewPlane(w, h)
				for j := range h {
					copy(q.Pix[j*w:][:w], ps[i].Pix[(y+j)*ps[i].W+x:])
				}
				t = append(t, q)
			}
			out = append(out, t)
		}
	}
	return
}

func TestResearch(t *testing.T) {
	fs, _ := filepath.Glob("/work/shared/corpus/kodak/*.png")
	n := 512
	fmt.Sscan(os.Getenv("TILE"), &n)
	total, tab := 0, 0
	var enc, dec, fit time.Duration
	raw := 0
	var w Worker
	for i, f := range fs {
		if i%4 != 0 && os.Getenv("ALL") == "" {
			continue
		}
		ps := loadPlanes(f)
		ts := tilesOf(ps, n)
		raw += 3 * ps[0].W * ps[0].H
		start := time.Now()
		fm := Format{Channels: 3, Depth: 8}
		ft := NewFit(3, 8, 4)
		for _, x := range ts {
			ft.Add(&w, &fm, x)
		}
		m := ft.Model()
		fit += time.Since(start)
		var coded []*Tile
		for _, x := range ts {
			coded = append(coded, m.Encode(&w, &fm, x))
		}
		tb := m.ChooseTables(coded, func(*rans.BitWriter) {})
		size := len(tb.Payload)
		tab += size
		var fr, bo [][]byte
		for _, c := range coded {
			a, b := tb.Segments(c)
			fr, bo = append(fr, a), append(bo, b)
			size += len(a) + len(b)
		}
		enc += time.Since(start)
		total += size
		start = time.Now()
		d, err := NewDecoder(tb.Payload, fm, func(*rans.BitReader) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		for k, x := range ts {
			s := time.Now()
			out, err := d.Decode(&w, fr[k], bo[k], x[0].W, x[0].H)
			if err != nil {
				t.Fatal(err)
			}
			dec += time.Since(s)
			for p := range out {
				if !slices.Equal(out[p].Pix, x[p].Pix) {
					t.Fatal("differs", p)
				}
			}
		}
	}
	mb := float64(raw) / 1e6
	fmt.Printf("tile %d total %d tables %d  enc %.1f MB/s (fit %.0f%%) dec %.1f MB/s one core\n", n, total, tab, mb/enc.Seconds(), 100*fit.Seconds()/enc.Seconds(), mb/dec.Seconds())
}
