//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA deblockWords<>+0(SB)/4, $0xfffd0009 // 9, -3
DATA deblockWords<>+4(SB)/4, $8
DATA deblockWords<>+8(SB)/4, $0x000a000a
DATA deblockWords<>+12(SB)/4, $(const_maxSample<<16|const_maxSample)
GLOBL deblockWords<>(SB), RODATA, $16

// CONSTANTS sets up what FILTER needs.
#define CONSTANTS \
	VPBROADCASTD deblockWords<>+0(SB), Y12; \
	VPBROADCASTD deblockWords<>+4(SB), Y13; \
	VPBROADCASTD deblockWords<>+12(SB), Y14; \
	VPXOR Y15, Y15, Y15

// BETAS takes the ones of two borders from (BX) to Y6.
#define BETAS \
	VPBROADCASTW (BX), X6; \
	VPBROADCASTW 2(BX), X7; \
	VINSERTI128 $1, X7, Y6, Y6

// SECOND takes the difference of a second sample to x: p, q are the first and the third, Y8 the difference of the
// first, Y10 and Y11 what it is clamped to, Y7 where nothing changes.
#define SECOND(first, second, third, TAKE, x) \
	VPAVGW third, first, x; \
	VPSUBW second, x, x; \
	TAKE Y8, x, x; \
	VPSRAW $1, x, x; \
	VPMINSW Y10, x, x; \
	VPMAXSW Y11, x, x; \
	VPANDN x, Y7, x; \
	VPADDW second, x, second; \
	VPMINSW Y14, second, second; \
	VPMAXSW Y15, second, second

// FILTER filters p2 p1 p0 | q0 q1 q2, in Y0 … Y5, of 16 places, by the betas in Y6: p1 p0 q0 q1 change.
#define FILTER \
	VPADDW Y0, Y2, Y7; \
	VPSUBW Y1, Y7, Y7; \
	VPSUBW Y1, Y7, Y7; \
	VPABSW Y7, Y7; \
	VPADDW Y3, Y5, Y8; \
	VPSUBW Y4, Y8, Y8; \
	VPSUBW Y4, Y8, Y8; \
	VPABSW Y8, Y8; \
	VPADDW Y8, Y7, Y7; \
	VPCMPGTW Y6, Y7, Y7; \
	VPSUBW Y2, Y3, Y8; \
	VPSUBW Y1, Y4, Y9; \
	VPUNPCKLWD Y9, Y8, Y10; \
	VPUNPCKHWD Y9, Y8, Y8; \
	VPMADDWD Y12, Y10, Y10; \
	VPMADDWD Y12, Y8, Y8; \
	VPADDD Y13, Y10, Y10; \
	VPADDD Y13, Y8, Y8; \
	VPSRAD $4, Y10, Y10; \
	VPSRAD $4, Y8, Y8; \
	VPACKSSDW Y8, Y10, Y8; \
	VPCMPEQW Y15, Y8, Y9; \
	VPOR Y9, Y7, Y7; \
	VPABSW Y8, Y9; \
	VPBROADCASTD deblockWords<>+8(SB), Y10; \
	VPMULLW Y6, Y10, Y10; \
	VPCMPGTW Y10, Y9, Y9; \
	VPOR Y9, Y7, Y7; \
	VPSUBW Y6, Y15, Y9; \
	VPMINSW Y6, Y8, Y8; \
	VPMAXSW Y9, Y8, Y8; \
	VPSRAW $1, Y6, Y10; \
	VPSUBW Y10, Y15, Y11; \
	SECOND(Y2, Y1, Y0, VPADDW, Y9); \
	SECOND(Y3, Y4, Y5, VPSUBW, Y9); \
	VPANDN Y8, Y7, Y8; \
	VPADDW Y8, Y2, Y2; \
	VPSUBW Y8, Y3, Y3; \
	VPMINSW Y14, Y2, Y2; \
	VPMAXSW Y15, Y2, Y2; \
	VPMINSW Y14, Y3, Y3; \
	VPMAXSW Y15, Y3, Y3

// func deblockAbove(pix *uint16, stride int, betas *int16, n int)
TEXT ·deblockAbove(SB), NOSPLIT, $0-32
	MOVQ pix+0(FP), SI
	MOVQ stride+8(FP), R8
	MOVQ betas+16(FP), BX
	MOVQ n+24(FP), CX
	LEAQ (R8)(R8*2), R9
	LEAQ (SI)(R9*1), DI
	CONSTANTS
