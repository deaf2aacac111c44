//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Classes by sums up to 63.
DATA classesBySum<>+0(SB)/8, $0x0605050403020100
DATA classesBySum<>+8(SB)/8, $0x0808080807070706
DATA classesBySum<>+16(SB)/8, $0x0A09090909090909
DATA classesBySum<>+24(SB)/8, $0x0A0A0A0A0A0A0A0A
DATA classesBySum<>+32(SB)/8, $0x0B0B0B0B0B0B0B0A
DATA classesBySum<>+40(SB)/8, $0x0B0B0B0B0B0B0B0B
DATA classesBySum<>+48(SB)/8, $0x0C0C0C0C0C0C0C0C
DATA classesBySum<>+56(SB)/8, $0x0C0C0C0C0C0C0C0C
GLOBL classesBySum<>(SB), RODATA, $64

// Where 32 bytes are.
DATA places<>+0(SB)/8, $0x0706050403020100
DATA places<>+8(SB)/8, $0x0F0E0D0C0B0A0908
DATA places<>+16(SB)/8, $0x1716151413121110
DATA places<>+24(SB)/8, $0x1F1E1D1C1B1A1918
GLOBL places<>(SB), RODATA, $32

DATA bytes15<>+0(SB)/8, $0x0F0F0F0F0F0F0F0F
DATA bytes15<>+8(SB)/8, $0x0F0F0F0F0F0F0F0F
DATA bytes15<>+16(SB)/8, $0x0F0F0F0F0F0F0F0F
DATA bytes15<>+24(SB)/8, $0x0F0F0F0F0F0F0F0F
GLOBL bytes15<>(SB), RODATA, $32

#define FILL(value, to) \
	MOVL value, AX; \
	VPBROADCASTD AX, to

// CLASSES makes Y2 the classes of the weighted sums of FORMAT.md, "Transform contexts", of levels, of which SHIFTS makes Y2, Y3 and
// Y4 the ones at u + 1, u + 2 and u − 1. Y4 is wanted last.
#define CLASSES \
	SHIFTS; \
	PLUS Y2, Y0, Y2; \
	PLUS Y3, Y1, Y7; \
	PLUS Y3, Y2, Y1; \
	PLUS Y2, Y2, Y2; \
	PLUS Y7, Y4, Y4; \
	PLUS Y4, Y2, Y2; \
	VPMINUB Y21, Y2, Y2; \
	VPERMI2B Y20, Y19, Y2

// BINS makes Y4 the bins of the magnitudes of a diagonal << 4, Y5 the levels below, and Y6 places in bins less 128; Y8, by BEYOND, and Y4
// have 15 of what is no coefficient. It tells whether there is any bin of 8 or more, of which K4 has which.
#define BINS \
	VPADDW (SI)(AX*2), Y16, Y6; \
	VPADDW 32(SI)(AX*2), Y16, Y8; \
	VPMULHUW Y17, Y6, Y5; \
	VPMULHUW Y17, Y8, Y7; \
	VPACKUSWB Y7, Y5, Y4; \
	VPMULLW Y18, Y5, Y5; \
	VPMULLW Y18, Y7, Y7; \
	VPSUBW Y5, Y6, Y6; \
	VPSUBW Y7, Y8, Y8; \
	VPACKUSWB Y8, Y6, Y6; \
	VPSUBUSB Y23, Y4, Y5; \
	ESCAPED; \
	VPXORQ Y22, Y6, Y6; \
	VPSLLW $4, Y4, Y4; \
	VPMOVB2M Y4, K4; \
	BEYOND(Y8); \
	VPOR Y8, Y4, Y4; \
	KORTESTD K4, K4

// LOOKUP looks up bytes by level << 4 | class, of levels up to 7.
#define LOOKUP(at, index, to) \
	VMOVDQU64 at(DX), to; \
	VPERMT2B (at+64)(DX), index, to

