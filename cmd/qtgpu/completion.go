package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Extensions of the files that are read and written.
var (
	imageFiles   = []string{"tif", "tiff", "png", "jpg", "jpeg", "jpe", "bmp", "webp", "ppm", "pgm", "pbm", "pnm", "pam"}
	pictureFiles = []string{"png", "tif", "tiff", "jpg", "jpeg", "ppm", "pgm", "pbm"}
	qtgFiles     = []string{"qtg"}
)

// completionCommand writes what a shell needs to complete the command.
func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	cmd := newCommand("completion bash|zsh|fish|powershell", "what a shell needs to complete this command", nil)
	cmd.Args = takes(1, 1, "shells")
	cmd.ValidArgs = shells
	cmd.Long = `make install and the packages put it where bash, zsh and fish look for it.`
	cmd.Example = `  source <(qtgpu completion bash)
  qtgpu completion fish > ~/.config/fish/completions/qtgpu.fish`
	cmd.RunE = func(c *cobra.Command, args []string) error {
		switch root := c.Root(); args[0] {
		case "bash":
			return root.GenBashCompletionV2(a.stdout, true)
		case "zsh":
			return root.GenZshCompletion(a.stdout)
		case "fish":
			return root.GenFishCompletion(a.stdout, true)
		case "powershell":
			return root.GenPowerShellCompletionWithDesc(a.stdout)
		}
		return usagef("completion %q: expected one of %s", args[0], strings.Join(shells, ", "))
	}
	return cmd
}

// fileArgs completes arguments to files, the first by the first extensions and so on.
func fileArgs(extensions ...[]string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= len(extensions) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return extensions[len(args)], cobra.ShellCompDirectiveFilterFileExt
	}
}

// inputArgs completes any number of arguments to files with some extensions, but the first,
// which may be a subcommand, to what there is.
func inputArgs(extensions ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
}

// directoryArg completes one argument to a directory.
func directoryArg(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// isFile lets a flag complete to files with some extensions.
func isFile(f *pflag.FlagSet, name string, extensions ...string) {
	must(cobra.MarkFlagFilename(f, name, extensions...))
}

// isDirectory lets a flag complete to directories.
func isDirectory(f *pflag.FlagSet, name string) { must(cobra.MarkFlagDirname(f, name)) }

// must panics with what only a mistake in this program brings about, as a flag that is not
// there.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// completeValues lets the flags of a command complete to the values that they take, and not
// to files where they name none.
func completeValues(c *cobra.Command) {
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Annotations[cobra.BashCompFilenameExt] != nil || f.Annotations[cobra.BashCompSubdirsInDir] != nil {
			return
		}
		var values []cobra.Completion
		if v, ok := f.Value.(interface{ completions() []string }); ok {
			values = v.completions()
		}
		must(c.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
	})
}

func (o *oneOf[T]) completions() []string { return o.names }

// completions are the values of which some may be given.
func (s *someOf) completions() []string { return s.names }

// completions are the values of a short range.
func (n *whole[T]) completions() (v []string) {
	for i := n.least; i <= n.most && n.most-n.least < 10; i++ {
		v = append(v, strconv.Itoa(int(i)))
	}
	return v
}
