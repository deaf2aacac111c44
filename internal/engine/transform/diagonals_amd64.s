//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// What the kernels of diagonals look up: classes by sums below 16, what the sum of the other classes is more than, and bytes.
DATA diagonalBytes<>+0(SB)/8, $0x0605050403020100
DATA diagonalBytes<>+8(SB)/8, $0x0808080807070706
GLOBL diagonalBytes<>(SB), RODATA, $16

#define BYTES(name, value) \
	DATA name+0(SB)/8, $value; \
	DATA name+8(SB)/8, $value; \
	DATA name+16(SB)/8, $value; \
	DATA name+24(SB)/8, $value; \
	GLOBL name(SB), RODATA, $32

BYTES(bytes48<>, 0x3030303030303030)
BYTES(bytes47<>, 0x2F2F2F2F2F2F2F2F)
BYTES(bytes32<>, 0x2020202020202020)
BYTES(bytes22<>, 0x1616161616161616)
BYTES(bytes15<>, 0x0F0F0F0F0F0F0F0F)
BYTES(bytesAll<>, 0xFFFFFFFFFFFFFFFF)

// CLASSES makes V2 the classes of the weighted sums of FORMAT.md, "Transform contexts".
#define CLASSES \
	SHIFTS; \
	VPADDUSB V0, V2, V2; \
	VPADDUSB V3, V4, V4; \
	VPADDUSB V3, V2, V3; \
	VPADDUSB V2, V2, V2; \
	VPADDUSB V1, V4, V4; \
	VPADDUSB V4, V2, V2; \
	VMOVDQU V3, V1; \
	VPMINUB bytes48<>(SB), V2, V2; \
	VPMINUB bytes15<>(SB), V2, V3; \
	TABLE(diagonalBytes<>(SB), V4); \
	VPSHUFB V3, V4, V3; \
	VPCMPGTB bytes15<>(SB), V2, V4; \
	VPCMPGTB bytes22<>(SB), V2, V5; \
	VPCMPGTB bytes32<>(SB), V2, V6; \
	VPCMPGTB bytes47<>(SB), V2, V7; \
	VPADDB V4, V5, V4; \
	VPADDB V6, V7, V6; \
	VPADDB V4, V6, V4; \
	VPSUBB V4, V3, V2

// ABOVE makes V6 what the magnitudes V7 and V8 are more than where a level begins, and tells whether there are any.
#define ABOVE \
	VPBROADCASTW levelLimits_from(DX), V5; \
	VPSUBUSW V5, V7, V6; \
	VPSUBUSW V5, V8, V5; \
	VPACKUSWB V5, V6, V6; \
	VPTEST V6, V6

// REACHED adds the level to V4 where it is reached, and makes V6 the classes there.
#define REACHED \
	TABLE(levelLimits_over(DX), V5); \
	VPSHUFB V2, V5, V5; \
	VPMINUB V6, V5, V5; \
	VPCMPEQB V6, V5, V5; \
	VPADDB V5, V4, V4; \
	VPOR V2, V5, V6; \
	VPSUBB bytesAll<>(SB), V4, V4

// LEVEL adds what a level costs where it is reached, and goes on to the next one, as ABOVE tells of it. Kernels of diagonals take two at
// once: a branch that is not foreseen costs more than a level that none reaches.
#define LEVEL \
	REACHED; \
	TABLE(levelLimits_more(DX), V3); \
	TABLE(levelLimits_more+16(DX), V5); \
	VPSHUFB V6, V3, V3; \
	VPSHUFB V6, V5, V5; \
	VPSADBW V9, V3, V3; \
	VPSADBW V9, V5, V5; \
	VPADDQ V3, V10, V10; \
	VPADDQ V5, V11, V11; \
	TABLE(levelLimits_more+32(DX), V3); \
	VPSHUFB V6, V3, V3; \
	VPSADBW V9, V3, V3; \
	VPADDQ V3, V12, V12; \
	ADDQ $levelLimits__size, DX; \
	ABOVE

// GAIN makes V7 and V8 twice the products of levels V0 and magnitudes, and V5 their squares in Δ, of which V15 has words: what is
// gained by a level k of a magnitude a is a² − (a − kΔ)² = Δ(2ka − Δk²). Levels up to magnitudeCap and steps up to 2¹² keep all sums
// of a group, of 192 coefficients at most, in 32 bits.
#define GAIN \
	VPMADDUBSW V0, V0, V5; \
	VPADDB V0, V0, V6; \
	VPMADDWD V15, V5, V5; \
	VPUNPCKLBW V9, V6, V3; \
	VPUNPCKHBW V9, V6, V6; \
	VPMADDWD V3, V7, V7; \
	VPMADDWD V6, V8, V8

// INSIDE makes V3 the classes of what is a coefficient.
#define INSIDE VPOR diagonalScan_outside(R15)(AX*1), V2, V3

