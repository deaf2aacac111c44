//go:build cgo && linux && gpu && egl

package gpu

import (
	"time"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// timer takes the device's time at marks between dispatches. It is used inside Do.
type timer struct {
	queries []uint32
	names   []string
}

// start begins the time up to the first mark, whatever was before.
func (t *timer) start() {
	t.names = t.names[:0]
	t.mark("")
}

// mark ends the time of name.
func (t *timer) mark(name string) {
	if len(t.names) == len(t.queries) {
		t.queries = append(t.queries, 0)
		gl.GenQueries(1, &t.queries[len(t.queries)-1])
	}
	gl.QueryCounter(t.queries[len(t.names)], gl.TIMESTAMP)
	t.names = append(t.names, name)
}

// take calls f with the time of each mark, when the device is done.
func (t *timer) take(f func(name string, took time.Duration)) {
	var last uint64
	for i, name := range t.names {
		var now uint64
		gl.GetQueryObjectui64v(t.queries[i], gl.QUERY_RESULT, &now)
		if i > 0 {
			f(name, time.Duration(now-last))
		}
		last = now
	}
}

func (t *timer) free() {
	if len(t.queries) > 0 {
		gl.DeleteQueries(int32(len(t.queries)), &t.queries[0])
	}
	*t = timer{}
}
