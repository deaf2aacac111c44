//go:build !linux

package main

import (
	"errors"
	"io/fs"
	"os"
)

// openTemp creates a file with a temporary name.
func openTemp(dir string) (*os.File, string, error) { return openHidden(dir) }

// keepMode gives a file the mode of an old one.
func keepMode(f *os.File, old fs.FileInfo) error { return f.Chmod(old.Mode().Perm()) }

// takeName lets a whole file take its name.
func (o *output) takeName() error { return o.rename() }

func renameNew(old, new string) error { return renameFree(old, new) }

// Files and their names reach the disk when the system writes them.
func beginFlush(*os.File)   {}
func flush(*os.File) error  { return nil }
func flushDir(string) error { return nil }

// What stands for a descriptor is a device here.
func descriptor(string) (int, bool)        { return 0, false }
func openDescriptor(int) (*os.File, error) { return nil, errors.ErrUnsupported }
func wasClosed(*os.File) bool              { return false }
