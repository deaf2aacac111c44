package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// shell returns a script that runs in dir, where "$Q" is the command.
func shell(dir, script string) *exec.Cmd {
	c := exec.Command("sh", "-c", script)
	c.Dir = dir
	c.Env = append(os.Environ(), asCommand+"=1", "Q="+os.Args[0])
	return c
}

// finish runs c and returns what it gave.
func finish(t *testing.T, c *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if c.ProcessState == nil {
		require.NoError(t, err)
	}
	return result{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// ownRoot gives a process a mount namespace in which it is root.
var ownRoot = &syscall.SysProcAttr{
	Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
	UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
	GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
}

// needMounts skips the test where processes cannot have mounts of their own.
func needMounts(t *testing.T) {
	t.Helper()
	info, ok := debug.ReadBuildInfo()
	if ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector complains when there is no /proc")
	}
	c := exec.Command("sh", "-c", noProc+"true")
	c.SysProcAttr = ownRoot
	if out, err := c.CombinedOutput(); err != nil {
		t.Skipf("no mount namespace here: %v %s", err, out)
	}
}

// noProc begins a script without /proc, where files cannot be nameless.
const noProc = `mount -t tmpfs none /proc && `

// workshop returns a directory with in.png, its in.qtg of T = 5 and a file that is no
// picture, and the bytes of in.qtg.
func workshop(t *testing.T) (dir string, qtg []byte) {
	t.Helper()
	dir = t.TempDir()
	writeImage(t, filepath.Join(dir, "in.png"), 50, 40, 3, 8)
	mustRun(t, "-i", filepath.Join(dir, "in.png"), "-t", "5", "-q")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.png"), []byte("bad"), 0o666))
	return dir, readFile(t, filepath.Join(dir, "in.qtg"))
}

// added lists what is in dir and below besides what workshop puts there, a link with
// its target.
func added(t *testing.T, dir string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, dir+"/")
		if path == dir || slices.Contains([]string{"in.png", "in.qtg", "bad.png"}, name) {
			return err
		}
		if d.Type() == fs.ModeSymlink {
			target, err := os.Readlink(path)
			require.NoError(t, err)
			name += ">" + target
		}
		names = append(names, name)
		return err
	}))
	return names
}

// mortal is the command without root's right to pass over modes.
const mortal = `m=; [ $(id -u) != 0 ] || m="setpriv --bounding-set -dac_override,-dac_read_search"; $m "$Q" `

