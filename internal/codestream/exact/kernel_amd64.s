#include "textflag.h"

// Eight samples of a pass are every second of sixteen: EVEN gathers them at
// off bytes from the first, in the order 0 1 4 5 2 3 6 7. ORDER puts them right,
// or, being its own inverse, wrong.
#define EVEN(off, p, y) \
	VMOVUPS (off)(p), y; \
	VSHUFPS $0x88, (off+32)(p), y, y

#define ORDER(y) VPERMQ $0xD8, y, y

// DIFF leaves |a-b| in Y14.
#define DIFF(a, b) \
	VPSUBD b, a, Y14; \
	VPABSD Y14, Y14

#define ADDDIFF(a, b, e) \
	DIFF(a, b); \
	VPADDD Y14, e, e

// CLASSIFY stores the expectation, from the energies Y12 and Y13 and the
// difference of directions in Y14, and leaves the direction in Y12.
#define CLASSIFY \
	VPBROADCASTD cap<>(SB), Y15; \
	VPABSD Y14, Y14; \
	VPMINUD Y15, Y14, Y14; \
	VPBROADCASTD 8(R12), Y15; \
	VPMULLD Y15, Y14, Y14; \
	VPMINSD Y12, Y13, Y15; \
	VPABSD Y15, Y15; \
	VMOVDQU Y11, spill-32(SP); \
	VPBROADCASTD cap<>(SB), Y11; \
	VPMINUD Y11, Y15, Y15; \
	VPBROADCASTD 4(R12), Y11; \
	VPMULLD Y11, Y15, Y15; \
	VPADDD Y15, Y14, Y14; \
	VPBROADCASTD (R12), Y11; \
	VPADDD Y11, Y14, Y14; \
	ORDER(Y14); \
	VMOVDQU Y14, (R10); \
	VPSLLD $1, Y12, Y14; \
	VPADDD Y12, Y14, Y14; \
	VPSLLD $2, Y13, Y15; \
	VPBROADCASTD sixteen<>(SB), Y11; \
	VPADDD Y11, Y15, Y11; \
	VPCMPGTD Y14, Y11, Y15; \
	VPADDD Y11, Y11, Y11; \
	VPCMPGTD Y14, Y11, Y11; \
	VPADDD Y11, Y15, Y15; \
	VPSLLD $1, Y13, Y14; \
	VPADDD Y13, Y14, Y13; \
	VPSLLD $2, Y12, Y14; \
	VPBROADCASTD sixteen<>(SB), Y11; \
	VPADDD Y11, Y14, Y11; \
	VPCMPGTD Y13, Y11, Y14; \
	VPSUBD Y14, Y15, Y15; \
	VPADDD Y11, Y11, Y11; \
	VPCMPGTD Y13, Y11, Y14; \
	VPSUBD Y14, Y15, Y15; \
	VPBROADCASTD two<>(SB), Y12; \
	VPADDD Y15, Y12, Y12; \
	VMOVDQU spill-32(SP), Y11; \
	VPERMQ $0xD8, Y12, Y15; \
	VMOVDQU Y15, (R9)

// WEIGH adds the i-th tap in y, by its weight in the direction Y12, to Y13.
#define WEIGH(i, y) \
	VPERMD (32*i)(R11), Y12, Y14; \
	VPMULLD Y14, y, y; \
	VPADDD y, Y13, Y13

// SUM stores the weighted sum of Y0 to Y11 and the constant.
#define SUM \
	VPERMD (32*15)(R11), Y12, Y13; \
	WEIGH(0, Y0); WEIGH(1, Y1); WEIGH(2, Y2); WEIGH(3, Y3); \
	WEIGH(4, Y4); WEIGH(5, Y5); WEIGH(6, Y6); WEIGH(7, Y7); \
	WEIGH(8, Y8); WEIGH(9, Y9); WEIGH(10, Y10); WEIGH(11, Y11); \
	ORDER(Y13); \
	VMOVDQU Y13, (R8)

#define LOADARGS \
	MOVQ a+0(FP), AX; \
	MOVQ 0(AX), BX; \
	MOVQ 8(AX), CX; \
	MOVQ 16(AX), DX; \
	MOVQ 24(AX), SI; \
	MOVQ 32(AX), DI; \
	MOVQ 40(AX), R8; \
	MOVQ 48(AX), R9; \
	MOVQ 56(AX), R10; \
	MOVQ 64(AX), R11; \
	MOVQ 72(AX), R12; \
	MOVQ 80(AX), R13

