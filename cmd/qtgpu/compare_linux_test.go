package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCompareInterrupted: a signal ends the programs that run, and leaves neither the folder
// nor a file.
func TestCompareInterrupted(t *testing.T) {
	dir, tmp, bin := t.TempDir(), t.TempDir(), t.TempDir()
	writeImage(t, filepath.Join(dir, "in.png"), 60, 50, 3, 8)
	begun := filepath.Join(dir, "begun")
	hanging := "#!/bin/sh\n[ $# = 1 ] && echo 1.2.3 && exit\nsleep 1000 &\necho $! > " + begun + ".tmp\nmv " + begun + ".tmp " + begun + "\nwait\n"
	for _, name := range []string{"cwebp", "dwebp"} {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte(hanging), 0o700))
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		os.Remove(begun)
		c := command("compare", "-i", filepath.Join(dir, "in.png"), "--against", "webp", "--csv", filepath.Join(dir, "a.csv"))
		c.Env = append(c.Env, "TMPDIR="+tmp, "PATH="+bin+":"+os.Getenv("PATH"))
		require.NoError(t, c.Start())
		require.Eventually(t, func() bool { _, err := os.Stat(begun); return err == nil }, 20*time.Second, 10*time.Millisecond, "the program runs")
		require.Len(t, files(t, tmp), 1)
		require.NoError(t, c.Process.Signal(signal))
		c.Wait()
		status := c.ProcessState.Sys().(syscall.WaitStatus)
		assert.True(t, status.Signaled() && status.Signal() == signal, "%v: %v", signal, c.ProcessState)
		assert.Empty(t, files(t, tmp), "%v: left among temporary files", signal)
		assert.NoFileExists(t, filepath.Join(dir, "a.csv"), "%v", signal)
		child := strings.TrimSpace(string(readFile(t, begun)))
		assert.Eventually(t, func() bool {
			stat, err := os.ReadFile(filepath.Join("/proc", child, "stat"))
			return err != nil || strings.Contains(string(stat), ") Z ")
		}, 5*time.Second, 10*time.Millisecond, "%v: process %s", signal, child)
	}
}
