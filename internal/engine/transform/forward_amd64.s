//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA forwards<>+0(SB)/4, $((const_maxSample+1)<<16+const_maxSample+1)
DATA forwards<>+4(SB)/4, $(1<<(const_forwardShift2-1))
GLOBL forwards<>(SB), RODATA, $8

// TIMES adds the products of values and cosines to a sum.
#define TIMES(cosines, values, sum) \
	VPMADDWD cosines, values, Y14; \
	VPADDD Y14, sum, sum

// FOLD writes the sums of two pairs of mirrored columns after the first pass, x and n − 1 − x, and their differences.
#define FOLD(x, x1, mirror, mirror1, at) \
	VPSRAD X12, x, x; \
	VPSRAD X12, x1, x1; \
	VPSRAD X12, mirror, mirror; \
	VPSRAD X12, mirror1, mirror1; \
	VPADDD mirror, x, Y14; \
	VPADDD mirror1, x1, Y15; \
	VPSUBD mirror, x, x; \
	VPSUBD mirror1, x1, x1; \
	VPSLLD $16, Y15, Y15; \
	VPSLLD $16, x1, x1; \
	VPBLENDW $0xAA, Y15, Y14, Y14; \
	VPBLENDW $0xAA, x1, x, x; \
	VMOVDQU Y14, at(R11)(BX*4); \
	VMOVDQU x, at+(const_maxN*const_maxN)(R11)(BX*4)

// COEFS writes 8 coefficients.
#define COEFS(sum, to) \
	VPSRAD $const_forwardShift2, sum, sum; \
	VMOVDQU sum, to

// func forwardPairs(k *forwardKernel, out *int32, pix *uint16, stride int)
TEXT ·forwardPairs(SB), NOSPLIT, $0-32
	MOVQ k+0(FP), DI
	MOVQ forwardKernel_table(DI), DX
	MOVQ forwardKernel_n(DI), R8
	LEAQ (R8*4), R9 // bytes of a row of cosines
	MOVQ R8, R10
	SHRQ $2, R10 // pairs

	// Sums and differences of mirrored rows, by twos, one below the other.
	VPBROADCASTD forwards<>+0(SB), X15
	MOVQ pix+16(FP), SI
	MOVQ stride+24(FP), R11
	LEAQ -1(R8), R12
	IMULQ R11, R12
	ADDQ SI, R12 // the last row
	LEAQ forwardKernel_folded(DI), R13
	MOVQ R10, CX
rows:
	LEAQ (SI)(R11*1), AX
	SUBQ R11, R12 // the row before the mirrored one
	XORQ BX, BX
samples:
	VMOVDQU (SI)(BX*2), X0
	VMOVDQU (AX)(BX*2), X1
	LEAQ (R12)(R11*1), R14
	VMOVDQU (R14)(BX*2), X2
	VMOVDQU (R12)(BX*2), X3
	VPADDW X2, X0, X4
	VPADDW X3, X1, X5
	VPSUBW X2, X0, X6
	VPSUBW X3, X1, X7
	VPSUBW X15, X4, X4
	VPSUBW X15, X5, X5
	VPUNPCKLWD X5, X4, X0
	VPUNPCKHWD X5, X4, X1
	VPUNPCKLWD X7, X6, X2
	VPUNPCKHWD X7, X6, X3
	VPUNPCKLDQ X2, X0, X4
	VPUNPCKHDQ X2, X0, X5
	VPUNPCKLDQ X3, X1, X6
	VPUNPCKHDQ X3, X1, X7
	VMOVDQU X4, (R13)(BX*8)
	VMOVDQU X5, 16(R13)(BX*8)
	VMOVDQU X6, 32(R13)(BX*8)
	VMOVDQU X7, 48(R13)(BX*8)
	ADDQ $8, BX
	CMPQ BX, R8
	JLT samples
	LEAQ (SI)(R11*2), SI
	SUBQ R11, R12
	LEAQ (R13)(R9*2), R13
	DECQ CX
	JNZ rows

	// Down the columns AX and AX + 1, and those mirrored, for 16 frequencies at a time, of which even ones take sums
	// and odd ones differences.
	VPBROADCASTD forwardKernel_round(DI), Y13
	VMOVD forwardKernel_shift(DI), X12
	LEAQ forwardKernel_sums(DI), R11
	LEAQ forwardKernel_folded(DI), SI
	LEAQ -16(SI)(R8*8), R14
	XORQ AX, AX
columns:
	XORQ BX, BX // first frequency
	CMPQ R8, $8
	JE narrow1
wide1:
	VMOVDQA Y13, Y0
	VMOVDQA Y13, Y1
	VMOVDQA Y13, Y2
	VMOVDQA Y13, Y3
	VMOVDQA Y13, Y4
	VMOVDQA Y13, Y5
	VMOVDQA Y13, Y6
	VMOVDQA Y13, Y7
	LEAQ (DX)(BX*4), R12
	MOVQ SI, R13
	MOVQ R14, R15
	MOVQ R10, CX
next1:
	VMOVDQU (R12), Y8
	VMOVDQU 32(R12), Y9
	VPBROADCASTQ (R13), Y10
	VPBROADCASTQ 8(R13), Y11
	TIMES(Y8, Y10, Y0)
	TIMES(Y9, Y10, Y1)
	TIMES(Y8, Y11, Y2)
	TIMES(Y9, Y11, Y3)
	VPBROADCASTQ 8(R15), Y10
	VPBROADCASTQ (R15), Y11
	TIMES(Y8, Y10, Y4)
	TIMES(Y9, Y10, Y5)
	TIMES(Y8, Y11, Y6)
	TIMES(Y9, Y11, Y7)
	ADDQ R9, R12
	LEAQ (R13)(R9*2), R13
	LEAQ (R15)(R9*2), R15
	DECQ CX
	JNZ next1
	FOLD(Y0, Y2, Y4, Y6, 0)
	FOLD(Y1, Y3, Y5, Y7, 32)
	ADDQ $16, BX
	CMPQ BX, R8
	JLT wide1
	JMP done1
