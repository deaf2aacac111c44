//go:build !amd64 || purego

package transform

func deblockLeft(*uint16, int, *int16, int) { panic("transform: no kernels in this build") }

func deblockAbove(*uint16, int, *int16, int) { panic("transform: no kernels in this build") }
