//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Lanes of the low block, which are none.
DATA lowLanes<>+0(SB)/8, $0
DATA lowLanes<>+8(SB)/8, $0
DATA lowLanes<>+16(SB)/8, $-1
DATA lowLanes<>+24(SB)/8, $-1
DATA lowLanes<>+32(SB)/8, $-1
DATA lowLanes<>+40(SB)/8, $-1
GLOBL lowLanes<>(SB), RODATA, $48

// MAGNITUDES packs 16 coefficients at in(DX), and finds the largest one.
#define MAGNITUDES(in, out) \
	VPABSD in(DX), Y0; \
	VPABSD in+32(DX), Y1; \
	VPAND Y12, Y0, Y0; \
	VPACKSSDW Y1, Y0, Y0; \
	VPERMQ $0xD8, Y0, Y0; \
	VPMAXUW Y0, Y13, Y13; \
	VMOVDQU Y0, out(SI)

// TWO packs two rows of a leaf of 8, of which Y12 masks the first four magnitudes.
#define TWO \
	VPABSD (DX), Y0; \
	VPABSD 32(DX), Y1; \
	VPAND Y12, Y0, Y0; \
	VPACKSSDW Y1, Y0, Y0; \
	VPERMQ $0xD8, Y0, Y0; \
	VPMAXUW Y0, Y13, Y13; \
	VMOVDQU X0, (SI); \
	VEXTRACTI128 $1, Y0, 64(SI); \
	VPCMPEQD Y12, Y12, Y12

// LARGEST makes AX the largest of the words Y13.
#define LARGEST \
	VEXTRACTI128 $1, Y13, X0; \
	VPMAXUW X0, X13, X13; \
	VPCMPEQD X0, X0, X0; \
	VPXOR X0, X13, X13; \
	VPHMINPOSUW X13, X13; \
	VPXOR X0, X13, X13; \
	VMOVD X13, AX; \
	MOVWLZX AX, AX

// BOTH loads a row of 8 diagonals of u, and another one above it.
#define BOTH(low, high, x, y) \
	VMOVDQU low, x; \
	VINSERTI128 $1, high, y, y

// TURN transposes twice 8 × 8: rows from SI and R11 = SI + 4·R9 on, and from R13 and R8 on, which are R9 and R12 = 3·R9 apart.
#define TURN \
	BOTH((SI), (R13), X0, Y0); \
	BOTH((SI)(R9*1), (R13)(R9*1), X1, Y1); \
	BOTH((SI)(R9*2), (R13)(R9*2), X2, Y2); \
	BOTH((SI)(R12*1), (R13)(R12*1), X3, Y3); \
	BOTH((R11), (R8), X4, Y4); \
	BOTH((R11)(R9*1), (R8)(R9*1), X5, Y5); \
	BOTH((R11)(R9*2), (R8)(R9*2), X6, Y6); \
	BOTH((R11)(R12*1), (R8)(R12*1), X7, Y7); \
	VPUNPCKLWD Y1, Y0, Y8; \
	VPUNPCKHWD Y1, Y0, Y9; \
	VPUNPCKLWD Y3, Y2, Y10; \
	VPUNPCKHWD Y3, Y2, Y11; \
	VPUNPCKLWD Y5, Y4, Y12; \
	VPUNPCKHWD Y5, Y4, Y13; \
	VPUNPCKLWD Y7, Y6, Y14; \
	VPUNPCKHWD Y7, Y6, Y15; \
	VPUNPCKLDQ Y10, Y8, Y0; \
	VPUNPCKHDQ Y10, Y8, Y1; \
	VPUNPCKLDQ Y14, Y12, Y2; \
	VPUNPCKHDQ Y14, Y12, Y3; \
	VPUNPCKLDQ Y11, Y9, Y4; \
	VPUNPCKHDQ Y11, Y9, Y5; \
	VPUNPCKLDQ Y15, Y13, Y6; \
	VPUNPCKHDQ Y15, Y13, Y7; \
	VPUNPCKLQDQ Y2, Y0, Y8; \
	VPUNPCKHQDQ Y2, Y0, Y9; \
	VPUNPCKLQDQ Y3, Y1, Y10; \
	VPUNPCKHQDQ Y3, Y1, Y11; \
	VPUNPCKLQDQ Y6, Y4, Y12; \
	VPUNPCKHQDQ Y6, Y4, Y13; \
	VPUNPCKLQDQ Y7, Y5, Y14; \
	VPUNPCKHQDQ Y7, Y5, Y15; \
	VMOVDQU Y8, (DI); \
	VMOVDQU Y9, 64(DI); \
	VMOVDQU Y10, 128(DI); \
	VMOVDQU Y11, 192(DI); \
	VMOVDQU Y12, 256(DI); \
	VMOVDQU Y13, 320(DI); \
	VMOVDQU Y14, 384(DI); \
	VMOVDQU Y15, 448(DI)