narrow1:
	VMOVDQU (DX), Y8
	VMOVDQU 32(DX), Y9
	VPBROADCASTQ (SI), Y0
	VPBROADCASTQ 8(SI), Y1
	VPBROADCASTQ 8(R14), Y2
	VPBROADCASTQ (R14), Y3
	VPMADDWD Y8, Y0, Y0
	VPMADDWD Y8, Y1, Y1
	VPMADDWD Y8, Y2, Y2
	VPMADDWD Y8, Y3, Y3
	VPADDD Y13, Y0, Y0
	VPADDD Y13, Y1, Y1
	VPADDD Y13, Y2, Y2
	VPADDD Y13, Y3, Y3
	VPBROADCASTQ 64(SI), Y4
	VPBROADCASTQ 72(SI), Y5
	VPBROADCASTQ 72(R14), Y6
	VPBROADCASTQ 64(R14), Y7
	TIMES(Y9, Y4, Y0)
	TIMES(Y9, Y5, Y1)
	TIMES(Y9, Y6, Y2)
	TIMES(Y9, Y7, Y3)
	FOLD(Y0, Y1, Y2, Y3, 0)
done1:
	ADDQ $16, SI
	SUBQ $16, R14
	ADDQ R9, R11
	ADDQ $2, AX
	LEAQ (AX)(AX*1), BX
	CMPQ BX, R8
	JLT columns

	// Along the rows: frequencies AX, AX + 2, AX + 4, AX + 6, for 16 vertical ones at a time.
	VPBROADCASTD forwards<>+4(SB), Y13
	LEAQ forwardKernel_sums(DI), R11
	XORQ R14, R14
parity:
	MOVQ R14, AX
frequencies:
	MOVQ AX, SI
	IMULQ R9, SI
	ADDQ out+8(FP), SI
	LEAQ (SI)(R9*4), R15
	XORQ BX, BX // first vertical frequency
	CMPQ R8, $8
	JE narrow2
wide2:
	VMOVDQA Y13, Y0
	VMOVDQA Y13, Y1
	VMOVDQA Y13, Y2
	VMOVDQA Y13, Y3
	VMOVDQA Y13, Y4
	VMOVDQA Y13, Y5
	VMOVDQA Y13, Y6
	VMOVDQA Y13, Y7
	LEAQ (DX)(AX*4), R12
	LEAQ (R11)(BX*4), R13
	MOVQ R10, CX
next2:
	VMOVDQU (R13), Y8
	VMOVDQU 32(R13), Y9
	VPBROADCASTD (R12), Y10
	VPBROADCASTD 8(R12), Y11
	TIMES(Y8, Y10, Y0)
	TIMES(Y9, Y10, Y1)
	TIMES(Y8, Y11, Y2)
	TIMES(Y9, Y11, Y3)
	VPBROADCASTD 16(R12), Y10
	VPBROADCASTD 24(R12), Y11
	TIMES(Y8, Y10, Y4)
	TIMES(Y9, Y10, Y5)
	TIMES(Y8, Y11, Y6)
	TIMES(Y9, Y11, Y7)
	ADDQ R9, R12
	ADDQ R9, R13
	DECQ CX
	JNZ next2
	LEAQ (SI)(BX*4), R12
	LEAQ (R15)(BX*4), R13
	COEFS(Y0, (R12))
	COEFS(Y1, 32(R12))
	COEFS(Y2, (R12)(R9*2))
	COEFS(Y3, 32(R12)(R9*2))
	COEFS(Y4, (R13))
	COEFS(Y5, 32(R13))
	COEFS(Y6, (R13)(R9*2))
	COEFS(Y7, 32(R13)(R9*2))
	ADDQ $16, BX
	CMPQ BX, R8
	JLT wide2
	JMP done2
narrow2:
	LEAQ (DX)(AX*4), R12
	VMOVDQU (R11), Y8
	VMOVDQU 32(R11), Y9
	VPBROADCASTD (R12), Y0
	VPBROADCASTD 8(R12), Y1
	VPBROADCASTD 16(R12), Y2
	VPBROADCASTD 24(R12), Y3
	VPMADDWD Y8, Y0, Y0
	VPMADDWD Y8, Y1, Y1
	VPMADDWD Y8, Y2, Y2
	VPMADDWD Y8, Y3, Y3
	VPADDD Y13, Y0, Y0
	VPADDD Y13, Y1, Y1
	VPADDD Y13, Y2, Y2
	VPADDD Y13, Y3, Y3
	VPBROADCASTD 32(R12), Y4
	VPBROADCASTD 40(R12), Y5
	VPBROADCASTD 48(R12), Y6
	VPBROADCASTD 56(R12), Y7
	TIMES(Y9, Y4, Y0)
	TIMES(Y9, Y5, Y1)
	TIMES(Y9, Y6, Y2)
	TIMES(Y9, Y7, Y3)
	COEFS(Y0, (SI))
	COEFS(Y1, (SI)(R9*2))
	COEFS(Y2, (R15))
	COEFS(Y3, (R15)(R9*2))
done2:
	ADDQ $8, AX
	CMPQ AX, R8
	JLT frequencies
	ADDQ $(const_maxN*const_maxN), R11
	INCQ R14
	CMPQ R14, $2
	JLT parity
	VZEROUPPER
	RET
