package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSlack: a cycle comes after 8 MiB, but not before 20, and of a large heap after an eighth.
func TestSlack(t *testing.T) {
	for live, want := range map[uint64]int{0: 2000, 1 << 20: 1900, 10 << 20: 100, 12 << 20: 66, 16 << 20: 50, 32 << 20: 25, 64 << 20: 12, 1 << 30: 12} {
		assert.Equal(t, want, slackPercent(live), "of %d bytes", live)
	}
}
