package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How much the heap may grow by after a cycle of the collector: nearly all of it is a few large slices without pointers, so
// that what a cycle takes hardly depends on the heap, and a share of it would have many cycles look at a heap that is small.
const (
	slack     = 4 << 20
	slackPart = 8        // of a large heap
	smallHeap = 24 << 20 // a heap that no second cycle looks at
)

// mostPercent has no cycle look at a heap below 8 MiB, of which the runtime takes 4 for 100 percent. The percentage of a cycle holds until
// some time after the next, when the heap may be larger by far.
const mostPercent = 200

// collectBy sets the collector to the slack.
func collectBy() {
	debug.SetGCPercent(mostPercent)
	afterCycle()
}

// afterCycle has the slack set anew when the collector has gone through the heap.
func afterCycle() {
	runtime.AddCleanup(new([64]byte), func(int) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		debug.SetGCPercent(slackPercent(live[0].Value.Uint64()))
		afterCycle()
	}, 0)
}

// slackPercent is the slack in percent of what is in use.
func slackPercent(live uint64) int {
	most := max(live+max(slack, live/slackPart), smallHeap)
	return int(min((most-live)*100/max(live, 1), mostPercent))
}
