package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// manCommand writes the pages of the manual, for whoever packs the program.
func (a *app) manCommand() *cobra.Command {
	var version string
	cmd := newCommand("man DIR", "the pages of the manual", nil)
	cmd.Hidden = true
	cmd.Args = takes(1, 1, "directories")
	cmd.Flags().Var(&free{&version, "VERSION"}, "version", "that the pages name")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		root := cmd.Root()
		pages := []*cobra.Command{root}
		for _, c := range root.Commands() {
			if c.IsAvailableCommand() {
				pages = append(pages, c)
			}
		}
		for _, c := range pages {
			file := filepath.Join(args[0], pageName(c)+".1")
			if err := os.WriteFile(file, []byte(manPage(c, version)), 0o666); err != nil {
				return at(file, err)
			}
		}
		return nil
	}
	return cmd
}

// pageName is the page of a command.
func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// manPage is the help of a command in the macros of man(7).
func manPage(c *cobra.Command, version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"qtgpu %s\" \"User Commands\"\n.SH NAME\n%s \\- %s\n", strings.ToUpper(pageName(c)), roff(version), roff(pageName(c)), roff(c.Short))
	fmt.Fprint(&b, ".SH SYNOPSIS\n.nf\n")
	for _, line := range usageLines(c) {
		form, _, _ := strings.Cut(line, "  ")
		fmt.Fprintf(&b, "%s\n", roff(form))
	}
	fmt.Fprint(&b, ".fi\n")
	manSection(&b, "DESCRIPTION", c.Long)
	if !c.HasParent() {
		manCommands(&b, c)
	}
	for _, g := range flagGroups(c.LocalFlags()) {
		heading := "OPTIONS"
		if !c.HasParent() {
			heading = "OPTIONS OF " + strings.ToUpper(g.heading)
		}
		fmt.Fprintf(&b, ".SH %s\n", heading)
		for _, f := range g.flags {
			form, usage := flagForm(f)
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fR\n%s\n", roff(strings.TrimSpace(form)), roff(usage))
		}
	}
	if !c.HasParent() {
		for _, s := range notes {
			manSection(&b, strings.ToUpper(s.heading), s.text)
		}
	}
	if c.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(strings.Trim(c.Example, "\n")))
	}
	if c.HasParent() {
		fmt.Fprint(&b, ".SH SEE ALSO\n.BR qtgpu (1)\n")
	}
	return b.String()
}

// manCommands lists the commands of the root.
func manCommands(b *strings.Builder, c *cobra.Command) {
	fmt.Fprint(b, ".SH COMMANDS\n")
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			fmt.Fprintf(b, ".TP\n.BR %s (1)\n%s\n", roff(pageName(sub)), roff(sub.Short))
		}
	}
}

func manSection(b *strings.Builder, heading, text string) {
	if text = strings.TrimSpace(text); text != "" {
		fmt.Fprintf(b, ".SH %s\n%s\n", heading, strings.ReplaceAll(roff(text), "\n\n", "\n.PP\n"))
	}
}

// controls are what begins a line that roff takes for a request.
var controls = regexp.MustCompile(`(?m)^([.'])`)

// roff is a text as roff writes it: with hyphens that can be copied as minus signs, and
// nothing that it would take for a request.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	return controls.ReplaceAllString(s, `\&$1`)
}