// LOOKUPFAR looks up any, of which K4 tells where they are 8 or more.
#define LOOKUPFAR(at, index, to) \
	LOOKUP(at, index, to); \
	VMOVDQU64 (at+128)(DX), Z15; \
	VPERMT2B (at+192)(DX), index, Z15; \
	VMOVDQU8 Z15, K4, to

// LEVELS makes Y0 the levels, writes their names, and makes Y4 what tells their costs. ESCAPED and NAMED are
// about levels above escape.
#define LEVELS(TABLE) \
	VPOR Y2, Y4, Y3; \
	TABLE(frequencyBins_over, Z3, Z7); \
	VPCMPGTB Y7, Y6, Y7; \
	VPSUBB Y7, Y5, Y0; \
	VPSLLW $4, Y2, Y3; \
	NAMED; \
	VPOR Y4, Y3, Y3; \
	VPSLLW $4, Y4, Y4; \
	VPTERNLOGD $0xFE, Y8, Y2, Y4; \
	MOVQ diagonals_out(DI), CX; \
	VMOVDQU Y3, diagonalLevels_named(CX)(AX*1)

// GAIN adds up products of levels and magnitudes, and squares of levels, of both halves of a diagonal.
#define GAIN \
	VPUNPCKLBW Y9, Y0, Y3; \
	VPUNPCKHBW Y9, Y0, Y4; \
	VPDPWSSD (SI)(AX*2), Y3, Y13; \
	VPDPWSSD Y3, Y3, Y14; \
	VPDPWSSD 32(SI)(AX*2), Y4, Y27; \
	VPDPWSSD Y4, Y4, Y28

// GAINED makes Y14 what is gained, in Δ: twice the products less Δ times the squares.
#define GAINED \
	VPADDD Y13, Y13, Y13; \
	VPMULLD.BCST diagonals_step(DI), Y14, Y14; \
	VPSUBD Y14, Y13, Y14

#define V1 Y1
#define V2 Y2
#include "oneleaf_amd64.h"

// A leaf of 32. Costs are in bytes, low ones first.
#define CONSTANTS \
	VMOVDQU places<>(SB), Y2; \
	VPADDB Y23, Y2, Y24; \
	VPADDB Y23, Y24, Y25; \
	VPSUBB Y23, Y2, Y26; \
	MOVL $0x7FFFFFFF, AX; \
	KMOVD AX, K1; \
	MOVL $0x3FFFFFFF, AX; \
	KMOVD AX, K2; \
	MOVL $0xFFFFFFFE, AX; \
	KMOVD AX, K3
#define SHIFTS \
	VPERMB.Z Y0, Y24, K1, Y2; \
	VPERMB.Z Y0, Y25, K2, Y3; \
	VPERMB.Z Y0, Y26, K3, Y4
#define BEYOND(to) VMOVDQU diagonalScan_beyond(R15)(AX*1), to
#define COST(TABLE) \
	TABLE(frequencyBins_costs, Z4, Z7); \
	VPDPBUSD Y23, Y7, Y10; \
	TABLE(frequencyBins_costs+256, Z4, Z7); \
	VPDPBUSD Y23, Y7, Y11; \
	TABLE(frequencyBins_costs+512, Z4, Z7); \
	VPDPBUSD Y23, Y7, Y12
#define COSTS \
	VPSLLD $8, Y11, Y11; \
	VPSLLD $16, Y12, Y12; \
	VPADDD Y11, Y10, Y10; \
	VPADDD Y12, Y10, Y10; \
	VPADDD Y27, Y13, Y13; \
	VPADDD Y28, Y14, Y14; \
	GAINED
#define FOLD \
	VEXTRACTI128 $1, Y10, X5; \
	VPADDD X5, X10, X10; \
	VEXTRACTI128 $1, Y14, X5; \
	VPADDD X5, X14, X14

#include "upescape_amd64.h"

