package compare

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// made is what pageOf has made.
var made struct {
	report *Report
	page   string
}

// pageOf is the page of a photograph with all that a page can have.
func pageOf(t *testing.T) (*Report, string) {
	t.Helper()
	needsTime(t)
	if made.report != nil {
		return made.report, made.page
	}
	onPath(t, allFakes...)
	r := compared(t, opened(t, photo(230, 200, 3)), Options{T: []float64{10, 0}, Curves: true, Crops: true, Against: []string{"webp", "avif", "lerc"}})
	r.Input = `<script>alert("x")</script>.png`
	var b bytes.Buffer
	require.NoError(t, r.HTML(&b))
	made.report, made.page = r, b.String()
	return made.report, made.page
}

var (
	scripts = regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>`)
	loads   = regexp.MustCompile(`(?:src|href|action|poster|data|srcset)\s*=\s*"([^"]*)"|url\(|@import|fetch\(|XMLHttpRequest|https?:|//[a-z]+\.`)
)

// TestPage: the page is well formed, loads nothing, is small enough, and nothing in it that
// comes from outside can be taken for its own.
func TestPage(t *testing.T) {
	r, page := pageOf(t)
	assert.Less(t, len(page), 5_000_000, "bytes")
	wellFormed(t, scripts.ReplaceAllString(page, ""))
	for _, m := range loads.FindAllStringSubmatch(page, -1) {
		to := m[1]
		assert.True(t, strings.HasPrefix(to, "data:image/png;base64,") || strings.HasPrefix(to, "#"), "the page loads %.60q", m[0])
	}
	assert.NotContains(t, page, `<script>alert`)
	for _, want := range []string{"&lt;script&gt;alert", "At the PSNR of qtgpu", "At the bytes of qtgpu", "Without loss", "libwebp 9.9.8", "cwebp -quiet",
		"data-flip", `role="slider"`, "<canvas", "leaf32", `prefers-color-scheme: dark`, "Largest error"} {
		assert.Contains(t, page, want)
	}
	require.Len(t, r.crops, 1, "crops that have no cell in common")
	assert.Equal(t, 2, strings.Count(page, `class="plot" role="img"`), "plots")
	assert.NotContains(t, page, "ZgotmplZ", "what the template takes for unsafe")
	data := regexp.MustCompile(`(?s)id="data">(.*?)</script>`).FindStringSubmatch(page)
	require.NotNil(t, data)
	var back Report
	require.NoError(t, json.Unmarshal([]byte(data[1]), &back))
	assert.Equal(t, r.Input, back.Input)
	assert.Equal(t, r.Comparisons, back.Comparisons)
}

// wellFormed holds that elements of a page are closed in their order, and ids are there once.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, []string{"meta", "img", "input", "br"}, xml.HTMLEntity
	ids, open := map[string]bool{}, []string{}
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		switch e := token.(type) {
		case xml.StartElement:
			open = append(open, e.Name.Local)
			for _, a := range e.Attr {
				if a.Name.Local == "id" {
					assert.False(t, ids[a.Value], "id %s again", a.Value)
					ids[a.Value] = true
				}
			}
		case xml.EndElement:
			require.NotEmpty(t, open)
			require.Equal(t, open[len(open)-1], e.Name.Local, "closed at byte %d", d.InputOffset())
			open = open[:len(open)-1]
		}
	}
	assert.Empty(t, open, "elements that are open")
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		assert.True(t, ids[m[1]] || m[1] == "data", "a link to %s", m[1])
	}
}

// TestImagesHaveText: what is seen alone has words, and what takes input a label.
func TestImagesHaveText(t *testing.T) {
	_, page := pageOf(t)
	for _, tag := range regexp.MustCompile(`<img[^>]*>`).FindAllString(page, -1) {
		assert.Contains(t, tag, "alt=", "%.80s", tag)
	}
	for _, tag := range regexp.MustCompile(`<div class="scroll"[^>]*>`).FindAllString(page, -1) {
		assert.Contains(t, tag, "aria-label=")
		assert.Contains(t, tag, `tabindex="0"`, "a box that scrolls takes the keyboard")
	}
	assert.Equal(t, strings.Count(page, "<select"), strings.Count(page, "<label>Left <select")+strings.Count(page, "<label>Right <select"))
}

