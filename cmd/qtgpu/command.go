package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func init() { cobra.EnableCommandSorting = false } // they stand in the order of their use

// command carries out args up to and with the last write to standard output.
func (a *app) command(ctx context.Context, args []string) error {
	root := a.root()
	var shown error
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { shown = writeHelp(a.stdout, c) })
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetArgs(append([]string{}, args...)) // not nil, which would stand for os.Args
	if err := errors.Join(root.ExecuteContext(ctx), shown); err != nil {
		return err
	}
	return a.stdout.Close()
}

// root is the command with its subcommands.
func (a *app) root() *cobra.Command {
	root := a.convertCommand()
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(a.infoCommand(), a.verifyCommand(), a.treeCommand(), a.devicesCommand(), a.benchCommand(), a.compareCommand(),
		a.planCommand(), a.partCommand(), a.mergeCommand(), a.completionCommand(), a.manCommand())
	root.SetHelpCommand(helpCommand())
	root.CompletionOptions.DisableDefaultCmd = true
	for _, c := range append(root.Commands(), root) {
		completeValues(c)
	}
	return root
}

// newCommand is a command without flags of its own. use is its line of usage, which begins
// with its name.
func newCommand(use, short string, run func(args []string) error) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, DisableFlagsInUseLine: true, SilenceErrors: true, SilenceUsage: true,
		RunE: func(_ *cobra.Command, args []string) error { return run(args) },
	}
	c.Flags().SortFlags = false
	c.Flags().BoolP("help", "h", false, "this text")
	return c
}

// takes checks the number of arguments beside flags; what they are is in the plural.
func takes(least, most int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case most == 0 && len(args) > 0:
			return usagef("unexpected argument %q: expected %s", args[0], c.UseLine())
		case len(args) < least || len(args) > most:
			return usagef("%s with %d %s: expected %s", c.Name(), len(args), what, c.UseLine())
		}
		return nil
	}
}

// groupKey is the annotation of a flag with its heading in the help.
const groupKey = "group"

// group puts flags that have no heading yet under one.
func group(f *pflag.FlagSet, heading string) {
	f.VisitAll(func(flag *pflag.Flag) {
		if groupOf(flag) == "" && flag.Name != "help" {
			f.SetAnnotation(flag.Name, groupKey, []string{heading})
		}
	})
}

func groupOf(f *pflag.Flag) string { return strings.Join(f.Annotations[groupKey], "") }
