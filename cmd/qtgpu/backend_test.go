package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/gpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/reducetest"
	"github.com/qtgpu/qtgpu/tree"
)

// fakeGPU is a device on the CPU that does what it is told to.
type fakeGPU struct {
	*cpufallback.Backend
	err    error
	spoil  func(*tree.Prepared)
	closed int

	calls       int   // of the stages of a coder
	after       int   // how many of them there are before coderErr
	coderErr    error // nil for none
	spoilCosts  func([][]tree.Cost)
	spoilLeaves func([]tree.Outcomes)
}

func (f *fakeGPU) Coder() tree.Coder { return f }

// fails counts a call of a stage.
func (f *fakeGPU) fails() error {
	if f.calls++; f.calls > f.after {
		return f.coderErr
	}
	return nil
}

func (f *fakeGPU) Costs(ctx context.Context, p *tree.Prepared, works []tree.Work) ([][]tree.Cost, error) {
	if err := f.fails(); err != nil {
		return nil, err
	}
	out, err := f.Backend.Costs(ctx, p, works)
	if f.spoilCosts != nil {
		f.spoilCosts(out)
	}
	return out, err
}

func (f *fakeGPU) Quantise(ctx context.Context, p *tree.Prepared, works []tree.Work) ([]tree.Outcomes, error) {
	if err := f.fails(); err != nil {
		return nil, err
	}
	out, err := f.Backend.Quantise(ctx, p, works)
	if f.spoilLeaves != nil {
		f.spoilLeaves(out)
	}
	return out, err
}

func (f *fakeGPU) Name() string                             { return "Fake 3000" }
func (f *fakeGPU) Device() gpu.Candidate                    { return gpu.Candidate{Name: f.Name()} }
func (f *fakeGPU) Trace(func(name string, d time.Duration)) {}
func (f *fakeGPU) Close() error                             { f.closed++; return nil }

func (f *fakeGPU) Prepare(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	p, err := f.Backend.Prepare(ctx, src, sub420)
	if f.err != nil {
		return nil, f.err
	}
	if f.spoil != nil {
		f.spoil(p)
	}
	return p, err
}

// PrepareResident implements tree.Resident.
func (f *fakeGPU) PrepareResident(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	return reducetest.PrepareResident(ctx, f, src, sub420)
}

// tryOut is an encode on a backend whose device is fake, or cannot be opened.
type tryOut struct {
	backend *backend
	opened  []bool // the arguments of open
	warned  []error
	file    []byte
	memory  int64
}

func try(t *testing.T, kind string, device *fakeGPU, openErr error, pixels int) (*tryOut, error) {
	t.Helper()
	return tryWithin(t, kind, device, openErr, pixels, 0)
}

// tryWithin is try in some memory, which makes slabs of it.
func tryWithin(t *testing.T, kind string, device *fakeGPU, openErr error, pixels int, memory int64) (*tryOut, error) {
	t.Helper()
	tr := &tryOut{memory: memory}
	open := func(software bool) (gpu.Backend, error) {
		tr.opened = append(tr.opened, software)
		if openErr != nil {
			return nil, openErr
		}
		device.Backend = cpufallback.New(1)
		return device, nil
	}
	var err error
	if tr.backend, err = newBackend(kind, 1, int64(pixels), open, func(err error) { tr.warned = append(tr.warned, err) }); err != nil {
		return tr, err
	}
	tr.backend.from = 1000
	m := imagefile.New(pixels/10, 10, 3, 8)
	rng := rand.New(rand.NewPCG(6, 6))
	for i := range m.Pix {
		m.Pix[i] = byte(rng.Uint32())
	}
	var file bytes.Buffer
	err = qtgpu.Encode(context.Background(), &file, m, &qtgpu.Options{T: 5, Memory: tr.memory, Backend: tr.backend})
	tr.file = file.Bytes()
	return tr, err
}