// TestOutputs: the exit status, the message and the files always agree. Where bad.png
// is the input, the message shows that the output is looked at before any work.
func TestOutputs(t *testing.T) {
	dir, qtg := workshop(t)
	for _, c := range []struct {
		script string
		status int
		stderr string // the end of its only line, "" for none
		added  string // files
	}{
		// The report.
		{`"$Q" -i in.png -t 5 -o a.qtg >/dev/full`, 1, "standard output: no space left on device", ""},
		{`"$Q" -i in.png -t 5 -o a.qtg --json 2>&1 >/dev/full | grep -q "standard output: no space left on device\",\"kind\":\"failure\"}}$"`, 0, "", ""},
		{`"$Q" -i in.png -t 5 -o a.qtg -q >/dev/full`, 0, "", "a.qtg"},
		{`"$Q" -i in.qtg -o a.png >/dev/full`, 0, "", "a.png"},
		{`cp in.png old.qtg; "$Q" -i in.png -t 5 -f -o old.qtg >/dev/full; s=$?; cmp in.png old.qtg; exit $s`,
			1, "standard output: no space left on device", "old.qtg"},
		{`"$Q" -i in.png -t 5 -o - 2>/dev/full >a; s=$?; cat a; exit $s`, 1, "", "a"},
		{`"$Q" --help >/dev/full`, 1, "standard output: no space left on device", ""},
		{`"$Q" bench -i in.png --runs 1 --csv a.csv --plot a.svg >/dev/full`, 1, "standard output: no space left on device", ""},
		{`"$Q" bench -i in.png --runs 1 --csv a.csv --plot a.svg >/dev/null`, 0, "", "a.csv a.svg"},
		{`"$Q" bench -i in.png --runs 1 --csv - 2>/dev/null | head -1 | grep -q ^width,`, 0, "", ""},
		{`"$Q" bench -i bad.png --csv a.csv --plot no/a.svg`, 1, "no/a.svg: no such file or directory", ""},
		{`ln -s . l; "$Q" bench -f -i bad.png --csv a.svg --plot l/a.svg`, 1, "l/a.svg: is the name of two outputs", "l>."},
		// Standard streams.
		{`"$Q" -i bad.png -t 5 -o - >&-`, 1, "standard output: is closed, or /dev/null opened for reading too: -o /dev/null writes nowhere", ""},
		{`"$Q" -i bad.png -t 5 -o /dev/stdout >&-`, 1, "-o /dev/null writes nowhere", ""},
		{`"$Q" -i in.qtg -o - >&-`, 1, "-o /dev/null writes nowhere", ""},
		{`"$Q" tree in.qtg -o - >&-`, 1, "-o /dev/null writes nowhere", ""},
		{`"$Q" -i bad.png -t 5 -o - 1<in.png`, 1, "standard output: bad file descriptor", ""},
		{`"$Q" -i in.png -t 5 -q -o - >/dev/null`, 0, "", ""},
		{`"$Q" -i in.png -t 5 -o a.qtg <&- >&- 2>&- && cmp a.qtg in.qtg`, 0, "", "a.qtg"},
		{`"$Q" -i in.png -t 5 -o a.qtg -q 2>&- && cmp a.qtg in.qtg`, 0, "", "a.qtg"},
		{`"$Q" -i - -t 5 -o a.qtg <&-`, 1, "standard input: not an image: the input is empty", ""},
		{`"$Q" -i in.png -t 5 -q -o /dev/null`, 0, "", ""},
		// Names of descriptors.
		{`{ printf head; "$Q" -i in.png -t 5 -q -o /dev/stdout; printf tail; } >a; (printf head; cat in.qtg; printf tail) | cmp - a`, 0, "", "a"},
		{`printf head >a; "$Q" -i in.png -t 5 -q -o /dev/fd/1 >>a; (printf head; cat in.qtg) | cmp - a`, 0, "", "a"},
		{`"$Q" -i in.png -t 5 -q -o /proc/self/fd/1 | cmp - in.qtg`, 0, "", ""},
		{`ln -s /dev/stdout a.qtg; "$Q" -i in.png -t 5 -q -o a.qtg | cmp - in.qtg`, 0, "", "a.qtg>/dev/stdout"},
		{`"$Q" -i in.png -t 5 -o /dev/fd/3 3>a >/dev/null && cmp a in.qtg`, 0, "", "a"},
		{`"$Q" -i bad.png -t 5 -o /dev/fd/9`, 1, "/dev/fd/9: bad file descriptor", ""},
		{`"$Q" -i bad.png -t 5 -o /dev/fd/3`, 1, "/dev/fd/3: bad file descriptor", ""}, // of bad.png
		{`"$Q" -i bad.png -t 5 -o /dev/stdin <in.png`, 1, "/dev/stdin: bad file descriptor", ""},
		{`"$Q" -i /dev/stdin -t 5 <in.png`, 2, "missing -o: the input is a stream, expected -o OUT.qtg or -o -", ""},
		// Symbolic links.
		{`mkdir d; ln -s d/x.qtg a.qtg; "$Q" -i in.png -t 5 -q -o a.qtg && cmp d/x.qtg in.qtg`, 0, "", "a.qtg>d/x.qtg d d/x.qtg"},
		{`mkdir d; ln -s d/x.qtg a.qtg; "$Q" -i in.png -t 5 -q -f -o a.qtg && cmp d/x.qtg in.qtg`, 0, "", "a.qtg>d/x.qtg d d/x.qtg"},
		{`mkdir d; ln -s d/x.qtg a.qtg; cp in.png d/x.qtg; "$Q" -i in.png -t 5 -q -f -o a.qtg && cmp d/x.qtg in.qtg`, 0, "", "a.qtg>d/x.qtg d d/x.qtg"},
		{`mkdir d; ln -s d/x.qtg a.qtg; cp in.png d/x.qtg; "$Q" -i bad.png -t 5 -o a.qtg`, 1, "a.qtg: exists already: -f overwrites it", "a.qtg>d/x.qtg d d/x.qtg"},
		{`ln -s no/x.qtg a.qtg; "$Q" -i bad.png -t 5 -f -o a.qtg`, 1, "a.qtg: ./no/x.qtg: no such file or directory", "a.qtg>no/x.qtg"},
		{`ln -s a.qtg b.qtg; ln -s b.qtg a.qtg; "$Q" -i bad.png -t 5 -f -o a.qtg`, 1, "a.qtg: too many levels of symbolic links", "a.qtg>b.qtg b.qtg>a.qtg"},
		{`mkdir -p d/e; ln -s d/e l; ln -s ../x.qtg d/e/a.qtg; "$Q" -i in.png -t 5 -q -o l/a.qtg`, 0, "", "d d/e d/e/a.qtg>../x.qtg d/x.qtg l>d/e"},
		// Names.
		{`cp in.png .hid; "$Q" -i .hid -t 5 -q`, 0, "", ".hid .hid.qtg"},
		{`mkdir d; cp in.png d/.hid; "$Q" -i d/.hid -t 5 -q`, 0, "", "d d/.hid d/.hid.qtg"},
		{`cp in.png pic.; "$Q" -i pic. -t 5 -q`, 0, "", "pic. pic.qtg"},
		{`cp in.png a.b.c; "$Q" -i a.b.c -t 5 -q`, 0, "", "a.b.c a.b.qtg"},
		{`"$Q" -i in.png -t 5 -o ""`, 2, `-o "": expected a name`, ""},
		{`mkdir d; "$Q" -i in.png -t 5 -o d/`, 2, `-o d/: extension "": expected .qtg`, "d"},
		{`"$Q" -i in.png -t 5 -o ..`, 2, `-o ..: extension ".": expected .qtg`, ""},
		{`"$Q" -i .. -t 5`, 1, "..: is a directory, expected a file: -r takes what is in it", ""},
		// Where no file can be.
		{`mkdir a.qtg; "$Q" -i bad.png -t 5 -f -o a.qtg`, 1, "a.qtg: is a directory, expected a file", "a.qtg"},
		{`"$Q" -i bad.png -t 5 -o no/a.qtg`, 1, "no/a.qtg: no such file or directory", ""},
		{`"$Q" -i bad.png -t 5 -o in.png/a.qtg`, 1, "in.png/a.qtg: not a directory", ""},
		{`mkdir d; chmod 555 d; ` + mortal + `-i bad.png -t 5 -o d/a.qtg; s=$?; chmod 755 d; exit $s`, 1, "d/a.qtg: permission denied", "d"},
		{`mkdir d; chmod 311 d; ` + mortal + `-i in.png -t 5 -q -o d/a.qtg; s=$?; chmod 755 d; exit $s`, 0, "", "d d/a.qtg"},
		{`ulimit -f 0; "$Q" -i in.png -t 5 -o a.qtg`, 1, "a.qtg: file too large", ""},
		{`cp in.png a.qtg; ulimit -f 0; "$Q" -i in.png -t 5 -f -o a.qtg; s=$?; cmp in.png a.qtg; exit $s`, 1, "a.qtg: file too large", "a.qtg"},
		// Modes.
		{`umask 077; "$Q" -i in.png -t 5 -q -o a.qtg; stat -c %a a.qtg | grep -q 600`, 0, "", "a.qtg"},
		{`umask 002; "$Q" -i in.png -t 5 -q -o a.qtg; stat -c %a a.qtg | grep -q 664`, 0, "", "a.qtg"},
		{`umask 077; "$Q" -i in.png -t 5 -q -f -o a.qtg; stat -c %a a.qtg | grep -q 600`, 0, "", "a.qtg"},
		{`cp in.png a.qtg; chmod 604 a.qtg; "$Q" -i in.png -t 5 -q -f -o a.qtg; stat -c %a a.qtg | grep -q 604`, 0, "", "a.qtg"},
	} {
		r := finish(t, shell(dir, c.script))
		assert.Equal(t, c.status, r.status, "%s: %s%s", c.script, r.stdout, r.stderr)
		if c.stderr != "" {
			r.fails(t, c.status, c.stderr+"\n", c.script)
		} else {
			assert.Empty(t, r.stdout+r.stderr, c.script)
		}
		assert.Equal(t, c.added, strings.Join(added(t, dir), " "), c.script)
		for _, name := range added(t, dir) {
			name, _, _ = strings.Cut(name, ">")
			require.NoError(t, os.RemoveAll(filepath.Join(dir, name)))
		}
		require.Equal(t, qtg, readFile(t, filepath.Join(dir, "in.qtg")), c.script)
	}
}