#define ADVANCE \
	ADDQ $64, BX; \
	ADDQ $64, CX; \
	ADDQ $64, DX; \
	ADDQ $64, SI; \
	ADDQ $64, DI; \
	ADDQ $32, R8; \
	ADDQ $32, R9; \
	ADDQ $32, R10; \
	SUBQ $8, R13

DATA cap<>+0(SB)/4, $0x200000
GLOBL cap<>(SB), RODATA|NOPTR, $4
DATA sixteen<>+0(SB)/4, $16
GLOBL sixteen<>(SB), RODATA|NOPTR, $4
DATA two<>+0(SB)/4, $2
GLOBL two<>(SB), RODATA|NOPTR, $4

DATA half<>+0(SB)/4, $64
GLOBL half<>(SB), RODATA|NOPTR, $4

// func tapsA(a *tapArgs)
TEXT ·tapsA(SB), NOSPLIT, $32-8
	LOADARGS
loop:
	EVEN(-4, CX, Y0)
	EVEN(4, CX, Y1)
	EVEN(-4, SI, Y2)
	EVEN(4, SI, Y3)
	EVEN(-12, CX, Y4)
	EVEN(-12, SI, Y5)
	EVEN(12, CX, Y6)
	EVEN(12, SI, Y7)
	EVEN(-4, BX, Y8)
	EVEN(4, BX, Y9)
	EVEN(-4, DI, Y10)
	EVEN(4, DI, Y11)
	DIFF(Y0, Y3)
	VPSLLD $2, Y14, Y12
	ADDDIFF(Y4, Y2, Y12)
	ADDDIFF(Y1, Y7, Y12)
	ADDDIFF(Y8, Y1, Y12)
	ADDDIFF(Y2, Y11, Y12)
	DIFF(Y1, Y2)
	VPSLLD $2, Y14, Y13
	ADDDIFF(Y6, Y3, Y13)
	ADDDIFF(Y0, Y5, Y13)
	ADDDIFF(Y9, Y0, Y13)
	ADDDIFF(Y3, Y10, Y13)
	VPADDD Y0, Y3, Y14
	VPSUBD Y1, Y14, Y14
	VPSUBD Y2, Y14, Y14
	CLASSIFY
	SUM
	ADVANCE
	JG loop
	VZEROUPPER
	RET

// func tapsB0(a *tapArgs)
TEXT ·tapsB0(SB), NOSPLIT, $32-8
	LOADARGS
loop:
	EVEN(-4, DX, Y0)
	EVEN(4, DX, Y1)
	EVEN(0, CX, Y2)
	EVEN(0, SI, Y3)
	EVEN(-8, CX, Y4)
	EVEN(8, CX, Y5)
	EVEN(-8, SI, Y6)
	EVEN(8, SI, Y7)
	EVEN(-4, BX, Y8)
	EVEN(4, BX, Y9)
	EVEN(-4, DI, Y10)
	EVEN(4, DI, Y11)
	DIFF(Y0, Y1)
	VPSLLD $1, Y14, Y12
	ADDDIFF(Y4, Y2, Y12)
	ADDDIFF(Y3, Y7, Y12)
	DIFF(Y2, Y3)
	VPSLLD $1, Y14, Y13
	ADDDIFF(Y8, Y0, Y13)
	ADDDIFF(Y1, Y11, Y13)
	VPADDD Y0, Y1, Y14
	VPSUBD Y2, Y14, Y14
	VPSUBD Y3, Y14, Y14
	CLASSIFY
	SUM
	ADVANCE
	JG loop
	VZEROUPPER
	RET

// func tapsB1(a *tapArgs)
TEXT ·tapsB1(SB), NOSPLIT, $32-8
	LOADARGS
loop:
	EVEN(-4, DX, Y0)
	EVEN(4, DX, Y1)
	EVEN(0, CX, Y2)
	EVEN(0, SI, Y3)
	EVEN(-4, CX, Y4)
	EVEN(4, CX, Y5)
	EVEN(-4, SI, Y6)
	EVEN(4, SI, Y7)
	EVEN(-8, CX, Y8)
	EVEN(8, CX, Y9)
	EVEN(-8, SI, Y10)
	EVEN(8, SI, Y11)
	DIFF(Y0, Y1)
	VPSLLD $1, Y14, Y12
	ADDDIFF(Y4, Y2, Y12)
	ADDDIFF(Y2, Y5, Y12)
	ADDDIFF(Y6, Y3, Y12)
	ADDDIFF(Y3, Y7, Y12)
	DIFF(Y2, Y3)
	VPSLLD $1, Y14, Y13
	ADDDIFF(Y4, Y0, Y13)
	ADDDIFF(Y0, Y6, Y13)
	ADDDIFF(Y5, Y1, Y13)
	ADDDIFF(Y1, Y7, Y13)
	VPADDD Y0, Y1, Y14
	VPSUBD Y2, Y14, Y14
	VPSUBD Y3, Y14, Y14
	CLASSIFY
	SUM
	ADVANCE
	JG loop
	VZEROUPPER
	RET

