package compare

import (
	"math"
	"time"
)

// Report is a comparison; docs/JSON.md describes it. Numbers that there are not are nil.
type Report struct {
	Input       string       `json:"input"`
	Width       int          `json:"width"`
	Height      int          `json:"height"`
	Bands       int          `json:"bands"`
	Type        string       `json:"type"`
	PixelBytes  int64        `json:"pixel_bytes"`
	Photograph  bool         `json:"photograph"`
	Version     string       `json:"version"` // of qtgpu
	Machine     string       `json:"machine"`
	Date        time.Time    `json:"date"`
	Programs    []Program    `json:"programs"`
	Missing     []Missing    `json:"missing"`
	Comparisons []Comparison `json:"comparisons"`
	Curves      []Curve      `json:"curves"`
	// Pilot says what the curves are measured on.
	Pilot string `json:"pilot"`

	crops    []crop
	overview *overview
}

// Comparison is what was found at a threshold.
type Comparison struct {
	T      float64 `json:"t"`
	Tables []Table `json:"tables"`
}

// The ways in which files are alike in a table.
const (
	ByPSNR   = "psnr"
	ByBytes  = "bytes"
	Bounded  = "bound"
	Lossless = "lossless"
)

// Table is files that are alike.
type Table struct {
	By     string   `json:"by"`
	Target *float64 `json:"target"` // a PSNR in dB, bytes or T; nil of lossless
	Rows   []Row    `json:"rows"`
}

// Row is a file of a codec.
type Row struct {
	Codec   string `json:"codec"`
	ID      string `json:"id"`
	Program string `json:"program"`
	Setting string `json:"setting"`
	// Error says why there is no more; then the rest is empty.
	Error         string   `json:"error"`
	Bytes         int64    `json:"bytes"`
	Ratio         float64  `json:"ratio"`
	BitsPerPixel  float64  `json:"bits_per_pixel"`
	Off           *float64 `json:"off"`     // of the target: in dB, or as a share of the bytes
	Matched       bool     `json:"matched"` // within 0.05 dB, or 1% of the bytes
	EncodeSeconds float64  `json:"encode_seconds"`
	DecodeSeconds float64  `json:"decode_seconds"`
	Runs          int      `json:"runs"` // that the times are medians of
	PSNR          *float64 `json:"psnr"`
	SSIM          *float64 `json:"ssim"`
	RMS           *float64 `json:"rms_error"`
	MaxError      *float64 `json:"largest_error"`
	Promise       string   `json:"promise"` // "" for none
	Holds         *bool    `json:"holds"`
	EncodeCommand string   `json:"encode_command"`
	DecodeCommand string   `json:"decode_command"`
}

// Curve is what a codec makes of the picture, or of the pilot, at several settings, from few
// bytes to many.
type Curve struct {
	Codec  string  `json:"codec"`
	ID     string  `json:"id"`
	Points []Point `json:"points"`
}

// Point is one of them.
type Point struct {
	Setting      string   `json:"setting"`
	BitsPerPixel float64  `json:"bits_per_pixel"`
	PSNR         *float64 `json:"psnr"`
	SSIM         *float64 `json:"ssim"`
}

// finite is a number as JSON has it.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// own is qtgpu's row, nil where it has failed.
func (t *Table) own() *Row {
	for i := range t.Rows {
		if r := &t.Rows[i]; r.ID == "qtgpu" && r.Error == "" {
			return r
		}
	}
	return nil
}

// Photographs compare by PSNR and bytes within these.
const (
	withinDB    = 0.05
	withinBytes = 0.01
)