// TestOutputsOnOtherFileSystems: on a full and on a read-only one nothing is left, and
// without /proc a temporary name does what a nameless file does.
func TestOutputsOnOtherFileSystems(t *testing.T) {
	needMounts(t)
	dir, _ := workshop(t)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o777))
	const full = `mount -t tmpfs -o size=4k none d && `
	for _, c := range []struct {
		script string
		status int
		stderr string
		d      string // files in d
	}{
		{full + `"$Q" -i in.qtg -o d/a.ppm`, 1, "d/a.ppm: no space left on device", ""},
		{full + `echo old >d/b && "$Q" bench -i in.png --runs 1 --csv a.csv --plot d/a.svg; s=$?; test -e a.csv && exit 9; exit $s`, 1,
			"d/a.svg: no space left on device", "b"},
		{full + `echo old >d/a.ppm && "$Q" -i in.qtg -f -o d/a.ppm`, 1, "d/a.ppm: no space left on device", "a.ppm"},
		{noProc + full + `"$Q" -i in.qtg -o d/a.ppm`, 1, "d/a.ppm: no space left on device", ""},
		{`mount -t tmpfs -o ro none d && "$Q" -i bad.png -t 5 -o d/a.qtg`, 1, "d/a.qtg: read-only file system", ""},
		{noProc + `mount -t tmpfs none d && "$Q" -i in.png -t 5 -q -o d/a.qtg && cmp d/a.qtg in.qtg`, 0, "", "a.qtg"},
		{noProc + `mount -t tmpfs none d && "$Q" -i in.png -t 5 -o d/a.qtg >/dev/full`, 1, "standard output: no space left on device", ""},
		{noProc + `mount -t tmpfs none d && echo old >d/a.qtg && "$Q" -i bad.png -t 5 -o d/a.qtg`, 1, "d/a.qtg: exists already: -f overwrites it", "a.qtg"},
		{noProc + `mount -t tmpfs none d && echo old >d/a.qtg && "$Q" -i in.png -t 5 -q -f -o d/a.qtg && cmp d/a.qtg in.qtg`, 0, "", "a.qtg"},
	} {
		cmd := shell(dir, `(`+c.script+`); s=$?; ls -A d; exit $s`)
		cmd.SysProcAttr = ownRoot
		r := finish(t, cmd)
		assert.Equal(t, c.status, r.status, "%s: %s", c.script, r.stderr)
		if c.stderr != "" {
			r.fails(t, c.status, c.stderr+"\n", c.script)
		}
		assert.Equal(t, c.d, strings.TrimSpace(r.stdout), c.script)
	}
}

