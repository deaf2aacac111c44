//go:build unix

package compare

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asked opens a workshop and finds a fake that misbehaves.
func asked(t *testing.T, how string) (w *Workshop, program, tmp string) {
	t.Helper()
	t.Setenv(misbehaves, "cwebp="+how)
	tmp = onPath(t, "cwebp")
	w, err := OpenWorkshop()
	require.NoError(t, err)
	t.Cleanup(func() { w.Close() })
	program, err = exec.LookPath("cwebp")
	require.NoError(t, err)
	return w, program, tmp
}

// TestTimeLimit: a program that hangs is ended, and the error says why.
func TestTimeLimit(t *testing.T) {
	w, program, _ := asked(t, "hang")
	start := time.Now()
	_, _, err := w.run(context.Background(), []string{program, "a", "b"}, limits{200 * time.Millisecond, 1 << 20})
	assert.ErrorContains(t, err, "took more than 200ms")
	assert.Less(t, time.Since(start), dying)
}

// TestDiskLimit: a program that fills the disk is ended.
func TestDiskLimit(t *testing.T) {
	w, program, _ := asked(t, "huge")
	_, _, err := w.run(context.Background(), []string{program, "a", "b"}, limits{time.Minute, 1 << 20})
	assert.ErrorContains(t, err, "wrote more than 1048576 bytes")
}

// TestTalk: what a program says without end takes no memory, and ends with its time.
func TestTalk(t *testing.T) {
	w, program, _ := asked(t, "talk")
	_, said, err := w.run(context.Background(), []string{program, "a", "b"}, limits{300 * time.Millisecond, 1 << 20})
	assert.ErrorContains(t, err, "took more than 300ms: ")
	assert.LessOrEqual(t, len(said), mostSaid)
	assert.Less(t, len(err.Error()), 300)
}

// TestContext: the end of a context ends the program, with its cause.
func TestContext(t *testing.T) {
	w, program, _ := asked(t, "hang")
	cause := errors.New("a signal")
	ctx, end := context.WithCancelCause(context.Background())
	time.AfterFunc(100*time.Millisecond, func() { end(cause) })
	_, _, err := w.run(ctx, []string{program, "a", "b"}, limits{time.Minute, 1 << 20})
	assert.ErrorIs(t, err, cause)
}

// TestClose: closing ends what runs, waits for it, and leaves no folder; what comes later is
// refused.
func TestClose(t *testing.T) {
	w, program, tmp := asked(t, "hang")
	require.NoError(t, os.WriteFile(w.path("file"), []byte("x"), 0o600))
	require.Len(t, left(t, tmp), 1)
	done := make(chan error, 1)
	go func() {
		_, _, err := w.run(context.Background(), []string{program, "a", "b"}, limits{time.Minute, 1 << 20})
		done <- err
	}()
	time.Sleep(100 * time.Millisecond)
	require.NoError(t, w.Close())
	assert.ErrorIs(t, <-done, errClosed)
	assert.Empty(t, left(t, tmp))
	_, _, err := w.run(context.Background(), []string{program, "a", "b"}, limits{time.Minute, 1 << 20})
	assert.ErrorIs(t, err, errClosed)
	require.NoError(t, w.Close(), "again")
}

// TestChildren: what a program has started ends with it.
func TestChildren(t *testing.T) {
	w, program, _ := asked(t, "child")
	start := time.Now()
	_, said, err := w.run(context.Background(), []string{program, "a", "b"}, limits{time.Minute, 1 << 20})
	require.Error(t, err)
	assert.Less(t, time.Since(start), 2*dying)
	m := regexp.MustCompile(`child (\d+)`).FindStringSubmatch(said)
	require.NotNil(t, m, said)
	pid, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	assert.Eventually(t, func() bool { return gone(pid) }, 5*time.Second, 10*time.Millisecond, "process %d", pid)
}

// gone tells whether a process has ended: it is not there, or nobody has asked how it ended.
func gone(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return syscall.Kill(pid, 0) != nil
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}
