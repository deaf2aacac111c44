package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// task is an input and the name of its output, or what that name begins with where the
// samples decide on the rest.
type task struct {
	in   string
	out  string // "" where it is stem and an extension
	stem string
}

// tasks are the inputs in the order of the command line, -i before others, and their
// outputs.
func (c *convertFlags) tasks(args []string) ([]task, error) {
	names := append(slices.Clone(c.ins), args...)
	if c.namesOutput(args) {
		if err := c.checkPair(args[0], args[1]); err != nil {
			return nil, err
		}
		names, c.out = args[:1], args[1]
	}
	err := c.checkNames(names)
	if err = cmp.Or(err, c.access.idle(c.set, names...)); err != nil {
		return nil, err
	}
	var all []task
	for _, name := range names {
		some, err := c.below(name)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no files that qtgpu %s below", strings.Join(names, ", "), c.verb())
	}
	if len(all) > 1 {
		if err := c.checkDirections(all); err != nil {
			return nil, err
		}
		return all, c.checkOutputs(all)
	}
	all[0].out = c.out
	return all, nil
}

// namesOutput tells whether the second of two arguments is the output: where its extension
// is of the other kind, so that it cannot be meant as a second input, or it is "-". A name
// of the same kind never is, as in *.png.
func (c *convertFlags) namesOutput(args []string) bool {
	if len(args) != 2 || len(c.ins) > 0 || c.set.Changed("output") || c.set.Changed("output-dir") || c.set.Changed("suffix") || c.recursive {
		return false
	}
	switch in, out := args[0], args[1]; {
	case out == "-":
		return true
	case isQTG(in):
		_, err := imagefile.FormatFromName(out)
		return err == nil
	default:
		return isQTG(out)
	}
}

// checkPair refuses an output that -f would overwrite and that may have been meant as an
// input, as both that "*" stands for.
func (c *convertFlags) checkPair(in, out string) error {
	t, err := follow(out)
	other := withoutExt(filepath.Base(in)) != withoutExt(filepath.Base(out))
	if c.force && err == nil && t.info != nil && t.info.Mode().IsRegular() && other {
		return usagef("%s exists and has another name than %s: expected -o %s, if it is to be overwritten", out, in, out)
	}
	return nil
}

// isQTG tells whether an input is a .qtg file by its name: of files on web servers no others
// are read.
func isQTG(name string) bool {
	return strings.EqualFold(filepath.Ext(name), ".qtg") || isURL(name)
}

// checkNames holds the flags that name outputs against each other and the inputs.
func (c *convertFlags) checkNames(names []string) error {
	switch out := c.set.Changed("output"); {
	case len(names) == 0:
		return usagef("missing IN: expected qtgpu IN [OUT.qtg] -t T or qtgpu IN.qtg [OUT]; see qtgpu --help")
	case out && len(names) > 1:
		return usagef("-o %s with %d inputs: expected one of them, or --output-dir DIR", c.out, len(names))
	case out && (c.set.Changed("output-dir") || c.set.Changed("suffix")):
		return usagef("-o beside --output-dir or --suffix: expected one of them")
	case c.recursive && (out || len(names) > 0 && slices.Contains(names, "-")):
		return usagef("-r takes directories and files: expected --output-dir DIR, or outputs beside the inputs")
	case c.force && c.skipExisting:
		return usagef("-f and --skip-existing: expected one of them")
	case strings.ContainsAny(c.suffix, `/\`):
		return usagef("--suffix %q: expected what follows a name, without a separator", c.suffix)
	case c.set.Changed("output-dir") && c.outputDir == "":
		return usagef(`--output-dir "": expected a name`)
	case len(names) == 1:
		return nil
	}
	for _, name := range names {
		if name == "-" {
			return usagef(`"-" among %d inputs: standard input is one alone, with -o`, len(names))
		}
	}
	return nil
}

// encodes tells whether a flag asks for it.
func (c *convertFlags) encodes() bool { return c.refuse(forEncoding, "") != nil }

func (c *convertFlags) verb() string {
	if c.encodes() {
		return "encodes"
	}
	return "decodes"
}

// below are the tasks of an input: the files of a directory, with -r, in the order of their
// names, whose extensions say that they are what is encoded or decoded.
func (c *convertFlags) below(name string) (all []task, err error) {
	if isURL(name) {
		local, err := localName(name)
		if c.out != "" { // which the name is not needed for
			err = nil
		}
		return []task{c.task(name, local, local)}, err
	}
	info, err := os.Stat(name)
	if !c.recursive || err != nil || !info.IsDir() {
		return []task{c.task(name, name, filepath.Base(name))}, nil
	}
	extensions := qtgFiles
	if c.encodes() {
		extensions = imageFiles
	}
	err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
		if d.IsDir() || !slices.Contains(extensions, ext) {
			return nil
		}
		rel, err := filepath.Rel(name, path)
		all = append(all, c.task(path, path, rel))
		return err
	})
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return all, at(e.Path, err)
	}
	return all, at(name, err)
}

// task is the task of an input whose output is beside a path, or below the output directory
// at rel.
func (c *convertFlags) task(in, path, rel string) task {
	stem := withoutExt(path)
	if c.outputDir != "" {
		stem = filepath.Join(c.outputDir, withoutExt(rel))
	}
	return task{in: in, stem: stem + c.suffix}
}

// checkDirections refuses inputs of the other direction than the flags ask for, as far as
// their extensions make that likely and their first bytes show it.
func (c *convertFlags) checkDirections(all []task) error {
	encodes := c.encodes()
	for _, t := range all {
		if isQTG(t.in) != encodes || isStream(t.in) || isURL(t.in) {
			continue
		}
		in, err := openSource(t.in, nil)
		if err != nil {
			continue // which is told when its turn comes
		}
		in.close()
		switch {
		case encodes && in.qtg:
			return c.refuse(forEncoding, "is for encoding, and "+t.in+" is a .qtg file")
		case !encodes && !in.qtg:
			_, err := parseThreshold("", t.in)
			return err
		}
	}
	return nil
}

// checkOutputs refuses outputs that would replace each other or an input, before any is
// begun.
func (c *convertFlags) checkOutputs(all []task) error {
	inputs := map[string]string{}
	for _, t := range all {
		inputs[canonical(t.in)] = t.in
	}
	of := map[string]string{}
	for _, t := range all {
		for _, out := range c.outputsOf(t) {
			key := canonical(out)
			if first, ok := of[key]; ok {
				return usagef("%s and %s would both become %s: expected one output each", safeName(first), safeName(t.in), out)
			}
			if in, ok := inputs[key]; ok {
				return usagef("%s would become %s, which is an input: expected another name, as --output-dir or --suffix give", safeName(t.in), in)
			}
			of[key] = t.in
		}
	}
	return nil
}

// outputsOf are the names that the output of a task may have.
func (c *convertFlags) outputsOf(t task) []string {
	switch {
	case c.encodes():
		return []string{t.stem + ".qtg"}
	case c.format != "":
		return []string{t.stem + "." + c.format}
	}
	return []string{t.stem + ".png", t.stem + ".tif"}
}

// canonical is a name for a file that is the same however it is called, as far as its
// directory exists.
func canonical(name string) string {
	if t, err := follow(name); err == nil && t.fd < 0 {
		name = t.path
	}
	dir, base := filepath.Split(name)
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return filepath.Join(dir, base)
}
