//go:build cgo && linux && gpu && egl

package gpu

import (
	"errors"
	"fmt"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// fence is a place in what the device was given to do, 0 for none. Whatever was written before it
// can be read when it is reached.
type fence uintptr

// newFence sets a fence, and has the device begin.
func newFence() fence {
	gl.MemoryBarrier(gl.BUFFER_UPDATE_BARRIER_BIT)
	f := gl.FenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0)
	gl.Flush()
	return fence(f)
}

// patience is how long the device may take for what is given to it at once, in nanoseconds: drivers
// end what takes some seconds, and the slowest software renderer takes less than one.
const patience = 120e9

// wait waits until a fence is reached, and deletes it.
func (f fence) wait() error {
	if f == 0 {
		return errors.New("no fence: the device may be lost")
	}
	defer gl.DeleteSync(uintptr(f))
	switch status := gl.ClientWaitSync(uintptr(f), gl.SYNC_FLUSH_COMMANDS_BIT, patience); status {
	case gl.ALREADY_SIGNALED, gl.CONDITION_SATISFIED:
		return nil
	case gl.TIMEOUT_EXPIRED:
		return fmt.Errorf("the device did not answer within %d s", int(patience/1e9))
	default:
		return fmt.Errorf("waiting for the device: it may be lost (OpenGL error %s)", errorName(gl.GetError()))
	}
}
