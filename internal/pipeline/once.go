package pipeline

import (
	"context"
	"crypto/sha256"
	"sync"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/tree"
)

// once is a backend that keeps what it has prepared, as far as there is room, and prepares the
// same samples no second time. They are known by their hash, since their memory may be used
// again.
type once struct {
	tree.Backend
	mu       sync.Mutex
	room     int64 // bytes that it may still grow by
	prepared map[samplesKey]*tree.Prepared
}

// samplesKey tells samples from others.
type samplesKey struct {
	w, h, channels, depth, step int
	sub420                      bool
	hash                        [sha256.Size]byte // of the rows
}

func newOnce(b tree.Backend, room int64) *once {
	return &once{Backend: b, room: room, prepared: map[samplesKey]*tree.Prepared{}}
}

// Prepare implements tree.Backend.
func (o *once) Prepare(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	key := keyOf(src, sub420)
	o.mu.Lock()
	defer o.mu.Unlock()
	if p := o.prepared[key]; p != nil {
		return p, nil
	}
	p, err := o.Backend.Prepare(ctx, src, sub420)
	if err != nil {
		return nil, err
	}
	if n := preparedBytes(p); n <= o.room {
		o.room -= n
		o.prepared[key] = p
	}
	return p, nil
}

func keyOf(m *chroma.Interleaved, sub420 bool) samplesKey {
	key := samplesKey{w: m.W, h: m.H, channels: m.Channels, depth: m.Depth, step: m.Step, sub420: sub420}
	h := sha256.New()
	row := (m.W-1)*m.Step + m.Channels*m.Depth/8
	for y := range m.H {
		h.Write(m.Pix[y*m.Stride:][:row])
	}
	h.Sum(key.hash[:0])
	return key
}

// preparedBytes is the memory of planes and their statistics.
func preparedBytes(p *tree.Prepared) (n int64) {
	const node = 8 + 8 + 2 + 2
	for i := range p.Planes {
		n += 2 * int64(len(p.Planes[i].Pix))
		for _, level := range p.Pyramids[i].Levels {
			n += node * int64(len(level.Sum))
		}
	}
	return n
}
