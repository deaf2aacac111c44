package pipeline

import (
	"context"
	"sync"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/progress"
)

// kept is an encoder that keeps the tiles that it has coded, as far as there is room, so that
// a file may be written again.
type kept struct {
	engine.Encoder
	mu    sync.Mutex
	room  int64 // bytes that they may still grow by
	tiles map[int]*engine.Tile
}

func newKept(enc engine.Encoder, room int64) *kept {
	return &kept{Encoder: enc, room: room, tiles: map[int]*engine.Tile{}}
}

func (k *kept) tile(i int) *engine.Tile {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tiles[i]
}

// Held implements engine.Encoder.
func (k *kept) Held(tile int) bool { return k.tile(tile) != nil || k.Encoder.Held(tile) }

// Encode implements engine.Encoder.
func (k *kept) Encode(ctx context.Context, s engine.Slab, tile int, work *progress.Work) (*engine.Tile, error) {
	if t := k.tile(tile); t != nil {
		return t, nil
	}
	t, err := k.Encoder.Encode(ctx, s, tile, work)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := int64(len(t.Overview) + len(t.Detail)); n <= k.room {
		k.room -= n
		k.tiles[tile] = t
	}
	return t, nil
}