// TestPlot: the plot is an SVG file of its own, with a curve for each codec.
func TestPlot(t *testing.T) {
	r, _ := pageOf(t)
	var b bytes.Buffer
	require.NoError(t, r.Plot(&b))
	d := xml.NewDecoder(&b)
	curves, err := 0, error(nil)
	for err == nil {
		var token xml.Token
		token, err = d.Token()
		if e, ok := token.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if a.Name.Local == "class" && a.Value == "curve" {
					curves++
				}
				assert.NotContains(t, a.Value, "NaN", "%s of %s", a.Name.Local, e.Name.Local)
			}
		}
	}
	assert.ErrorIs(t, err, io.EOF)
	assert.Equal(t, len(r.Curves), curves)
	require.NoError(t, (&Report{}).Plot(io.Discard), "of no curves")
}

// TestContrast: text and codecs' colours stand out from the ground in both themes, by the
// contrast ratio of WCAG 2 (1.4.3, 1.4.11).
func TestContrast(t *testing.T) {
	themes := strings.Split(coloursCSS, "@media")
	require.Len(t, themes, 2)
	for i, theme := range themes {
		colours := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([a-z0-9-]+): #([0-9a-f]{6})`).FindAllStringSubmatch(theme, -1) {
			v, err := strconv.ParseUint(m[2], 16, 32)
			require.NoError(t, err)
			colours[m[1]] = luminance(uint8(v>>16), uint8(v>>8), uint8(v))
		}
		require.Contains(t, colours, "c-qtgpu")
		for name, l := range colours {
			least := 4.5
			switch name {
			case "ground", "panel", "line":
				continue
			}
			for _, on := range []string{"ground", "panel"} {
				c := (max(l, colours[on]) + 0.05) / (min(l, colours[on]) + 0.05)
				assert.GreaterOrEqual(t, c, least, "theme %d: %s on %s", i, name, on)
			}
		}
	}
	for _, p := range append(peers, own(selfProgram, lossy, "")) {
		assert.Contains(t, coloursCSS, ".c-"+p.id+" {", "a colour for %s", p.name)
	}
}

// luminance is the relative luminance of WCAG 2.
func luminance(r, g, b uint8) float64 {
	linear := func(v uint8) float64 {
		if s := float64(v) / 255; s > 0.04045 {
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		return float64(v) / 255 / 12.92
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// TestApart: the windows are those in which errors lie furthest apart, and have no cell in
// common.
func TestApart(t *testing.T) {
	size := image.Pt(20, 15)
	a, b := &cells{size, size, make([]uint64, 300)}, &cells{size, size, make([]uint64, 300)}
	a.sums[2*20+3] = 100   // alone in its cell
	b.sums[12*20+17] = 400 // the furthest
	a.sums[7*20+10], b.sums[7*20+10] = 900, 900
	chosen := apart([]*cells{a, b}, 2)
	require.Len(t, chosen, 2)
	in := func(w window, x, y int) bool { return x >= w.x && x < w.x+cropCells && y >= w.y && y < w.y+cropCells }
	assert.True(t, in(chosen[0], 17, 12), "%+v", chosen[0])
	assert.True(t, in(chosen[1], 3, 2), "%+v", chosen[1])
	assert.InDelta(t, 20, chosen[0].spread, 1e-9)
	for _, w := range apart([]*cells{a, b}, 50) {
		assert.LessOrEqual(t, w.x+cropCells, size.X)
		assert.LessOrEqual(t, w.y+cropCells, size.Y)
	}
}

// TestFitting: a page has the best crop of each threshold before the second best, and no more
// than it has room for.
func TestFitting(t *testing.T) {
	r := &Report{overview: &overview{}}
	for _, at := range []float64{5, 20} {
		for rank := range 3 {
			r.crops = append(r.crops, crop{t: at, spread: float64(rank), original: make([]byte, mostPictures/4)})
		}
	}
	var got []string
	for _, c := range r.fitting() {
		got = append(got, fmt.Sprint(c.t, " ", c.spread))
	}
	assert.Equal(t, []string{"5 0", "5 1", "20 0", "20 1"}, got)
}

// TestCropsArePixels: a crop is the pixels of its place.
func TestCropsArePixels(t *testing.T) {
	r, _ := pageOf(t)
	m := photo(230, 200, 3)
	c := r.crops[0]
	got, err := png.Decode(bytes.NewReader(c.original))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, cropSide, cropSide), got.Bounds())
	for _, p := range []image.Point{{}, {X: 191, Y: 191}, {X: 7, Y: 100}} {
		gr, gg, gb, _ := got.At(p.X, p.Y).RGBA()
		wr, wg, wb, _ := m.At(p.X+c.at.Min.X, p.Y+c.at.Min.Y).RGBA()
		assert.Equal(t, [3]uint32{wr, wg, wb}, [3]uint32{gr, gg, gb}, "%v", p)
	}
	assert.Len(t, c.versions, 3)
}
