//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// ENERGY takes 16 coefficients, of which mask are no part of the low block: x has their squares by twos.
#define ENERGY(at, mask, diagonals, x) \
	VMOVDQU at(SI), x; \
	VPACKSSDW at+32(SI), x, x; \
	VPABSW x, x; \
	VPAND mask, x, x; \
	VPMAXUW x, Y13, Y13; \
	VPCMPGTW Y8, x, Y2; \
	VPAND diagonals, Y2, Y2; \
	VPMAXSW Y2, Y5, Y5; \
	VPADDW Y11, diagonals, diagonals; \
	VPMADDWD x, x, x

// MOST makes to the largest of the words y, whose lower half is x.
#define MOST(y, x, to) \
	VEXTRACTI128 $1, y, X0; \
	VPMAXUW X0, x, x; \
	VPXOR X4, x, x; \
	VPHMINPOSUW x, x; \
	VPXOR X4, x, x; \
	VMOVD x, to; \
	MOVWLZX to, to

// func energyOf(s *energyScan, c *int32, limit int32) (energy int64, top, most int)
TEXT ·energyOf(SB), NOSPLIT, $0-48
	MOVQ s+0(FP), DX
	MOVQ c+8(FP), SI
	MOVL limit+16(FP), AX
	DECL AX
	VMOVD AX, X8
	VPBROADCASTW X8, Y8
	VMOVDQU energyScan_diagonals(DX), Y9
	VMOVDQU energyScan_diagonals+32(DX), Y10
	VPBROADCASTW energyScan_further(DX), Y11
	VMOVDQU energyScan_ac(DX), Y12
	VMOVDQU energyScan_ac+32(DX), Y14
	MOVQ energyScan_low(DX), R8
	MOVQ energyScan_units(DX), CX
	VPCMPEQD Y4, Y4, Y4
	VPXOR Y3, Y3, Y3
	VPXOR Y5, Y5, Y5    // highest diagonals
	VPXOR Y6, Y6, Y6    // energy
	VPXOR Y7, Y7, Y7
	VPXOR Y13, Y13, Y13 // largest magnitudes
unit:
	ENERGY(0, Y12, Y9, Y0)
	ENERGY(64, Y14, Y10, Y1)
	// Four squares below 2^30 are below 2^32.
	VPADDD Y1, Y0, Y0
	VPSRLQ $32, Y0, Y1
	VPBLENDD $0xAA, Y3, Y0, Y0
	VPADDQ Y0, Y6, Y6
	VPADDQ Y1, Y7, Y7
	ADDQ $128, SI
	DECQ R8
	JNZ same
	VMOVDQU Y4, Y12
	VMOVDQU Y4, Y14
same:
	DECQ CX
	JNZ unit

	VPADDQ Y7, Y6, Y6
	VEXTRACTI128 $1, Y6, X7
	VPADDQ X7, X6, X6
	VPSRLDQ $8, X6, X7
	VPADDQ X7, X6, X6
	VMOVQ X6, energy+24(FP)
	MOST(Y5, X5, AX)
	MOVQ AX, top+32(FP)
	MOST(Y13, X13, AX)
	MOVQ AX, most+40(FP)
	VZEROUPPER
	RET
