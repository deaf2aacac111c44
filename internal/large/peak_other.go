//go:build !linux

package main

import "errors"

func resetPeak() error { return errors.New("memory is measured on Linux only") }

func peak() (int64, error) { return 0, nil }
