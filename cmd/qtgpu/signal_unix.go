//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// endSignals ask a program to end.
var endSignals = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}

// dieOf ends the program by a signal. It returns where that is not what the signal does: it
// has no effect on the first process of a container, and of SIGQUIT the runtime of Go makes
// a dump.
func dieOf(s os.Signal) {
	if s == syscall.SIGQUIT {
		return
	}
	signal.Reset(s)
	if syscall.Kill(os.Getpid(), s.(syscall.Signal)) == nil {
		time.Sleep(time.Second) // another thread may be the one that dies
	}
}