// COSTS makes V10 the costs of a group, less the bias of each level.
#define COSTS \
	VPBROADCASTQ diagonals_bias(DI), V5; \
	VPMULUDQ V5, V13, V5; \
	VPSLLQ $8, V11, V11; \
	VPSLLQ $16, V12, V12; \
	VPADDQ V11, V10, V10; \
	VPADDQ V12, V10, V10; \
	VPSUBQ V5, V10, V10

#include "oneleaf_amd64.h"

// Of leaves of 8 and 16, whose diagonals have 16 bytes at most.
#define V0 X0
#define V1 X1
#define V2 X2
#define V3 X3
#define V4 X4
#define V5 X5
#define V6 X6
#define V7 X7
#define V8 X8
#define V9 X9
#define V10 X10
#define V11 X11
#define V12 X12
#define V13 X13
#define V14 X14
#define V15 X15
#define TABLE(at, to) VMOVDQU at, to
#define SHIFTS \
	VPSRLDQ $1, X0, X2; \
	VPSRLDQ $2, X0, X3; \
	VPSLLDQ $1, X0, X4
#define FOLD
#define HALF 16

// func quantiseDiagonals16(k *diagonals)
TEXT ·quantiseDiagonals16(SB), NOSPLIT, $0-8
#include "diagonals_amd64.h"

#undef V0
#undef V1
#undef V2
#undef V3
#undef V4
#undef V5
#undef V6
#undef V7
#undef V8
#undef V9
#undef V10
#undef V11
#undef V12
#undef V13
#undef V14
#undef V15
#undef TABLE
#undef SHIFTS
#undef FOLD
#undef HALF

#define V0 Y0
#define V1 Y1
#define V2 Y2
#define V3 Y3
#define V4 Y4
#define V5 Y5
#define V6 Y6
#define V7 Y7
#define V8 Y8
#define V9 Y9
#define V10 Y10
#define V11 Y11
#define V12 Y12
#define V13 Y13
#define V14 Y14
#define V15 Y15
#define TABLE(at, to) VBROADCASTI128 at, to
#define SHIFTS \
	VPERM2I128 $0x81, Y0, Y0, Y5; \
	VPERM2I128 $0x08, Y0, Y0, Y4; \
	VPALIGNR $1, Y0, Y5, Y2; \
	VPALIGNR $2, Y0, Y5, Y3; \
	VPALIGNR $15, Y4, Y0, Y4
#define FOLD \
	VEXTRACTI128 $1, Y10, X5; \
	VPADDQ X5, X10, X10; \
	VEXTRACTI128 $1, Y14, X5; \
	VPADDD X5, X14, X14
#define HALF 32

// func quantiseDiagonals32(k *diagonals)
TEXT ·quantiseDiagonals32(SB), NOSPLIT, $0-8
#include "diagonals_amd64.h"

// Two leaves of 16, of 16 bytes each.
#undef SHIFTS
#undef HALF
#undef START
#undef BEGIN
#undef INSIDE
#undef END
#undef AFTER

#define HALF 32
#include "besideleaves_amd64.h"

#define ANEW \
	VPANDN Y2, Y5, Y2; \
	VPANDN Y1, Y5, Y1
#define HALVES \
	VPSHUFD $0x4E, Y10, Y5; \
	VPSHUFD $0x4E, Y14, Y6; \
	VPADDQ Y5, Y10, Y10; \
	VPADDQ Y6, Y14, Y14
#define SHIFTS \
	VPSRLDQ $1, Y0, Y2; \
	VPSRLDQ $2, Y0, Y3; \
	VPSLLDQ $1, Y0, Y4
#define INSIDE \
	VBROADCASTI128 diagonalScan_outside(R15)(AX*1), Y3; \
	VPOR Y2, Y3, Y3

// func quantiseTwo(k *diagonals)
TEXT ·quantiseTwo(SB), NOSPLIT, $0-8
#include "diagonals_amd64.h"

// Four leaves of 8, of 8 bytes each.
#undef SHIFTS
#define SHIFTS \
	VPSRLQ $8, Y0, Y2; \
	VPSRLQ $16, Y0, Y3; \
	VPSLLQ $8, Y0, Y4

// func quantiseFour(k *diagonals)
TEXT ·quantiseFour(SB), NOSPLIT, $0-8
	MOVQ k+0(FP), DI
	MOVQ diagonals_row(DI), SI
	MOVQ diagonals_prices(DI), BX
	MOVQ diagonals_scan(DI), R15
	MOVQ diagonals_last(DI), R14
	MOVQ diagonals_top(DI), R9 // group and diagonal
	MOVQ diagonals_out(DI), R12
	VPXOR Y0, Y0, Y0    // levels of the diagonal before
	VPXOR Y1, Y1, Y1    // as for one leaf
	VPXOR Y9, Y9, Y9
	VPXOR Y10, Y10, Y10 // balance, but for the diagonal before
	VPXOR Y11, Y11, Y11 // cost of the last group
	VPXOR Y12, Y12, Y12 // where leaves end
	VPXOR Y13, Y13, Y13 // gained
	VPXOR Y14, Y14, Y14 // balance of the diagonal before