// func layDiagonals(rows *diagonalRow, packed *uint16, c *int32, lg, top int) (most int)
TEXT ·layDiagonals(SB), NOSPLIT, $0-48
	MOVQ packed+8(FP), SI
	MOVQ c+16(FP), DX
	MOVQ lg+24(FP), CX
	MOVQ top+32(FP), BX
	VPXOR Y13, Y13, Y13
	CMPQ CX, $4
	JE pack16
	JG pack32

	VMOVDQU lowLanes<>+12(SB), Y12
	MOVQ $4, R8
next8:
	TWO
	ADDQ $64, DX
	ADDQ $128, SI
	DECQ R8
	JNZ next8
	MOVQ $62, R9 // bytes from a row to the next, and one sample back
	MOVQ $8, R10 // rows to the upper lanes
	JMP turn

pack16:
	VMOVDQU lowLanes<>+8(SB), Y12
	MOVQ $2, R9
	LEAQ 1(BX), R8
	CMPQ R8, $16
	JLE next16
	MOVQ $16, R8
next16:
	MAGNITUDES(0, 0)
	ADDQ $64, DX
	ADDQ $64, SI
	DECQ R9
	JNZ same16
	VPCMPEQD Y12, Y12, Y12
same16:
	DECQ R8
	JNZ next16
	MOVQ $62, R9
	MOVQ $8, R10
	JMP turn

pack32:
	VMOVDQU lowLanes<>+0(SB), Y12
	MOVQ $4, R9
	LEAQ 1(BX), R8
	CMPQ R8, $32
	JLE rows32
	MOVQ $32, R8
rows32:
	MOVQ BX, R11 // last v
next32:
	MAGNITUDES(0, 0)
	DECQ R9
	JNZ same32
	VPCMPEQD Y12, Y12, Y12
same32:
	CMPQ R11, $16
	JL short32
	VPABSD 64(DX), Y0
	VPABSD 96(DX), Y1
	VPACKSSDW Y1, Y0, Y0
	VPERMQ $0xD8, Y0, Y0
	VPMAXUW Y0, Y13, Y13
	VMOVDQU Y0, 32(SI)
short32:
	ADDQ $128, DX
	ADDQ $128, SI
	DECQ R11
	DECQ R8
	JNZ next32
	MOVQ $126, R9
	MOVQ $16, R10

turn:
	LARGEST
	MOVQ AX, most+40(FP)

	// 8 diagonals of twice 8 rows at a time.
	MOVQ rows+0(FP), DI
	MOVQ packed+8(FP), SI
	LEAQ (R9)(R9*2), R12
	IMULQ R9, R10
next:
	LEAQ (SI)(R9*4), R11
	LEAQ (SI)(R10*1), R13
	LEAQ (R11)(R10*1), R8
	TURN
	ADDQ $16, SI
	ADDQ $512, DI
	SUBQ $8, BX
	JGE next

	// Of 32 the other half likewise, rows of 8 on, of which 8 is the first diagonal.
	CMPQ CX, $5
	JLT done
	XORQ CX, CX
	MOVQ top+32(FP), BX
	SUBQ $8, BX
	JLT done
	MOVQ rows+0(FP), DI
	ADDQ $(8*64+32), DI
	MOVQ packed+8(FP), SI
	LEAQ 16(SI)(R9*8), SI
	JMP next
done:
	VZEROUPPER
	RET

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
#define LANES $0xFFFF

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
#undef LANES

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
	VPADDD X5, X14, X14; \
	VEXTRACTI128 $1, Y15, X5; \
	VPADDD X5, X15, X15
