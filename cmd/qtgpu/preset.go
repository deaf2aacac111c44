package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// preset stands for flags. One that is given as well wins.
type preset struct {
	name  string
	t     string // of -t
	float string // of -t for samples of floating point, "" for the same
	flags []string
}

// presets are what docs/bench/presets.md measures.
var presets = []preset{
	{name: "photo", t: "1.5%", flags: []string{"bound", "rms"}},
	{name: "screen", t: "0", flags: []string{"effort", "3"}},
	{name: "scan", t: "3%", flags: []string{"bound", "max"}},
	{name: "elevation", t: "0", float: "0.01"},
	{name: "labels", t: "0"},
	{name: "imagery", t: "1", float: "0", flags: []string{"bound", "max"}},
}

// String is the flags that a preset stands for, as one writes them.
func (p *preset) String() string {
	s := "-t " + p.t
	if p.float != "" {
		s += " (-t " + p.float + " of floating point)"
	}
	for flag := range slices.Chunk(p.flags, 2) {
		s += " --" + strings.Join(flag, " ")
	}
	return s
}

// addPreset adds --preset, which its own text explains.
func (c *convertFlags) addPreset(f *pflag.FlagSet) {
	o := &oneOf[*preset]{to: &c.preset}
	var about []string
	for i := range presets {
		p := &presets[i]
		o.names, o.values = append(o.names, p.name), append(o.values, p)
		about = append(about, p.name+" is "+p.String())
	}
	f.Var(o, "preset", "flags for a kind of image, of which those that are given win: "+strings.Join(about, "; "))
}

// settle lets the preset set the flags that are not given. These do not count as given: one
// that has no use for an image is no mistake of the user's.
func (c *convertFlags) settle() error {
	if c.preset == nil {
		return nil
	}
	for flag := range slices.Chunk(c.preset.flags, 2) {
		if f := c.set.Lookup(flag[0]); !f.Changed {
			if err := f.Value.Set(flag[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// threshold is the value of -t, or the preset's; 0 where a target stands in its place.
func (c *convertFlags) threshold() (threshold, error) {
	if c.aim.given() {
		return threshold{}, nil
	}
	if c.t != "" || c.preset == nil {
		return parseThreshold(c.t, c.in)
	}
	t, err := parseThreshold(c.preset.t, c.in)
	if err == nil && c.preset.float != "" {
		t.float = new(threshold)
		*t.float, err = parseThreshold(c.preset.float, c.in)
	}
	return t, err
}