// TestBackendChoice: what runs, why, and that the bytes are as the CPU makes them.
func TestBackendChoice(t *testing.T) {
	none := errors.New("no such device")
	refused := &gpu.NoDeviceError{Candidates: []gpu.Candidate{{Provider: "EGL device 0", Refused: true, Err: errors.New("busy")}}}
	for _, c := range []struct {
		name, kind string
		device     fakeGPU
		openErr    error
		pixels     int
		ran, why   string
		opened     []bool
		warn       string
	}{
		{name: "small", kind: "auto", pixels: 990, ran: "cpu", why: "auto: a GPU is tried from 1,000 pixels on"},
		{name: "large", kind: "auto", pixels: 1000, ran: "Fake 3000", why: "auto: a large image", opened: []bool{false}},
		{name: "no device", kind: "auto", openErr: none, pixels: 1000, ran: "cpu", why: "no GPU: no such device", opened: []bool{false}},
		{name: "device refuses", kind: "auto", openErr: refused, pixels: 1000, ran: "cpu",
			why:    "no GPU: no OpenGL device can be used; tried EGL device 0: busy",
			opened: []bool{false}, warn: "no OpenGL device can be used; tried EGL device 0: busy; going on on the CPU"},
		{name: "device is not asked", kind: "auto", openErr: refused, pixels: 990, ran: "cpu", why: "auto: a GPU is tried from 1,000 pixels on"},
		{name: "device fails", kind: "auto", device: fakeGPU{err: errors.New("lost")}, pixels: 1000, ran: "cpu", why: "the GPU failed",
			opened: []bool{false}, warn: "Fake 3000 failed, going on on the CPU: lost"},
		{name: "cpu", kind: "cpu", pixels: 1000, ran: "cpu", why: "asked for"},
		{name: "gpu", kind: "gpu", pixels: 10, ran: "Fake 3000", why: "asked for", opened: []bool{true}},
		{name: "both", kind: "both", pixels: 10, ran: "Fake 3000 and cpu", why: "asked for; the CPU agrees", opened: []bool{true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, err := try(t, "cpu", nil, nil, c.pixels)
			require.NoError(t, err)
			got, err := try(t, c.kind, &c.device, c.openErr, c.pixels)
			require.NoError(t, err)
			assert.Equal(t, want.file, got.file)
			assert.Equal(t, c.ran, got.backend.Name())
			assert.Equal(t, c.why, got.backend.reason)
			assert.Equal(t, c.opened, got.opened)
			if c.warn == "" {
				assert.Empty(t, got.warned)
			} else if assert.Len(t, got.warned, 1) {
				assert.EqualError(t, got.warned[0], c.warn)
			}
			require.NoError(t, got.backend.close())
			if c.ran == "Fake 3000" {
				assert.Equal(t, 1, c.device.closed)
			}
		})
	}
}

func TestBackendFailures(t *testing.T) {
	none := errors.New("no such device")
	for _, kind := range []string{"gpu", "both"} {
		_, err := try(t, kind, nil, none, 1000)
		assert.ErrorIs(t, err, none)
		assert.EqualError(t, err, "--backend "+kind+": no such device")

		tr, err := try(t, kind, &fakeGPU{err: errors.New("lost")}, nil, 1000)
		assert.ErrorContains(t, err, "Fake 3000: lost")
		assert.Empty(t, tr.file)
	}
	_, err := try(t, "both", &fakeGPU{spoil: func(p *tree.Prepared) { p.Pyramids[1].At(3).Sum[0] = 7 }}, nil, 1000)
	assert.ErrorContains(t, err, "differs from the CPU: pyramid: plane 1: level 3 Sum (0,0): got 7, want ")
	_, err = try(t, "both", &fakeGPU{spoilCosts: func(c [][]tree.Cost) { c[0][1].J++ }}, nil, 1000)
	assert.ErrorContains(t, err, "coding on Fake 3000 and cpu: cost: plane 0: level 3 node (13,0): J: got 609943, want 609942")
	_, err = try(t, "both", &fakeGPU{spoilLeaves: func(o []tree.Outcomes) { o[0][2][1]++ }}, nil, 1000)
	assert.ErrorContains(t, err, "coding on Fake 3000 and cpu: quantise: plane 0: level 3 node (12,1): mean of cell 0: got 3945, want 3944")
}