// TestTargetThatAppearsMeanwhile: what somebody else makes during the work is
// overwritten with -f only, and a command of two outputs then leaves none.
func TestTargetThatAppearsMeanwhile(t *testing.T) {
	for i, open := range []func(string) (*os.File, string, error){openTemp, openHidden} {
		for _, force := range []bool{false, true} {
			what := fmt.Sprintf("temporary %d, force %v", i, force)
			dir := t.TempDir()
			a := &app{stdout: &stream{w: io.Discard}}
			for _, name := range []string{"a.csv", "a.svg"} {
				o := &output{name: name, path: filepath.Join(dir, name), force: force}
				var err error
				o.temp, o.hidden, err = open(dir + "/")
				require.NoError(t, err, what)
				require.Equal(t, i == 1, o.hidden != "", what)
				_, err = o.Write([]byte("mine"))
				require.NoError(t, err, what)
				a.outs.all = append(a.outs.all, o)
			}
			other := filepath.Join(dir, "a.svg")
			require.NoError(t, os.WriteFile(other, []byte("other"), 0o600))
			err := a.commit(noReport)
			if force {
				require.NoError(t, err, what)
				assert.Equal(t, "mine", string(readFile(t, other)), what)
				assert.Equal(t, []string{"a.csv", "a.svg"}, files(t, dir), what)
			} else {
				require.ErrorIs(t, err, errExists, what)
				assert.Equal(t, "other", string(readFile(t, other)), what)
				assert.Equal(t, []string{"a.svg"}, files(t, dir), what)
			}
			assert.False(t, a.outs.discard(), "%s: an interrupt comes too late", what)
		}
	}
}

