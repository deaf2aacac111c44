package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// convertFlags are the flags of the two forms without a subcommand.
type convertFlags struct {
	set                                   *pflag.FlagSet
	in, out, t, bound                     string
	chroma, split, backend                string
	region, stretch                       string
	box                                   boxFlags
	level, jobs, effort, quality, page    int
	limits                                *limits
	force, quiet, json, verify, keepGoing bool
	strict                                bool
}

// Flags that only one direction takes.
var (
	encodeOnly = []string{"threshold", "bound", "chroma", "split", "backend", "effort", "verify", "json", "page"}
	decodeOnly = []string{"region", "bbox", "bbox-crs", "level", "quality", "stretch"}
)

// parseConvert parses flags, of which more adds some.
func parseConvert(args []string, more ...func(*convertFlags)) (*convertFlags, error) {
	c := &convertFlags{set: newFlags()}
	f := c.set
	f.StringVarP(&c.in, "input", "i", "", "")
	f.StringVarP(&c.out, "output", "o", "", "")
	f.StringVarP(&c.t, "threshold", "t", "", "")
	f.StringVar(&c.bound, "bound", boundAuto, "")
	f.StringVar(&c.chroma, "chroma", "", "")
	f.StringVar(&c.split, "split", "hybrid", "")
	f.IntVar(&c.effort, "effort", 0, "")
	f.IntVar(&c.page, "page", 0, "")
	f.StringVar(&c.backend, "backend", backendAuto, "")
	f.StringVar(&c.region, "region", "", "")
	f.StringVar(&c.box.box, "bbox", "", "")
	f.StringVar(&c.box.crs, "bbox-crs", "", "")
	f.StringVar(&c.stretch, "stretch", "", "")
	f.IntVar(&c.level, "level", 0, "")
	f.IntVarP(&c.jobs, "jobs", "j", 0, "")
	f.IntVar(&c.quality, "quality", imagefile.DefaultQuality, "")
	c.limits = addLimits(f)
	f.BoolVarP(&c.force, "force", "f", false, "")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "")
	f.BoolVar(&c.json, "json", false, "")
	f.BoolVar(&c.verify, "verify", false, "")
	f.BoolVar(&c.keepGoing, "keep-going", false, "")
	f.BoolVar(&c.strict, "strict", false, "")
	for _, add := range more {
		add(c)
	}
	if err := parse(f, args); err != nil {
		return nil, err
	}
	return c, c.check()
}

// check checks what does not depend on the input.
func (c *convertFlags) check() error {
	switch {
	case c.set.NArg() > 0:
		return usagef("unexpected argument %q: expected -i IN -t T, -i IN.qtg -o OUT, info, verify, tree, devices, bench, plan, part or merge", c.set.Arg(0))
	case c.in == "":
		return usagef("missing -i IN: expected -i IN -t T [-o OUT.qtg] or -i IN.qtg -o OUT; see qtgpu --help")
	case c.jobs < 0:
		return usagef("--jobs %d: expected 0 (one for each CPU) or more", c.jobs)
	case c.set.Changed("quality") && (c.quality < 1 || c.quality > 100):
		return usagef("--quality %d: expected 1 to 100", c.quality)
	case c.set.Changed("page") && c.page < 1:
		return usagef("--page %d: expected 1 or more", c.page)
	case c.level < 0:
		return usagef("--level %d: expected 0 or more", c.level)
	case c.region != "" && c.set.Changed("bbox"):
		return usagef("--region and --bbox: expected one of them")
	case c.set.Changed("bbox-crs") && !c.set.Changed("bbox"):
		return usagef("--bbox-crs without --bbox W,S,E,N")
	case c.json && c.quiet:
		return usagef("--json and -q: expected one of them")
	}
	return c.limits.check()
}

// refuse reports a given flag that does not belong to the direction.
func (c *convertFlags) refuse(flags []string, why string) error {
	for _, name := range flags {
		if c.set.Changed(name) {
			f := c.set.Lookup(name)
			if f.Shorthand != "" {
				return usagef("-%s %s", f.Shorthand, why)
			}
			return usagef("--%s %s", name, why)
		}
	}
	return nil
}

