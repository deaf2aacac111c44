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

// TURN loads a row of 8 diagonals of u, and of a later u above it.
#define TURN(low, high, x, y) \
	VMOVDQU low, x; \
	VINSERTI128 $1, high, y, y

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
	VPABSD (DX), Y0
	VPABSD 32(DX), Y1
	VPAND Y12, Y0, Y0
	VPACKSSDW Y1, Y0, Y0
	VPERMQ $0xD8, Y0, Y0
	VPMAXUW Y0, Y13, Y13
	VMOVDQU X0, (SI)
	VEXTRACTI128 $1, Y0, 64(SI)
	VPCMPEQD Y12, Y12, Y12
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
	VEXTRACTI128 $1, Y13, X0
	VPMAXUW X0, X13, X13
	VPCMPEQD X0, X0, X0
	VPXOR X0, X13, X13
	VPHMINPOSUW X13, X13
	VPXOR X0, X13, X13
	VMOVD X13, AX
	MOVWLZX AX, AX
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
	TURN((SI), (R13), X0, Y0)
	TURN((SI)(R9*1), (R13)(R9*1), X1, Y1)
	TURN((SI)(R9*2), (R13)(R9*2), X2, Y2)
	TURN((SI)(R12*1), (R13)(R12*1), X3, Y3)
	TURN((R11), (R8), X4, Y4)
	TURN((R11)(R9*1), (R8)(R9*1), X5, Y5)
	TURN((R11)(R9*2), (R8)(R9*2), X6, Y6)
	TURN((R11)(R12*1), (R8)(R12*1), X7, Y7)
	VPUNPCKLWD Y1, Y0, Y8
	VPUNPCKHWD Y1, Y0, Y9
	VPUNPCKLWD Y3, Y2, Y10
	VPUNPCKHWD Y3, Y2, Y11
	VPUNPCKLWD Y5, Y4, Y12
	VPUNPCKHWD Y5, Y4, Y13
	VPUNPCKLWD Y7, Y6, Y14
	VPUNPCKHWD Y7, Y6, Y15
	VPUNPCKLDQ Y10, Y8, Y0
	VPUNPCKHDQ Y10, Y8, Y1
	VPUNPCKLDQ Y14, Y12, Y2
	VPUNPCKHDQ Y14, Y12, Y3
	VPUNPCKLDQ Y11, Y9, Y4
	VPUNPCKHDQ Y11, Y9, Y5
	VPUNPCKLDQ Y15, Y13, Y6
	VPUNPCKHDQ Y15, Y13, Y7
	VPUNPCKLQDQ Y2, Y0, Y8
	VPUNPCKHQDQ Y2, Y0, Y9
	VPUNPCKLQDQ Y3, Y1, Y10
	VPUNPCKHQDQ Y3, Y1, Y11
	VPUNPCKLQDQ Y6, Y4, Y12
	VPUNPCKHQDQ Y6, Y4, Y13
	VPUNPCKLQDQ Y7, Y5, Y14
	VPUNPCKHQDQ Y7, Y5, Y15
	VMOVDQU Y8, (DI)
	VMOVDQU Y9, 64(DI)
	VMOVDQU Y10, 128(DI)
	VMOVDQU Y11, 192(DI)
	VMOVDQU Y12, 256(DI)
	VMOVDQU Y13, 320(DI)
	VMOVDQU Y14, 384(DI)
	VMOVDQU Y15, 448(DI)
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

// func nameDiagonals(tokens *rans.Token, named *[2 * maxN][maxN]uint8, runs *diagonalRun, n int, first uint16)
TEXT ·nameDiagonals(SB), NOSPLIT, $0-34
	MOVQ tokens+0(FP), DI
	MOVQ named+8(FP), SI
	MOVQ runs+16(FP), DX
	MOVQ n+24(FP), CX
	VPBROADCASTW first+32(FP), Y0
next:
	MOVWLZX diagonalRun_at(DX), AX
	MOVWLZX diagonalRun_n(DX), BX
	VPBROADCASTW diagonalRun_token(DX), Y1
	VPADDW Y0, Y1, Y1
	VPMOVZXBW (SI)(AX*1), Y2
	VPMOVZXBW 16(SI)(AX*1), Y3
	VPADDW Y1, Y2, Y2
	VPADDW Y1, Y3, Y3
	VMOVDQU Y2, (DI)
	VMOVDQU Y3, 32(DI)
	LEAQ (DI)(BX*2), DI
	ADDQ $diagonalRun__size, DX
	DECQ CX
	JNZ next
	VZEROUPPER
	RET
