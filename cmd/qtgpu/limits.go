package main

import (
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
	l := &limits{imagefile.DefaultMaxPixels, imagefile.DefaultExpansion, defaultMemory}
	f.Var(atLeast(1, &l.pixels), "max-pixels", "refuse larger images")
	f.Var(atLeast(1, &l.expansion), "max-expansion", "refuse images that take more than 256 MiB and N times the length of their file to decode")
	f.Var(&l.memory, "memory", "hold no more at once, as 200M or 4GiB; 0 is no limit. What takes more in any case is refused")
	return l
}

// read gives the options for reading an image.
func (l *limits) read() imagefile.ReadOptions {
	return imagefile.ReadOptions{MaxPixels: l.pixels, Expansion: l.expansion, MaxMemory: int64(l.memory)}
}

// decode gives the options for reading a .qtg file.
func (l *limits) decode() qtgpu.DecodeOptions {
	return qtgpu.DecodeOptions{MaxPixels: l.pixels, MaxMemory: int64(l.memory)}
}
