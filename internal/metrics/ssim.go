package metrics

import (
	"math"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/progress"
)

// ssimCost is about how much longer than the other measures it takes.
const ssimCost = 7

const (
	window = 11
	sigma  = 1.5
	k1, k2 = 0.01, 0.03
)

// gaussian holds the weights of a window in one dimension, with sum 1.
var gaussian = func() (g [window]float64) {
	sum := 0.0
	for i := range g {
		d := float64(i - window/2)
		g[i] = math.Exp(-d * d / (2 * sigma * sigma))
		sum += g[i]
	}
	for i := range g {
		g[i] /= sum
	}
	return g
}()

// ssim is the mean over the windows inside the image.
func ssim(a, b chroma.Interleaved, full float64, work *progress.Work) float64 {
	w, h := a.W-window+1, a.H-window+1
	if w < 1 || h < 1 {
		return math.NaN()
	}
	total := 0.0
	for _, s := range parallelBands(h, work, func(y0, y1 int) float64 { return ssimBand(a, b, y0, y1, full) }) {
		total += s
	}
	return total / (float64(w) * float64(h))
}

// moments is what SSIM needs of each pixel, and its weighted sum of each window:
// a, b, a²+b² and ab.
const moments = 4

// ssimBand sums the windows whose first row lies in [y0, y1). It holds the rows
// of one window, filtered across.
func ssimBand(a, b chroma.Interleaved, y0, y1 int, full float64) float64 {
	la, lb := make([]float64, a.W), make([]float64, a.W)
	row := make([]float64, moments*a.W)
	n := moments * (a.W - window + 1)
	var rows [window][]float64
	for i := range rows {
		rows[i] = make([]float64, n)
	}
	sums := make([]float64, n)
	total := 0.0
	for y := y0; y < y1+window-1; y++ {
		luma(la, a, y)
		luma(lb, b, y)
		for x, p := range la {
			q := lb[x]
			copy(row[moments*x:], []float64{p, q, p*p + q*q, p * q})
		}
		var taps [window][]float64
		for k := range taps {
			taps[k] = row[moments*k:]
		}
		weigh(rows[y%window], &taps)
		if y < y0+window-1 {
			continue
		}
		for k := range taps {
			taps[k] = rows[(y+1+k)%window]
		}
		weigh(sums, &taps)
		total += similarity(sums, full)
	}
	return total
}

// weigh fills dst with the weighted sums of the taps, the same of each side of
// the middle at once.
func weigh(dst []float64, taps *[window][]float64) {
	n := len(dst)
	t0, t1, t2, t3, t4, t5 := taps[0][:n], taps[1][:n], taps[2][:n], taps[3][:n], taps[4][:n], taps[5][:n]
	t6, t7, t8, t9, t10 := taps[6][:n], taps[7][:n], taps[8][:n], taps[9][:n], taps[10][:n]
	g0, g1, g2, g3, g4, g5 := gaussian[0], gaussian[1], gaussian[2], gaussian[3], gaussian[4], gaussian[5]
	for i := range dst {
		dst[i] = g0*(t0[i]+t10[i]) + g1*(t1[i]+t9[i]) + g2*(t2[i]+t8[i]) +
			g3*(t3[i]+t7[i]) + g4*(t4[i]+t6[i]) + g5*t5[i]
	}
}

// similarity sums SSIM over the windows of a row.
func similarity(sums []float64, full float64) (total float64) {
	c1, c2 := (k1*full)*(k1*full), (k2*full)*(k2*full)
	for ; len(sums) > 0; sums = sums[moments:] {
		means, product := sums[0]*sums[0]+sums[1]*sums[1], sums[0]*sums[1]
		total += (2*product + c1) * (2*(sums[3]-product) + c2) / ((means + c1) * (sums[2] - means + c2))
	}
	return total
}

// luma fills dst with a row in levels.
func luma(dst []float64, m chroma.Interleaved, y int) {
	row, size := m.Pix[y*m.Stride:], m.Depth/8
	if ColourChannels(m.Channels) == 1 {
		for x := range dst {
			dst[x] = float64(sample(row[x*m.Step:], 0, size))
		}
		return
	}
	for x := range dst {
		p := row[x*m.Step:]
		v := lumaWeights[0]*sample(p, 0, size) + lumaWeights[1]*sample(p, 1, size) + lumaWeights[2]*sample(p, 2, size)
		dst[x] = float64(v) * 1e-3
	}
}
