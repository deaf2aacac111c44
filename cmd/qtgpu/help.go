package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Widths of the help in characters: of a line, and of what stands before the descriptions.
const (
	helpWidth  = 96
	helpIndent = 28
)

// section is a part of the help with a heading.
type section struct{ heading, text string }

// helpCommand is qtgpu help COMMAND.
func helpCommand() *cobra.Command {
	c := &cobra.Command{Use: "help [COMMAND]", Short: "the help of a command", DisableFlagsInUseLine: true}
	c.RunE = func(c *cobra.Command, args []string) error {
		of, rest, err := c.Root().Find(args)
		if err != nil || len(rest) > 0 {
			return cmp.Or(meantCommand(c.Root(), args[0]), usagef("unknown command %q: expected one of %s", args[0], strings.Join(commandNames(c.Root()), ", ")))
		}
		return of.Help()
	}
	return c
}

// commandNames are the subcommands that the help shows.
func commandNames(root *cobra.Command) (names []string) {
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// writeHelp writes all that a command says about itself.
func writeHelp(w io.Writer, c *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", c.CommandPath(), c.Short)
	for _, s := range sections(c) {
		fmt.Fprintf(&b, "\n%s\n%s\n", s.heading, s.text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// sections are the parts of a command's help in their order.
func sections(c *cobra.Command) []section {
	s := []section{{"Usage", "  " + strings.Join(usageLines(c), "\n  ")}}
	if c.Long != "" {
		s[0].text += "\n\n" + strings.TrimSpace(c.Long)
	}
	if c.HasAvailableSubCommands() {
		var b strings.Builder
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				entry(&b, sub.Name(), sub.Short)
			}
		}
		s = append(s, section{"Commands", strings.TrimRight(b.String(), "\n")})
	}
	for _, g := range flagGroups(c.LocalFlags()) {
		var b strings.Builder
		for _, flag := range g.flags {
			form, usage := flagForm(flag)
			entry(&b, form, usage)
		}
		s = append(s, section{g.heading, strings.TrimRight(b.String(), "\n")})
	}
	if !c.HasParent() {
		s = append(s, notes...)
	}
	if c.Example != "" {
		s = append(s, section{"Examples", strings.Trim(c.Example, "\n")})
	}
	return s
}

// flagGroup is the flags under a heading.
type flagGroup struct {
	heading string
	flags   []*pflag.Flag
}

// flagGroups are the flags that help shows, in the order in which they were added.
func flagGroups(f *pflag.FlagSet) (groups []flagGroup) {
	f.SortFlags = false
	f.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden || flag.Name == "help" {
			return
		}
		heading := cmp.Or(groupOf(flag), "Flags")
		i := slices.IndexFunc(groups, func(g flagGroup) bool { return g.heading == heading })
		if i < 0 {
			i, groups = len(groups), append(groups, flagGroup{heading: heading})
		}
		groups[i].flags = append(groups[i].flags, flag)
	})
	return groups
}

// flagForm is how a flag is written, and what it does.
func flagForm(f *pflag.Flag) (form, usage string) {
	value, usage := f.Value.Type(), f.Usage
	form = "    --" + f.Name
	if f.Shorthand != "" {
		form = "-" + f.Shorthand + ", --" + f.Name
	}
	if value != "bool" {
		form += " " + value
	}
	switch f.DefValue {
	case "", "false", "0":
	default:
		usage += "; default " + f.DefValue
	}
	return form, usage
}

// entry writes a name and its description, which is broken into lines beside it.
func entry(b *strings.Builder, name, description string) {
	line, empty := fmt.Sprintf("  %-*s", helpIndent-2, name), true
	if !strings.HasSuffix(line, " ") {
		fmt.Fprintln(b, line)
		line = strings.Repeat(" ", helpIndent)
	}
	for _, word := range strings.Fields(description) {
		if len([]rune(line))+1+len([]rune(word)) > helpWidth && !empty {
			fmt.Fprintln(b, strings.TrimRight(line, " "))
			line, empty = strings.Repeat(" ", helpIndent), true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	fmt.Fprintln(b, strings.TrimRight(line, " "))
}

// usageLines are the ways to call a command.
func usageLines(c *cobra.Command) []string {
	if !c.HasParent() {
		return forms
	}
	return []string{c.UseLine()}
}

// forms are the ways to call the command without a subcommand.
var forms = []string{
	"qtgpu IN [OUT.qtg] -t T                                encode TIFF, PNG, JPEG, BMP, WebP or PNM",
	"qtgpu IN.qtg [OUT.png|.tif|.ppm|.pgm|.pbm|.jpg]        decode",
	"qtgpu IN … [-t T] [--output-dir DIR]                   any number of either; -i IN and -o OUT say the same",
	"qtgpu COMMAND …                                        one of those below; qtgpu COMMAND --help has all of it",
}

// notes are what is true of all forms of the command.
var notes = []section{
	{"Inputs and outputs", `"-" is standard input or output. Where no name says what to decode to, it is PNG if that holds
the samples and nothing says where on the earth they lie, else TIFF. An output is written
through a symbolic link; /dev/stdout and /dev/fd/N are streams like "-".

What an image file holds besides, and what a format cannot hold, is named on standard
error, with -q too. TIFF's georeference, no-data value, names of bands and metadata of GDAL
are kept, and come back in TIFF.`},
	{"Many inputs", `Of two arguments the second is the output where it is "-" or its extension is of the other
kind: .qtg, or for IN.qtg one of an image. Any other arguments are inputs, so that no pattern
such as *.png overwrites a file that it names; and -f overwrites such an output only where it
has the name of IN but for the extension. One input with -o is always clear. An input with the
name of a command, as tree, is ./tree. Images and .qtg files are not mixed. Two inputs that
would have the same output, or an output that is an input, are an error before anything is
done.

Inputs are worked on side by side, within --memory and -j for all of them: small images on a
goroutine each, large ones on all in turn. Reports come in the order of the inputs, with --json a
line each. What fails is named at once, and again at the end; the others are done.`},
	{"Exit status", `0 all outputs are complete; 1 failure, damaged input included; 2 usage; 3 the promise does
not hold; 4 done, but for the part of the input that --keep-going went on without. A file
takes its name last, when it is whole and the report is written: with status 1, 2 or 3
there is no new file, and an old one is as it was. Asked to end by a signal, the command
removes what is not whole and dies of that signal, so that a shell's loop ends too. Of many
inputs every file that is whole stays; the status is 1 if any failed, else 3 if the promise
of any does not hold, else 4 if any was cut.`},
}
