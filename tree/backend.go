package tree

import (
	"context"
	"fmt"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
)

// Backend is the whole seam: it takes the samples of an image through the stages
// above the seam, each of which has the same name and the same integers on every
// backend. The stages chain on an image that stays on the device; what the stages
// below the seam need comes back at the end, at once.
type Backend interface {
	// Name says what runs, or ran last, for people: "cpu", or the device of a GPU.
	Name() string
	// Prepare runs the stages colour and pyramid. Files are identical whatever
	// backend prepared them: the result is what chroma.Forward, chroma.Pad and
	// a Reducer over Padded planes give. It neither writes to src nor keeps it; for ctx
	// and goroutines holds what Reducer says. src has passed CheckSource: call it
	// through the function Prepare.
	Prepare(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*Prepared, error)
	// Coder is what takes images from Prepare through the stages below the pyramid, nil where the
	// engine is to do so in its own Go, node by node as it asks.
	Coder() Coder
}

// Recycler is what a Backend may be besides: one that makes the next image in the memory of the last.
type Recycler interface {
	// Recycle takes back what Prepare has made, which nobody uses any more.
	Recycle(p *Prepared)
}

// Tiler is what a Backend may be besides: one that prepares the tiles of an image as fast one by one, of which no planes
// have to be in memory but of the ones at hand.
type Tiler interface {
	// Tiles is a Backend that many goroutines may have prepare tiles at the same time, or nil where images are to be
	// prepared whole.
	Tiles() Backend
}

// Resident is what a Backend may be besides: one on whose device planes can stay.
type Resident interface {
	// PrepareResident is Prepare of an image that goes on to the Coder, and whose planes are not read
	// back. src stays as it is as long as stages run: the device makes planes of it again that it had to
	// give up, or has no room for at once. Call it through the function PrepareResident.
	PrepareResident(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*Prepared, error)
}

// Prepared is what the stages made of an image of W×H pixels.
type Prepared struct {
	Planes   []chroma.Plane // as chroma.NewPlanes has them, padded; without Pix where a device has the samples
	Pyramids []Pyramid      // of each plane with its padding
	Stages   []Stage        // the stages in order, transfers included
	Pixels   *Pixels        // of planes without samples, else nil
}

// Pixels are what planes are made of.
type Pixels struct {
	Source *chroma.Interleaved
	Sub420 bool
}

// Stage is the time that one stage took.
type Stage struct {
	Name     string
	Duration time.Duration
}

// Prepare checks src and has b prepare it.
func Prepare(ctx context.Context, b Backend, src *chroma.Interleaved, sub420 bool) (*Prepared, error) {
	return prepare(ctx, b, src, sub420, b.Prepare)
}

// PrepareResident is Prepare for the Coder of b: planes stay on a device, where that is possible.
func PrepareResident(ctx context.Context, b Backend, src *chroma.Interleaved, sub420 bool) (*Prepared, error) {
	if r, ok := b.(Resident); ok {
		return prepare(ctx, b, src, sub420, r.PrepareResident)
	}
	return Prepare(ctx, b, src, sub420)
}

func prepare(ctx context.Context, b Backend, src *chroma.Interleaved, sub420 bool, how func(context.Context, *chroma.Interleaved, bool) (*Prepared, error)) (*Prepared, error) {
	if err := CheckSource(src); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	p, err := how(ctx, src, sub420)
	if err != nil {
		return nil, fmt.Errorf("preparing on %s: %w", b.Name(), err)
	}
	return p, nil
}

// CheckSource reports whether the samples of m are of a kind that can be coded,
// and Pix holds them all.
func CheckSource(m *chroma.Interleaved) error {
	pixel := m.Channels * m.Depth / 8
	switch {
	case m.W < 1 || m.H < 1:
		return fmt.Errorf("size %d×%d, want at least 1×1", m.W, m.H)
	case m.Channels < 1 || m.Channels > 4:
		return fmt.Errorf("%d channels, want 1 to 4", m.Channels)
	case m.Depth != 8 && m.Depth != 16:
		return fmt.Errorf("depth %d, want 8 or 16 bits", m.Depth)
	case m.Step < pixel:
		return fmt.Errorf("step %d, want at least the %d bytes of a pixel", m.Step, pixel)
	case len(m.Pix) < pixel || m.W-1 > (len(m.Pix)-pixel)/m.Step:
		return fmt.Errorf("%d bytes, too few for a row of %d pixels of %d", len(m.Pix), m.W, m.Step)
	case m.Stride < (m.W-1)*m.Step+pixel:
		return fmt.Errorf("stride %d, want at least the %d bytes of a row", m.Stride, (m.W-1)*m.Step+pixel)
	case m.H-1 > (len(m.Pix)-(m.W-1)*m.Step-pixel)/m.Stride:
		return fmt.Errorf("%d bytes, too few for %d rows of %d", len(m.Pix), m.H, m.Stride)
	case uint64(chroma.PadUp(m.W))*uint64(chroma.PadUp(m.H)) > MaxSamples:
		return fmt.Errorf("size %d×%d, want at most %d samples with padding", m.W, m.H, uint64(MaxSamples))
	}
	return nil
}
