//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA windowWords<>+0(SB)/4, $0x00010001
DATA windowWords<>+4(SB)/4, $2
GLOBL windowWords<>(SB), RODATA, $8

// func copySamples(dst *byte, row *uint16, n int)
TEXT ·copySamples(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ n+16(FP), CX
next:
	MOVOU (SI), X0
	MOVOU X0, (DI)
	ADDQ $16, SI
	ADDQ $16, DI
	DECQ CX
	JNZ next
	RET

// SIDES repeats the first and the last sample of a row of CX bytes, the latter being at last.
#define SIDES(first, last) \
	VPBROADCASTW first, X0; \
	VMOVQ X0, (DI); \
	VPBROADCASTW last, X0; \
	VMOVQ X0, (2*const_windowRim)(DI)(CX*1)

// func takeWholeRows(dst *byte, rows *uint16, width, n int)
TEXT ·takeWholeRows(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ width+16(FP), CX
	MOVQ n+24(FP), DX
	SHLQ $1, CX
row:
	XORQ AX, AX
next:
	VMOVDQU (SI)(AX*1), Y0
	VMOVDQU Y0, (2*const_windowRim)(DI)(AX*1)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT next
	SIDES((SI), -2(SI)(CX*1))
	ADDQ CX, SI
	ADDQ $const_rowBytes, DI
	DECQ DX
	JNZ row
	VZEROUPPER
	RET

// func takeWholeMeans(dst *byte, rows *uint16, width, n int)
TEXT ·takeWholeMeans(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ width+16(FP), CX
	MOVQ n+24(FP), DX
	SHLQ $1, CX
	LEAQ (SI)(CX*2), R8
	VPBROADCASTD windowWords<>+0(SB), Y8
	VPBROADCASTD windowWords<>+4(SB), Y9
row:
	XORQ AX, AX
next:
	VMOVDQU (SI)(AX*2), Y0
	VMOVDQU 32(SI)(AX*2), Y1
	VPADDW (R8)(AX*2), Y0, Y0
	VPADDW 32(R8)(AX*2), Y1, Y1
	VPMADDWD Y8, Y0, Y0
	VPMADDWD Y8, Y1, Y1
	VPADDD Y9, Y0, Y0
	VPADDD Y9, Y1, Y1
	VPSRLD $2, Y0, Y0
	VPSRLD $2, Y1, Y1
	VPACKUSDW Y1, Y0, Y0
	VPERMQ $0xD8, Y0, Y0
	VMOVDQU Y0, (2*const_windowRim)(DI)(AX*1)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT next
	SIDES((2*const_windowRim)(DI), (2*const_windowRim-2)(DI)(CX*1))
	LEAQ (SI)(CX*4), SI
	LEAQ (R8)(CX*4), R8
	ADDQ $const_rowBytes, DI
	DECQ DX
	JNZ row
	VZEROUPPER
	RET

// func meansOfRows(dst *byte, above, below *uint16, n int)
TEXT ·meansOfRows(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ above+8(FP), SI
	MOVQ below+16(FP), DX
	MOVQ n+24(FP), CX
	VPBROADCASTD windowWords<>+0(SB), Y8
	VPBROADCASTD windowWords<>+4(SB), Y9
next:
	VMOVDQU (SI), Y0
	VPADDW (DX), Y0, Y0
	VPMADDWD Y8, Y0, Y0
	VPADDD Y9, Y0, Y0
	VPSRLD $2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKUSDW X1, X0, X0
	VMOVDQU X0, (DI)
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $16, DI
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

// BEND adds |2x − a − b| to a sum, x being in Y0 twice.
#define BEND(a, b, sum) \
	VPSUBW a, Y0, Y1; \
	VPSUBW b, Y1, Y1; \
	VPABSW Y1, Y1; \
	VPADDW Y1, sum, sum

// BENDS adds those of a row along rows, columns and both diagonals to Y4 … Y7; at is in bytes.
#define BENDS(at) \
	VMOVDQU (at)(SI), Y0; \
	VPADDW Y0, Y0, Y0; \
	BEND((at-2)(SI), (at+2)(SI), Y4); \
	BEND((at-const_rowBytes)(SI), (at+const_rowBytes)(SI), Y5); \
	BEND((at-const_rowBytes-2)(SI), (at+const_rowBytes+2)(SI), Y6); \
	BEND((at-const_rowBytes+2)(SI), (at+const_rowBytes-2)(SI), Y7)

// func bendsOfRow(dst *[4]int32, pix *byte, n int)
TEXT ·bendsOfRow(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ pix+8(FP), SI
	MOVQ n+16(FP), CX
	VPBROADCASTD windowWords<>+0(SB), Y8
next:
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7
	BENDS(0)
	BENDS(2*const_rowBytes)
	VPMADDWD Y8, Y4, Y4
	VPMADDWD Y8, Y5, Y5
	VPMADDWD Y8, Y6, Y6
	VPMADDWD Y8, Y7, Y7
	VPHADDD Y5, Y4, Y4 // in each half two corners of the first, two of the second
	VPHADDD Y7, Y6, Y6
	VSHUFPS $0x88, Y6, Y4, Y5
	VSHUFPS $0xDD, Y6, Y4, Y7
	VMOVDQU X5, (DI)
	VMOVDQU X7, 16(DI)
	VEXTRACTI128 $1, Y5, 32(DI)
	VEXTRACTI128 $1, Y7, 48(DI)
	ADDQ $64, DI
	ADDQ $32, SI
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

DATA lastEstimate<>+0(SB)/4, $255
GLOBL lastEstimate<>(SB), RODATA, $4

// func estimateSums(coefs, predicted *int32, n int, cost *[256]int32, reciprocal uint32) int64
TEXT ·estimateSums(SB), NOSPLIT, $0-48
	MOVQ coefs+0(FP), SI
	MOVQ predicted+8(FP), DX
	MOVQ n+16(FP), CX
	MOVQ cost+24(FP), BX
	MOVL reciprocal+32(FP), AX
	VMOVD AX, X8
	VPBROADCASTD X8, Y8
	VPBROADCASTD lastEstimate<>(SB), Y9
	VPXOR Y7, Y7, Y7
next:
	VMOVDQU (SI), Y0
	VPSUBD (DX), Y0, Y0
	VPABSD Y0, Y0
	VPSRLQ $32, Y0, Y1
	VPMULUDQ Y8, Y0, Y0
	VPMULUDQ Y8, Y1, Y1
	VPSRLQ $32, Y0, Y0
	VPBLENDD $0xAA, Y1, Y0, Y0 // the high halves of all products
	VPMINUD Y9, Y0, Y0
	VPCMPEQD Y2, Y2, Y2
	VPGATHERDD Y2, (BX)(Y0*4), Y1
	VPADDD Y1, Y7, Y7
	ADDQ $32, SI
	ADDQ $32, DX
	DECQ CX
	JNZ next
	VEXTRACTI128 $1, Y7, X0
	VPADDD X0, X7, X7
	VPHADDD X7, X7, X7
	VPHADDD X7, X7, X7
	VMOVD X7, AX
	MOVQ AX, ret+40(FP)
	VZEROUPPER
	RET

// func subtract(dst, a, b *int32, n int)
TEXT ·subtract(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX
next:
	VMOVDQU (SI), Y0
	VPSUBD (DX), Y0, Y0
	VMOVDQU Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $32, DI
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

// Eight blocks, those of even numbers first.
DATA evenBlocks<>+0(SB)/8, $0x0000000200000000
DATA evenBlocks<>+8(SB)/8, $0x0000000600000004
DATA evenBlocks<>+16(SB)/8, $0x0000000300000001
DATA evenBlocks<>+24(SB)/8, $0x0000000700000005
GLOBL evenBlocks<>(SB), RODATA, $32

DATA classWords<>+0(SB)/4, $(const_activities-2)
DATA classWords<>+4(SB)/4, $4
DATA classWords<>+8(SB)/4, $1
DATA classWords<>+12(SB)/4, $2
GLOBL classWords<>(SB), RODATA, $16

// GRADIENTS sums up what is around two blocks.
#define GRADIENTS(at, y) \
	VMOVDQU at(SI), y; \
	VPADDD (at+16)(SI), y, y; \
	VPADDD at(DX), y, y; \
	VPADDD (at+16)(DX), y, y

// REACHES counts down where the activity in Y4 does not reach a bound times the steps in Y15.
#define REACHES(i) \
	VPBROADCASTD (4*i)(BX), Y6; \
	VPMULLD Y15, Y6, Y6; \
	VPCMPGTD Y4, Y6, Y6; \
	VPADDD Y6, Y5, Y5

// func classesOfRow(dst *int8, upper, lower *[4]int32, steps *int32, n int, bounds *[activities - 1]int32)
TEXT ·classesOfRow(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ upper+8(FP), SI
	MOVQ lower+16(FP), DX
	MOVQ steps+24(FP), R8
	MOVQ n+32(FP), CX
	MOVQ bounds+40(FP), BX
next:
	GRADIENTS(0, Y4)
	GRADIENTS(32, Y5)
	GRADIENTS(64, Y6)
	GRADIENTS(96, Y7)
	VPUNPCKLDQ Y5, Y4, Y8
	VPUNPCKHDQ Y5, Y4, Y9
	VPUNPCKLDQ Y7, Y6, Y10
	VPUNPCKHDQ Y7, Y6, Y11
	VPUNPCKLQDQ Y10, Y8, Y0
	VPUNPCKHQDQ Y10, Y8, Y1
	VPUNPCKLQDQ Y11, Y9, Y2
	VPUNPCKHQDQ Y11, Y9, Y3

	// Activities in Y5.
	VMOVDQU evenBlocks<>(SB), Y15
	VPERMD (R8), Y15, Y15
	VPADDD Y1, Y0, Y4
	VPBROADCASTD classWords<>+0(SB), Y5
	REACHES(0)
	REACHES(1)
	REACHES(2)
	REACHES(3)
	REACHES(4)
	REACHES(5)

	// Straight in Y6, across in Y7, whether the second one is larger in Y8; the same of diagonals in Y9 … Y11.
	VPBROADCASTD classWords<>+4(SB), Y15
	VPMAXSD Y1, Y0, Y6
	VPMINSD Y1, Y0, Y7
	VPCMPGTD Y0, Y1, Y8
	VPMAXSD Y3, Y2, Y9
	VPMINSD Y3, Y2, Y10
	VPCMPGTD Y2, Y3, Y11
	VPADDD Y15, Y6, Y6
	VPADDD Y15, Y7, Y7
	VPADDD Y15, Y9, Y9
	VPADDD Y15, Y10, Y10

	// Where straight·aslant is more than slanted·across: of even blocks, of odd ones.
	VPMULUDQ Y10, Y6, Y12
	VPMULUDQ Y7, Y9, Y13
	VPCMPGTQ Y13, Y12, Y12
	VPSRLQ $32, Y6, Y13
	VPSRLQ $32, Y10, Y14
	VPMULUDQ Y14, Y13, Y13
	VPSRLQ $32, Y9, Y14
	VPSRLQ $32, Y7, Y0
	VPMULUDQ Y0, Y14, Y14
	VPCMPGTQ Y14, Y13, Y13
	VPBLENDD $0xAA, Y13, Y12, Y12

	VPBLENDVB Y12, Y6, Y9, Y6 // more
	VPBLENDVB Y12, Y7, Y10, Y7 // less
	VPBLENDVB Y12, Y8, Y11, Y8 // whether the second one is more
	VPANDN Y15, Y12, Y9
	VPBROADCASTD classWords<>+8(SB), Y10
	VPADDD Y10, Y9, Y9
	VPSUBD Y8, Y9, Y9
	VPADDD Y7, Y7, Y10
	VPADDD Y7, Y10, Y10 // three times less
	VPCMPGTD Y10, Y6, Y11
	VPBROADCASTD classWords<>+12(SB), Y12
	VPAND Y12, Y11, Y11
	VPADDD Y11, Y9, Y9
	VPADDD Y6, Y6, Y6
	VPCMPGTD Y10, Y6, Y6
	VPAND Y6, Y9, Y9 // the direction

	VPSLLD $3, Y5, Y6
	VPADDD Y5, Y6, Y6
	VPADDD Y9, Y6, Y6
	VPSRAD $31, Y5, Y5
	VPOR Y5, Y6, Y6
	VEXTRACTI128 $1, Y6, X7
	VPUNPCKLDQ X7, X6, X8
	VPUNPCKHDQ X7, X6, X9
	VPACKSSDW X9, X8, X8
	VPACKSSWB X8, X8, X8
	VMOVQ X8, (DI)
	ADDQ $8, DI
	ADDQ $128, SI
	ADDQ $128, DX
	ADDQ $32, R8
	DECQ CX
	JNZ next
	VZEROUPPER
	RET
