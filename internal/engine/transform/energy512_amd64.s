//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// func wideEnergyOf(s *energyScan, c *int32, limit int32) (energy int64, top, most int)
TEXT ·wideEnergyOf(SB), NOSPLIT, $0-48
	MOVQ s+0(FP), DX
	MOVQ c+8(FP), SI
	MOVL limit+16(FP), AX
	DECL AX
	VPBROADCASTW AX, Z8
	VMOVDQU64 energyScan_wide(DX), Z9
	VPBROADCASTW energyScan_further(DX), Z10
	KMOVD energyScan_wideAC(DX), K1
	MOVQ energyScan_low(DX), R8
	MOVQ energyScan_units(DX), CX
	VPXOR Y3, Y3, Y3 // highest diagonals
	VPXOR Y4, Y4, Y4 // energy
	VPXOR Y5, Y5, Y5 // largest magnitudes
unit:
	VMOVDQU64 (SI), Z0
	VPACKSSDW 64(SI), Z0, Z0
	VPABSW.Z Z0, K1, Z0
	VPCMPW $6, Z8, Z0, K2
	VPMAXUW Z0, Z5, Z5
	VPDPWSSD Z0, Z0, Z4
	VPMAXUW Z9, Z3, K2, Z3
	VPADDW Z10, Z9, Z9
	ADDQ $128, SI
	DECQ R8
	JNZ same
	KXNORD K1, K1, K1
same:
	DECQ CX
	JNZ unit

	// Sums of 32 bits.
	VPSRLQ $32, Z4, Z0
	VPSLLQ $32, Z4, Z4
	VPSRLQ $32, Z4, Z4
	VPADDQ Z0, Z4, Z4
	VEXTRACTI64X4 $1, Z4, Y0
	VPADDQ Y0, Y4, Y4
	VEXTRACTI128 $1, Y4, X0
	VPADDQ X0, X4, X4
	VPSRLDQ $8, X4, X0
	VPADDQ X0, X4, X4
	VMOVQ X4, energy+24(FP)

	// The larger ones of both halves, then of all.
	VEXTRACTI64X4 $1, Z3, Y0
	VEXTRACTI64X4 $1, Z5, Y1
	VPMAXUW Y0, Y3, Y3
	VPMAXUW Y1, Y5, Y5
	VEXTRACTI128 $1, Y3, X0
	VEXTRACTI128 $1, Y5, X1
	VPMAXUW X0, X3, X3
	VPMAXUW X1, X5, X5
	VPCMPEQD X2, X2, X2
	VPXOR X2, X3, X3
	VPXOR X2, X5, X5
	VPHMINPOSUW X3, X3
	VPHMINPOSUW X5, X5
	VPXOR X2, X3, X3
	VPXOR X2, X5, X5
	VPEXTRW $0, X3, AX
	VPEXTRW $0, X5, BX
	MOVQ AX, top+32(FP)
	MOVQ BX, most+40(FP)
	VZEROUPPER
	RET
