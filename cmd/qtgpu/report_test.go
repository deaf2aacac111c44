package main

import (
	"bytes"
	"image"
	"sync"
	"testing"
	"time"

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
	verify := verifyReport{Promise: promise{boundRMS, 5, []float64{4, 5}, planeNames(2)}, Measured: &measures{Errors: []float64{5, 4}}}
	report := encodeReport{Output: "a.qtg", Verify: &verify}
	assert.NoError(t, report.broken())
	verify.Measured.Errors[1] = 5.01
	assert.ErrorAs(t, report.broken(), new(brokenPromise))
	assert.EqualError(t, report.broken(), "a.qtg: plane A has a leaf RMS of 5.01, above the promised 5")
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

func TestProgress(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	p := newProgress(&b, "encoding", func() time.Time { return now })
	p.update(1, 4)
	p.clear()
	assert.Empty(t, b.String(), "nothing within the first second")

	now = now.Add(progressDelay)
	p.update(2, 4)
	assert.Equal(t, "\rencoding [####################....................]  50%", b.String())
	b.Reset()
	p.update(3, 4)
	assert.Empty(t, b.String(), "not twice within the interval")
	now = now.Add(progressInterval)
	p.update(5, 4)
	assert.Contains(t, b.String(), "100%")
	b.Reset()
	p.clear()
	assert.Equal(t, "\r\x1b[K", b.String())

	var none *progress
	none.update(1, 2)
	none.clear()
	(&app{stderr: &b}).progress("", false).update(1, 0)
}

func TestProgressIsConcurrent(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b, "x", func() time.Time { return time.Now().Add(time.Hour) })
	p.next = time.Time{}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() { p.update(int64(i), 50) })
	}
	wg.Wait()
	assert.Equal(t, 1, bytes.Count(b.Bytes(), []byte("\r")), "one picture an interval")
}
