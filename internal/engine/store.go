package engine

import "sync"

// Store keeps tiles that training has coded until they are asked for. It may be used by
// several goroutines.
type Store[T any] struct {
	mu    sync.Mutex
	tiles map[int]*T
	room  int64 // bytes that they may still grow by
	full  bool  // whether a tile found no room
}

// NewStore has room for a number of bytes.
func NewStore[T any](room int64) *Store[T] { return &Store[T]{tiles: map[int]*T{}, room: room} }

// Hold keeps a tile of some bytes, if there is room.
func (s *Store[T]) Hold(tile int, t *T, bytes int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes > s.room {
		s.full = true
		return false
	}
	s.room -= bytes
	s.tiles[tile] = t
	return true
}

// Full tells whether there was no room for a tile.
func (s *Store[T]) Full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full
}

// Held tells whether a tile is kept.
func (s *Store[T]) Held(tile int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tiles[tile] != nil
}

// Take gives up a tile, nil where it is not kept.
func (s *Store[T]) Take(tile int) *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tiles[tile]
	delete(s.tiles, tile)
	return t
}
