// Command qtgpu turns rasters into .qtg files and back. See usage.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
)

// Exit statuses.
const (
	exitOK = iota
	exitFailure
	exitUsage
	exitVerification
	exitPartial
)

const usage = `qtgpu, a raster codec whose files promise an error bound

  qtgpu -i IN -t T [-o OUT.qtg]                encode TIFF, PNG, JPEG, BMP, WebP or PNM
  qtgpu -i IN.qtg [-o OUT.png|.tif|.ppm|.pgm|.jpg]   decode
  qtgpu info IN.qtg [--json] [--stats]         what the file says about itself
  qtgpu verify IN.qtg [ORIGINAL [--page N]]    every checksum, and the promise
  qtgpu tree IN.qtg -o TREE.png [-f]           the leaves drawn over the picture
  qtgpu devices [--json]                       the OpenGL devices, or why they cannot be used
  qtgpu bench -i IN [-t T] [--runs N] [--csv F] [--plot F.svg|.png]
                                               the GPU against the CPU, stage by stage
  qtgpu plan -i IN -t T -o JOB [--part-rows N] prepare encoding by parts, on any machines
  qtgpu part JOB -i N | --index-env VAR [--input IN]   encode part N, a file of its own
  qtgpu merge JOB -o OUT.qtg                   the file that one encode of all makes
  qtgpu --version                              of the program, of the format and of Go

T is the largest error of any sample, in its own units: -t 0.01 of heights in metres is a
centimetre, -t 40 of 16 bits is 40 of their 65,535 steps. Scale and offset of bands do not
count. Of photographs of 8 bits T is the largest RMS error of any quadtree leaf instead,
%g to %g steps, and of those of 16 bits with --bound rms, 257 times as many. 1%% is a
percentage: of the range of the type for integers, rounded down to whole steps; for floating
point of the largest less the least sample of all bands, for which the input is read once
more. 0 is lossless.

"-" is standard input or output. Where no name says what to decode to, it is PNG if that holds
the samples and nothing says where on the earth they lie, else TIFF.

Encoding
  -t, --threshold T       the promise
  -o, --output OUT.qtg    default: the name of IN with .qtg, beside it
      --bound auto|rms|max   what T limits; default auto, rms for photographs of 8 bits and max
                          for all else. The report says which
      --chroma 420|444    resolution of colour; default 420 from T = 2 on
      --split RULE        hybrid (default), pyramid (faster) or cost (smaller)
      --page N            of a TIFF file, from 1 in the order of the file, overviews and masks
                          too; default the first that is neither
      --part-rows N       of plan: the rows of tiles of a part; default what has 256 MiB of samples
      --effort 1..4       of lossless and the bound max: 1 is fastest, 4 smallest and about
                          ten times as slow as 2, decoding too; default 2
      --backend B         auto (default), gpu, cpu, or both, which compares them
      --verify            decode what was written and check the promise
      --json              the report as JSON
  -q, --quiet             no report, no progress bar
Decoding
  -o, --output OUT        default: the name of IN with .png or .tif, beside it
      --level L           1/2^L of the size; default 0
      --region X,Y,W,H    a part, in pixels of the level
      --bbox W,S,E,N      the pixels that a box touches, in coordinates of the raster
      --bbox-crs EPSG:4326   the box is in longitude and latitude: of a raster in degrees, UTM
                          or web Mercator. A TIFF file lies where its part does
      --stretch MIN,MAX   a picture of 8 bits, black at MIN and white at MAX, of samples that PNG,
                          JPEG and PNM do not hold: of red, green and blue, else of the first
                          three bands, else of the first. What has no data is transparent, or 0
                          where the format has no alpha
      --quality Q         of a JPEG file, 1 to 100; default 95. Its colour has the resolution
                          that it has in the .qtg file
Info
      --json              as JSON, see docs/JSON.md
      --stats             of each band minimum, maximum, mean, standard deviation and number of
                          samples that have data. That decodes all of the file; without it info
                          reads no more than the header and, of a lossless file, the first bytes
                          of tiles
Both
      --keep-going        take what there is of a damaged or cut input, fill its tiles from the
                          overview and name them; of images, JPEG only
      --strict            what would be left out is an error, and no file is written
  -f, --force             overwrite the output, or write a picture to a terminal
  -j, --jobs N            goroutines; default one for each CPU
      --max-pixels N      refuse larger images; default 2^30
      --max-expansion N   refuse images that take more than 256 MiB and N times the length of
                          their file to decode; default 4096
      --memory SIZE       hold no more at once, as 200M or 4GiB; default 512M; 0 is no limit.
                          What takes more in any case is refused

An output is written through a symbolic link; /dev/stdout and /dev/fd/N are streams
like "-".

What an image file holds besides, and what a format cannot hold, is named on standard
error, with -q too. TIFF's georeference, no-data value, names of bands and metadata of GDAL
are kept, and come back in TIFF.

Exit status: 0 all outputs are complete; 1 failure, damaged input included; 2 usage;
3 the promise does not hold; 4 done, but for the part of the input that --keep-going went
on without. A file takes its name last, when it is whole and the report is written: with
status 1, 2 or 3 there is no new file, and an old one is as it was.

Examples
  qtgpu -i big.tif -t 10 --verify
  qtgpu -i big.qtg -o back.tif
  qtgpu -i elevation.tif -t 0.01
  qtgpu -i elevation.qtg -o part.tif --bbox -9.3,38.6,-9,38.9 --bbox-crs EPSG:4326
  qtgpu -i elevation.qtg -o hills.png --level 2 --stretch 0,1500
  qtgpu -i scan.png -t 0
  qtgpu -i big.qtg -o overview.png --level 3
  curl -s https://example.org/a.png | qtgpu -i - -t 5 -o - > a.qtg
`

