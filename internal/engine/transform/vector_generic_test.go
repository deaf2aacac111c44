//go:build !amd64 || purego

package transform

func setVector(bool) bool { return vector }
