//go:build !purego

#include "textflag.h"

// func logsOf(dst *int32, v *uint64, n int, intervals *uint64)
TEXT ·logsOf(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ v+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ intervals+24(FP), DX
	MOVQ $63, AX
	VPBROADCASTQ AX, Z10
	MOVQ $(1<<42), AX
	VPBROADCASTQ AX, Z11
	VPXORQ Z12, Z12, Z12
eight:
	VMOVDQU64 (SI), Z0
	VPCMPUQ $4, Z12, Z0, K2 // not of 0, whose logarithm is 0
	VPLZCNTQ Z0, Z1
	VPSLLVQ Z1, Z0, Z2
	VPSUBQ Z1, Z10, Z1   // the exponent
	VPADDQ Z2, Z2, Z2    // the fraction in 64 bits
	VPSRLQ $56, Z2, Z3   // the interval,
	VPSLLQ $8, Z2, Z2
	VPSRLQ $33, Z2, Z2   // and what is beyond its begin, in 31 bits
	KXNORB K1, K1, K1
	VPGATHERQQ (DX)(Z3*8), K1, Z4
	VPSRLQ $32, Z4, Z5
	VPMULUDQ Z2, Z5, Z5
	VPSLLQ $32, Z4, Z4
	VPSRLQ $1, Z4, Z4
	VPADDQ Z4, Z5, Z5
	VPADDQ Z11, Z5, Z5
	VPSRLQ $43, Z5, Z5
	VPSLLQ $12, Z1, Z1
	VPADDQ.Z Z5, Z1, K2, Z1
	VPMOVQD Z1, (DI)
	ADDQ $64, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ eight
	VZEROUPPER
	RET
