package chroma

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// window cuts the planes down to the luma rectangle r, whose corner is even
// with 4:2:0 and whose far sides are even or the image's.
func window(planes []Plane, sub bool, r image.Rectangle) []Plane {
	cut := NewPlanes(r.Dx(), r.Dy(), len(planes), sub)
	for i := range cut {
		x, y := r.Min.X, r.Min.Y
		if sub && len(planes) >= 3 && (i == 1 || i == 2) {
			x, y = x/2, y/2
		}
		for row := range cut[i].H {
			copy(cut[i].row(row), planes[i].row(y + row)[x:])
		}
	}
	return cut
}

// grow adds the margin that Inverse asks for to r, within w×h.
func grow(r image.Rectangle, w, h int) image.Rectangle {
	r.Min = image.Pt((r.Min.X-2)&^1, (r.Min.Y-2)&^1)
	r.Max = image.Pt((r.Max.X+3)&^1, (r.Max.Y+3)&^1)
	return r.Intersect(image.Rect(0, 0, w, h))
}

// checkRegion decodes r from a window of the planes, and from the whole planes
// into a view, and compares both with the crop of the whole decode.
func checkRegion(t *testing.T, l layout, planes []Plane, sub bool, r image.Rectangle) {
	t.Helper()
	w, h := planes[0].W, planes[0].H
	whole := l.blank(w, h, 0xa5)
	Inverse(whole, planes, sub, image.Point{}, image.Rect(0, 0, w, h))

	win := grow(r, w, h)
	got := l.blank(r.Dx(), r.Dy(), 0xa5)
	Inverse(got, window(planes, sub, win), sub, win.Min, r)
	for y := range r.Dy() {
		for x := range r.Dx() {
			for c := range l.channels {
				want, have := whole.sample(r.Min.X+x, r.Min.Y+y, c), got.sample(x, y, c)
				if have != want {
					t.Fatalf("%v %dx%d 4:2:0 %v, region %v in window %v: channel %d (%d,%d): got %d, want %d",
						l, w, h, sub, r, win, c, r.Min.X+x, r.Min.Y+y, have, want)
				}
			}
		}
	}

	view := l.blank(w, h, 0xa5)
	want := l.blank(w, h, 0xa5)
	part := view.Sub(r)
	Inverse(&part, planes, sub, image.Point{}, r)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		o := y*whole.Stride + r.Min.X*l.step
		copy(want.Pix[o:min(o+r.Dx()*l.step, len(want.Pix))], whole.Pix[o:])
	}
	require.Equal(t, want.Pix, view.Pix, "%v, view of %v", l, r)
}

func TestRegionEqualsCrop(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, l := range layouts {
		for range 60 {
			w, h, sub := 1+rng.IntN(70), 1+rng.IntN(40), rng.IntN(3) > 0
			if rng.IntN(8) == 0 {
				w += 2 * chromaRun
			}
			planes := noisePlanes(rng, w, h, l.channels, sub)
			x, y := rng.IntN(w), rng.IntN(h)
			r := image.Rect(x, y, x+1+rng.IntN(w-x), y+1+rng.IntN(h-y))
			checkRegion(t, l, planes, sub, r)
		}
	}
}

func FuzzRegionEqualsCrop(f *testing.F) {
	f.Add(uint64(1), uint16(300), uint8(9), uint16(7), uint8(3), uint16(280), uint8(2), uint8(2), true)
	f.Add(uint64(2), uint16(1), uint8(1), uint16(0), uint8(0), uint16(1), uint8(1), uint8(9), false)
	f.Fuzz(func(t *testing.T, seed uint64, w uint16, h uint8, x uint16, y uint8, rw uint16, rh uint8, l uint8, sub bool) {
		size := image.Pt(int(w)%600+1, int(h)%40+1)
		at := image.Pt(int(x)%size.X, int(y)%size.Y)
		r := image.Rectangle{Min: at, Max: at.Add(image.Pt(int(rw)%(size.X-at.X)+1, int(rh)%(size.Y-at.Y)+1))}
		form := layouts[int(l)%len(layouts)]
		planes := noisePlanes(rand.New(rand.NewPCG(seed, 0)), size.X, size.Y, form.channels, sub)
		checkRegion(t, form, planes, sub, r)
	})
}

func TestPlaneSizes(t *testing.T) {
	full, half := image.Pt(7, 4), image.Pt(4, 2)
	for _, c := range []struct {
		channels int
		sub      bool
		want     []image.Point
	}{
		{1, true, []image.Point{full}},
		{2, true, []image.Point{full, full}},
		{3, false, []image.Point{full, full, full}},
		{3, true, []image.Point{full, half, half}},
		{4, true, []image.Point{full, half, half, full}},
	} {
		assert.Equal(t, c.want, PlaneSizes(7, 4, c.channels, c.sub), "%d channels, 4:2:0 %v", c.channels, c.sub)
	}
	p := NewPlanes(33, 31, 3, true)
	assert.Equal(t, []int{64, 32, 17, 16, 32, 32},
		[]int{p[0].Stride, p[0].Rows(), p[1].W, p[1].H, p[1].Stride, p[1].Rows()})
}

// TestFlatStaysFlat states why the weights round as they do: a flat chroma
// plane is upsampled to itself, at every value.
func TestFlatStaysFlat(t *testing.T) {
	p := NewPlane(3, 3)
	for v := range uint16(4096) {
		for i := range p.Pix {
			p.Pix[i] = v
		}
		var buf [chromaRun]uint32
		for _, c := range upsample(&buf, &p, &p, 1, 1, 5) {
			require.Equal(t, uint32(v)<<16|uint32(v), c)
		}
	}
}