// TestBackendSaysWhatItDoes: of which stages a device has had nothing.
func TestBackendSaysWhatItDoes(t *testing.T) {
	m := imagefile.New(100, 10, 3, 8)
	const alone = "asked for; planes and pyramids alone, as leaves of this effort or tune depend on each other"
	for _, c := range []struct {
		o    qtgpu.Options
		want string
	}{
		{qtgpu.Options{T: 5, Effort: 1}, "asked for"},
		{qtgpu.Options{T: 5}, "asked for"},
		{qtgpu.Options{T: 5, Effort: 3}, alone},
		{qtgpu.Options{T: 5, Effort: 4}, alone},
		{qtgpu.Options{T: 5, Bound: qtgpu.BoundRMS, Tune: qtgpu.TuneVisual}, alone},
	} {
		b, err := newBackend("gpu", 1, 0, func(bool) (gpu.Backend, error) { return &fakeGPU{Backend: cpufallback.New(1), after: 99}, nil }, nil)
		require.NoError(t, err)
		c.o.Backend, c.o.Engine = b, qtgpu.Transform
		require.NoError(t, qtgpu.Encode(t.Context(), io.Discard, m, &c.o))
		assert.Equal(t, c.want, b.why(), "effort %d, tune %v", c.o.Effort, c.o.Tune)
	}
}

// TestDevicesOpenOnce: all files of a command share a device, or the reason why there is none.
func TestDevicesOpenOnce(t *testing.T) {
	var d devices
	defer d.close()
	first, err := d.open(true)
	again, same := d.open(true)
	assert.True(t, first == again && err == same, "a device and %v, then another and %v", err, same)
	lost := errors.New("lost")
	assert.True(t, d.lose(lost), "news")
	_, err = d.open(true)
	assert.Equal(t, lost, err)
	assert.False(t, d.lose(lost), "news again")
}

// TestBackendFailsInTheMiddle: whatever stage a device is lost at, the encode goes on with the same
// bytes, and says so once.
func TestBackendFailsInTheMiddle(t *testing.T) {
	const pixels, memory = 16000, 1 << 12
	want, err := tryWithin(t, "cpu", nil, nil, pixels, memory)
	require.NoError(t, err)
	whole := &fakeGPU{}
	_, err = tryWithin(t, "auto", whole, nil, pixels, memory)
	require.NoError(t, err)
	require.NotZero(t, whole.calls)
	for after := range whole.calls {
		device := &fakeGPU{after: after, coderErr: errors.New("lost")}
		got, err := tryWithin(t, "auto", device, nil, pixels, memory)
		require.NoError(t, err)
		assert.Equal(t, want.file, got.file, "lost after %d stages", after)
		assert.Equal(t, after+1, device.calls, "stages asked for")
		if assert.Len(t, got.warned, 1, "lost after %d stages", after) {
			assert.EqualError(t, got.warned[0], "Fake 3000 failed, going on on the CPU: lost")
		}
		assert.Equal(t, "the GPU failed", got.backend.reason)
	}
	none, err := tryWithin(t, "auto", nil, errors.New("refused"), pixels, memory)
	require.NoError(t, err)
	assert.Equal(t, want.file, none.file)
	assert.Len(t, none.opened, 1, "asked for a device that there is not")
	_, err = tryWithin(t, "gpu", &fakeGPU{after: 1, coderErr: errors.New("lost")}, nil, pixels, memory)
	assert.ErrorContains(t, err, "coding on Fake 3000: lost")
}

// TestBackendGPU runs where there is no device: without the tags, or with a driver
// that refuses contexts.
func TestBackendGPU(t *testing.T) {
	dir, _ := encoded(t)
	out := filepath.Join(dir, "a.qtg")
	want := "no OpenGL device can be used; tried EGL surfaceless: "
	if errors.Is(gpu.Devices()[0].Err, gpu.ErrUnavailable) {
		want = "built without GPU support: rebuild with -tags gpu,egl"
	}
	for _, kind := range []string{"gpu", "both"} {
		cmd := command("-i", filepath.Join(dir, "in.png"), "-t", "5", "-o", out, "--backend", kind)
		cmd.Env = append(cmd.Env, "__EGL_VENDOR_LIBRARY_DIRS="+dir, "DISPLAY=")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		assert.Error(t, cmd.Run())
		assert.Equal(t, exitFailure, cmd.ProcessState.ExitCode())
		assert.Contains(t, stderr.String(), "qtgpu: --backend "+kind+": "+want)
		assert.NoFileExists(t, out)
	}
}

func TestDevices(t *testing.T) {
	out := mustRun(t, "devices")
	assert.Contains(t, mustRun(t, "devices", "--json"), `"provider": `)
	for _, c := range gpu.Devices() {
		assert.Contains(t, out, c.Provider)
		if c.Err != nil {
			assert.Contains(t, out, "not usable: "+c.Err.Error())
		} else {
			assert.Contains(t, out, c.Name)
		}
	}
	qtgpuRun("devices", "x").fails(t, exitUsage, `unexpected argument "x"`, "argument")
}
