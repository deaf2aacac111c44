//go:build amd64 && !purego

#include "textflag.h"
#include "go_asm.h"

DATA filterMost<>+0(SB)/4, $const_filterInput
GLOBL filterMost<>(SB), RODATA, $4

DATA filterLeast<>+0(SB)/4, $-const_filterInput
GLOBL filterLeast<>(SB), RODATA, $4

DATA filterOne<>+8(SB)/4, $const_filterOne
GLOBL filterOne<>(SB), RODATA, $16

// BEFORE puts the residual of level R9 and the sum of those beside it, above and
// below into two lanes of X10.
#define BEFORE(lane, next) \
	MOVQ level_Q(R9), R9; \
	LEAQ (R9)(AX*4), R9; \
	VPINSRD $lane, (R9), X10, X10; \
	MOVL -8(R9), DX; \
	ADDL 8(R9), DX; \
	ADDL (R9)(CX*8), DX; \
	NEGQ CX; \
	ADDL (R9)(CX*8), DX; \
	NEGQ CX; \
	VPINSRD $next, DX, X10, X10

// SUM adds the products of four inputs and weights to sum, their squares to squares.
#define SUM(x, k, sum, squares) \
	VPMOVSXDQ x, Y8; \
	VPMULDQ (filter_w+32*k)(DX), Y8, Y9; \
	VPMULDQ Y8, Y8, Y8; \
	VPADDQ Y9, sum, sum; \
	VPADDQ Y8, squares, squares

// func gather(n *neighbourhood)
//
// DI      the neighbourhood; AX the index of its sample
// R9, CX  a level, and the samples of its rows
// SI, R8  the sample and its residual
// DX      scratch, then the filter
// Y0…X3   inputs, eight in each of the first three
// X6      the mean of the four nearest
// X10     inputs of the planes before
// Y4…Y15  scratch; at last Y10, Y12 sums, Y11, Y15 squares
TEXT ·gather(SB), NOSPLIT, $0-8
	MOVQ n+0(FP), DI
	MOVQ neighbourhood_at(DI), AX
	MOVQ neighbourhood_level(DI), R9
	MOVQ level_Stride(R9), CX
	MOVQ level_V(R9), SI
	LEAQ (SI)(AX*4), SI
	MOVQ level_Q(R9), R8
	LEAQ (R8)(AX*4), R8

	// Inputs 0 to 7 in Y0, to 15 in Y1, to 23 in Y2, the others in X3.
	VPXOR X0, X0, X0
	VPXOR X1, X1, X1
	VPXOR X4, X4, X4
	VPXOR X2, X2, X2
	VPXOR X10, X10, X10
	VPCMPEQD Y9, Y9, Y9
	VMOVDQU neighbourhood_taps(DI), Y8
	VPGATHERDD Y9, (SI)(Y8*4), Y0
	VPCMPEQD X9, X9, X9
	VMOVDQU (neighbourhood_taps+32)(DI), X8
	VPGATHERDD X9, (SI)(X8*4), X1
	VPCMPEQD X9, X9, X9
	VMOVDQU neighbourhood_residuals(DI), X8
	VPGATHERDD X9, (R8)(X8*4), X4
	CMPL neighbourhood_has(DI), $0
	JEQ before
	VMOVDQU neighbourhood_has(DI), Y9
	VMOVDQU (neighbourhood_residuals+16)(DI), Y8
	VPGATHERDD Y9, (R8)(Y8*4), Y2

before:
	MOVQ neighbourhood_before(DI), R9
	TESTQ R9, R9
	JEQ nearest
	BEFORE(0, 1)
	MOVQ (neighbourhood_before+8)(DI), R9
	TESTQ R9, R9
	JEQ nearest
	BEFORE(2, 3)

