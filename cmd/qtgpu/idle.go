package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// idle is a flag that can make no difference, and why.
type idle struct {
	flag string
	is   bool
	why  string
}

// refuseIdle is a usageError of the first flag of a list that was given in vain.
func refuseIdle(f *pflag.FlagSet, flags []idle) error {
	for _, i := range flags {
		if i.is && f.Changed(i.flag) {
			return usagef("--%s does nothing here: %s", i.flag, i.why)
		}
	}
	return nil
}

// idleInEncoding refuses a flag that idleFor finds idle.
func (c *convertFlags) idleInEncoding(o *qtgpu.Options, src *imagefile.File) error {
	flags, err := c.idleFor(o, src)
	if err != nil {
		return err
	}
	return refuseIdle(c.set, flags)
}

// idleFor tells which flags no engine has a use for that may code the image with these options,
// and which its file has none for.
func (c *convertFlags) idleFor(o *qtgpu.Options, src *imagefile.File) ([]idle, error) {
	uses, err := o.Uses(src)
	if err != nil {
		return nil, err
	}
	coded := "with the bound max samples are predicted"
	switch {
	case o.T == 0 && !c.aim.given():
		coded = "without loss samples are predicted"
	case uses.Split && uses.Backend && c.aim.given():
		coded = "the bound is the RMS error of leaves"
	case uses.Split && uses.Backend:
		coded = fmt.Sprintf("-t %g bounds the RMS error of leaves", o.T)
	}
	chroma := coded + ", and colour keeps its resolution"
	if src.Format().Colour() < 0 && len(src.Format().Palette) == 0 {
		chroma = "there are no colours"
	}
	return []idle{
		{"chroma", !uses.Chroma, chroma},
		{"split", !uses.Split, coded + ", and there is no quadtree to split"},
		{"tune", !uses.Tune, coded + ", and every error counts alike"},
		{"backend", !uses.Backend && needsGPU(c.backend), coded + ", and that is done by the CPU alone"},
		{"page", src.Name != "tif", "the image is no TIFF file, which alone has pages"},
		{"keep-going", src.Name != "jpg", "of images JPEG alone can be read in part"},
	}, nil
}

// idleInAll refuses a flag that is idle for each of several inputs, as far as a look at them
// shows.
func (c *convertFlags) idleInAll(tasks []task) error {
	if !c.encodes() {
		return c.idleInDecoding(c.format)
	}
	var all []idle
	for _, t := range tasks {
		flags := c.idleAtALook(t.in)
		if all == nil {
			all = flags
		}
		for i := range flags {
			all[i].is = all[i].is && flags[i].is
		}
		if flags != nil && refuseIdle(c.set, all) == nil {
			return nil
		}
	}
	return refuseIdle(c.set, all)
}

// idleAtALook is idleFor of an image that only its header is read of, nil where that cannot be.
func (c *convertFlags) idleAtALook(name string) []idle {
	in, err := openSource(name, nil)
	if err != nil {
		return nil
	}
	defer in.close()
	src, o, err := c.look(in)
	if err != nil {
		return nil
	}
	flags, _ := c.idleFor(o, src)
	return flags
}

// needsGPU tells a backend that is not there without a GPU.
func needsGPU(backend string) bool { return backend == backendGPU || backend == backendBoth }

// idleInDecoding refuses a flag that has no use for the format of the output.
func (c *convertFlags) idleInDecoding(format string) error {
	return refuseIdle(c.set, []idle{
		{"quality", format != "jpg", "the output is no JPEG file"},
	})
}

// onlyVersion refuses what stands beside --version.
func (c *convertFlags) onlyVersion() (err error) {
	c.set.Visit(func(f *pflag.Flag) {
		if f.Name != "version" && err == nil {
			err = errors.New("--" + f.Name)
		}
	})
	if err != nil {
		return usagef("--version with %w: expected it alone", err)
	}
	return nil
}