#define HALF 32
#define LANES $0xFFFFFFFF

// func quantiseDiagonals32(k *diagonals)
TEXT ·quantiseDiagonals32(SB), NOSPLIT, $0-8
#include "diagonals_amd64.h"

// func joinDiagonals(names, named *uint8, runs *diagonalRun, n int)
TEXT ·joinDiagonals(SB), NOSPLIT, $0-32
	MOVQ names+0(FP), DI
	MOVQ named+8(FP), SI
	MOVQ runs+16(FP), DX
	MOVQ n+24(FP), CX
next:
	MOVWLZX diagonalRun_at(DX), AX
	MOVWLZX diagonalRun_n(DX), BX
	VMOVDQU (SI)(AX*1), Y0
	VMOVDQU Y0, (DI)
	ADDQ BX, DI
	ADDQ $diagonalRun__size, DX
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

// func widen(tokens *rans.Token, names *uint8, spans *span, n int, first rans.Token)
TEXT ·widen(SB), NOSPLIT, $0-34
	MOVQ tokens+0(FP), DI
	MOVQ names+8(FP), SI
	MOVQ spans+16(FP), DX
	MOVQ n+24(FP), CX
	VPBROADCASTW first+32(FP), Y3
span:
	MOVQ span_n(DX), BX
	VPBROADCASTW span_first(DX), Y0
	VPADDW Y3, Y0, Y0
	XORQ AX, AX
tokens:
	VPMOVZXBW (SI)(AX*1), Y1
	VPMOVZXBW 16(SI)(AX*1), Y2
	VPADDW Y0, Y1, Y1
	VPADDW Y0, Y2, Y2
	VMOVDQU Y1, (DI)(AX*2)
	VMOVDQU Y2, 32(DI)(AX*2)
	ADDQ $32, AX
	CMPQ AX, BX
	JLT tokens
	ADDQ BX, SI
	LEAQ (DI)(BX*2), DI
	ADDQ $span__size, DX
	DECQ CX
	JNZ span
	VZEROUPPER
	RET

// Four leaves of 8, of 8 bytes each.
#undef SHIFTS
#define SHIFTS \
	VPSRLQ $8, Y0, Y2; \
	VPSRLQ $16, Y0, Y3; \
	VPSLLQ $8, Y0, Y4

// FOURTH packs a leaf.
#define FOURTH(leaf, to) \
	MOVQ fourLeaves_coefs+8*leaf(DI), DX; \
	LEAQ fourLeaves_packed+64*const_cell*to(DI), SI; \
	VMOVDQU lowLanes<>+12(SB), Y12; \
	TWO; \
	ADDQ $64, DX; \
	ADDQ $128, SI; \
	TWO; \
	ADDQ $64, DX; \
	ADDQ $128, SI; \
	TWO; \
	ADDQ $64, DX; \
	ADDQ $128, SI; \
	TWO

// func layFour(k *fourLeaves) (most int)
TEXT ·layFour(SB), NOSPLIT, $0-16
	MOVQ k+0(FP), DI
	VPXOR Y13, Y13, Y13
	FOURTH(0, 0)
	FOURTH(2, 1)
	FOURTH(1, 2)
	FOURTH(3, 3)
	LARGEST
	MOVQ AX, most+8(FP)

	LEAQ fourLeaves_packed(DI), SI
	ADDQ $fourLeaves_rows, DI
	MOVQ $62, R9 // bytes from a row to the next, and one sample back
	LEAQ (R9)(R9*2), R12
	MOVQ $2, CX
pair:
	MOVQ $2, BX
half:
	LEAQ (SI)(R9*4), R11
	LEAQ (64*const_cell)(SI), R13
	LEAQ (64*const_cell)(R11), R8
	TURN
	ADDQ $16, SI
	ADDQ $512, DI
	DECQ BX
	JNZ half
	ADDQ $(2*64*const_cell-32), SI
	SUBQ $(1024-32), DI
	DECQ CX
	JNZ pair
	VZEROUPPER
	RET

