package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSlack: a cycle comes after 3 MiB, of a large heap after an eighth.
func TestSlack(t *testing.T) {
	for live, want := range map[uint64]int{0: 300, 1 << 20: 300, 3 << 20: 100, 12 << 20: 25, 32 << 20: 12, 1 << 30: 12} {
		assert.Equal(t, want, slackPercent(live), "of %d bytes", live)
	}
}
