//go:build !purego

#include "textflag.h"
#include "go_asm.h"
#include "inverse_amd64.h"

// PAIRS makes Z8 to Z11 the pairs of frequencies of the words Z4 and Z5.
#define PAIRS(at) \
	VMOVDQU64 (at)(DX), Z8; \
	VMOVDQU64 (at+64)(DX), Z9; \
	VMOVDQU64 (at+128)(DX), Z10; \
	VMOVDQU64 (at+192)(DX), Z11; \
	VPERMI2W Z5, Z4, Z8; \
	VPERMI2W Z5, Z4, Z9; \
	VPERMI2W Z5, Z4, Z10; \
	VPERMI2W Z5, Z4, Z11

// SUMS8 makes the samples 0 and 1 in Z0, 2 and 3 in Z1, 7 and 6 in Z2, 5 and 4 in Z3 of what Z0 and Z1 begin with.
#define SUMS8 \
	VPXOR Y2, Y2, Y2; \
	VPXOR Y3, Y3, Y3; \
	VPDPWSSD (DX), Z8, Z0; \
	VPDPWSSD 256(DX), Z8, Z1; \
	VPDPWSSD 128(DX), Z10, Z2; \
	VPDPWSSD 384(DX), Z10, Z3; \
	VPDPWSSD 64(DX), Z9, Z0; \
	VPDPWSSD 320(DX), Z9, Z1; \
	VPDPWSSD 192(DX), Z11, Z2; \
	VPDPWSSD 448(DX), Z11, Z3; \
	VPADDD Z2, Z0, Z4; \
	VPADDD Z3, Z1, Z5; \
	VPSUBD Z2, Z0, Z2; \
	VPSUBD Z3, Z1, Z3

// FOURROWS writes four rows of samples, on what is predicted.
#define FOURROWS(X, Z) \
	VMOVDQU (R14), X8; \
	VINSERTI32X4 $1, (R14)(R15*1), Z8, Z8; \
	LEAQ (R14)(R15*2), R14; \
	VINSERTI32X4 $2, (R14), Z8, Z8; \
	VINSERTI32X4 $3, (R14)(R15*1), Z8, Z8; \
	LEAQ (R14)(R15*2), R14; \
	VPSUBW Z13, Z8, Z8; \
	VPADDSW Z8, Z, Z; \
	VPMAXSW Z15, Z, Z; \
	VPMINSW Z14, Z, Z; \
	VMOVDQU X, (SI); \
	VEXTRACTI32X4 $1, Z, (SI)(BX*1); \
	LEAQ (SI)(BX*2), SI; \
	VEXTRACTI32X4 $2, Z, (SI); \
	VEXTRACTI32X4 $3, Z, (SI)(BX*1); \
	LEAQ (SI)(BX*2), SI

// func wideInverse8(k *inverseKernel, dst *uint16, stride int, coefs *int32, predicted *uint16, below int)
TEXT ·wideInverse8(SB), NOSPLIT, $0-48
	MOVQ k+0(FP), DI
	MOVQ inverseKernel_table(DI), DX
	MOVQ coefs+24(FP), CX
	VMOVDQU64 512(DX), Z12
	VMOVDQU64 (CX), Z4
	VMOVDQU64 128(CX), Z5
	VPERMT2W 64(CX), Z12, Z4
	VPERMT2W 192(CX), Z12, Z5
	MOVL $(1<<(const_basisBits-1)), AX
	VPBROADCASTD AX, Z0
	VMOVDQA64 Z0, Z1
	PAIRS(576)
	SUMS8
	VPSRAD $const_basisBits, Z4, Z4
	VPSRAD $const_basisBits, Z5, Z1
	VPSRAD $const_basisBits, Z3, Z5
	VPSRAD $const_basisBits, Z2, Z2
	VPERMT2W Z1, Z12, Z4
	VPERMT2W Z2, Z12, Z5
	VPBROADCASTD inverseKernel_offset(DI), Z0
	VMOVDQA64 Z0, Z1
	PAIRS(832)
	SUMS8
	VMOVD inverseKernel_shift(DI), X11
	VPSRAD X11, Z4, Z4
	VPSRAD X11, Z5, Z5
	VPSRAD X11, Z3, Z3
	VPSRAD X11, Z2, Z2
	VPACKSSDW Z5, Z4, Z4
	VPACKSSDW Z2, Z3, Z5
	VMOVDQU64 1088(DX), Z6
	VMOVDQU64 1152(DX), Z7
	VPERMI2W Z5, Z4, Z6
	VPERMI2W Z5, Z4, Z7

	VPBROADCASTD inverseWords<>+8(SB), Z13
	VPBROADCASTD inverseWords<>+4(SB), Z14
	VPXOR Y15, Y15, Y15
	MOVQ dst+8(FP), SI
	MOVQ stride+16(FP), BX
	MOVQ predicted+32(FP), R14
	MOVQ below+40(FP), R15
	FOURROWS(X6, Z6)
	FOURROWS(X7, Z7)
	VZEROUPPER
	RET

// ADDPRODUCTS adds the products of one sample of the first pass.
#define ADDPRODUCTS(at, even, odd) \
	VPDPWSSD.BCST at(R12), Y8, even; \
	VPDPWSSD.BCST at(R12)(R8*1), Y9, odd

// BOTH adds the products of even and odd frequencies of eight samples; at is where these begin in a table.
#define BOTH(at, even, odd) \
	VPDPWSSD at(R12), Y8, even; \
	VPDPWSSD at(R12)(R8*1), Y9, odd

// func wideInverseSums(k *inverseKernel, dst *uint16, stride int, coefs *int32, predicted *uint16, below int)
TEXT ·wideInverseSums(SB), NOSPLIT, $0-48
#include "inversesums_amd64.h"
