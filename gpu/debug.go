//go:build cgo && linux && gpu && egl

package gpu

import (
	"fmt"
	"sync"
	"syscall"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// debugLog holds what KHR_debug reports, by the thread whose call it is about:
// its callback is one for the process, and synchronous.
var debugLog struct {
	sync.Mutex
	messages map[int][]string
}

// debugOn has the current context report errors and undefined behaviour.
func debugOn() {
	gl.Enable(gl.DEBUG_OUTPUT)
	gl.Enable(gl.DEBUG_OUTPUT_SYNCHRONOUS)
	gl.DebugMessageCallback(logDebug, nil)
	debugLog.Lock()
	defer debugLog.Unlock()
	if debugLog.messages == nil {
		debugLog.messages = map[int][]string{}
	}
}

func logDebug(_, kind, id, severity uint32, _ int32, message string, _ unsafe.Pointer) {
	if kind != gl.DEBUG_TYPE_ERROR && kind != gl.DEBUG_TYPE_UNDEFINED_BEHAVIOR && severity != gl.DEBUG_SEVERITY_HIGH {
		return
	}
	debugLog.Lock()
	defer debugLog.Unlock()
	tid := syscall.Gettid()
	debugLog.messages[tid] = append(debugLog.messages[tid], fmt.Sprintf("OpenGL message %d: %s", id, message))
}

// debugMessages takes the messages about the calling thread.
func debugMessages() []string {
	debugLog.Lock()
	defer debugLog.Unlock()
	tid := syscall.Gettid()
	m := debugLog.messages[tid]
	delete(debugLog.messages, tid)
	return m
}
