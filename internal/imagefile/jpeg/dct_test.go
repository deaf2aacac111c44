package jpeg

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// basis is the DCT of T.81 A.3.3: sample x of the function of frequency u.
func basis(x, u int) float64 {
	if u == 0 {
		return math.Sqrt(0.125)
	}
	return math.Cos(float64((2*x+1)*u)*math.Pi/16) / 2
}

// TestInverse: samples are within one level of the DCT in floating point, whichever
// coefficients are 0.
func TestInverse(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	q := new([64]uint16)
	for k := range q {
		q[k] = uint16(1 + rnd.IntN(20))
	}
	for range 500 {
		var b block
		b.coef[0] = int16(rnd.IntN(100) - 50)
		for range rnd.IntN(12) {
			b.set(1+rnd.IntN(1+rnd.IntN(63)), int32(rnd.IntN(41)-20))
		}
		var got [8 * 11]byte
		b.idct(q, got[:], 11)
		for i := range 64 {
			x, y := i%8, i/8
			sum := 128.0
			for k, at := range zigzag {
				sum += float64(b.coef[k]) * float64(q[k]) * basis(x, int(at)%8) * basis(y, int(at)/8)
			}
			assert.InDelta(t, min(max(sum, 0), 255), float64(got[11*y+x]), 1, "x=%d y=%d of %v", x, y, b.coef)
		}
	}
}

// TestForward: coefficients are within 0.2 of the DCT in floating point, and
// dividing them rounds to nearest.
func TestForward(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		var src [64]byte
		for i := range src {
			src[i] = byte(rnd.IntN(256))
		}
		var ws [64]int32
		fdct(&ws, src[:], 8)
		for i := range 64 {
			u, v := i%8, i/8
			sum := 0.0
			for k, s := range src {
				sum += (float64(s) - 128) * basis(k%8, u) * basis(k/8, v)
			}
			assert.InDelta(t, 8*sum, float64(ws[i]), 1.6, "u=%d v=%d", u, v)
		}
	}
	for step := range 255 {
		var steps [64]uint16
		for k := range steps {
			steps[k] = uint16(step + 1)
		}
		q := newQuantiser(steps)
		for v := int32(-8300); v <= 8300; v++ {
			d := 8 * int32(step+1)
			want := (max(v, -v) + d/2) / d
			if v < 0 {
				want = -want
			}
			if got := int32(q.divide(0, v)); got != want {
				assert.Equal(t, want, got, "%d / %d", v, d)
			}
		}
	}
}
