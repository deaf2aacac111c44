//go:build cgo && linux && gpu && egl

package gpu

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/go-gl/gl/v4.3-core/gl"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/reducetest"
	"github.com/qtgpu/qtgpu/tree"
)

func TestDoRunsOnOneThread(t *testing.T) {
	b := open(t)
	threads := make([]int, 40)
	var wg sync.WaitGroup
	for i := range threads {
		wg.Go(func() {
			assert.NoError(t, b.Do(func() error { threads[i] = syscall.Gettid(); return nil }))
		})
	}
	wg.Wait()
	for i, tid := range threads {
		require.Equal(t, threads[0], tid, "job %d", i)
	}
	require.NotZero(t, threads[0])
}

func TestDoReportsErrors(t *testing.T) {
	b := open(t)
	want := errors.New("mine")
	assert.Equal(t, want, b.Do(func() error { return want }))
	err := b.Do(func() error { gl.Enable(0xffff); return nil })
	assert.ErrorContains(t, err, "OpenGL error INVALID_ENUM while running")
	assert.NoError(t, b.Do(func() error { return nil }), "the error does not stay")
}

func TestDebugMessages(t *testing.T) {
	t.Setenv("QTGPU_GPU_DEBUG", "1")
	b := open(t)
	err := b.Do(func() error { gl.Enable(0xffff); return nil })
	assert.ErrorContains(t, err, "OpenGL message ")
	assert.NoError(t, b.Do(func() error { return nil }), "the message does not stay")
	require.NoError(t, sameAsCPU(t, b, somePicture(), true), "no messages in an honest run")
}

func somePicture() *chroma.Interleaved {
	return reducetest.Picture(rand.New(rand.NewPCG(7, 7)), 333, 222, 3, 8, 0)
}

func TestAfterClose(t *testing.T) {
	open(t)
	b, err := Open(true)
	require.NoError(t, err)
	require.NoError(t, b.Close())
	_, err = tree.Prepare(t.Context(), b, somePicture(), true)
	assert.ErrorIs(t, err, errClosed)
	assert.ErrorIs(t, b.Close(), errClosed)
}

// TestContextRefused: the reason is kept, and an error names all that was tried.
func TestContextRefused(t *testing.T) {
	refused := errors.New("no such display")
	c, candidate := openContext(provider{name: "EGL moon", open: func(bool) (current, error) { return nil, refused }})
	assert.Nil(t, c)
	assert.Equal(t, Candidate{Provider: "EGL moon", Err: refused}, candidate)
	err := &NoDeviceError{[]Candidate{candidate, {Provider: "EGL", Name: "Pipe", Version: "4.5", Err: errSoftware}}}
	assert.EqualError(t, err, "no OpenGL device can be used; tried EGL moon: no such display; "+
		"Pipe, OpenGL 4.5 (EGL): a software renderer, taken only on request")
	assert.False(t, err.Refused(), "no device in hardware")
	_, device := openContext(provider{name: "EGL device 0", device: true, open: func(bool) (current, error) { return nil, refused }})
	assert.Equal(t, Candidate{Provider: "EGL device 0", Refused: true, Err: refused}, device)
	assert.True(t, (&NoDeviceError{[]Candidate{candidate, device}}).Refused())
}

// TestCompileError: a shader that the driver refuses is named by file and line.
func TestCompileError(t *testing.T) {
	b := open(t)
	err := b.Do(func() error { return b.use(program{file: "reduce_upper.comp"}) })
	require.NoError(t, err)
	s, err := program{file: "reduce_upper.comp"}.expand()
	require.NoError(t, err)
	for _, c := range []struct{ old, new, want string }{
		{"uaddCarry(a.x", "uaddCarri(a.x", "wide.glsl:6: "},
		{"Node c = load(", "Node c = lode(", "reduce_upper.comp:19: "},
	} {
		broken := &source{text: strings.Replace(s.text, c.old, c.new, 1), files: s.files}
		err := b.Do(func() error { _, err := compile(broken); return err })
		assert.ErrorContains(t, err, c.want)
	}
	err = b.Do(func() error { return b.use(program{file: "missing.comp"}) })
	assert.ErrorContains(t, err, "missing.comp")
}

// TestPlanesAreMadeAgain: the device holds the planes of two images, and makes others of their pixels again.
func TestPlanesAreMadeAgain(t *testing.T) {
	b := open(t)
	var all []*tree.Prepared
	for i := range len(b.images) + 1 {
		p, err := tree.PrepareResident(t.Context(), b, reducetest.Picture(rand.New(rand.NewPCG(2, uint64(i))), 130, 70+i, 3, 8, 0), i%2 == 0)
		require.NoError(t, err)
		all = append(all, p)
	}
	has := func(p *tree.Prepared) bool {
		return slices.ContainsFunc(b.images[:], func(r resident) bool { return r.of.Value() == p })
	}
	require.False(t, has(all[0]))
	for i, p := range all {
		works := reducetest.Works(rand.New(rand.NewPCG(1, 2)), p, 100)
		_, err := tree.Both{First: b, Second: cpufallback.New(0)}.Quantise(t.Context(), p, works)
		require.NoError(t, err, "image %d", i)
		assert.True(t, has(p), "image %d stays", i)
	}
}

// TestLostDevice: what is gone in the middle is an error, not a wrong result.
func TestLostDevice(t *testing.T) {
	b := open(t)
	m := somePicture()
	_, err := tree.Prepare(t.Context(), b, m, true)
	require.NoError(t, err)
	require.NoError(t, b.Do(func() error { b.cur.close(); return nil }))
	p, err := tree.Prepare(t.Context(), b, m, true)
	assert.ErrorContains(t, err, "the device may be lost")
	assert.Nil(t, p)
}

