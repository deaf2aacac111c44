package main

import (
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 48614148: "48,614,148", -1000: "-1,000", -999: "-999",
	} {
		assert.Equal(t, want, grouped(n))
	}
}

func TestBrokenPromiseOfAnEncode(t *testing.T) {
	verify := verifyReport{Promise: promise{boundRMS, 5, "psnr", []float64{4, 5}, planeNames(2)}, Measured: &measures{Errors: []float64{5, 4}}}
	report := encodeReport{Output: "a.qtg", Verify: &verify}
	assert.NoError(t, report.broken())
	verify.Measured.Errors[1] = 5.01
	assert.ErrorAs(t, report.broken(), new(brokenPromise))
	assert.EqualError(t, report.broken(), "a.qtg: plane A has a leaf RMS of 5.01, above the promised 5")
	verify.Promise.Tune = "visual"
	assert.EqualError(t, report.broken(), "a.qtg: plane A has a leaf RMS by step class of 5.01, above the promised 5")
	report.Verify = nil
	assert.NoError(t, report.broken())
}

func TestListOfTilesIsBounded(t *testing.T) {
	rects := make([]image.Rectangle, 100)
	for i := range rects {
		rects[i] = image.Rect(i*512, 0, i*512+512, 512)
	}
	assert.Equal(t, "0,0,512,512 512,0,512,512", list(rects[:2]))
	assert.Contains(t, list(rects), "9728,0,512,512 and 80 more")
}