// TestOpenDescriptor: only what the process was started with is an output.
func TestOpenDescriptor(t *testing.T) {
	own, err := os.Create(filepath.Join(t.TempDir(), "a"))
	require.NoError(t, err)
	defer own.Close()
	_, err = openDescriptor(int(own.Fd()))
	assert.ErrorIs(t, err, unix.EBADF)
	inherited, err := unix.Dup(int(own.Fd())) // open beyond an exec
	require.NoError(t, err)
	defer unix.Close(inherited)
	f, err := openDescriptor(inherited)
	require.NoError(t, err)
	assert.NoError(t, f.Close())
}

// endless starts a script whose command has read the header of a picture that never
// ends, and returns the writer of the picture.
func endless(t *testing.T, c *exec.Cmd, stderr io.Writer, ready func() bool) io.WriteCloser {
	t.Helper()
	stdin, err := c.StdinPipe()
	require.NoError(t, err)
	c.Stderr = stderr
	require.NoError(t, c.Start())
	t.Cleanup(func() { c.Process.Kill(); stdin.Close() })
	_, err = io.WriteString(stdin, "P5 100 100 255\n")
	require.NoError(t, err)
	require.Eventually(t, ready, 10*time.Second, time.Millisecond, "%v is ready", c.Args)
	return stdin
}

// holds tells whether the process has a file open whose name begins with prefix.
func holds(c *exec.Cmd, prefix string) bool {
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", c.Process.Pid))
	return slices.ContainsFunc(links, func(link string) bool {
		to, _ := os.Readlink(link)
		return strings.HasPrefix(to, prefix)
	})
}

// interrupted holds the end of an encode by a signal against what is right; before
// begins its script, and temp the name of the file that it has open.
func interrupted(t *testing.T, sig syscall.Signal, before, temp string, as *syscall.SysProcAttr) {
	t.Helper()
	what := before + sig.String()
	dir := t.TempDir()
	takeNotice(t, sig)
	c := shell(dir, before+`exec "$Q" -i - -t 5 -o a.qtg`)
	c.SysProcAttr = as
	var stderr bytes.Buffer
	endless(t, c, &stderr, func() bool { return holds(c, filepath.Join(dir, temp)) })
	require.NoError(t, c.Process.Signal(sig))
	c.Wait()
	assertDied(t, c, sig, what)
	assert.Equal(t, "qtgpu: interrupted\n", stderr.String(), what)
	assert.Empty(t, files(t, dir), what)
}

// takeNotice lets commands die of a signal that this process was started to ignore, as by
// nohup: what it is told of is not ignored by what it starts.
func takeNotice(t *testing.T, sig syscall.Signal) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	t.Cleanup(func() { signal.Stop(c) })
}

// assertDied holds the end of a command against the signal that it was sent.
func assertDied(t *testing.T, c *exec.Cmd, sig syscall.Signal, what any) {
	t.Helper()
	ws := c.ProcessState.Sys().(syscall.WaitStatus)
	if sig == syscall.SIGQUIT { // nobody dies of it without a dump
		assert.Equal(t, exitFailure, ws.ExitStatus(), what)
		return
	}
	assert.True(t, ws.Signaled(), "%v: %v", what, c.ProcessState)
	assert.Equal(t, sig, ws.Signal(), what)
}

var endings = []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}

// TestInterrupt: every signal that asks for it ends the program at once, without a
// trace of the output.
func TestInterrupt(t *testing.T) {
	for _, sig := range endings {
		interrupted(t, sig, "", "#", nil) // what Linux calls a nameless file
	}
}