diagonal:
	CLASSES

	// Leaves begin, or end anew, if that is cheaper.
	VPBROADCASTD (R14)(R9*4), X6
	VPMOVSXDQ X6, Y6
	VMOVQ R9, X8
	VPBROADCASTQ X8, Y8
	MOVQ R9, AX
	SHLQ $6, AX
	VMOVDQU Y12, diagonalLevels_before+outcomes_end(R12)(AX*1)
	VPSUBQ Y11, Y6, Y5
	VPSUBQ Y10, Y5, Y5
	VPCMPGTQ Y5, Y14, Y5
	VPADDQ Y14, Y10, Y10
	VMOVDQU Y10, diagonalLevels_before+outcomes_balance(R12)(AX*1)
	VPCMPEQQ diagonals_start(DI), Y8, Y7
	VPOR Y7, Y5, Y5
	VPANDN Y2, Y5, Y2
	VPANDN Y1, Y5, Y1
	VPANDN Y10, Y5, Y10
	VPANDN Y13, Y5, Y13
	VPBLENDVB Y5, Y6, Y11, Y11
	VPBLENDVB Y5, Y8, Y12, Y12

	// Zeros: Y14 their costs
	MOVWLZX diagonalScan_frequency(R15)(R9*2), DX
	ADDQ BX, DX
	MOVQ R9, AX
	SHLQ $5, AX
	VPBROADCASTQ diagonalScan_outside(R15)(AX*1), Y3
	VPOR Y2, Y3, Y3
	TABLE(frequencyLimits_zero(DX), Y14)
	TABLE(frequencyLimits_zero+16(DX), Y5)
	TABLE(frequencyLimits_zero+32(DX), Y6)
	VPSHUFB Y3, Y14, Y14
	VPSHUFB Y3, Y5, Y5
	VPSHUFB Y3, Y6, Y6
	VPSADBW Y9, Y14, Y14
	VPSADBW Y9, Y5, Y5
	VPSADBW Y9, Y6, Y6
	VPSLLQ $8, Y5, Y5
	VPSLLQ $16, Y6, Y6
	VPADDQ Y5, Y14, Y14
	VPADDQ Y6, Y14, Y14

	VMOVDQU (SI)(AX*2), Y7
	VMOVDQU 32(SI)(AX*2), Y8
	ADDQ $frequencyLimits_levels, DX
	VPXOR Y4, Y4, Y4
	ABOVE
	JZ none

level:
	REACHED
	TABLE(levelLimits_more(DX), Y3)
	TABLE(levelLimits_more+16(DX), Y5)
	TABLE(levelLimits_more+32(DX), Y15)
	VPSHUFB Y6, Y3, Y3
	VPSHUFB Y6, Y5, Y5
	VPSHUFB Y6, Y15, Y15
	VPSADBW Y9, Y3, Y3
	VPSADBW Y9, Y5, Y5
	VPSADBW Y9, Y15, Y15
	VPSLLQ $8, Y5, Y5
	VPSLLQ $16, Y15, Y15
	VPADDQ Y3, Y14, Y14
	VPADDQ Y5, Y14, Y14
	VPADDQ Y15, Y14, Y14
	ADDQ $levelLimits__size, DX
	ABOVE
	JNZ level

	// Each level has cost its bias too much. What is gained is as of one leaf.
	VPMAXUB diagonals_floor(DI)(AX*1), Y4, Y0
	VPMINUB bytes15<>(SB), Y0, Y4
	VPSADBW Y9, Y4, Y5
	VPBROADCASTQ diagonals_bias(DI), Y6
	VPMULUDQ Y6, Y5, Y5
	VPSUBQ Y5, Y14, Y14
	VPBROADCASTD diagonals_steps(DI), Y15
	GAIN
	VPHADDD Y8, Y7, Y7
	VPSUBD Y5, Y7, Y7
	VPSRLQ $32, Y7, Y8
	VPADDD Y8, Y7, Y7
	VPBROADCASTQ diagonals_step(DI), Y6
	VPMULDQ Y6, Y7, Y7
	VPADDQ Y7, Y13, Y13
	VPSLLQ $const_distScale, Y7, Y7
	VPSUBQ Y7, Y14, Y14
	VPADDQ diagonals_adjust+adjustment_gained(DI)(AX*2), Y13, Y13
	VPADDQ diagonals_adjust+adjustment_balance(DI)(AX*2), Y14, Y14
	VPSLLW $4, Y2, Y2
	VPOR Y4, Y2, Y2
	VMOVDQU Y2, diagonalLevels_named(R12)(AX*1)
	JMP next
none:
	VPXOR Y0, Y0, Y0
	VPSLLW $4, Y2, Y2
	VMOVDQU Y2, diagonalLevels_named(R12)(AX*1)
next:
	DECQ R9
	JNZ diagonal

	VMOVDQU Y12, diagonalLevels_after+outcomes_end(R12)
	VPADDQ Y14, Y10, Y10
	VMOVDQU Y10, diagonalLevels_after+outcomes_balance(R12)
	VMOVDQU Y13, diagonalLevels_gained(R12)
	VZEROUPPER
	RET