next:
	CMPL (BX), $-1
	JEQ same
	BETAS
	VMOVDQU (SI), Y0
	VMOVDQU (SI)(R8*1), Y1
	VMOVDQU (SI)(R8*2), Y2
	VMOVDQU (DI), Y3
	VMOVDQU (DI)(R8*1), Y4
	VMOVDQU (DI)(R8*2), Y5
	FILTER
	VMOVDQU Y1, (SI)(R8*1)
	VMOVDQU Y2, (SI)(R8*2)
	VMOVDQU Y3, (DI)
	VMOVDQU Y4, (DI)(R8*1)
same:
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $4, BX
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

// STORE writes four samples of two rows.
#define STORE(x, first, second) \
	VMOVQ x, first; \
	VMOVHPS x, second

// func deblockLeft(pix *uint16, stride int, betas *int16, n int)
TEXT ·deblockLeft(SB), NOSPLIT, $0-32
	MOVQ pix+0(FP), SI
	MOVQ stride+8(FP), R8
	MOVQ betas+16(FP), BX
	MOVQ n+24(FP), CX
	LEAQ (R8)(R8*2), R9
	LEAQ (SI)(R8*4), DI
	CONSTANTS
next:
	CMPL (BX), $-1
	JEQ same
	VMOVDQU (SI), Y0
	VMOVDQU (SI)(R8*1), Y1
	VMOVDQU (SI)(R8*2), Y2
	VMOVDQU (SI)(R9*1), Y3
	VMOVDQU (DI), Y4
	VMOVDQU (DI)(R8*1), Y5
	VMOVDQU (DI)(R8*2), Y6
	VMOVDQU (DI)(R9*1), Y7
	VPUNPCKLWD Y1, Y0, Y8
	VPUNPCKHWD Y1, Y0, Y9
	VPUNPCKLWD Y3, Y2, Y10
	VPUNPCKHWD Y3, Y2, Y11
	VPUNPCKLWD Y5, Y4, Y0
	VPUNPCKHWD Y5, Y4, Y1
	VPUNPCKLWD Y7, Y6, Y2
	VPUNPCKHWD Y7, Y6, Y3
	VPUNPCKLDQ Y10, Y8, Y4 // columns 0, 1 of the upper rows
	VPUNPCKHDQ Y10, Y8, Y5 // 2, 3
	VPUNPCKLDQ Y11, Y9, Y6 // 4, 5
	VPUNPCKHDQ Y11, Y9, Y7 // 6, 7
	VPUNPCKLDQ Y2, Y0, Y8 // of the lower rows
	VPUNPCKHDQ Y2, Y0, Y9
	VPUNPCKLDQ Y3, Y1, Y10
	VPUNPCKHDQ Y3, Y1, Y11
	VPUNPCKHQDQ Y8, Y4, Y0
	VPUNPCKLQDQ Y9, Y5, Y1
	VPUNPCKHQDQ Y9, Y5, Y2
	VPUNPCKLQDQ Y10, Y6, Y3
	VPUNPCKHQDQ Y10, Y6, Y4
	VPUNPCKLQDQ Y11, Y7, Y5
	BETAS
	FILTER
	VPUNPCKLWD Y2, Y1, Y6
	VPUNPCKHWD Y2, Y1, Y7
	VPUNPCKLWD Y4, Y3, Y8
	VPUNPCKHWD Y4, Y3, Y9
	VPUNPCKLDQ Y8, Y6, Y0
	VPUNPCKHDQ Y8, Y6, Y1
	VPUNPCKLDQ Y9, Y7, Y2
	VPUNPCKHDQ Y9, Y7, Y3
	STORE(X0, 4(SI), 4(SI)(R8*1))
	STORE(X1, 4(SI)(R8*2), 4(SI)(R9*1))
	STORE(X2, 4(DI), 4(DI)(R8*1))
	STORE(X3, 4(DI)(R8*2), 4(DI)(R9*1))
	VEXTRACTI128 $1, Y0, X0
	VEXTRACTI128 $1, Y1, X1
	VEXTRACTI128 $1, Y2, X2
	VEXTRACTI128 $1, Y3, X3
	STORE(X0, 20(SI), 20(SI)(R8*1))
	STORE(X1, 20(SI)(R8*2), 20(SI)(R9*1))
	STORE(X2, 20(DI), 20(DI)(R8*1))
	STORE(X3, 20(DI)(R8*2), 20(DI)(R9*1))
same:
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $4, BX
	DECQ CX
	JNZ next
	VZEROUPPER
	RET