nearest:
	// The mean of the first four, and their spread.
	VPSHUFD $0x4E, X0, X5
	VPADDD X5, X0, X6
	VPSHUFD $0xB1, X6, X7
	VPADDD X7, X6, X6
	VPCMPEQD X7, X7, X7
	VPADDD X7, X7, X7
	VPSUBD X7, X6, X6
	VPSRAD $2, X6, X6
	VMOVD X6, neighbourhood_mean(DI)
	VPMAXSD X5, X0, X7
	VPMINSD X5, X0, X5
	VPSHUFD $0xB1, X7, X8
	VPMAXSD X8, X7, X7
	VPSHUFD $0xB1, X5, X8
	VPMINSD X8, X5, X5
	VPSUBD X5, X7, X7
	VMOVD X7, neighbourhood_spread(DI)

	VPBROADCASTD X6, Y6
	VPSUBD Y6, Y0, Y0
	VPSUBD X6, X1, X1
	VINSERTI128 $1, X4, Y1, Y1
	VPBROADCASTQ X10, Y11
	VPBLENDD $0xC0, Y11, Y2, Y2
	VPSRLDQ $8, X10, X3
	VPOR filterOne<>(SB), X3, X3

	VPBROADCASTD filterMost<>(SB), Y13
	VPBROADCASTD filterLeast<>(SB), Y14
	VPMINSD Y13, Y0, Y0
	VPMINSD Y13, Y1, Y1
	VPMINSD Y13, Y2, Y2
	VPMINSD X13, X3, X3
	VPMAXSD Y14, Y0, Y0
	VPMAXSD Y14, Y1, Y1
	VPMAXSD Y14, Y2, Y2
	VPMAXSD X14, X3, X3
	MOVQ neighbourhood_filter(DI), DX
	VMOVDQU Y0, filter_x(DX)
	VMOVDQU Y1, (filter_x+32)(DX)
	VMOVDQU Y2, (filter_x+64)(DX)
	VMOVDQU X3, (filter_x+96)(DX)

	VEXTRACTI128 $1, Y0, X4
	VEXTRACTI128 $1, Y1, X5
	VEXTRACTI128 $1, Y2, X6
	VPXOR Y10, Y10, Y10
	VPXOR Y11, Y11, Y11
	VPXOR Y12, Y12, Y12
	VPXOR Y15, Y15, Y15
	SUM(X0, 0, Y10, Y11)
	SUM(X4, 1, Y12, Y15)
	SUM(X1, 2, Y10, Y11)
	SUM(X5, 3, Y12, Y15)
	SUM(X2, 4, Y10, Y11)
	SUM(X6, 5, Y12, Y15)
	SUM(X3, 6, Y10, Y11)
	VPADDQ Y12, Y10, Y10
	VPADDQ Y15, Y11, Y11
	VPUNPCKLQDQ Y11, Y10, Y12
	VPUNPCKHQDQ Y11, Y10, Y15
	VPADDQ Y15, Y12, Y12 // sum, squares, sum, squares
	VEXTRACTI128 $1, Y12, X15
	VPADDQ X15, X12, X12
	VMOVQ X12, neighbourhood_sum(DI)
	VPEXTRQ $1, X12, filter_n(DX)
	VZEROUPPER
	RET

// MOVE adds gain·x >> gainBits, of 64 bits, to four weights, and clamps them. AVX2 has no
// arithmetic shift of these: Y12 makes the product positive, Y13 takes it back.
#define MOVE(k) \
	VPMOVSXDQ (filter_x+16*k)(DI), Y8; \
	VPMULDQ Y11, Y8, Y8; \
	VPADDQ Y12, Y8, Y8; \
	VPSRLQ $const_gainBits, Y8, Y8; \
	VPSUBQ Y13, Y8, Y8; \
	VPADDQ (filter_w+32*k)(DI), Y8, Y8; \
	VPCMPGTQ Y14, Y8, Y9; \
	VBLENDVPD Y9, Y14, Y8, Y8; \
	VPCMPGTQ Y8, Y15, Y9; \
	VBLENDVPD Y9, Y15, Y8, Y8; \
	VMOVDQU Y8, (filter_w+32*k)(DI)

// func moveWeights(f *filter, gain int64)
//
// DI        the filter; Y11 the gain
// Y12, Y13  2^55, and 2^55 >> gainBits
// Y14, Y15  filterLimit and −filterLimit
// Y8, Y9    products, then weights; comparisons
TEXT ·moveWeights(SB), NOSPLIT, $0-16
	MOVQ f+0(FP), DI
	VPBROADCASTQ gain+8(FP), Y11
	VPCMPEQD Y15, Y15, Y15
	VPSRLQ $63, Y15, Y12
	VPSLLQ $(55-const_gainBits), Y12, Y13
	VPSLLQ $55, Y12, Y12
	VPSLLQ $const_limitBits, Y15, Y15 // −filterLimit
	VPXOR Y14, Y14, Y14
	VPSUBQ Y15, Y14, Y14 // filterLimit
	MOVE(0)
	MOVE(1)
	MOVE(2)
	MOVE(3)
	MOVE(4)
	MOVE(5)
	MOVE(6)
	VZEROUPPER
	RET
