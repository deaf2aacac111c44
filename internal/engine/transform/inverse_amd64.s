//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA roundings<>+0(SB)/4, $(1<<(const_basisBits-1))
DATA roundings<>+4(SB)/4, $const_maxSample
DATA roundings<>+8(SB)/4, $((const_maxSample+1)/2)
GLOBL roundings<>(SB), RODATA, $12

// func inversePairs(k *inverseKernel, dst *uint16, stride int, predicted *uint16)
TEXT ·inversePairs(SB), NOSPLIT, $0-32
	MOVQ k+0(FP), DI
	MOVQ inverseKernel_table(DI), DX
	MOVQ inverseKernel_n(DI), R8
	LEAQ (R8*4), R9 // bytes of a row of pairs
	LEAQ (R8*2), R10 // of a row of samples
	VPBROADCASTD roundings<>+0(SB), Y8

	// Over the vertical frequencies: row AX of sums, for 8 horizontal ones at a time.
	XORQ AX, AX
	LEAQ inverseKernel_sums(DI), R11
row1:
	XORQ BX, BX // first horizontal frequency
block1:
	VMOVDQA Y8, Y0
	LEAQ (DX)(AX*4), R12
	LEAQ inverseKernel_pairs(DI)(BX*4), R13
	MOVQ inverseKernel_down(DI), CX
next1:
	VPBROADCASTD (R12), Y1
	VPMADDWD (R13), Y1, Y1
	VPADDD Y1, Y0, Y0
	ADDQ R9, R12
	ADDQ R9, R13
	DECQ CX
	JNZ next1
	VPSRAD $const_basisBits, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKSSDW X1, X0, X0
	VMOVDQU X0, (R11)(BX*2)
	ADDQ $8, BX
	CMPQ BX, inverseKernel_across(DI)
	JL block1
	ADDQ R10, R11
	INCQ AX
	CMPQ AX, R8
	JL row1

	// Over the horizontal frequencies: row AX of samples, 8 at a time.
	VPBROADCASTD inverseKernel_offset(DI), Y8
	VMOVD inverseKernel_shift(DI), X9
	VPBROADCASTD roundings<>+4(SB), Y10
	VPBROADCASTD roundings<>+8(SB), Y11
	VPXOR Y12, Y12, Y12
	MOVQ inverseKernel_across(DI), R15
	SHRQ $1, R15
	MOVQ dst+8(FP), SI
	MOVQ predicted+24(FP), R14
	LEAQ inverseKernel_sums(DI), R11
	XORQ AX, AX
row2:
	XORQ BX, BX // first sample
block2:
	VMOVDQA Y8, Y0
	LEAQ (DX)(BX*4), R12
	MOVQ R11, R13
	MOVQ R15, CX
next2:
	VPBROADCASTD (R13), Y1
	VPMADDWD (R12), Y1, Y1
	VPADDD Y1, Y0, Y0
	ADDQ R9, R12
	ADDQ $4, R13
	DECQ CX
	JNZ next2
	VPSRAD X9, Y0, Y0
	TESTQ R14, R14
	JZ clamp
	VPMOVZXWD (R14)(BX*2), Y1
	VPSUBD Y11, Y1, Y1
	VPADDD Y1, Y0, Y0
clamp:
	VPMAXSD Y12, Y0, Y0
	VPMINSD Y10, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKUSDW X1, X0, X0
	VMOVDQU X0, (SI)(BX*2)
	ADDQ $8, BX
	CMPQ BX, R8
	JL block2
	ADDQ R10, R11
	TESTQ R14, R14
	JZ same
	ADDQ R10, R14
same:
	ADDQ stride+16(FP), SI
	INCQ AX
	CMPQ AX, R8
	JL row2
	VZEROUPPER
	RET
