//go:build !purego

package transform

// inversePairs writes the samples of what a kernel has, in rows stride bytes apart: around the centre,
// or on what is predicted, where that is not nil.
//
//go:noescape
func inversePairs(k *inverseKernel, dst *uint16, stride int, predicted *uint16)

// forwardPairs writes the coefficients of samples in rows stride bytes apart.
//
//go:noescape
func forwardPairs(k *forwardKernel, out *int32, pix *uint16, stride int)
