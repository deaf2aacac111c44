package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestSlack: a cycle comes after 3 MiB, but not before 20, and of a large heap after an eighth.
func TestSlack(t *testing.T) {
	for live, want := range map[uint64]int{0: 2000, 1 << 20: 1900, 10 << 20: 100, 16 << 20: 25, 17 << 20: 17, 24 << 20: 12, 32 << 20: 12, 1 << 30: 12} {
		assert.Equal(t, want, slackPercent(live), "of %d bytes", live)
	}
}
