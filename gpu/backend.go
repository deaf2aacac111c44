//go:build cgo && linux && gpu && egl

package gpu

import (
	"context"
	"fmt"
	"time"
	"weak"

	"github.com/go-gl/gl/v4.3-core/gl"

	"github.com/qtgpu/qtgpu/tree"
)

// backend implements Backend. The owning goroutine alone touches what lies on the
// device.
type backend struct {
	*glContext
	block    int // bytes of the largest buffer
	trace    func(dispatch string, took time.Duration)
	programs map[program]uint32
	timer    timer

	source buffer
	nodes  [maxPlanes]buffer
	images [2]resident
	turn   int       // of images, which is taken next
	at     *resident // of the job at hand
	slots  [2]slot
}

// resident is the planes of an image on the device. There are two, so that the next band or file can be
// prepared before the last one is through.
type resident struct {
	of  weak.Pointer[tree.Prepared] // the image whose planes are all there, whole; none while they are not
	pix [maxPlanes]buffer
}

// take makes room for another image, in the place of the older one.
func (b *backend) take() {
	b.at = &b.images[b.turn%len(b.images)]
	b.turn++
	b.at.of = weak.Pointer[tree.Prepared]{}
}

// find has the job at hand work on the planes of an image, if they are there, or else makes room for
// them.
func (b *backend) find(p *tree.Prepared) {
	for i := range b.images {
		if b.at = &b.images[i]; b.at.of.Value() == p {
			return
		}
	}
	b.take()
}

const maxPlanes = 4

func newBackend(c *glContext) *backend {
	return &backend{
		glContext: c, block: int(min(c.device.Limits.BlockBytes, maxBlock)), programs: map[program]uint32{},
	}
}

// Name is the device's.
func (b *backend) Name() string { return b.device.Name }

func (b *backend) Device() Candidate { return b.device }

func (b *backend) Trace(f func(dispatch string, took time.Duration)) { b.trace = f }

func (b *backend) Close() error {
	err := b.Do(func() error {
		b.source.free()
		for i := range b.slots {
			b.slots[i].free()
		}
		for i := range b.nodes {
			b.nodes[i].free()
			for j := range b.images {
				b.images[j].pix[i].free()
			}
		}
		b.timer.free()
		for _, id := range b.programs {
			gl.DeleteProgram(id)
		}
		return nil
	})
	b.close()
	return err
}

// do is Do unless ctx has ended.
func (b *backend) do(ctx context.Context, f func() error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return b.Do(f)
}

// dispatchable tells whether w×h threads fit one dispatch.
func (b *backend) dispatchable(w, h int) bool {
	g := b.device.Limits.Groups
	return (w-1)/groupX < g[0] && (h-1)/groupY < g[1]
}

// dispatch runs the current program over at least w×h threads.
func (b *backend) dispatch(w, h int) error {
	if !b.dispatchable(w, h) {
		return fmt.Errorf("%d×%d threads in groups of %d×%d, above the device's %v groups",
			w, h, groupX, groupY, b.device.Limits.Groups)
	}
	gl.DispatchCompute(uint32((w-1)/groupX+1), uint32((h-1)/groupY+1), 1)
	return nil
}

// endDispatch has what follows see what was written, and marks the time.
func (b *backend) endDispatch(name string) {
	gl.MemoryBarrier(gl.SHADER_STORAGE_BARRIER_BIT)
	b.timer.mark(name)
}

// finish waits for the device, so that buffers can be read, and calls f with the
// time of each dispatch.
func (b *backend) finish(f func(dispatch string, took time.Duration)) error {
	if err := newFence().wait(); err != nil {
		return err
	}
	b.takeTimes(f)
	return nil
}

// takeTimes calls f with the time of each dispatch, when the device is done.
func (b *backend) takeTimes(f func(dispatch string, took time.Duration)) {
	b.timer.take(func(dispatch string, took time.Duration) {
		if b.trace != nil {
			b.trace(dispatch, took)
		}
		f(dispatch, took)
	})
}
