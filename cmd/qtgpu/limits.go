package main

import (
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// limits bound what an input may ask for.
type limits struct {
	pixels    int64
	expansion int64
	memory    size
}

// defaultMemory is what a command holds at most, unless it is told otherwise.
const defaultMemory = 512 << 20

// addLimits adds the flags of limits.
func addLimits(f *pflag.FlagSet) *limits {
	l := &limits{memory: defaultMemory}
	f.Int64Var(&l.pixels, "max-pixels", imagefile.DefaultMaxPixels, "")
	f.Int64Var(&l.expansion, "max-expansion", imagefile.DefaultExpansion, "")
	f.Var(&l.memory, "memory", "")
	return l
}

// check checks the values given.
func (l *limits) check() error {
	switch {
	case l.pixels <= 0:
		return usagef("--max-pixels %d: expected 1 or more", l.pixels)
	case l.expansion <= 0:
		return usagef("--max-expansion %d: expected 1 or more", l.expansion)
	}
	return nil
}

// read gives the options for reading an image.
func (l *limits) read() imagefile.ReadOptions {
	return imagefile.ReadOptions{MaxPixels: l.pixels, Expansion: l.expansion, MaxMemory: int64(l.memory)}
}

// decode gives the options for reading a .qtg file.
func (l *limits) decode() qtgpu.DecodeOptions {
	return qtgpu.DecodeOptions{MaxPixels: l.pixels, MaxMemory: int64(l.memory)}
}

// size is a flag that takes bytes, with a suffix K, M, G or T of powers of 1024.
type size int64

func (s *size) String() string { return strconv.FormatInt(int64(*s), 10) }

// Type implements pflag.Value.
func (s *size) Type() string { return sizeType }

const sizeType = "size"

// Set implements pflag.Value; 0 is no limit.
func (s *size) Set(text string) error {
	digits := strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(text), "B"), "I")
	shift := 0
	for i, suffix := range []string{"K", "M", "G", "T"} {
		if rest, ok := strings.CutSuffix(digits, suffix); ok {
			digits, shift = rest, 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	switch {
	case err != nil || n > math.MaxInt64>>shift:
		return strconv.ErrSyntax
	case n == 0:
		*s = math.MaxInt64
	default:
		*s = size(n << shift)
	}
	return nil
}
