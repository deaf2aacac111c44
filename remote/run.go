package remote

import "github.com/qtgpu/qtgpu"

const (
	// joinGap is the distance below which ranges are one request: at 50 ms a request and
	// some MB/s, bytes that nobody wants cost less than asking twice.
	joinGap   = 16 << 10
	maxJoined = 4 << 20 // of ranges that are joined: what is more comes faster in parallel
	// trust is how much is allocated before it has come: that a file is as long as the
	// server says is its word alone.
	trust = 1 << 20
)

// part is a range that is wanted, and as much of it as has come.
type part struct {
	at   qtgpu.Range
	data []byte
}

// take takes what p, which lies at off, has of the part. No byte of it is before off that
// has not come.
func (w *part) take(off int64, p []byte) {
	from := w.at.Offset + int64(len(w.data)) - off
	to := min(end(w.at)-off, int64(len(p)))
	if from >= to {
		return
	}
	if cap(w.data) == 0 {
		w.data = make([]byte, 0, min(w.at.Length, trust))
	}
	w.data = append(w.data, p[from:to]...)
}

// run is what one request asks for: ranges that lie near each other.
type run struct {
	at    qtgpu.Range
	done  int64 // bytes that have come
	parts []*part
}

func newRun(p *part) *run { return &run{at: p.at, parts: []*part{p}} }

// rest is what has not come yet.
func (r *run) rest() qtgpu.Range {
	return qtgpu.Range{Offset: r.at.Offset + r.done, Length: r.at.Length - r.done}
}

// Write takes the bytes that come next.
func (r *run) Write(p []byte) (int, error) {
	for _, w := range r.parts {
		w.take(r.at.Offset+r.done, p)
	}
	r.done += int64(len(p))
	return len(p), nil
}

func end(r qtgpu.Range) int64 { return r.Offset + r.Length }

// join makes runs of parts in their order. One that does not ascend begins a run.
func join(parts []*part) (runs []*run) {
	for _, p := range parts {
		if n := len(runs); n > 0 && runs[n-1].joins(p.at) {
			last := runs[n-1]
			last.at.Length = end(p.at) - last.at.Offset
			last.parts = append(last.parts, p)
			continue
		}
		runs = append(runs, newRun(p))
	}
	return runs
}

func (r *run) joins(next qtgpu.Range) bool {
	gap := next.Offset - end(r.at)
	return gap >= 0 && gap < joinGap && end(next)-r.at.Offset <= maxJoined
}