// func quantiseBins32(k *diagonals)
TEXT ·quantiseBins32(SB), NOSPLIT, $0-8
#include "diagonals512_amd64.h"

#undef PLUS
#undef ESCAPED
#undef NAMED
#include "anylevels_amd64.h"

// func quantiseAny32(k *diagonals)
TEXT ·quantiseAny32(SB), NOSPLIT, $0-8
#include "diagonals512_amd64.h"

#undef START
#undef BEGIN
#undef END
#undef AFTER
#undef CONSTANTS
#undef SHIFTS
#undef BEYOND
#undef COST
#undef COSTS

// Leaves side by side, of which 8 bytes have a sum.
#include "besideleaves_amd64.h"
#define CONSTANTS
#define ANEW \
	VPANDN Y2, Y5, Y2; \
	VPANDN Y1, Y5, Y1
#define COST(TABLE) \
	TABLE(frequencyBins_costs, Z4, Z7); \
	VPSADBW Y9, Y7, Y7; \
	VPADDQ Y7, Y10, Y10; \
	TABLE(frequencyBins_costs+256, Z4, Z7); \
	VPSADBW Y9, Y7, Y7; \
	VPADDQ Y7, Y11, Y11; \
	TABLE(frequencyBins_costs+512, Z4, Z7); \
	VPSADBW Y9, Y7, Y7; \
	VPADDQ Y7, Y12, Y12
#define COSTS \
	VPSLLQ $8, Y11, Y11; \
	VPSLLQ $16, Y12, Y12; \
	VPADDQ Y11, Y10, Y10; \
	VPADDQ Y12, Y10, Y10; \
	BOTH; \
	GAINED

// Two leaves of 16, of 16 bytes each.
#define BOTH \
	VPADDD Y27, Y13, Y13; \
	VPADDD Y28, Y14, Y14
#define HALVES \
	VPSHUFD $0x4E, Y10, Y5; \
	VPSHUFD $0x4E, Y14, Y6; \
	VPADDQ Y5, Y10, Y10; \
	VPADDQ Y6, Y14, Y14
#define SHIFTS \
	VPSRLDQ $1, Y0, Y2; \
	VPSRLDQ $2, Y0, Y3; \
	VPSLLDQ $1, Y0, Y4
#define BEYOND(to) VBROADCASTI128 diagonalScan_beyond(R15)(AX*1), to

// func quantiseAnyTwo(k *diagonals)
TEXT ·quantiseAnyTwo(SB), NOSPLIT, $0-8
#include "diagonals512_amd64.h"

#undef PLUS
#undef ESCAPED
#undef NAMED
#include "upescape_amd64.h"

// func quantiseBinsTwo(k *diagonals)
TEXT ·quantiseBinsTwo(SB), NOSPLIT, $0-8
#include "diagonals512_amd64.h"

// Four leaves of 8, of 8 bytes each.
#undef BOTH
#undef HALVES
#undef SHIFTS
#undef BEYOND
#define BOTH \
	VMOVDQA64 Y27, Y5; \
	VMOVDQA64 Y28, Y6; \
	VPHADDD Y5, Y13, Y13; \
	VPHADDD Y6, Y14, Y14
#define HALVES
#define SHIFTS \
	VPSRLQ $8, Y0, Y2; \
	VPSRLQ $16, Y0, Y3; \
	VPSLLQ $8, Y0, Y4
#define BEYOND(to) VPBROADCASTQ diagonalScan_beyond(R15)(AX*1), to

// func quantiseBinsFour(k *diagonals)
TEXT ·quantiseBinsFour(SB), NOSPLIT, $0-8
#include "diagonals512_amd64.h"

#undef PLUS
#undef ESCAPED
#undef NAMED
#include "anylevels_amd64.h"

// func quantiseAnyFour(k *diagonals)
TEXT ·quantiseAnyFour(SB), NOSPLIT, $0-8
#include "diagonals512_amd64.h"
