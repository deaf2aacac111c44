package main

import (
	"fmt"
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

// addLimits adds the flags of limits.
func addLimits(f *pflag.FlagSet) *limits {
	l := &limits{memory: size(available() / 10 * 9)} // the rest is for what is not counted
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

// checkEncode refuses an image whose encoding takes more memory than there is: the
// bytes of its samples, times what was measured (docs/bench).
func (l *limits) checkEncode(m *imagefile.Image, o *qtgpu.Options) error {
	factor := 7.0
	switch {
	case o.T == 0 || o.Bound == qtgpu.BoundMax:
		factor = 6
	case o.T >= 2 && o.Chroma != qtgpu.Chroma444:
		factor = 4
	}
	samples := float64(m.W) * float64(m.H) * float64(m.Channels*m.Depth/8)
	if need := factor * samples; need > float64(l.memory) {
		return fmt.Errorf("encoding takes about %.0f bytes of memory, the limit is %d: --memory sets it", need, l.memory)
	}
	return nil
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
