// Command qtgpu turns rasters into .qtg files and back. See convertCommand.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit statuses.
const (
	exitOK = iota
	exitFailure
	exitUsage
	exitVerification
	exitPartial
)

// usageError reports an invocation that cannot be carried out as it stands.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// brokenPromise reports a file whose error exceeds what it states.
type brokenPromise struct{ error }

// sigPipe is SIGPIPE, for which not all systems have a name.
const sigPipe = syscall.Signal(13)

func main() {
	collectBy()
	signal.Ignore(sigPipe) // a closed pipe becomes an error of Write
	ctx := untilSignal()
	exit(ctx, run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// app is one invocation.
type app struct {
	ctx    context.Context // ends when a signal asks for it
	stdin  io.Reader
	stdout *stream
	stderr io.Writer
	outs   outputs
	lost   bool // part of the input, which the command has gone on without
	json   bool // what goes wrong is told in JSON

	bar     *bar
	piece   *piece // of the bar, for the file at hand
	many    bool   // this is the work on one of several inputs
	outcome outcome
	gpus    *devices
	// release gives the memory and the goroutines of this file to others; nil where there
	// are none.
	release func()
}

// run carries out args and returns the exit status. When ctx ends it removes what is
// not whole and returns without waiting for the work.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	bar := newBar(stderr)
	a := &app{ctx: ctx, stdin: stdin, stdout: &stream{name: "standard output", w: stdout}, stderr: bar, bar: bar, json: asksForJSON(args), gpus: &devices{}}
	defer bar.end()
	done := make(chan error, 1)
	go func() {
		err := a.command(ctx, args)
		a.gpus.close()
		a.outs.discard()
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil && errors.Is(err, context.Cause(ctx)) { // who works has seen it first
			err = errInterrupted
		}
		return a.status(err)
	case <-ctx.Done():
		if a.outs.discard() {
			return a.status(errInterrupted)
		}
		return a.status(<-done) // too late: the files have their names
	}
}

// losePart reports a part of the input that the command goes on without.
func (a *app) losePart(name, format string, args ...any) {
	a.lost = true
	a.warn(name, format, args...)
}

// fileError is an error about a file.
type fileError struct {
	name string
	err  error
}

func (e *fileError) Error() string {
	return e.name + ": " + message(e.err)
}

func (e *fileError) Unwrap() error { return e.err }

// message is the text of err without the library's name, which begins every line
// of this program anyway.
func message(err error) string { return strings.TrimPrefix(err.Error(), "qtgpu: ") }

// at puts the name of a file before err.
func at(name string, err error) error {
	if err == nil {
		return nil
	}
	if name == "-" {
		name = "standard input"
	}
	return &fileError{name, bare(err)}
}

// bare removes the operation and the path that package os puts before a cause.
func bare(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}