// TestInterruptOfATemporaryName: nor is there a trace of an output with such a name.
func TestInterruptOfATemporaryName(t *testing.T) {
	needMounts(t)
	for _, sig := range endings {
		interrupted(t, sig, noProc, ".qtgpu-", ownRoot)
	}
}

// TestInterruptOfAStuckOutput: an output that nobody reads does not hold up the end.
func TestInterruptOfAStuckOutput(t *testing.T) {
	dir, qtg := encoded(t)
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "a.png"), 0o666))
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	for _, out := range []string{"a.png", "-"} {
		c := command("-i", qtg, "-o", out)
		c.Dir = dir
		var stderr bytes.Buffer
		c.Stdout, c.Stderr = w, &stderr
		require.NoError(t, c.Start())
		if out == "-" { // full, and not by chance between two writes
			require.Eventually(t, func() bool {
				n, err := unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ)
				return err == nil && n == 1<<16
			}, 10*time.Second, time.Millisecond)
		} else {
			require.Eventually(t, func() bool { return holds(c, qtg) }, 10*time.Second, time.Millisecond)
			time.Sleep(50 * time.Millisecond) // until it waits for a reader
		}
		require.NoError(t, c.Process.Signal(syscall.SIGTERM))
		c.Wait()
		assertDied(t, c, syscall.SIGTERM, out)
		assert.Equal(t, "qtgpu: interrupted\n", stderr.String(), out)
	}
}

// TestIgnoredSignal: what nohup ignores stays ignored.
func TestIgnoredSignal(t *testing.T) {
	dir := t.TempDir()
	c := shell(dir, `trap "" HUP INT; exec "$Q" -i - -t 5 -q -o a.qtg`)
	var stderr bytes.Buffer
	stdin := endless(t, c, &stderr, func() bool { return holds(c, dir+"/") })
	require.NoError(t, c.Process.Signal(syscall.SIGHUP))
	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	_, err := stdin.Write(make([]byte, 100*100))
	require.NoError(t, err)
	require.NoError(t, stdin.Close())
	c.Wait()
	assert.Equal(t, exitOK, c.ProcessState.ExitCode(), stderr.String())
	assert.Equal(t, []string{"a.qtg"}, files(t, dir))
}

// TestInterruptEndsALoop: a shell that runs the command in a loop, in the foreground of a
// terminal, stops at Ctrl-C, which an exit status would not make it do.
func TestInterruptEndsALoop(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	takeNotice(t, syscall.SIGINT)
	dir := t.TempDir()
	master, slave := terminal(t)
	require.NoError(t, unix.Mkfifo(filepath.Join(dir, "never.png"), 0o666))
	c := exec.Command(bash, "-c", `for i in 1 2 3; do echo $i >>begun; "$Q" -i never.png -t 5 -o a$i.qtg; done; echo >after`)
	c.Dir, c.Env = dir, shell(dir, "").Env
	c.Stdin, c.Stdout, c.Stderr = slave, slave, slave
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, c.Start())
	t.Cleanup(func() { syscall.Kill(-c.Process.Pid, syscall.SIGKILL) })
	slave.Close()
	require.Eventually(t, func() bool { _, err := os.Stat(filepath.Join(dir, "begun")); return err == nil }, 10*time.Second, time.Millisecond)
	w, err := os.OpenFile(filepath.Join(dir, "never.png"), os.O_WRONLY, 0) // waits until the command reads
	require.NoError(t, err)
	defer w.Close()
	_, err = master.Write([]byte{3}) // Ctrl-C
	require.NoError(t, err)
	shown, _ := io.ReadAll(master)
	c.Wait()
	ws := c.ProcessState.Sys().(syscall.WaitStatus)
	assert.True(t, ws.Signaled() && ws.Signal() == syscall.SIGINT, "%v, %s", c.ProcessState, shown)
	assert.Contains(t, string(shown), "qtgpu: interrupted")
	assert.Equal(t, "1\n", string(readFile(t, filepath.Join(dir, "begun"))), "the loop stops")
	assert.Equal(t, []string{"begun", "never.png"}, files(t, dir))
}

