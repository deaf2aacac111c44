package main

import (
	"bytes"
	"context"
	"image"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// shownBar is a bar of some columns on what stands for a terminal, without a clock of its own.
func shownBar(columns, files int) (b *bar, out *bytes.Buffer, now *time.Time) {
	out, now = new(bytes.Buffer), new(time.Time)
	*now = time.Unix(0, 0)
	b = newBar(out)
	b.columns, b.now = func() int { return columns }, func() time.Time { return *now }
	b.label, b.whole, b.of, b.begun, b.stop = "encoding", 1, files, *now, make(chan struct{})
	return b, out, now
}

func TestBar(t *testing.T) {
	b, out, now := shownBar(100, 1)
	p := b.piece(1)
	p.is(3000, 1000)
	p.part(250).Finish()
	b.draw()
	assert.Empty(t, out.String(), "nothing within the first second")

	*now = now.Add(2 * time.Second)
	b.draw()
	assert.Equal(t, "\rencoding [##########..............................]  25.0%  0.8 Mpx  0.4 Mpx/s  0:06 left\x1b[K", out.String())
	out.Reset()
	b.draw()
	assert.Empty(t, out.String(), "the same line is not drawn again")
	_, err := b.Write([]byte("qtgpu: warning\n"))
	require.NoError(t, err)
	assert.Equal(t, "\r\x1b[Kqtgpu: warning\n", out.String(), "above the line")
	out.Reset()

	p.rest(1).Finish()
	b.draw()
	assert.Contains(t, out.String(), " 99.9%", "all but a thousandth")
	p.finish()
	b.draw()
	assert.Contains(t, out.String(), "100.0%")
	out.Reset()
	b.end()
	assert.Equal(t, "\r\x1b[K", out.String())
	b.end()
}

func TestBarOfSeveralFiles(t *testing.T) {
	b, out, now := shownBar(90, 3)
	b.whole = 10
	first, second := b.piece(2), b.piece(8)
	first.is(1000, 1000)
	second.is(4000, 1000)
	first.finish()
	second.part(500).Finish()
	*now = now.Add(3 * time.Minute)
	b.draw()
	assert.Equal(t, "\r1 of 3 files [#####################...............]  60.0%  3.0 Mpx  0.0 Mpx/s  2:00 left\x1b[K", out.String())
}

// TestBarOfALargeImage: it moves with less than a thousandth of the image.
func TestBarOfALargeImage(t *testing.T) {
	b, out, now := shownBar(90, 1)
	p := b.piece(1)
	p.is(20_000, 20_000)
	work := p.rest(0).Of(4000)
	work.Add(1)
	*now = now.Add(time.Hour)
	b.draw()
	assert.Contains(t, out.String(), "  0.0%  0.1 Mpx")
	out.Reset()
	work.Add(1)
	b.draw()
	assert.Contains(t, out.String(), "  0.0%  0.2 Mpx")
}

func TestBarInLittleRoom(t *testing.T) {
	for columns := range 60 {
		b, out, now := shownBar(columns, 1)
		p := b.piece(1)
		p.part(500).Finish()
		*now = now.Add(time.Hour)
		b.draw()
		assert.Contains(t, out.String(), "50.0%", "%d columns", columns)
	}
}

// TestBarOfAStream: while nobody knows how much there is, it shows how much has come.
func TestBarOfAStream(t *testing.T) {
	b, out, now := shownBar(80, 1)
	b.label = "reading"
	b.piece(1)
	b.count(12_345_678)
	*now = now.Add(65 * time.Second)
	b.draw()
	assert.Equal(t, "\rreading  12.3 MB read  1:05\x1b[K", out.String())
}

// TestNoBar: where there is no terminal, nothing is shown, and nothing is told.
func TestNoBar(t *testing.T) {
	var out bytes.Buffer
	b := newBar(&out)
	b.begin("encoding", 1, 1)
	assert.Nil(t, b.piece(1))
	var p *piece
	assert.Nil(t, telling(p.part(5), 1))
	assert.Nil(t, telling(p.rest(5), 1))
	p.is(1, 1)
	p.finish()
	_, err := b.Write([]byte("x"))
	require.NoError(t, err)
	b.end()
	assert.Equal(t, "x", out.String())
	var none *bar
	none.begin("", 1, 1)
	none.name("")
	none.count(1)
	none.end()
	none.above(func() { out.WriteString("y") })
	assert.Equal(t, "xy", out.String())
}

// TestBarIsConcurrent: what is written stays whole, whoever draws and tells meanwhile.
func TestBarIsConcurrent(t *testing.T) {
	b, out, now := shownBar(80, 9)
	*now = now.Add(time.Hour)
	var wg sync.WaitGroup
	for range 9 {
		p := b.piece(1)
		wg.Go(func() {
			p.is(100, 100)
			for range 20 {
				p.part(40).Finish()
				b.draw()
				b.Write([]byte("line\n"))
			}
			p.finish()
		})
	}
	wg.Wait()
	assert.Equal(t, 180, strings.Count(out.String(), "line\n"))
	assert.InDelta(t, 9, b.done, 1e-9)
	assert.InDelta(t, 90_000, b.pixels, 1e-3)
	assert.Equal(t, 9, b.files)
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0:00", 61 * time.Second: "1:01", 59*time.Minute + 59*time.Second: "59:59", time.Hour + 62*time.Second: "1:01:02", 1499 * time.Millisecond: "0:01",
	} {
		assert.Equal(t, want, clock(d))
	}
}

// TestTelling: what begins anew goes on where the last run ended.
func TestTelling(t *testing.T) {
	last := int64(0)
	tell := telling(progress.New(300, func(done, _ int64) { last = done }).Rest(), 3)
	for _, c := range []struct{ done, total, want int64 }{
		{1, 4, 25}, {2, 4, 50}, {4, 4, 100}, {4, 4, 200}, {1, 10, 210}, {5, 10, 250}, {10, 10, 300}, {1, 2, 300},
	} {
		tell(c.done, c.total)
		assert.InDelta(t, c.want, last, 1, "%+v", c)
	}
}

// taken is a sink that keeps the rows of blocks.
type taken []image.Rectangle

// WriteBlock implements raster.Sink.
func (s *taken) WriteBlock(_ context.Context, b *raster.Block) error {
	*s = append(*s, b.Rect)
	return nil
}

// TestPaced: rows come through, all of them and in their order, in pieces.
func TestPaced(t *testing.T) {
	last := int64(0)
	var got taken
	b := raster.NewBlock(image.Rect(0, 10, 1<<20, 20), raster.Uint8, 1)
	require.NoError(t, paced{&got, progress.New(10, func(done, _ int64) { last = done }).Rest().Of(10)}.WriteBlock(context.Background(), b))
	assert.Equal(t, taken{image.Rect(0, 10, 1<<20, 14), image.Rect(0, 14, 1<<20, 18), image.Rect(0, 18, 1<<20, 20)}, got)
	assert.EqualValues(t, 10, last)
	got = nil
	require.NoError(t, paced{sink: &got}.WriteBlock(context.Background(), b))
	assert.Equal(t, taken{b.Rect}, got, "at once where nobody is told")
}
