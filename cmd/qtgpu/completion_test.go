package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCompletions: what the shells are offered, in the words of cobra: values, or
// extensions of files, and a number that says which of them it is.
func TestCompletions(t *testing.T) {
	const anyFile, values, extensions, directories = ":0", ":4", ":8", ":16"
	for _, c := range []struct {
		words string // the last is being completed
		want  []string
		is    string
	}{
		{"--chroma ", []string{"420", "444"}, values},
		{"--split=", []string{"pyramid", "hybrid", "cost"}, values},
		{"--effort ", []string{"1", "2", "3", "4"}, values},
		{"--memory ", nil, values},
		{"-t ", nil, values},
		{"-i ", append([]string{"qtg"}, imageFiles...), extensions},
		{"-o ", append([]string{"qtg"}, pictureFiles...), extensions},
		{"--output-dir ", nil, directories},
		{"a.ti", nil, anyFile},
		{"-t 5 a.tif b.", append([]string{"qtg"}, imageFiles...), extensions},
		{"info ", []string{"qtg"}, extensions},
		{"info a.qtg ", nil, values},
		{"verify a.qtg ", imageFiles, extensions},
		{"plan -o ", nil, directories},
		{"plan -i ", imageFiles, extensions},
		{"part ", nil, directories},
		{"part job --backend ", []string{"auto", "gpu", "cpu", "both"}, values},
		{"merge job -o ", []string{"qtg"}, extensions},
		{"compare --against ", []string{"jpeg", "webp", "png", "avif", "jxl", "jp2", "lerc", "tiff"}, values},
		{"compare --report ", []string{"html"}, extensions},
		{"compare --batches ", nil, directories},
		{"completion ", []string{"bash", "zsh", "fish", "powershell"}, values},
	} {
		r := qtgpuRun(append([]string{"__complete"}, strings.Split(c.words, " ")...)...)
		require.Equal(t, exitOK, r.status, "%q: %s", c.words, r.stderr)
		assert.Equal(t, append(append([]string{}, c.want...), c.is), strings.Fields(r.stdout), "%q", c.words)
	}
	r := qtgpuRun("__complete", "--ch")
	assert.Contains(t, r.stdout, "--chroma\tresolution of colour", "a flag with its description")
	r = qtgpuRun("__complete", "ver")
	assert.Contains(t, r.stdout, "verify\tevery checksum, and the promise", "a command with its description")
	qtgpuRun("completion", "csh").fails(t, exitUsage, `completion "csh": expected one of bash, zsh, fish, powershell`, "csh")
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		assert.Contains(t, mustRun(t, "completion", shell), "qtgpu", shell)
	}
}

// TestBashCompletes: bash itself takes what is made for it, and completes a value and a
// file.
func TestBashCompletes(t *testing.T) {
	const loader = "/usr/share/bash-completion/bash_completion"
	bash, err := exec.LookPath("bash")
	if _, err2 := os.Stat(loader); err != nil || err2 != nil {
		t.Skip("no bash with bash-completion here")
	}
	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, filepath.Join(dir, "qtgpu")))
	for _, name := range []string{"a.qtg", "b.txt"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o666))
	}
	script := "source " + loader + "\n" + mustRun(t, "completion", "bash") + `
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
	__start_qtgpu; echo "${COMPREPLY[*]}"; }
try qtgpu --split hy
try qtgpu info ""
`
	cmd := exec.Command(bash, "--norc", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asCommand+"=1", "PATH="+dir+":"+os.Getenv("PATH"))
	out, err := cmd.Output() // bash tells that no key asked for this
	require.NoError(t, err, "%s", out)
	assert.Equal(t, []string{"hybrid", "a.qtg"}, strings.Fields(string(out)))
}

// TestManual: every command has a page, which names all its flags and has nothing that man
// warns of.
func TestManual(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, "man", dir, "--version", "1.2.3")
	root := (&app{}).root()
	for _, c := range append(root.Commands(), root) {
		if c != root && !c.IsAvailableCommand() {
			continue
		}
		file := filepath.Join(dir, pageName(c)+".1")
		page := string(readFile(t, file))
		assert.Contains(t, page, "qtgpu 1.2.3", "version in %s", file)
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" {
				assert.Contains(t, page, roff("--"+f.Name), "%s", file)
			}
		})
		man, err := exec.LookPath("man")
		if err != nil {
			continue
		}
		cmd := exec.Command(man, "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", file)
		cmd.Env = append(os.Environ(), "MANWIDTH=80", "LC_ALL=C.UTF-8")
		var warnings strings.Builder
		cmd.Stderr = &warnings
		assert.NoError(t, cmd.Run(), "%s", file)
		assert.Empty(t, warnings.String(), "warnings of %s", file)
	}
	assert.Equal(t, `\&.a \e\-b`+"\n"+`\&'c`, roff(`.a \-b`+"\n'c"))
	qtgpuRun("man", filepath.Join(dir, "nowhere")).fails(t, exitFailure, "nowhere", "directory")
}