// TestInterruptOfABatch: files that are whole stay, of others there is no trace.
func TestInterruptOfABatch(t *testing.T) {
	for _, script := range []string{"", noProc} {
		as := (*syscall.SysProcAttr)(nil)
		if script != "" {
			needMounts(t)
			as = ownRoot
		}
		takeNotice(t, syscall.SIGTERM)
		dir := t.TempDir()
		writeImage(t, filepath.Join(dir, "000.png"), 500, 400, 3, 8)
		for i := range 200 {
			require.NoError(t, os.Link(filepath.Join(dir, "000.png"), filepath.Join(dir, fmt.Sprintf("%03d.png", i+1))))
		}
		c := shell(dir, script+`exec "$Q" -t 0 -j 2 *.png`)
		c.SysProcAttr = as
		var stderr bytes.Buffer
		c.Stderr = &stderr
		require.NoError(t, c.Start())
		t.Cleanup(func() { c.Process.Kill() })
		done := func() []string {
			names, _ := filepath.Glob(filepath.Join(dir, "*.qtg"))
			return names
		}
		require.Eventually(t, func() bool { return len(done()) > 0 }, 20*time.Second, time.Millisecond)
		require.NoError(t, c.Process.Signal(syscall.SIGTERM))
		c.Wait()
		assertDied(t, c, syscall.SIGTERM, script)
		assert.Equal(t, "qtgpu: interrupted\n", stderr.String())
		whole := done()
		assert.Less(t, len(whole), 201)
		for _, name := range whole {
			assert.Equal(t, readFile(t, whole[0]), readFile(t, name), name)
		}
		assert.Contains(t, mustRun(t, "verify", whole[0]), "holds")
		assert.Len(t, files(t, dir), 201+len(whole), "nothing else")
	}
}

// TestKill: whenever the program is killed, it leaves the whole output or nothing.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "a.qtg")
	writeImage(t, in, 300, 200, 3, 8)
	args := []string{"-i", in, "-t", "5", "-q", "-o", out}
	start := time.Now()
	require.NoError(t, command(args...).Run())
	took := time.Since(start)
	want := readFile(t, out)
	require.NoError(t, os.Remove(out))
	whole := 0
	kills := 30
	if testing.Short() {
		kills = 10
	}
	for i := range kills { // from the start on, since the first run may have been the slowest
		c := command(args...)
		require.NoError(t, c.Start())
		after := took * 5 / 4 * time.Duration(i) / time.Duration(kills)
		time.Sleep(after)
		c.Process.Kill()
		c.Wait()
		if _, err := os.Stat(out); err == nil {
			whole++
			require.Equal(t, want, readFile(t, out), "killed after %v", after)
			require.NoError(t, os.Remove(out))
		}
		require.Equal(t, []string{"in.png"}, files(t, dir), "killed after %v", after)
	}
	assert.Less(t, whole, kills, "some were killed in time")
}

// TestTerminal: a picture goes to a terminal with -f only, a table as it is.
func TestTerminal(t *testing.T) {
	dir, qtg := workshop(t)
	for _, c := range []struct {
		args   string
		status int
	}{
		{"-i bad.png -t 5 -o -", exitUsage},
		{"-i bad.png -t 5 -o /dev/stdout", exitUsage},
		{"-i in.qtg -o -", exitUsage},
		{"tree in.qtg -o -", exitUsage},
		{"-i in.png -t 5 -q -f -o -", exitOK},
		{"bench -i in.png --runs 1 --csv -", exitOK},
	} {
		master, slave := terminal(t)
		cmd := command(strings.Fields(c.args)...)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = slave, &stderr
		require.NoError(t, cmd.Start())
		slave.Close()
		got, _ := io.ReadAll(master) // ends with an error when the other side is closed
		cmd.Wait()
		assert.Equal(t, c.status, cmd.ProcessState.ExitCode(), "%s: %s", c.args, stderr.String())
		if c.status == exitUsage {
			assert.Equal(t, "qtgpu: standard output is a terminal: expected a file or a pipe, -f forces it\n", stderr.String(), c.args)
			assert.Empty(t, got, c.args)
		} else {
			assert.NotEmpty(t, got, c.args)
		}
	}
	assert.Equal(t, qtg, readFile(t, filepath.Join(dir, "in.qtg")))
	assert.Empty(t, added(t, dir))
}

// terminal opens both sides of a terminal.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	return master, slave
}
