//go:build !amd64 || purego

package chroma

const vector = false

func rgb8(*byte, *uint16, *uint32, int) int { panic("chroma: no kernels in this build") }

func rows420(_, _, _, _ *uint16, _, _ *byte, _, _ int) { panic("chroma: no kernels in this build") }
