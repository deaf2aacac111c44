package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// rasterReport is what the samples are.
type rasterReport struct {
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Type    string `json:"type"`
	Maximum int64  `json:"maximum"` // the sample of full scale, 0 of floating point
	// SourceBits is how many bits a sample had in the file that it comes from, where these
	// were fewer than the type has, else 0.
	SourceBits int          `json:"source_bits"`
	Bands      []bandReport `json:"bands"`
}

// bandReport is what a band is.
type bandReport struct {
	Name   string  `json:"name"`
	Role   string  `json:"role"`
	NoData *value  `json:"nodata"` // null for none
	Scale  float64 `json:"scale"`
	Offset float64 `json:"offset"`
	// Statistics are there where --stats asks for them.
	Statistics *statisticsReport `json:"statistics,omitempty"`
}

// statisticsReport is of the samples that are finite and have data; without any, all but
// Valid are null.
type statisticsReport struct {
	Minimum number `json:"minimum"`
	Maximum number `json:"maximum"`
	Mean    number `json:"mean"`
	// Deviation is the root of the mean square of the differences from Mean.
	Deviation number `json:"standard_deviation"`
	Valid     int64  `json:"valid"`
}

// value is a sample; in JSON, which has no such numbers, "NaN", "+Inf" and "-Inf" are text.
type value float64

// MarshalJSON implements json.Marshaler.
func (v value) MarshalJSON() ([]byte, error) {
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		return json.Marshal(fmt.Sprint(f))
	}
	return json.Marshal(float64(v))
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *value) UnmarshalJSON(p []byte) error {
	if text := strings.Trim(string(p), `"`); len(text) < len(p) {
		_, err := fmt.Sscan(text, (*float64)(v))
		return err
	}
	return json.Unmarshal(p, (*float64)(v))
}

func newRasterReport(f *raster.Format) rasterReport {
	r := rasterReport{Width: f.Width, Height: f.Height, Type: f.Type.String(), Maximum: f.FullScale()}
	for _, b := range f.Bands {
		band := bandReport{Name: b.Name, Role: b.Role.String(), Scale: b.Scale, Offset: b.Offset}
		if b.Scale == 0 {
			band.Scale = 1
		}
		if b.NoData != nil {
			v := value(*b.NoData)
			band.NoData = &v
		}
		r.Bands = append(r.Bands, band)
	}
	return r
}

// came says how many bits a sample had in the file that it comes from, where these were
// fewer, and how a promise counts them.
func (r *rasterReport) came(t *text, p *promise) {
	if r.SourceBits == 0 {
		return
	}
	var of raster.Type
	of.UnmarshalText([]byte(r.Type)) // which is one
	line := fmt.Sprintf("%d bits a sample in the source, coded as %d", r.SourceBits, 8*of.Size())
	if !p.lossless() {
		line += fmt.Sprintf(", in whose steps T counts; decoding gives %d bits, or %d where all samples are still ones of these", 8*of.Size(), r.SourceBits)
	}
	t.line("depth", "%s", line)
}

// add adds the statistics of all bands.
func (r *rasterReport) add(s *statistics) {
	for i := range r.Bands {
		b := &s.bands[i]
		none := number(math.NaN())
		report := &statisticsReport{none, none, none, none, b.n}
		if b.n > 0 {
			report.Minimum, report.Maximum, report.Mean = number(b.least), number(b.most), number(b.mean)
			report.Deviation = number(math.Sqrt(b.deviations / float64(b.n)))
		}
		r.Bands[i].Statistics = report
	}
}

// describe says in words what the samples are.
func describe(f *raster.Format) string {
	size := fmt.Sprintf("%d×%d pixels", f.Width, f.Height)
	if imagefile.Holds(f) != nil || f.Bands[0].Role == raster.Data {
		return fmt.Sprintf("%s, %s of %v", size, count(len(f.Bands), "band"), f.Type)
	}
	kind := [...]string{"gray", "gray and alpha", "RGB", "RGBA"}[len(f.Bands)-1]
	switch f.Bands[0].Role {
	case raster.Index:
		kind = count(len(f.Palette), "colour") + " by index"
	case raster.Label:
		kind = "labels"
	}
	return fmt.Sprintf("%s, %s, %d bits", size, kind, 8*f.Type.Size())
}

// text writes a line for each of the first bands of which more is to be said than their
// role.
func (r *rasterReport) text(t *text) {
	for i := range r.Bands[:min(mostListed, len(r.Bands))] {
		if line := r.Bands[i].String(); line != "" {
			t.line(fmt.Sprintf("band %d", i+1), "%s", line)
		}
	}
	if more := len(r.Bands) - mostListed; more > 0 {
		t.line("", "and %s more: --json has all", count(more, "band"))
	}
}

// String says what is known of a band besides its role, "" for nothing.
func (b *bandReport) String() string {
	parts := []string{b.Role}
	if b.Name != "" {
		parts[0] += fmt.Sprintf(" %q", printable(b.Name))
	}
	if b.NoData != nil {
		parts = append(parts, fmt.Sprintf("no data %v", float64(*b.NoData)))
	}
	if b.Scale != 1 || b.Offset != 0 {
		parts = append(parts, fmt.Sprintf("scale %v, offset %v", b.Scale, b.Offset))
	}
	if s := b.Statistics; s != nil {
		parts = append(parts, fmt.Sprintf("minimum %s, maximum %s, mean %s, standard deviation %s, %s valid",
			s.Minimum.format("%v"), s.Maximum.format("%v"), s.Mean.format("%.7g"), s.Deviation.format("%.7g"), grouped(s.Valid)))
	}
	if len(parts) == 1 && b.Name == "" {
		return ""
	}
	return strings.Join(parts, ", ")
}

// printable is a text of a file without what moves the cursor, cut where it is long.
func printable(s string) string {
	const most = 60
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// bandNames are names of all bands for people.
func bandNames(f *raster.Format) []string {
	short := map[raster.Role]string{raster.Gray: "gray", raster.Red: "R", raster.Green: "G", raster.Blue: "B",
		raster.Alpha: "alpha", raster.Premultiplied: "alpha", raster.Index: "index", raster.Label: "label"}
	names := make([]string, len(f.Bands))
	for i, b := range f.Bands {
		names[i] = short[b.Role]
		if b.Name != "" {
			names[i] = printable(b.Name)
		}
		if names[i] == "" {
			names[i] = fmt.Sprintf("band %d", i+1)
		}
	}
	return names
}

// planeNames are the names of the planes of a picture with n of them.
func planeNames(n int) []string {
	if n < 3 {
		return []string{"Y", "A"}[:n]
	}
	return []string{"Y", "Cb", "Cr", "A"}[:n]
}

// colourNames are the names of the channels of a picture with n of them.
func colourNames(n int) []string {
	if n < 3 {
		return []string{"gray", "alpha"}[:n]
	}
	return []string{"R", "G", "B", "alpha"}[:n]
}

// mostListed is how many bands are listed in a text.
const mostListed = 16

// listed writes values with their names, the first of many.
func listed(v []float64, format string, names []string) string {
	var parts []string
	for i := range v[:min(mostListed, len(v))] {
		parts = append(parts, names[i]+" "+fmt.Sprintf(format, v[i]))
	}
	if more := len(v) - mostListed; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, ", ")
}
