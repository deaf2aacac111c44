//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA forwards<>+0(SB)/4, $(((const_maxSample+1)/2<<16)+(const_maxSample+1)/2)
DATA forwards<>+4(SB)/4, $(1<<(const_forwardShift2-1))
GLOBL forwards<>(SB), RODATA, $8

// func forwardPairs(k *forwardKernel, out *int32, pix *uint16, stride int)
TEXT ·forwardPairs(SB), NOSPLIT, $0-32
	MOVQ k+0(FP), DI
	MOVQ forwardKernel_table(DI), DX
	MOVQ forwardKernel_n(DI), R8
	LEAQ (R8*4), R9 // bytes of a row of pairs
	MOVQ R8, R10
	SHRQ $1, R10 // pairs

	// Samples by twos, one below the other.
	VPBROADCASTD forwards<>+0(SB), Y15
	MOVQ pix+16(FP), SI
	MOVQ stride+24(FP), R11
	LEAQ forwardKernel_pairs(DI), R13
	MOVQ R10, CX
rows:
	XORQ BX, BX
	LEAQ (SI)(R11*1), R12
samples:
	VMOVDQU (SI)(BX*2), X0
	VMOVDQU (R12)(BX*2), X1
	VPSUBW X15, X0, X0
	VPSUBW X15, X1, X1
	VPUNPCKLWD X1, X0, X2
	VPUNPCKHWD X1, X0, X3
	VMOVDQU X2, (R13)(BX*4)
	VMOVDQU X3, 16(R13)(BX*4)
	ADDQ $8, BX
	CMPQ BX, R8
	JL samples
	LEAQ (SI)(R11*2), SI
	ADDQ R9, R13
	DECQ CX
	JNZ rows

	// Down the columns AX and AX+1, for 8 frequencies at a time.
	VPBROADCASTD forwardKernel_round(DI), Y8
	VMOVD forwardKernel_shift(DI), X9
	LEAQ forwardKernel_sums(DI), R11
	XORQ AX, AX
columns:
	XORQ BX, BX // first frequency
block1:
	VMOVDQA Y8, Y0
	VMOVDQA Y8, Y1
	LEAQ (DX)(BX*4), R12
	LEAQ forwardKernel_pairs(DI)(AX*4), R13
	MOVQ R10, CX
next1:
	VMOVDQU (R12), Y2
	VPBROADCASTD (R13), Y3
	VPBROADCASTD 4(R13), Y4
	VPMADDWD Y2, Y3, Y3
	VPMADDWD Y2, Y4, Y4
	VPADDD Y3, Y0, Y0
	VPADDD Y4, Y1, Y1
	ADDQ R9, R12
	ADDQ R9, R13
	DECQ CX
	JNZ next1
	VPSRAD X9, Y0, Y0
	VPSRAD X9, Y1, Y1
	VPSLLD $16, Y1, Y1
	VPBLENDW $0xAA, Y1, Y0, Y0
	VMOVDQU Y0, (R11)(BX*4)
	ADDQ $8, BX
	CMPQ BX, R8
	JL block1
	ADDQ R9, R11
	ADDQ $2, AX
	CMPQ AX, R8
	JL columns

	// Along the rows: frequency AX, for 8 vertical ones at a time.
	VPBROADCASTD forwards<>+4(SB), Y8
	MOVQ out+8(FP), SI
	XORQ AX, AX
frequency:
	XORQ BX, BX // first vertical frequency
block2:
	VMOVDQA Y8, Y0
	LEAQ (DX)(AX*4), R12
	LEAQ forwardKernel_sums(DI)(BX*4), R13
	MOVQ R10, CX
next2:
	VPBROADCASTD (R12), Y1
	VPMADDWD (R13), Y1, Y1
	VPADDD Y1, Y0, Y0
	ADDQ R9, R12
	ADDQ R9, R13
	DECQ CX
	JNZ next2
	VPSRAD $const_forwardShift2, Y0, Y0
	VMOVDQU Y0, (SI)(BX*4)
	ADDQ $8, BX
	CMPQ BX, R8
	JL block2
	ADDQ R9, SI
	INCQ AX
	CMPQ AX, R8
	JL frequency
	VZEROUPPER
	RET