// func quantiseFour(k *fourLeaves)
TEXT ·quantiseFour(SB), NOSPLIT, $0-8
	MOVQ k+0(FP), DI
	LEAQ fourLeaves_rows(DI), SI
	MOVQ fourLeaves_prices(DI), BX
	MOVQ fourLeaves_scan(DI), R15
	MOVQ fourLeaves_last(DI), R14
	MOVQ fourLeaves_top(DI), R9 // group and diagonal
	MOVQ fourLeaves_out(DI), R12
	VPXOR Y0, Y0, Y0    // levels of the diagonal before
	VPXOR Y1, Y1, Y1    // as for one leaf
	VPXOR Y9, Y9, Y9
	VPXOR Y10, Y10, Y10 // balance
	VPXOR Y11, Y11, Y11 // cost of the last group
	VPXOR Y12, Y12, Y12 // where leaves end
	VPXOR Y13, Y13, Y13 // gained

diagonal:
	// Leaves begin, or end anew, if that is cheaper.
	VPBROADCASTD (R14)(R9*4), X6
	VPMOVSXDQ X6, Y6
	VMOVQ R9, X8
	VPBROADCASTQ X8, Y8
	MOVQ R9, AX
	SHLQ $6, AX
	VMOVDQU Y12, diagonalLevels_before+outcomes_end(R12)(AX*1)
	VMOVDQU Y10, diagonalLevels_before+outcomes_balance(R12)(AX*1)
	VPADDQ Y11, Y10, Y5
	VPCMPGTQ Y6, Y5, Y5
	VPCMPEQQ fourLeaves_start(DI), Y8, Y7
	VPOR Y7, Y5, Y5
	VPANDN Y0, Y5, Y0
	VPANDN Y1, Y5, Y1
	VPANDN Y10, Y5, Y10
	VPANDN Y13, Y5, Y13
	VPBLENDVB Y5, Y6, Y11, Y11
	VPBLENDVB Y5, Y8, Y12, Y12

	CLASSES

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
	VMOVDQU Y4, Y0
	VPSADBW Y9, Y0, Y5
	VPBROADCASTQ fourLeaves_bias(DI), Y6
	VPMULUDQ Y6, Y5, Y5
	VPSUBQ Y5, Y14, Y14
	VPUNPCKLBW Y9, Y0, Y5
	VPUNPCKHBW Y9, Y0, Y6
	VPMADDWD Y5, Y7, Y7
	VPMADDWD Y6, Y8, Y8
	VPMADDWD Y5, Y5, Y5
	VPMADDWD Y6, Y6, Y6
	VPHADDD Y8, Y7, Y7
	VPHADDD Y6, Y5, Y5
	VPSRLQ $32, Y7, Y8
	VPSRLQ $32, Y5, Y6
	VPADDD Y8, Y7, Y7
	VPADDD Y6, Y5, Y5
	VPADDD Y7, Y7, Y7
	VPBROADCASTQ fourLeaves_step(DI), Y6
	VPMULUDQ Y6, Y5, Y5
	VPSUBD Y5, Y7, Y7
	VPMULDQ Y6, Y7, Y7
	VPADDQ Y7, Y13, Y13
	VPSLLQ $const_distScale, Y7, Y7
	VPSUBQ Y7, Y14, Y14
	VPSLLW $4, Y2, Y2
	VPOR Y0, Y2, Y2
	VMOVDQU Y2, diagonalLevels_named(R12)(AX*1)
	VPCMPEQB Y9, Y0, Y5
	VPMOVMSKB Y5, CX
	NOTL CX
	MOVL CX, diagonalLevels_some(R12)(R9*4)
	JMP next
none:
	VPXOR Y0, Y0, Y0
	VPSLLW $4, Y2, Y2
	VMOVDQU Y2, diagonalLevels_named(R12)(AX*1)
	MOVL $0, diagonalLevels_some(R12)(R9*4)
next:
	VPADDQ Y14, Y10, Y10
	DECQ R9
	JNZ diagonal

	VMOVDQU Y12, diagonalLevels_after+outcomes_end(R12)
	VMOVDQU Y10, diagonalLevels_after+outcomes_balance(R12)
	VMOVDQU Y13, diagonalLevels_gained(R12)
	VZEROUPPER
	RET
