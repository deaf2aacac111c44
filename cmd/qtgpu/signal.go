package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
)

// interruption is the end of a context by a signal.
type interruption struct{ by os.Signal }

func (*interruption) Error() string { return errInterrupted.Error() }

// untilSignal returns a context that ends when a signal asks the program to. One that
// was ignored when the program was started, as by nohup, stays so.
func untilSignal() context.Context {
	ctx, end := context.WithCancelCause(context.Background())
	asked := make(chan os.Signal, 1)
	for _, s := range endSignals {
		if !signal.Ignored(s) {
			signal.Notify(asked, s)
		}
	}
	go func() { end(&interruption{<-asked}) }()
	return ctx
}

// exit ends the program: by the signal that asked for it, so that whoever started it, a
// shell in a loop for one, knows that it was not its own doing, or with a status.
func exit(ctx context.Context, status int) {
	if i := (*interruption)(nil); errors.As(context.Cause(ctx), &i) {
		dieOf(i.by)
	}
	os.Exit(status)
}
