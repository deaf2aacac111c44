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

func newLimits() *limits {
	return &limits{imagefile.DefaultMaxPixels, imagefile.DefaultExpansion, defaultMemory}
}

// add adds the limits of all inputs.
func (l *limits) add(f *pflag.FlagSet) {
	f.Var(atLeast(1, &l.pixels), "max-pixels", "refuse larger images")
	f.Var(&l.memory, "memory", "hold no more at once, as 200M or 4GiB; 0 is no limit. What takes more in any case is refused")
}

// addExpansion adds the limit that image files have besides.
func (l *limits) addExpansion(f *pflag.FlagSet) {
	f.Var(atLeast(1, &l.expansion), "max-expansion", "refuse images that take more than 256 MiB and N times the length of their file to decode")
}

// read gives the options for reading an image.
func (l *limits) read() imagefile.ReadOptions {
	return imagefile.ReadOptions{MaxPixels: l.pixels, Expansion: l.expansion, MaxMemory: int64(l.memory)}
}

// decode gives the options for reading a .qtg file.
func (l *limits) decode() qtgpu.DecodeOptions {
	return qtgpu.DecodeOptions{MaxPixels: l.pixels, MaxMemory: int64(l.memory)}
}
