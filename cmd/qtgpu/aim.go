package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/qtgpu/qtgpu"
)

// aim is what a file is to come to, by flags in the place of -t.
type aim struct {
	size int64   // the most bytes, 0 for none
	psnr float64 // the least dB, 0 for none
}

// addTarget adds the flags of a target.
func (c *convertFlags) addTarget() {
	c.set.Var(&targetSize{&c.aim.size}, "size", "in the place of -t: the smallest T whose file has no more bytes, as 200k, 1M or 300KiB, k being 1,024, to a percent; lossless where that fits")
	c.set.Var(&decibels{&c.aim.psnr}, "psnr", "in the place of -t: the largest T whose PSNR over all colours is no less than DB, to 0.05; of pictures")
}

func (a *aim) given() bool { return *a != aim{} }

// checkTarget holds the target against -t.
func (c *convertFlags) checkTarget() error {
	switch {
	case c.aim.size != 0 && c.aim.psnr != 0:
		return usagef("--size and --psnr: expected one of them")
	case c.aim.given() && c.set.Changed("threshold"):
		return usagef("-t beside --size or --psnr, which find T: expected one of them")
	}
	return nil
}

// targetSize is a flag that takes bytes as size does, 1 at least.
type targetSize struct{ to *int64 }

// Set implements pflag.Value.
func (s *targetSize) Set(text string) error {
	n, err := parseSize(text)
	if err == nil && n == 0 {
		err = &wrongValue{strconv.Quote(text), "bytes, 1 or more"}
	}
	*s.to = n
	return err
}

// String implements pflag.Value.
func (s *targetSize) String() string { return strconv.FormatInt(*s.to, 10) }

// Type implements pflag.Value.
func (s *targetSize) Type() string { return "SIZE" }

// decibels is a flag that takes a number above 0.
type decibels struct{ to *float64 }

// Set implements pflag.Value.
func (d *decibels) Set(text string) (err error) {
	*d.to, err = strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(*d.to) || math.IsInf(*d.to, 0) || *d.to <= 0 {
		return &wrongValue{strconv.Quote(text), "a number of dB above 0, as 40"}
	}
	return nil
}

// String implements pflag.Value.
func (d *decibels) String() string { return strconv.FormatFloat(*d.to, 'g', -1, 64) }

// Type implements pflag.Value.
func (d *decibels) Type() string { return "DB" }

// searchReport is how the T of a target was found.
type searchReport struct {
	PSNR    number `json:"psnr"`
	Chroma  string `json:"chroma"`
	Pilots  int    `json:"pilots"`
	Codings int    `json:"codings"`
}

func newSearchReport(s *qtgpu.Search) *searchReport {
	if s == nil {
		return nil
	}
	r := &searchReport{PSNR: number(s.PSNR), Pilots: s.Pilots, Codings: s.Codings}
	if s.Chroma != qtgpu.ChromaAuto {
		r.Chroma = subsampling(s.Chroma)
	}
	return r
}

// beside is what is to be asked for beside T.
func (s *searchReport) beside() string {
	if s.Chroma == "" {
		return ""
	}
	return " and --chroma " + strings.ReplaceAll(s.Chroma, ":", "")
}

// String tells of it in words.
func (s *searchReport) String() string {
	how := fmt.Sprintf("T%s found by coding the image %s", s.beside(), times(s.Codings))
	if s.Pilots > 0 {
		how += fmt.Sprintf(", and a sample of it %s", times(s.Pilots))
	}
	if s.PSNR.finite() {
		how += s.PSNR.format("; PSNR %.2f dB")
	}
	return how
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return grouped(int64(n)) + " times"
}
