//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA directionWords<>+0(SB)/4, $((8<<16)-8) // of eight samples further along a row
DATA directionWords<>+4(SB)/4, $2 // half of four
GLOBL directionWords<>(SB), RODATA, $8

// Weights of the samples beside a row, less n−1: (i+1)·2^16 − i.
DATA planarWeights<>+0(SB)/4, $0x10000
DATA planarWeights<>+4(SB)/4, $0x1ffff
DATA planarWeights<>+8(SB)/4, $0x2fffe
DATA planarWeights<>+12(SB)/4, $0x3fffd
DATA planarWeights<>+16(SB)/4, $0x4fffc
DATA planarWeights<>+20(SB)/4, $0x5fffb
DATA planarWeights<>+24(SB)/4, $0x6fffa
DATA planarWeights<>+28(SB)/4, $0x7fff9
GLOBL planarWeights<>(SB), RODATA, $32

// CONTINUE makes samples a that lie between two samples: a + (f·(b−a) + 16)/32, by f·2^10.
#define CONTINUE(a, b, f) \
	VPSUBW a, b, b; \
	VPMULHRSW f, b, b; \
	VPADDW b, a, a

// func continueRows(dst *uint16, n int, from *uint16, a int)
TEXT ·continueRows(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ n+8(FP), CX
	MOVQ from+16(FP), SI
	MOVQ a+24(FP), DX
	XORQ R8, R8
	MOVQ CX, R9

row:
	ADDQ DX, R8
	MOVQ R8, R10
	SARQ $5, R10
	LEAQ (SI)(R10*2), R10
	MOVQ R8, R11
	ANDQ $31, R11
	SHLQ $10, R11
	VMOVD R11, X0
	VPBROADCASTW X0, Y0
	CMPQ CX, $16
	JGE wide
	VMOVDQU (R10), X1
	VMOVDQU 2(R10), X2
	CONTINUE(X1, X2, X0)
	VMOVDQU X1, (DI)
	ADDQ $16, DI
	DECQ R9
	JNZ row
	VZEROUPPER
	RET

wide:
	VMOVDQU (R10), Y1
	VMOVDQU 2(R10), Y2
	CONTINUE(Y1, Y2, Y0)
	VMOVDQU Y1, (DI)
	ADDQ $32, DI
	CMPQ CX, $16
	JE done
	VMOVDQU 32(R10), Y1
	VMOVDQU 34(R10), Y2
	CONTINUE(Y1, Y2, Y0)
	VMOVDQU Y1, (DI)
	ADDQ $32, DI

done:
	DECQ R9
	JNZ row
	VZEROUPPER
	RET

// func smoothOutline(dst, src *uint16, n int)
TEXT ·smoothOutline(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	VPBROADCASTW directionWords<>+4(SB), Y3

next:
	VMOVDQU 2(SI), Y0
	VPADDW Y0, Y0, Y0
	VPADDW (SI), Y0, Y0
	VPADDW 4(SI), Y0, Y0
	VPADDW Y3, Y0, Y0
	VPSRLW $2, Y0, Y0
	VMOVDQU Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

// func transpose(dst, src *uint16, n int)
TEXT ·transpose(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	LEAQ (CX)(CX*1), DX // bytes of a row
	LEAQ (DX)(DX*2), R8
	MOVQ CX, R9
	SHRQ $3, R9
rows:
	MOVQ SI, R10
	MOVQ DI, R11
	MOVQ CX, R12
	SHRQ $3, R12
blocks:
	LEAQ (R10)(DX*4), R13
	VMOVDQU (R10), X0
	VMOVDQU (R10)(DX*1), X1
	VMOVDQU (R10)(DX*2), X2
	VMOVDQU (R10)(R8*1), X3
	VMOVDQU (R13), X4
	VMOVDQU (R13)(DX*1), X5
	VMOVDQU (R13)(DX*2), X6
	VMOVDQU (R13)(R8*1), X7
	VPUNPCKLWD X1, X0, X8
	VPUNPCKHWD X1, X0, X9
	VPUNPCKLWD X3, X2, X10
	VPUNPCKHWD X3, X2, X11
	VPUNPCKLWD X5, X4, X12
	VPUNPCKHWD X5, X4, X13
	VPUNPCKLWD X7, X6, X14
	VPUNPCKHWD X7, X6, X15
	VPUNPCKLDQ X10, X8, X0
	VPUNPCKHDQ X10, X8, X1
	VPUNPCKLDQ X11, X9, X2
	VPUNPCKHDQ X11, X9, X3
	VPUNPCKLDQ X14, X12, X4
	VPUNPCKHDQ X14, X12, X5
	VPUNPCKLDQ X15, X13, X6
	VPUNPCKHDQ X15, X13, X7
	VPUNPCKLQDQ X4, X0, X8
	VPUNPCKHQDQ X4, X0, X9
	VPUNPCKLQDQ X5, X1, X10
	VPUNPCKHQDQ X5, X1, X11
	VPUNPCKLQDQ X6, X2, X12
	VPUNPCKHQDQ X6, X2, X13
	VPUNPCKLQDQ X7, X3, X14
	VPUNPCKHQDQ X7, X3, X15
	LEAQ (R11)(DX*4), R13
	VMOVDQU X8, (R11)
	VMOVDQU X9, (R11)(DX*1)
	VMOVDQU X10, (R11)(DX*2)
	VMOVDQU X11, (R11)(R8*1)
	VMOVDQU X12, (R13)
	VMOVDQU X13, (R13)(DX*1)
	VMOVDQU X14, (R13)(DX*2)
	VMOVDQU X15, (R13)(R8*1)
	ADDQ $16, R10
	LEAQ (R11)(DX*8), R11
	DECQ R12
	JNZ blocks
	LEAQ (SI)(DX*8), SI
	ADDQ $16, DI
	DECQ R9
	JNZ rows
	RET

// func planarRows(dst *uint16, lg int, above, left *uint16, right, below int32)
TEXT ·planarRows(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ lg+8(FP), CX
	MOVQ above+16(FP), SI
	MOVQ left+24(FP), DX
	MOVL right+32(FP), R8
	MOVL below+36(FP), R9
	SHLL $16, R8
	SHLL $16, R9
	VMOVD R9, X0
	VPBROADCASTD X0, Y6 // below, of the higher weight
	MOVL $1, R9
	SHLL CX, R9 // n
	INCL CX
	VMOVD CX, X7
	VMOVD R9, X0
	VPBROADCASTD X0, Y8
	LEAL -1(R9), R10
	VMOVD R10, X0
	VPBROADCASTD X0, Y9
	VPADDD planarWeights<>(SB), Y9, Y9 // n−1−x, x+1
	VPBROADCASTD directionWords<>+0(SB), Y10
	MOVL R10, R11
	ORL $0x10000, R11 // n−1−y, y+1
	MOVL R9, R12
row:
	MOVWLZX (DX), R13
	ORL R8, R13
	VMOVD R13, X0
	VPBROADCASTD X0, Y0
	VMOVD R11, X1
	VPBROADCASTD X1, Y1
	VMOVDQA Y9, Y2
	MOVQ SI, R10
	MOVL R9, R13
next:
	VPMOVZXWD (R10), Y3
	VPOR Y6, Y3, Y3
	VPMADDWD Y1, Y3, Y3
	VPMADDWD Y0, Y2, Y4
	VPADDD Y4, Y3, Y3
	VPADDD Y8, Y3, Y3
	VPSRLD X7, Y3, Y3
	VEXTRACTI128 $1, Y3, X4
	VPACKUSDW X4, X3, X3
	VMOVDQU X3, (DI)
	VPADDD Y10, Y2, Y2
	ADDQ $16, R10
	ADDQ $16, DI
	SUBL $8, R13
	JNZ next
	SUBQ $2, DX
	ADDL $0xffff, R11
	DECL R12
	JNZ row
	VZEROUPPER
	RET

// func meansOfSquares(dst, above, below *uint16, n int)
TEXT ·meansOfSquares(SB), NOSPLIT, $0-32
	JMP ·meansOfRows(SB)

// func edgeCosines(out *int32, samples *int16, cosines *uint32, n int)
TEXT ·edgeCosines(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ cosines+16(FP), DX
	MOVQ n+24(FP), CX
	LEAQ (CX*4), R8 // from a pair of samples to the next
	MOVQ CX, R9
	SHRQ $3, R9

frequencies:
	MOVQ samples+8(FP), SI
	MOVQ DX, BX
	MOVQ CX, AX
	SHRQ $1, AX
	VPXOR Y0, Y0, Y0

pairs:
	VPBROADCASTD (SI), Y1
	VPMADDWD (BX), Y1, Y1
	VPADDD Y1, Y0, Y0
	ADDQ $4, SI
	ADDQ R8, BX
	DECQ AX
	JNZ pairs
	VPSRAD $const_edgeShift, Y0, Y0
	VMOVDQU Y0, (DI)
	ADDQ $32, DI
	ADDQ $32, DX
	DECQ R9
	JNZ frequencies
	VZEROUPPER
	RET

// The number of steps from straight by half of a displacement, up to 15; and words: signs of slopes across, and ones.
DATA slopeSteps<>+0(SB)/8, $0x0404030302020100
DATA slopeSteps<>+8(SB)/8, $0x0807070706060505
DATA slopeSteps<>+16(SB)/4, $0x0001ffff
DATA slopeSteps<>+20(SB)/4, $0x00010001
DATA slopeSteps<>+24(SB)/4, $(const_leastSlope-1)
DATA slopeSteps<>+28(SB)/4, $0x42000000 // 32, as a float
DATA slopeSteps<>+32(SB)/4, $15
DATA slopeSteps<>+36(SB)/4, $const_fromAbove
DATA slopeSteps<>+40(SB)/4, $(const_fromLeft-const_fromAbove)
GLOBL slopeSteps<>(SB), RODATA, $44

// COUNT adds the weight of a slope to what is counted of its direction.
#define COUNT(i) \
	MOVL slopes-64+4*i(SP), AX; \
	MOVL slopes-32+4*i(SP), DX; \
	ADDL DX, (DI)(AX*4)

// func countSlopes(counts *[nAngles]int32, pix *uint16, stride int)
TEXT ·countSlopes(SB), NOSPLIT, $64-24
	MOVQ counts+0(FP), DI
	MOVQ pix+8(FP), SI
	MOVQ stride+16(FP), R8
	ADDQ R8, R8
	LEAQ (R8)(R8*2), R9
	VPBROADCASTD slopeSteps<>+16(SB), Y8
	VPBROADCASTD slopeSteps<>+20(SB), Y9
	VPBROADCASTD slopeSteps<>+24(SB), Y10
	VPBROADCASTD slopeSteps<>+28(SB), Y11
	VPBROADCASTD slopeSteps<>+32(SB), Y12
	VPBROADCASTD slopeSteps<>+36(SB), Y13
	VPBROADCASTD slopeSteps<>+40(SB), Y14
	VBROADCASTI128 slopeSteps<>+0(SB), Y15
	MOVQ $2, R10

rows:
	VMOVDQU (SI), X0
	VMOVDQU (SI)(R8*1), X1
	VINSERTI128 $1, (SI)(R8*2), Y0, Y0
	VINSERTI128 $1, (SI)(R9*1), Y1, Y1
	VPMADDWD Y8, Y0, Y2
	VPMADDWD Y8, Y1, Y3
	VPADDD Y3, Y2, Y2 // across
	VPMADDWD Y9, Y0, Y0
	VPMADDWD Y9, Y1, Y1
	VPSUBD Y0, Y1, Y1 // down
	VPABSD Y2, Y3
	VPABSD Y1, Y4
	VPXOR Y1, Y2, Y1
	VPSRAD $31, Y1, Y1 // whether their signs differ
	VPCMPGTD Y3, Y4, Y2 // whether it is from the left
	VPMAXSD Y3, Y4, Y5
	VPMINSD Y3, Y4, Y6
	VPADDD Y3, Y4, Y4
	VPCMPGTD Y10, Y4, Y4
	VPAND Y5, Y4, Y7 // weights
	// Both are below 2¹⁴ and exact, and a quotient up to 32 is an integer or 2⁻¹⁴ from one, more than it is rounded by: what is cut
	// off is what integers cut off.
	VCVTDQ2PS Y5, Y5
	VCVTDQ2PS Y6, Y6
	VMULPS Y11, Y6, Y6
	VDIVPS Y5, Y6, Y6
	VCVTTPS2DQ Y6, Y6
	VPAND Y4, Y6, Y6
	VPSRLD $1, Y6, Y6
	VPMINUD Y12, Y6, Y6
	VPSHUFB Y6, Y15, Y6
	VPXOR Y2, Y1, Y1 // whether steps count down
	VPAND Y14, Y2, Y2
	VPADDD Y13, Y2, Y2
	VPXOR Y1, Y6, Y6
	VPSUBD Y1, Y6, Y6
	VPADDD Y6, Y2, Y2
	VMOVDQU Y2, slopes-64(SP)
	VMOVDQU Y7, slopes-32(SP)
	COUNT(0)
	COUNT(1)
	COUNT(2)
	COUNT(3)
	COUNT(4)
	COUNT(5)
	COUNT(6)
	COUNT(7)
	LEAQ (SI)(R8*4), SI
	DECQ R10
	JNZ rows
	VZEROUPPER
	RET
