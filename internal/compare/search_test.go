package compare

import (
	"errors"
	"math"
	"strconv"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSearch: what is found is within the tolerance or, of all settings, the nearest; by few
// looks, whatever the shape of the values and whatever is foretold of them.
func TestSearch(t *testing.T) {
	shapes := map[string]func(x float64) float64{
		"line":    func(x float64) float64 { return 20 + 30*x },
		"bend":    func(x float64) float64 { return 20 + 30*math.Sqrt(x) },
		"late":    func(x float64) float64 { return 20 + 30*math.Pow(x, 6) },
		"stairs":  func(x float64) float64 { return 20 + 30*math.Floor(x*17)/17 },
		"plateau": func(x float64) float64 { return 20 + 30*max(2*x-1, 0) },
	}
	guesses := map[string]func(f func(float64) float64) func(x float64) float64{
		"none": nil,
		"exact": func(f func(float64) float64) func(float64) float64 {
			return func(x float64) float64 { return f(x) - 3 }
		},
		"tilted": func(f func(float64) float64) func(float64) float64 {
			return func(x float64) float64 { return 1.4*f(x) + 5 }
		},
		"useless": func(func(float64) float64) func(float64) float64 { return func(float64) float64 { return 7 } },
	}
	for shape, f := range shapes {
		for guess, make := range guesses {
			for _, steps := range []int{1, 9, 63, 99, 1500} {
				for _, target := range []float64{10, 20, 23.4, 35, 41.7, 50, 60} {
					name := shape + ", " + guess + ", " + strconv.Itoa(steps) + " steps, " + number(target)
					looks := 0
					value := func(i int) float64 { return f(float64(i) / float64(steps)) }
					s := &search{steps: steps, known: map[int]float64{}, measure: func(i int) (float64, error) {
						require.GreaterOrEqual(t, i, 0, name)
						require.LessOrEqual(t, i, steps, name)
						looks++
						return value(i), nil
					}}
					if make != nil {
						g := make(f)
						s.guess = func(i int) float64 { return g(float64(i) / float64(steps)) }
						s.shift = 3
					}
					best, err := s.find(target, 0.05)
					require.NoError(t, err, name)
					assert.LessOrEqual(t, looks, mostProbes, name)
					nearest := math.Inf(1)
					for i := range steps + 1 {
						nearest = min(nearest, math.Abs(value(i)-target))
					}
					assert.True(t, math.Abs(value(best)-target) <= max(0.05, nearest+1e-9), "%s: %v is off by %v, the nearest by %v", name, best, value(best)-target, nearest)
				}
			}
		}
	}
}

// TestSearchKnown: what is measured already is not measured again, and may be the answer.
func TestSearchKnown(t *testing.T) {
	s := &search{steps: 63, known: map[int]float64{30: 34.01, 50: 41}, measure: func(int) (float64, error) { return 0, errors.New("measured") }}
	best, err := s.find(34, 0.05)
	require.NoError(t, err)
	assert.Equal(t, 30, best)
	_, err = s.find(37, 0.05)
	assert.EqualError(t, err, "measured")
}

// TestScale: a setting is what its number and its text say.
func TestScale(t *testing.T) {
	for _, p := range peers {
		if p.knob == nil {
			continue
		}
		for i := range p.knob.steps + 1 {
			v, err := strconv.ParseFloat(p.knob.text(i), 64)
			require.NoError(t, err)
			assert.InDelta(t, p.knob.at(i), v, 0.5001*math.Pow10(-p.knob.digits), "%s, setting %d", p.name, i)
			if math.Abs(p.knob.at(min(i+1, p.knob.steps))-p.knob.at(i)) > 2*math.Pow10(-p.knob.digits) {
				assert.Equal(t, i, p.knob.near(v), "%s, setting %s", p.name, p.knob.text(i))
			}
		}
		assert.Equal(t, p.knob.from, p.knob.at(0), p.name)
		assert.InDelta(t, p.knob.to, p.knob.at(p.knob.steps), 1e-9, p.name)
	}
}

// FuzzSaid: whatever a program says, what is passed on is short, of printable characters, and
// a version is a part of it.
func FuzzSaid(f *testing.F) {
	for _, seed := range []string{"", "1.2.4\nlibsharpyuv: 0.2.0", "cjxl v0.7.0 [AVX2]", "\x1b[31mred\x07\r\n", "\xff\xfe\u202e GDAL 3.6.2", "Version: 1.0 ((((("} {
		f.Add([]byte(seed), 7)
	}
	f.Fuzz(func(t *testing.T, said []byte, piece int) {
		var e ending
		for rest := said; len(rest) > 0; {
			n := min(max(piece, 1), len(rest))
			e.Write(rest[:n])
			rest = rest[n:]
		}
		require.LessOrEqual(t, len(e.text), mostSaid)
		text := e.String()
		for _, r := range text {
			require.True(t, r == '\n' || unicode.IsPrint(r), "%q", r)
		}
		require.LessOrEqual(t, len([]rune(e.explain(errors.New("x")).Error())), 170)
		for _, p := range peers {
			if p.encoder == nil {
				continue
			}
			if m := p.encoder.version.FindStringSubmatch(text); m != nil {
				require.Contains(t, text, m[1])
			}
		}
	})
}
