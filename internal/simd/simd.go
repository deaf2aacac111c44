// Package simd tells which vector instructions kernels may use beyond AVX2, for which each package asks by itself.
package simd

import "golang.org/x/sys/cpu"

// Wide tells whether kernels for AVX-512 run: registers of 512 bits and masks (F, BW, DQ, VL), bytes permuted and compressed (VBMI,
// VBMI2), and products that are added to sums (VNNI). Intel's processors have all of them since Ice Lake, AMD's since Zen 4. It takes
// AVX2 as well, so that what switches that off leaves plain Go.
var Wide = cpu.X86.HasAVX2 && cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL &&
	cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512VBMI2 && cpu.X86.HasAVX512VNNI
