package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// openTemp opens a file in dir that goes away with the process, or one with a temporary
// name where the file system knows no such file, or /proc, which links it, is absent.
func openTemp(dir string) (*os.File, string, error) {
	if _, err := os.Lstat(descriptors); err == nil {
		if f, err := os.OpenFile(dir, os.O_RDWR|unix.O_TMPFILE, 0o666); err == nil {
			return f, "", nil
		}
	}
	return openHidden(dir)
}

// descriptors is the directory of this process's descriptors.
const descriptors = "/proc/self/fd"

// keepMode gives a file the mode of an old one and, as far as the user may, its owner.
func keepMode(f *os.File, old fs.FileInfo) error {
	if s, ok := old.Sys().(*syscall.Stat_t); ok && f.Chown(int(s.Uid), int(s.Gid)) != nil {
		f.Chown(-1, int(s.Gid))
	}
	return f.Chmod(old.Mode().Perm())
}

// takeName lets a whole file take its name. To replace another, a nameless file needs a
// temporary name for a moment: no system call links over a file.
func (o *output) takeName() error {
	if o.hidden != "" {
		return o.rename()
	}
	err := link(o.temp, o.path)
	o.fresh = err == nil
	if !o.force || !errors.Is(err, fs.ErrExist) {
		return err
	}
	name := hiddenName(dirOf(o.path))
	if err := link(o.temp, name); err != nil {
		return err
	}
	o.hidden = name
	return o.rename()
}

func link(f *os.File, name string) error {
	from := fmt.Sprintf("%s/%d", descriptors, f.Fd())
	return unix.Linkat(unix.AT_FDCWD, from, unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
}

// renameNew renames a file to a free name by whatever the file system can do: a rename
// that replaces nothing, a link, or a look before a rename.
func renameNew(old, new string) error {
	err := unix.Renameat2(unix.AT_FDCWD, old, unix.AT_FDCWD, new, unix.RENAME_NOREPLACE)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	switch err := os.Link(old, new); {
	case err == nil:
		return os.Remove(old)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	return renameFree(old, new)
}

// beginFlush has a file go to the disk, and does not wait.
func beginFlush(f *os.File) {
	unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE) // flush says what goes wrong
}

// flush waits until a file is on the disk.
func flush(f *os.File) error {
	err := f.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return nil // not a file system that can tell
	}
	return err
}

// flushDir waits until the names of a directory are on the disk. One may be allowed to
// write a directory and not to open it.
func flushDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	return flush(d)
}

// descriptor is the number in a name of one of this process's descriptors, such as
// /dev/fd/1.
func descriptor(name string) (fd int, ok bool) {
	dir, base := filepath.Split(name)
	n, err := strconv.ParseUint(base, 10, 31)
	if err != nil {
		return 0, false
	}
	own, err := filepath.EvalSymlinks(descriptors)
	if err != nil {
		return 0, false
	}
	dir, err = filepath.EvalSymlinks(dir)
	return int(n), err == nil && dir == own
}

// openDescriptor duplicates a descriptor that this process was started with. Those that
// it has opened since are closed on exec.
func openDescriptor(fd int) (*os.File, error) {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err == nil && flags&unix.FD_CLOEXEC != 0 {
		err = unix.EBADF
	}
	if err != nil {
		return nil, err
	}
	fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	return os.NewFile(uintptr(fd), ""), err
}

// wasClosed tells whether f, a standard stream, was closed when the program was started:
// the runtime has then opened /dev/null in its place, for reading and writing. A parent
// that wants no output may have done the same, as Python's subprocess.DEVNULL does.
func wasClosed(f *os.File) bool {
	var s unix.Stat_t
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR &&
		unix.Fstat(int(f.Fd()), &s) == nil && s.Mode&unix.S_IFMT == unix.S_IFCHR && uint64(s.Rdev) == unix.Mkdev(1, 3)
}
