//go:build !purego

#include "textflag.h"
#include "go_asm.h"

#define REPEATED(name, value) \
	DATA name<>+0(SB)/8, value \
	DATA name<>+8(SB)/8, value \
	DATA name<>+16(SB)/8, value \
	DATA name<>+24(SB)/8, value \
	GLOBL name<>(SB), RODATA|NOPTR, $32

REPEATED(mostWords, $0x7FFF7FFF7FFF7FFF)
REPEATED(fifteens, $0x0F0F0F0F0F0F0F0F)
REPEATED(aboveFine, $0x7070707070707070)

// MAGNITUDES takes 16 coefficients, of which mask are no part of the low block: x has their magnitudes, and large is -1 of large ones.
#define MAGNITUDES(at, mask, x, large) \
	VMOVDQU at(SI), x; \
	VPACKSSDW at+32(SI), x, x; \
	VPABSW x, x; \
	VPMINUW mostWords<>(SB), x, x; \
	VPAND mask, x, x; \
	VPCMPGTW Y15, x, large

// SMALL makes x parts of the step, and adds squares of its small ones.
#define SMALL(x, large, parts) \
	VPMULHUW Y14, x, parts; \
	VPANDN x, large, x; \
	VPMADDWD x, x, x; \
	VPADDD x, Y8, Y8

// func forecastSumsOf(s *forecastScan, c *int32) (small, price int64, large int)
TEXT ·forecastSumsOf(SB), NOSPLIT, $0-40
	MOVQ s+0(FP), DX
	MOVQ c+8(FP), SI
	MOVQ forecastScan_ac(DX), AX
	VMOVDQU (AX), Y4
	VMOVDQU 32(AX), Y5
	MOVQ forecastScan_low(DX), R8
	MOVQ forecastScan_units(DX), CX
	VPBROADCASTW forecastScan_below(DX), Y15
	VPBROADCASTW forecastScan_unit(DX), Y14
	VBROADCASTI128 forecastScan_fine(DX), Y12
	VBROADCASTI128 forecastScan_whole(DX), Y11
	VMOVDQU fifteens<>(SB), Y10
	VPXOR Y9, Y9, Y9
	VPXOR Y8, Y8, Y8 // squares: 128 below 2^23 each
	VPXOR Y7, Y7, Y7 // prices
	VPXOR Y6, Y6, Y6 // numbers of large ones
unit:
	MAGNITUDES(0, Y4, Y0, Y2)
	MAGNITUDES(64, Y5, Y1, Y3)
	SMALL(Y0, Y2, Y13)
	SMALL(Y1, Y3, Y0)
	VPACKUSWB Y0, Y13, Y13
	VPACKSSWB Y3, Y2, Y2
	VPSUBB Y2, Y6, Y6
	// Of parts from 16 on bit 7 is set, where a look-up gives 0.
	VPADDUSB aboveFine<>(SB), Y13, Y0
	VPSHUFB Y0, Y12, Y0
	VPSRLW $4, Y13, Y13
	VPAND Y10, Y13, Y13
	VPSHUFB Y13, Y11, Y13
	VPOR Y13, Y0, Y0
	VPAND Y2, Y0, Y0
	VPSADBW Y9, Y0, Y0
	VPADDQ Y0, Y7, Y7
	ADDQ $128, SI
	DECQ R8
	JNZ same
	VPCMPEQD Y4, Y4, Y4
	VPCMPEQD Y5, Y5, Y5
same:
	DECQ CX
	JNZ unit

	VPSADBW Y9, Y6, Y6
	VPSRLQ $32, Y8, Y0
	VPBLENDD $0xAA, Y9, Y8, Y8
	VPADDQ Y0, Y8, Y8
	VEXTRACTI128 $1, Y6, X0
	VEXTRACTI128 $1, Y7, X1
	VEXTRACTI128 $1, Y8, X2
	VPADDQ X0, X6, X6
	VPADDQ X1, X7, X7
	VPADDQ X2, X8, X8
	VPSRLDQ $8, X6, X0
	VPSRLDQ $8, X7, X1
	VPSRLDQ $8, X8, X2
	VPADDQ X0, X6, X6
	VPADDQ X1, X7, X7
	VPADDQ X2, X8, X8
	VMOVQ X8, small+16(FP)
	VMOVQ X7, price+24(FP)
	VMOVQ X6, large+32(FP)
	VZEROUPPER
	RET
