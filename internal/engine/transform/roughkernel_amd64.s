//go:build !purego

#include "textflag.h"

DATA roughWords<>+0(SB)/8, $0xffffffffffff0000
DATA roughWords<>+8(SB)/8, $0xffffffffffffffff
DATA roughWords<>+16(SB)/4, $0x0f0f0f0f
GLOBL roughWords<>(SB), RODATA, $20

// BUTTERFLY makes a and b their sum and difference.
#define BUTTERFLY(a, b) \
	VPADDW b, a, X8; \
	VPSUBW b, a, b; \
	VMOVDQA X8, a

// HADAMARD transforms the eight rows X0 … X7.
#define HADAMARD \
	BUTTERFLY(X0, X1); \
	BUTTERFLY(X2, X3); \
	BUTTERFLY(X4, X5); \
	BUTTERFLY(X6, X7); \
	BUTTERFLY(X0, X2); \
	BUTTERFLY(X1, X3); \
	BUTTERFLY(X4, X6); \
	BUTTERFLY(X5, X7); \
	BUTTERFLY(X0, X4); \
	BUTTERFLY(X1, X5); \
	BUTTERFLY(X2, X6); \
	BUTTERFLY(X3, X7)

// ROW takes what is left of a row.
#define ROW(row) \
	VMOVDQU (DX), row; \
	VPSUBW (SI), row, row; \
	ADDQ R8, DX; \
	ADDQ R9, SI

// PAIR unpacks words, doubles or quads of a and b, which become their low and high halves.
#define PAIR(low, high, a, b) \
	low b, a, X8; \
	high b, a, b; \
	VMOVDQA X8, a

// COST adds what 16 coefficients of two rows cost to X13.
#define COST(a, b) \
	VPABSW a, a; \
	VPABSW b, b; \
	VPMULHUW X9, a, a; \
	VPMULHUW X9, b, b; \
	VPACKUSWB b, a, a; \
	VPMINUB X10, a, b; \
	VPCMPEQB b, a, X8; \
	VPSHUFB b, X11, b; \
	VPSRLW $4, a, a; \
	VPAND X10, a, a; \
	VPSHUFB a, X12, a; \
	VPBLENDVB X8, b, a, a; \
	VPSADBW X14, a, a; \
	VPADDQ a, X13, X13

// func roughCost(predicted *uint16, width int, pix *uint16, stride int, reciprocal uint16, costs *roughCosts) int64
TEXT ·roughCost(SB), NOSPLIT, $0-56
	MOVQ predicted+0(FP), SI
	MOVQ width+8(FP), R9
	MOVQ pix+16(FP), DX
	MOVQ stride+24(FP), R8
	ADDQ R8, R8
	ADDQ R9, R9
	MOVQ costs+40(FP), AX
	VPBROADCASTW reciprocal+32(FP), X9
	VPBROADCASTD roughWords<>+16(SB), X10
	VMOVDQU (AX), X11
	VMOVDQU 16(AX), X12
	VPXOR X13, X13, X13
	VPXOR X14, X14, X14
	ROW(X0)
	ROW(X1)
	ROW(X2)
	ROW(X3)
	ROW(X4)
	ROW(X5)
	ROW(X6)
	ROW(X7)
	HADAMARD
	VPSRAW $3, X0, X0
	VPSRAW $3, X1, X1
	VPSRAW $3, X2, X2
	VPSRAW $3, X3, X3
	VPSRAW $3, X4, X4
	VPSRAW $3, X5, X5
	VPSRAW $3, X6, X6
	VPSRAW $3, X7, X7

	// The rows become columns, in some order: X0, X4, X2 … are as good as X0, X1, X2 …
	PAIR(VPUNPCKLWD, VPUNPCKHWD, X0, X1)
	PAIR(VPUNPCKLWD, VPUNPCKHWD, X2, X3)
	PAIR(VPUNPCKLWD, VPUNPCKHWD, X4, X5)
	PAIR(VPUNPCKLWD, VPUNPCKHWD, X6, X7)
	PAIR(VPUNPCKLDQ, VPUNPCKHDQ, X0, X2) // columns 0 and 1, 2 and 3 of rows 0 to 3
	PAIR(VPUNPCKLDQ, VPUNPCKHDQ, X1, X3) // 4 and 5, 6 and 7
	PAIR(VPUNPCKLDQ, VPUNPCKHDQ, X4, X6)
	PAIR(VPUNPCKLDQ, VPUNPCKHDQ, X5, X7)
	PAIR(VPUNPCKLQDQ, VPUNPCKHQDQ, X0, X4) // 0, 1
	PAIR(VPUNPCKLQDQ, VPUNPCKHQDQ, X2, X6) // 2, 3
	PAIR(VPUNPCKLQDQ, VPUNPCKHQDQ, X1, X5) // 4, 5
	PAIR(VPUNPCKLQDQ, VPUNPCKHQDQ, X3, X7) // 6, 7
	HADAMARD
	VPAND roughWords<>+0(SB), X0, X0 // not the mean
	COST(X0, X1)
	COST(X2, X3)
	COST(X4, X5)
	COST(X6, X7)
	VPSRLDQ $8, X13, X0
	VPADDQ X13, X0, X0
	VMOVQ X0, AX
	// The mean counted as 0.
	VPEXTRB $0, X11, CX
	SUBQ CX, AX
	MOVQ AX, ret+48(FP)
	RET

// func squaredDifferences(a *uint16, strideA int, b *uint16, strideB int, n, rows int) uint64
TEXT ·squaredDifferences(SB), NOSPLIT, $0-56
	MOVQ a+0(FP), SI
	MOVQ strideA+8(FP), R8
	MOVQ b+16(FP), DI
	MOVQ strideB+24(FP), R9
	MOVQ rows+40(FP), CX
	ADDQ R8, R8
	ADDQ R9, R9
	VPXOR Y0, Y0, Y0

row:
	MOVQ n+32(FP), BX
	MOVQ SI, AX
	MOVQ DI, DX
	VPXOR X1, X1, X1

samples:
	VMOVDQU (AX), X2
	VPSUBW (DX), X2, X2
	VPMADDWD X2, X2, X2
	VPADDD X2, X1, X1
	ADDQ $16, AX
	ADDQ $16, DX
	DECQ BX
	JNZ samples
	VPMOVZXDQ X1, Y1
	VPADDQ Y1, Y0, Y0
	ADDQ R8, SI
	ADDQ R9, DI
	DECQ CX
	JNZ row
	VEXTRACTI128 $1, Y0, X1
	VPADDQ X1, X0, X0
	VPSRLDQ $8, X0, X1
	VPADDQ X1, X0, X0
	VMOVQ X0, ret+48(FP)
	VZEROUPPER
	RET
