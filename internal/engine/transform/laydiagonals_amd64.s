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

// ROWS16 packs the rows of a leaf of 16 up to diagonal BX.
#define ROWS16(row, same) \
	VMOVDQU lowLanes<>+8(SB), Y12; \
	MOVQ $2, R9; \
	MOVQ $16, R8; \
	LEAQ 1(BX), R11; \
	CMPQ R11, R8; \
	CMOVQLT R11, R8; \
row: \
	MAGNITUDES(0, 0); \
	ADDQ $64, DX; \
	ADDQ $64, SI; \
	DECQ R9; \
	JNZ same; \
	VPCMPEQD Y12, Y12, Y12; \
same: \
	DECQ R8; \
	JNZ row

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
	ROWS16(next16, same16)
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

// func layTwo(rows *diagonalRow, packed *uint16, leaves *[4]*int32, top int) (most int)
TEXT ·layTwo(SB), NOSPLIT, $0-40
	MOVQ packed+8(FP), SI
	MOVQ leaves+16(FP), R13
	MOVQ top+24(FP), BX
	VPXOR Y13, Y13, Y13
	MOVQ $2, CX
leaf:
	MOVQ (R13), DX
	ROWS16(row, same)
	MOVQ packed+8(FP), SI
	ADDQ $1024, SI
	ADDQ $8, R13
	DECQ CX
	JNZ leaf
	LARGEST
	MOVQ AX, most+32(FP)

	// 8 diagonals of 8 rows of both at a time, then of the other rows, of which 8 is the first diagonal.
	MOVQ rows+0(FP), DI
	MOVQ packed+8(FP), SI
	MOVQ $62, R9
	LEAQ (R9)(R9*2), R12
	MOVQ BX, CX
next:
	LEAQ (SI)(R9*4), R11
	LEAQ 1024(SI), R13
	LEAQ 1024(R11), R8
	TURN
	ADDQ $16, SI
	ADDQ $512, DI
	SUBQ $8, CX
	JGE next
	SUBQ $8, BX
	JLT done
	MOVQ BX, CX
	MOVQ $-1, BX
	MOVQ rows+0(FP), DI
	ADDQ $(8*64+32), DI
	MOVQ packed+8(FP), SI
	ADDQ $(8*64), SI
	JMP next
done:
	VZEROUPPER
	RET

// FOURTH packs a leaf of 8.
#define FOURTH(leaf, to) \
	MOVQ 8*leaf(CX), DX; \
	LEAQ (64*const_cell*to)(BX), SI; \
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

// func layFour(rows *diagonalRow, packed *uint16, leaves *[4]*int32) (most int)
TEXT ·layFour(SB), NOSPLIT, $0-32
	MOVQ rows+0(FP), DI
	MOVQ packed+8(FP), BX
	MOVQ leaves+16(FP), CX
	VPXOR Y13, Y13, Y13
	FOURTH(0, 0)
	FOURTH(2, 1)
	FOURTH(1, 2)
	FOURTH(3, 3)
	LARGEST
	MOVQ AX, most+24(FP)

	MOVQ BX, SI
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

// func reaching(reach *[maxN]uint32, rows *uint16, stride, n int, limit uint16)
TEXT ·reaching(SB), NOSPLIT, $0-34
	MOVQ reach+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ stride+16(FP), DX
	MOVQ n+24(FP), CX
	VPBROADCASTW limit+32(FP), Y4
	VPXOR Y5, Y5, Y5
row:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VPSUBUSW Y4, Y0, Y0
	VPSUBUSW Y4, Y1, Y1
	VPACKUSWB Y1, Y0, Y0
	VPERMQ $0xD8, Y0, Y0
	VPCMPEQB Y5, Y0, Y0
	VPMOVMSKB Y0, AX
	NOTL AX
	MOVL AX, (DI)
	LEAQ (SI)(DX*2), SI
	ADDQ $4, DI
	DECQ CX
	JNZ row
	VZEROUPPER
	RET