// convert encodes or decodes, as the input's magic tells.
func (a *app) convert(args []string) error {
	c, err := parseConvert(args)
	if err != nil {
		return err
	}
	in, err := openSource(c.in, a.stdin)
	if err != nil {
		return err
	}
	defer in.close()
	// What bears the name but not the magic is a damaged .qtg file, unless -t says
	// that it is something else.
	if in.qtg || c.t == "" && strings.EqualFold(filepath.Ext(c.in), ".qtg") {
		if err := c.refuse(encodeOnly, "is for encoding, and "+c.in+" is a .qtg file"); err != nil {
			return err
		}
		return a.decode(c, in)
	}
	if err := c.refuse(decodeOnly, "is for decoding, and "+c.in+" is no .qtg file"); err != nil {
		return err
	}
	return a.encode(c, in)
}

// choose returns the value of the flag that has one of a few names.
func choose[T any](flag, value string, names []string, values []T) (v T, err error) {
	for i, name := range names {
		if value == name {
			return values[i], nil
		}
	}
	return v, usagef("--%s %q: expected %s", flag, value, strings.Join(names, ", "))
}

// options returns what the flags ask of the encoder.
func (c *convertFlags) options() (o qtgpu.Options, err error) {
	o.Bound, err = choose("bound", c.bound, []string{boundAuto, boundRMS, boundMax}, []qtgpu.Bound{qtgpu.BoundAuto, qtgpu.BoundRMS, qtgpu.BoundMax})
	if err != nil {
		return o, err
	}
	if c.set.Changed("chroma") {
		o.Chroma, err = choose("chroma", c.chroma, []string{"420", "444"}, []qtgpu.Chroma{qtgpu.Chroma420, qtgpu.Chroma444})
		if err != nil {
			return o, err
		}
	}
	if c.set.Changed("effort") && (c.effort < 1 || c.effort > qtgpu.MaxEffort) {
		return o, usagef("--effort %d: expected 1 to %d", c.effort, qtgpu.MaxEffort)
	}
	o.Split, err = choose("split", c.split, []string{"pyramid", "hybrid", "cost"},
		[]qtgpu.Split{qtgpu.SplitPyramid, qtgpu.SplitHybrid, qtgpu.SplitCost})
	o.Workers, o.Effort = c.jobs, c.effort
	return o, err
}

// encodedName is the output of an encode: -o, or the input's name with .qtg.
func (c *convertFlags) encodedName() (string, error) {
	switch {
	case c.out == "" && isStream(c.in):
		return "", usagef("missing -o: the input is a stream, expected -o OUT.qtg or -o -")
	case c.out == "" && c.set.Changed("output"):
		return "", usagef(`-o "": expected a name`)
	case c.out == "":
		return withoutExt(c.in) + ".qtg", nil
	}
	return c.out, checkQTG(c.out)
}

// checkQTG refuses an output that is no stream and has another extension than .qtg.
func checkQTG(name string) error {
	if ext := filepath.Ext(name); !isStream(name) && !strings.EqualFold(ext, ".qtg") {
		return usagef("-o %s: extension %q: expected .qtg", name, ext)
	}
	return nil
}

// withoutExt removes the extension of a name that is more than an extension.
func withoutExt(name string) string {
	ext := filepath.Ext(name)
	if ext == filepath.Base(name) {
		return name
	}
	return strings.TrimSuffix(name, ext)
}

// decodedName is the output of a decode and its format, "" where the samples decide: PNG
// where it holds them and nothing says where they lie, else TIFF. So it is for a stream, and
// for no -o, which stands for the name of the input with .png or .tif.
func (c *convertFlags) decodedName() (name, format string, err error) {
	switch {
	case c.out == "" && c.set.Changed("output"):
		return "", "", usagef(`-o "": expected a name`)
	case c.out == "" && isStream(c.in):
		return "", "", usagef("missing -o: the input is a stream, expected -o with a name in .png, .tif, .ppm, .pgm or .jpg, or -o -")
	case c.out == "":
		return withoutExt(c.in), "", nil
	case isStream(c.out):
		return c.out, "", nil
	}
	if format, err = imagefile.FormatFromName(c.out); err != nil {
		return "", "", usagef("-o %s: %w", c.out, err)
	}
	return c.out, format, nil
}
