//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA smoothing<>+0(SB)/4, $7
DATA smoothing<>+4(SB)/4, $5
DATA smoothing<>+8(SB)/4, $3
DATA smoothing<>+12(SB)/4, $1
DATA smoothing<>+16(SB)/4, $1
DATA smoothing<>+20(SB)/4, $3
DATA smoothing<>+24(SB)/4, $5
DATA smoothing<>+28(SB)/4, $7
DATA smoothing<>+32(SB)/4, $(((const_maxSample+1)/2<<14)+(1<<13))
DATA smoothing<>+36(SB)/4, $(const_maxSample<<16|const_maxSample)
GLOBL smoothing<>(SB), RODATA, $40

// SIDES takes the means of a row of three cells: in side those on the left and on the right, for four samples each, in
// mid the one between.
#define SIDES(from, side, xside, mid) \
	VPBROADCASTD (from), xside; \
	VPBROADCASTD 8(from), X7; \
	VINSERTI128 $1, X7, side, side; \
	VPBROADCASTD 4(from), mid

// SLOPE takes what is more in a row of cells than here, by samples: 16 times in the middle, and so much more on the side.
#define SLOPE(side, mid) \
	VPSUBD Y0, side, side; \
	VPSUBD Y1, mid, mid; \
	VPSUBD mid, side, side; \
	VPMULLD Y8, side, side; \
	VPSLLD $4, mid, mid; \
	VPADDD mid, side, side

// ROW writes a row of samples and goes on to the next one, at a distance two more from the centre.
#define ROW(sum, twice, step) \
	VPSRAD $14, sum, Y6; \
	VEXTRACTI128 $1, Y6, X7; \
	VPACKUSDW X7, X6, X6; \
	VPMINUW X9, X6, X6; \
	VMOVDQU X6, (DI); \
	VPADDD twice, sum, sum; \
	step R8, DI

// func smoothCell(dst *uint16, stride int, above, here, below *int32)
TEXT ·smoothCell(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ stride+8(FP), R8
	MOVQ above+16(FP), SI
	MOVQ here+24(FP), DX
	MOVQ below+32(FP), BX
	VMOVDQU smoothing<>(SB), Y8
	VPBROADCASTD smoothing<>+36(SB), X9
	SIDES(DX, Y0, X0, Y1)
	SIDES(SI, Y2, X2, Y3)
	SIDES(BX, Y4, X4, Y5)
	SLOPE(Y2, Y3)
	SLOPE(Y4, Y5)
	VPSUBD Y1, Y0, Y0
	VPMULLD Y8, Y0, Y0
	VPSLLD $4, Y0, Y0
	VPSLLD $8, Y1, Y1
	VPADDD Y1, Y0, Y0
	VPBROADCASTD smoothing<>+32(SB), Y1
	VPADDD Y1, Y0, Y0 // at the height of the centre

	LEAQ (R8)(R8*2), CX
	MOVQ DI, AX
	ADDQ CX, DI // above the centre
	VPADDD Y2, Y0, Y1
	VPADDD Y2, Y2, Y2
	ROW(Y1, Y2, SUBQ)
	ROW(Y1, Y2, SUBQ)
	ROW(Y1, Y2, SUBQ)
	ROW(Y1, Y2, SUBQ)
	LEAQ (AX)(R8*4), DI
	VPADDD Y4, Y0, Y1
	VPADDD Y4, Y4, Y4
	ROW(Y1, Y4, ADDQ)
	ROW(Y1, Y4, ADDQ)
	ROW(Y1, Y4, ADDQ)
	ROW(Y1, Y4, ADDQ)
	VZEROUPPER
	RET