// MAGNITUDE is that of residuals at off bytes from the first, in y.
#define MAGNITUDE(off, p, y) \
	EVEN(off, p, y); \
	VPABSD y, y; \
	VPMINUD Y15, y, y

// func around(a *aroundArgs)
TEXT ·around(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), AX
	MOVQ 0(AX), BX   // two rows up
	MOVQ 8(AX), CX   // near
	MOVQ 16(AX), DX
	MOVQ 24(AX), SI  // diagonal
	MOVQ 32(AX), DI
	MOVQ 40(AX), R8  // plane before
	MOVQ 48(AX), R9  // the one before that
	MOVQ 56(AX), R10 // sum
	MOVQ 64(AX), R12 // expectation of the samples
	MOVQ 72(AX), R13 // direction
	MOVQ 80(AX), R11 // weights
	MOVQ 88(AX), AX
	VPBROADCASTD cap<>(SB), Y15
	VPBROADCASTD 12(AX), Y14 // side
	VPBROADCASTD 16(AX), Y13 // corner
	VPBROADCASTD 20(AX), Y12 // near
	VPBROADCASTD 24(AX), Y11 // diag
	VPBROADCASTD 28(AX), Y10 // other
	VPBROADCASTD half<>(SB), Y9
	MOVQ a+0(FP), AX
	VPBROADCASTD 112(AX), Y8 // step
	MOVQ 104(AX), R15 // prediction
	MOVQ 96(AX), AX  // n
loop:
	MAGNITUDE(0, BX, Y0)
	VPMULLD Y14, Y0, Y0
	MAGNITUDE(-8, BX, Y1)
	MAGNITUDE(8, BX, Y2)
	VPADDD Y2, Y1, Y1
	VPMULLD Y13, Y1, Y1
	VPADDD Y1, Y0, Y0
	TESTQ CX, CX
	JZ sums
	MAGNITUDE(0, CX, Y1)
	MAGNITUDE(0, DX, Y2)
	VPADDD Y2, Y1, Y1
	VPMULLD Y12, Y1, Y1
	VPADDD Y1, Y0, Y0
	ADDQ $64, CX
	ADDQ $64, DX
	TESTQ SI, SI
	JZ sums
	MAGNITUDE(-4, SI, Y1)
	MAGNITUDE(4, SI, Y2)
	MAGNITUDE(-4, DI, Y3)
	MAGNITUDE(4, DI, Y4)
	VPADDD Y2, Y1, Y1
	VPADDD Y4, Y3, Y3
	VPADDD Y3, Y1, Y1
	VPMULLD Y11, Y1, Y1
	VPADDD Y1, Y0, Y0
	ADDQ $64, SI
	ADDQ $64, DI
sums:
	VMOVDQU (R10), Y6
	TESTQ R8, R8
	JZ store
	VPERMQ $0xD8, (R13), Y7
	EVEN(0, R8, Y1)
	VPABSD Y1, Y2
	VPMINUD Y15, Y2, Y2
	VPMULLD Y10, Y2, Y2
	VPADDD Y2, Y0, Y0
	VPERMD (32*13)(R11), Y7, Y3
	VPMULLD Y8, Y1, Y1
	VPMULLD Y3, Y1, Y1
	ADDQ $64, R8
	TESTQ R9, R9
	JZ cross
	EVEN(0, R9, Y2)
	VPERMD (32*14)(R11), Y7, Y3
	VPMULLD Y8, Y2, Y2
	VPMULLD Y3, Y2, Y2
	VPADDD Y2, Y1, Y1
	ADDQ $64, R9
cross:
	ORDER(Y1)
	VPADDD Y1, Y6, Y6
store:
	VMOVDQU Y6, (R10)
	VPADDD Y9, Y6, Y6
	VPSRAD $7, Y6, Y6
	VMOVDQU Y6, (R15)
	ORDER(Y0)
	VPADDD (R12), Y0, Y0
	VMOVDQU Y0, (R12)
	ADDQ $64, BX
	ADDQ $32, R10
	ADDQ $32, R12
	ADDQ $32, R13
	ADDQ $32, R15
	SUBQ $8, AX
	JG loop
	VZEROUPPER
	RET