// usageError reports an invocation that cannot be carried out as it stands.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// brokenPromise reports a file whose error exceeds what it states.
type brokenPromise struct{ error }

// gcPercent keeps the peak of memory near what is in use: nearly all of it is a
// few large slices without pointers, which cost the collector nothing to scan.
const gcPercent = 25

// sigPipe is SIGPIPE, for which not all systems have a name.
const sigPipe = syscall.Signal(13)

func main() {
	debug.SetGCPercent(gcPercent)
	signal.Ignore(sigPipe) // a closed pipe becomes an error of Write
	status := run(untilSignal(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	os.Exit(status)
}

// untilSignal returns a context that ends when a signal asks the program to. One that
// was ignored when the program was started, as by nohup, stays so.
func untilSignal() context.Context {
	ctx := context.Background()
	for _, s := range endSignals {
		if !signal.Ignored(s) {
			ctx, _ = signal.NotifyContext(ctx, s)
		}
	}
	return ctx
}

// app is one invocation.
type app struct {
	ctx    context.Context // ends when a signal asks for it
	stdin  io.Reader
	stdout *stream
	stderr io.Writer
	outs   outputs
	lost   bool // part of the input, which the command has gone on without
}

// run carries out args and returns the exit status. When ctx ends it removes what is
// not whole and returns without waiting for the work.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{ctx: ctx, stdin: stdin, stdout: &stream{name: "standard output", w: stdout}, stderr: stderr}
	done := make(chan error, 1)
	go func() {
		err := a.command(args)
		a.outs.discard()
		done <- err
	}()
	select {
	case err := <-done:
		return a.status(err)
	case <-ctx.Done():
		if a.outs.discard() {
			return a.status(errInterrupted)
		}
		return a.status(<-done) // too late: the files have their names
	}
}

// command carries out args up to and with the last write to standard output.
func (a *app) command(args []string) error {
	err := a.form(args)
	if errors.Is(err, pflag.ErrHelp) {
		_, err = fmt.Fprintf(a.stdout, usage, qtgpu.MinT, qtgpu.MaxT)
	}
	if err != nil {
		return err
	}
	return a.stdout.Close()
}

// form carries out the form of the command that args are of.
func (a *app) form(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "info":
			return a.info(args[1:])
		case "verify":
			return a.verify(args[1:])
		case "tree":
			return a.tree(args[1:])
		case "devices":
			return a.devices(args[1:])
		case "bench":
			return a.bench(args[1:])
		case "plan":
			return a.plan(args[1:])
		case "part":
			return a.part(args[1:])
		case "merge":
			return a.merge(args[1:])
		case "--version":
			return a.version(args[1:])
		}
	}
	return a.convert(args)
}

// status reports err in one line and maps it to an exit status.
func (a *app) status(err error) int {
	switch {
	case err == nil && a.lost:
		return exitPartial
	case err == nil:
		return exitOK
	}
	fmt.Fprintf(a.stderr, "qtgpu: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
	switch {
	case errors.As(err, new(usageError)):
		return exitUsage
	case errors.As(err, new(brokenPromise)):
		return exitVerification
	}
	return exitFailure
}

// warn reports what does not stop the work.
func (a *app) warn(name, format string, args ...any) {
	fmt.Fprintf(a.stderr, "qtgpu: %v\n", at(name, fmt.Errorf("warning: "+format, args...)))
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

// newFlags returns an empty set of flags for one form of the command.
func newFlags() *pflag.FlagSet {
	f := pflag.NewFlagSet("qtgpu", pflag.ContinueOnError)
	f.Usage = func() {}
	f.SortFlags = false
	return f
}

// parse parses args; what is wrong with them is a usageError.
func parse(f *pflag.FlagSet, args []string) error {
	err := f.Parse(args)
	var invalid *pflag.InvalidValueError
	switch {
	case err == nil || errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == sizeType:
		return usagef("--%s %q: expected bytes, as 500000000, 512M or 4GiB", invalid.GetFlag().Name, invalid.GetValue())
	case errors.As(err, &invalid):
		return usagef("--%s %q: expected a whole number", invalid.GetFlag().Name, invalid.GetValue())
	}
	return usagef("%w: see qtgpu --help", err)
}