// TestLostBelowThePyramid: so is what is gone between two stages.
func TestLostBelowThePyramid(t *testing.T) {
	for name, stage := range map[string]func(b *backend, p *tree.Prepared, works []tree.Work) (any, error){
		"transform": func(b *backend, p *tree.Prepared, works []tree.Work) (any, error) {
			return b.Transform(t.Context(), p, works)
		},
		"cost": func(b *backend, p *tree.Prepared, works []tree.Work) (any, error) {
			return b.Costs(t.Context(), p, works)
		},
		"quantise": func(b *backend, p *tree.Prepared, works []tree.Work) (any, error) {
			return b.Quantise(t.Context(), p, works)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			p, err := tree.Prepare(t.Context(), b, somePicture(), true)
			require.NoError(t, err)
			works := reducetest.Works(rand.New(rand.NewPCG(1, 2)), p, 100)
			_, err = stage(b, p, works)
			require.NoError(t, err)
			require.NoError(t, b.Do(func() error { b.cur.close(); return nil }))
			_, err = stage(b, p, works)
			assert.ErrorContains(t, err, "the device may be lost")
		})
	}
}

// TestRecordsNeedRoom: records that do not fit the room for them are made again in more.
func TestRecordsNeedRoom(t *testing.T) {
	b := open(t)
	p, err := tree.Prepare(t.Context(), b, somePicture(), true)
	require.NoError(t, err)
	works := reducetest.Works(rand.New(rand.NewPCG(1, 2)), p, 3)[:1]
	found, err := tree.Both{First: b, Second: cpufallback.New(0)}.Quantise(t.Context(), p, works)
	require.NoError(t, err)
	words := 0
	for _, r := range found[0] {
		words += len(r)
	}
	assert.Greater(t, 4*words, recordBytes*len(works[0].Numbers)<<(2*works[0].Level), "bytes of records, room for them at first")
}

// TestOutOfMemory: a buffer that cannot be had is an error, and the next image works.
func TestOutOfMemory(t *testing.T) {
	b := open(t)
	var huge buffer
	err := b.Do(func() error { return huge.reserve(1 << 45) })
	assert.ErrorContains(t, err, "allocating 35184372088832 bytes on the device: OUT_OF_MEMORY")
	require.NoError(t, sameAsCPU(t, b, somePicture(), true))
}

// TestConcurrent: calls from several goroutines do not mix, nor do their images below the pyramid, of
// which the device holds two; one that is
// cancelled between two windows stops alone.
func TestConcurrent(t *testing.T) {
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) { concurrent(t, block) })
	}
}

func concurrent(t *testing.T, block int) {
	b := open(t)
	b.block = min(b.block, block)
	var wg sync.WaitGroup
	for i := range 4 {
		m := reducetest.Picture(rand.New(rand.NewPCG(8, uint64(i))), 300+i, 200, 1+i, 8, 0)
		wg.Go(func() {
			for range 3 {
				assert.NoError(t, sameAsCPU(t, b, m, i%2 == 0))
				assert.NoError(t, reducetest.SameCoder(b, cpufallback.New(1), rand.New(rand.NewPCG(8, uint64(i))), m, i%2 == 0))
			}
		})
	}
	wg.Go(func() {
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		jobs := 0
		err := b.do(ctx, func() error { jobs++; cancel(gone); return nil })
		assert.NoError(t, err)
		assert.ErrorIs(t, b.do(ctx, func() error { jobs++; return nil }), gone)
		assert.Equal(t, 1, jobs)
	})
	wg.Wait()
}

// status reads a number of /proc/self/status.
func status(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.Atoi(strings.Fields(value)[0])
			require.NoError(t, err)
			return n
		}
	}
	require.Fail(t, "no "+name)
	return 0
}

// flat runs f n times after as many times to warm up, and fails if memory grew by
// more than slack KiB or threads by more than a few.
func flat(t *testing.T, n, slack int, f func()) {
	t.Helper()
	for range n {
		f()
	}
	debug.FreeOSMemory()
	memory, threads := status(t, "VmRSS"), status(t, "Threads")
	for range n {
		f()
	}
	debug.FreeOSMemory()
	grown := status(t, "VmRSS") - memory
	t.Logf("%d times: %d KiB more, from %d", n, grown, memory)
	assert.Less(t, grown, slack, "KiB grown")
	assert.Less(t, status(t, "Threads")-threads, 8, "threads")
}

func TestEncodesDoNotLeak(t *testing.T) {
	b := open(t)
	m := reducetest.Picture(rand.New(rand.NewPCG(9, 9)), 640, 480, 3, 8, 0)
	flat(t, *leakRuns, 16<<10, func() { encode(t, &imagefile.Image{Interleaved: *m}, qtgpu.Options{T: 10}, b) })
}

// TestContextsDoNotLeak: a context that is not freed takes 8 MiB on llvmpipe; the
// arenas of the C library, one for each of several threads, come and go.
func TestContextsDoNotLeak(t *testing.T) {
	open(t)
	m := somePicture()
	flat(t, 50, 128<<10, func() {
		b, err := Open(true)
		require.NoError(t, err)
		_, err = tree.Prepare(t.Context(), b, m, true)
		require.NoError(t, err)
		require.NoError(t, b.Close())
	})
}

func TestDevices(t *testing.T) {
	open(t)
	usable := 0
	for _, c := range Devices() {
		t.Log(c, c.Err)
		if c.Err == nil {
			usable++
			assert.NotEmpty(t, c.Name)
			assert.NotEmpty(t, c.Driver)
			assert.NotEmpty(t, c.Version)
			assert.NoError(t, c.Limits.check())
			assert.Equal(t, isSoftware(c.Name), c.Software)
		}
	}
	assert.NotZero(t, usable)
}
