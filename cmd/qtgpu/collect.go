package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How much the heap may grow by after a cycle of the collector: nearly all of it is a few large slices without pointers, so
// that what a cycle takes hardly depends on the heap, and a share of it would have many cycles look at a heap that is small.
const (
	slack     = 5 << 20
	slackPart = 8        // of a large heap
	smallHeap = 24 << 20 // a heap that no second cycle looks at
)

// mostPercent bounds the percentage after a cycle, which holds until some time after the next one, when the heap may be larger by far.
const mostPercent = 200

// firstCycle is how much memory the runtime has when a cycle comes first, of which about a small heap is the heap's: there is little that it
// would find, while all wait for the first samples. As a limit, not a percentage, it holds for the next cycle as for the first.
const firstCycle = smallHeap + 8<<20

// collectBy sets the collector to the slack.
func collectBy() {
	limit := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(limit, firstCycle))
	debug.SetGCPercent(-1)
	afterCycle(limit)
}

// afterCycle has the slack set anew when the collector has gone through the heap, and the limit of memory as it was.
func afterCycle(limit int64) {
	runtime.AddCleanup(new([64]byte), func(int) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		debug.SetGCPercent(slackPercent(live[0].Value.Uint64()))
		if debug.SetMemoryLimit(-1) != limit {
			debug.SetMemoryLimit(limit)
		}
		afterCycle(limit)
	}, 0)
}

// slackPercent is the slack in percent of what is in use.
func slackPercent(live uint64) int {
	most := max(live+max(slack, live/slackPart), smallHeap)
	return int(min((most-live)*100/max(live, 1), mostPercent))
}
