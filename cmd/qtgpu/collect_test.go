package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestSlack: a cycle comes after 5 MiB, of a small heap when it has 24 or three times as much, and of a large heap after an eighth.
func TestSlack(t *testing.T) {
	for live, want := range map[uint64]int{0: 200, 1 << 20: 200, 5 << 20: 200, 8 << 20: 200, 10 << 20: 140, 12 << 20: 100, 16 << 20: 50, 32 << 20: 15, 1 << 30: 12} {
		assert.Equal(t, want, slackPercent(live), "of %d bytes", live)
	}
}

// TestFirstCycle: the limit of memory up to the first cycle is taken back after it, whatever it was before.
func TestFirstCycle(t *testing.T) {
	most, before := int64(1<<40), debug.SetMemoryLimit(1<<40)
	percent := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetMemoryLimit(before); debug.SetGCPercent(percent) })
	collectBy()
	assert.EqualValues(t, firstCycle, debug.SetMemoryLimit(-1), "before a cycle")
	assert.Eventually(t, func() bool { runtime.GC(); return debug.SetMemoryLimit(-1) == most }, time.Minute, time.Millisecond, "after cycles")
}
