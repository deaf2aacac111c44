package main

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// nearest is the word of a list that is likely to be meant by another one, "" for none:
// what begins with it, or else what is at the least distance, of a third of its length at
// most.
func nearest(word string, list []string) (best string) {
	word = strings.ToLower(word)
	least := max(len(word)/3, 1) + 1
	for _, w := range list {
		if len(word) > 1 && strings.HasPrefix(w, word) {
			return w
		}
		if d := distance(word, w); d < least && d < len(w) {
			best, least = w, d
		}
	}
	return best
}

// distance is the number of letters to insert, remove, change, or swap with the next, to
// make b of a (the optimal string alignment distance: Boytsov, Indexing methods for
// approximate dictionary searching, 2011).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(change, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// flagError makes what is wrong with flags a usageError.
func flagError(c *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	var wrong *wrongValue
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &invalid) && errors.As(err, &wrong):
		return usagef("--%s %s: expected %s", invalid.GetFlag().Name, wrong.value, wrong.expected)
	case errors.As(err, &invalid):
		return usagef("--%s %q: expected true or false", invalid.GetFlag().Name, invalid.GetValue())
	case errors.As(err, &unknown):
		// -level is a row of one-letter flags, of which one is unknown.
		if name := nearest(unknown.GetSpecifiedName()+unknown.GetSpecifiedShortnames(), flagNames(c)); name != "" {
			return usagef("%w: did you mean --%s?", err, name)
		}
	}
	return usagef("%w: see %s --help", err, c.CommandPath())
}

func flagNames(c *cobra.Command) (names []string) {
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// meantCommand is the usageError of an argument that is no file, but nearly a command.
func meantCommand(root *cobra.Command, arg string) error {
	if _, err := os.Stat(arg); err == nil {
		return nil
	}
	if name := nearest(arg, commandNames(root)); name != "" {
		return usagef("unknown command %q: did you mean qtgpu %s?", arg, name)
	}
	return nil
}
