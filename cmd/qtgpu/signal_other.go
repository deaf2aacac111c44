//go:build !unix

package main

import (
	"os"
	"syscall"
)

// endSignals ask a program to end.
var endSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}

// dieOf does nothing: no process dies of a signal here.
func dieOf(os.Signal) {}
