//go:build amd64 && !purego

#include "textflag.h"
#include "go_asm.h"

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
// difference of directions in Y14, and leaves the texture in Y12.
#define CLASSIFY \
	VMOVDQU Y11, spill-32(SP); \
	VPBROADCASTD cap<>(SB), Y11; \
	VPABSD Y14, Y14; \
	VPMINUD Y11, Y14, Y14; \
	VPBROADCASTD expectation_Cross(R12), Y15; \
	VPMULLD Y15, Y14, Y14; \
	VPMINSD Y12, Y13, Y15; \
	VPABSD Y15, Y15; \
	VPMINUD Y11, Y15, Y15; \
	VPBROADCASTD expectation_Flat(R12), Y11; \
	VPMULLD Y11, Y15, Y15; \
	VPADDD Y15, Y14, Y14; \
	VPBROADCASTD expectation_One(R12), Y11; \
	VPADDD Y11, Y14, Y14; \
	ORDER(Y14); \
	VMOVDQU Y14, (R10); \
	VPADDD Y12, Y13, Y14; \
	VMOVDQU Y14, energy-64(SP); \
	VPSLLD $1, Y12, Y14; \
	VPADDD Y12, Y14, Y14; \
	VPSLLD $2, Y13, Y15; \
	VPBROADCASTD least<>(SB), Y11; \
	VPADDD Y11, Y15, Y11; \
	VPCMPGTD Y14, Y11, Y15; \
	VPADDD Y11, Y11, Y11; \
	VPCMPGTD Y14, Y11, Y11; \
	VPADDD Y11, Y15, Y15; \
	VPSLLD $1, Y13, Y14; \
	VPADDD Y13, Y14, Y13; \
	VPSLLD $2, Y12, Y14; \
	VPBROADCASTD least<>(SB), Y11; \
	VPADDD Y11, Y14, Y11; \
	VPCMPGTD Y13, Y11, Y14; \
	VPSUBD Y14, Y15, Y15; \
	VPADDD Y11, Y11, Y11; \
	VPCMPGTD Y13, Y11, Y14; \
	VPSUBD Y14, Y15, Y15; \
	VPBROADCASTD firstFlat<>(SB), Y12; \
	VPADDD Y15, Y12, Y15; \
	VMOVDQU energy-64(SP), Y13; \
	VPBROADCASTD flat1<>(SB), Y11; \
	VPCMPGTD Y11, Y13, Y14; \
	VPBROADCASTD flat2<>(SB), Y11; \
	VPCMPGTD Y11, Y13, Y11; \
	VPADDD Y11, Y14, Y14; \
	VPBROADCASTD flat3<>(SB), Y11; \
	VPCMPGTD Y11, Y13, Y11; \
	VPADDD Y11, Y14, Y14; \
	VPCMPEQD Y12, Y15, Y11; \
	VPAND Y11, Y14, Y14; \
	VPCMPGTD Y12, Y15, Y11; \
	VPSUBD Y14, Y15, Y12; \
	VPADDD Y11, Y11, Y14; \
	VPADDD Y11, Y14, Y14; \
	VPSUBD Y14, Y12, Y12; \
	VMOVDQU spill-32(SP), Y11; \
	VPERMQ $0xD8, Y12, Y15; \
	VMOVDQU Y15, (R9)

// WEIGH adds the i-th tap in y, by its weight for the texture Y12, to Y13.
#define WEIGH(i, y) \
	VPERMD (32*i)(R11), Y12, Y14; \
	VPMULLD Y14, y, y; \
	VPADDD y, Y13, Y13

// SUM stores the weighted sum of Y0 to Y11 and the constant.
#define SUM \
	VPERMD (32*const_constant)(R11), Y12, Y13; \
	WEIGH(0, Y0); WEIGH(1, Y1); WEIGH(2, Y2); WEIGH(3, Y3); \
	WEIGH(4, Y4); WEIGH(5, Y5); WEIGH(6, Y6); WEIGH(7, Y7); \
	WEIGH(8, Y8); WEIGH(9, Y9); WEIGH(10, Y10); WEIGH(11, Y11); \
	ORDER(Y13); \
	VMOVDQU Y13, (R8)

#define LOADARGS \
	MOVQ a+0(FP), AX; \
	MOVQ tapArgs_rows(AX), BX; \
	MOVQ (tapArgs_rows+8)(AX), CX; \
	MOVQ (tapArgs_rows+16)(AX), DX; \
	MOVQ (tapArgs_rows+24)(AX), SI; \
	MOVQ (tapArgs_rows+32)(AX), DI; \
	MOVQ tapArgs_sum(AX), R8; \
	MOVQ tapArgs_texture(AX), R9; \
	MOVQ tapArgs_expect(AX), R10; \
	MOVQ tapArgs_table(AX), R11; \
	MOVQ tapArgs_expectation(AX), R12; \
	MOVQ tapArgs_n(AX), R13

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

DATA cap<>+0(SB)/4, $const_magnitudeCap
GLOBL cap<>(SB), RODATA|NOPTR, $4
DATA least<>+0(SB)/4, $const_leastEnergy
GLOBL least<>(SB), RODATA|NOPTR, $4
DATA firstFlat<>+0(SB)/4, $const_firstFlat
GLOBL firstFlat<>(SB), RODATA|NOPTR, $4

DATA flat1<>+0(SB)/4, $(const_flat1-1)
GLOBL flat1<>(SB), RODATA|NOPTR, $4
DATA flat2<>+0(SB)/4, $(const_flat2-1)
GLOBL flat2<>(SB), RODATA|NOPTR, $4
DATA flat3<>+0(SB)/4, $(const_flat3-1)
GLOBL flat3<>(SB), RODATA|NOPTR, $4
DATA half<>+0(SB)/4, $(const_WeightOne/2)
GLOBL half<>(SB), RODATA|NOPTR, $4

// func tapsA(a *tapArgs)
//
// The rows are y−3, y−1, y (not read), y+1 and y+3.
//
// AX, then BX, CX, DX, SI, DI  arguments; rows of taps from the first sample on, from top to bottom
// R8, R9, R10                  sums, textures and expectations to fill
// R11                          weights, a vector of eight textures for each term
// R12                          weights of the expectation
// R13                          samples left
// Y0…Y11                       taps
// Y12, Y13                     energies; then the texture, which picks weights, and the sum
// Y11, Y14, Y15                scratch, Y11 being kept on the stack
TEXT ·tapsA(SB), NOSPLIT, $64-8
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
//
// The rows are y−2, y−1, y, y+1 and y+2; registers are as in tapsA.
TEXT ·tapsB0(SB), NOSPLIT, $64-8
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
//
// The rows are y−1, y and y+1, the first and last not being read; registers are as in tapsA.
TEXT ·tapsB1(SB), NOSPLIT, $64-8
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

// EVENAT is EVEN of what lies an index x further.
#define EVENAT(off, p, x, y) \
	VMOVUPS (off)(p)(x), y; \
	VSHUFPS $0x88, (off+32)(p)(x), y, y

#define MAGNITUDE(y) \
	VPABSD y, y; \
	VPMINUD Y15, y, y

// ADDTERM adds the residuals in y, by the weight of a term for the texture Y7, to Y6.
#define ADDTERM(term, y) \
	VPERMD (32*term)(R11), Y7, Y5; \
	VPMULLD Y5, y, Y5; \
	VPADDD Y5, Y6, Y6

// ADDEXPECT adds the magnitudes in y, by the i-th of Expectation.OfResiduals, to Y0.
#define ADDEXPECT(i, y) \
	VPMULLD (32*i)(R14), y, y; \
	VPADDD y, Y0, Y0

// func addResiduals(a *residualArgs)
//
// AX           arguments, then bytes of samples done; CX bytes of all samples
// BX           residuals of the level from the sample on; SI, DX from there to the rows above and below
// DI           flags
// R8, R9       residuals of the planes before, or 0
// R10, R15     sums, predictions
// R11          weights, a vector of eight textures for each term
// R12, R13     expectations, textures
// R14          weights of the expectation, a vector for each sum of residuals
// Y0, Y6, Y7   expectations, sums and textures of eight samples
// Y1…Y5        residuals and scratch
// Y8…Y11, Y15  step, half of WeightOne, limits, cap of magnitudes
TEXT ·addResiduals(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), AX
	MOVQ residualArgs_q(AX), BX
	MOVQ residualArgs_stride(AX), DX // to the row below, in bytes
	MOVQ DX, SI
	NEGQ SI                        // to the row above
	MOVQ residualArgs_flags(AX), DI
	MOVQ residualArgs_before(AX), R8
	MOVQ (residualArgs_before+8)(AX), R9
	MOVQ residualArgs_sum(AX), R10
	MOVQ residualArgs_table(AX), R11
	MOVQ residualArgs_expect(AX), R12
	MOVQ residualArgs_texture(AX), R13
	MOVQ residualArgs_residuals(AX), R14
	MOVQ residualArgs_n(AX), CX
	SHLQ $2, CX
	VPBROADCASTD cap<>(SB), Y15
	VPBROADCASTD half<>(SB), Y9
	VPBROADCASTD residualArgs_step(AX), Y8
	VPBROADCASTD residualArgs_lo(AX), Y10
	VPBROADCASTD residualArgs_hi(AX), Y11
	MOVQ residualArgs_pred(AX), R15
	XORQ AX, AX // bytes of samples done
loop:
	VPERMQ $0xD8, (R13)(AX*1), Y7
	VPXOR Y6, Y6, Y6
	EVENAT(0, BX, SI*2, Y0)
	EVENAT(-8, BX, SI*2, Y1)
	EVENAT(8, BX, SI*2, Y2)
	ADDTERM(const_own, Y0)
	VPADDD Y1, Y2, Y4
	ADDTERM((const_own+1), Y4)
	MAGNITUDE(Y0)
	VPMULLD (R14), Y0, Y0
	MAGNITUDE(Y1)
	MAGNITUDE(Y2)
	VPADDD Y2, Y1, Y1
	ADDEXPECT(1, Y1)
	TESTQ $const_hasBeside, DI
	JZ diag
	EVENAT(0, BX, SI*1, Y1)
	EVENAT(0, BX, DX*1, Y2)
	VPADDD Y1, Y2, Y4
	ADDTERM((const_own+2), Y4)
	MAGNITUDE(Y1)
	MAGNITUDE(Y2)
	VPADDD Y2, Y1, Y1
	ADDEXPECT(2, Y1)
diag:
	TESTQ $const_hasDiag, DI
	JZ planes
	EVENAT(-4, BX, SI*1, Y1)
	EVENAT(4, BX, SI*1, Y2)
	VPADDD Y1, Y2, Y4
	MAGNITUDE(Y1)
	MAGNITUDE(Y2)
	VPADDD Y2, Y1, Y1
	EVENAT(-4, BX, DX*1, Y2)
	EVENAT(4, BX, DX*1, Y3)
	VPADDD Y2, Y4, Y4
	VPADDD Y3, Y4, Y4
	ADDTERM((const_own+2), Y4)
	MAGNITUDE(Y2)
	MAGNITUDE(Y3)
	VPADDD Y2, Y1, Y1
	VPADDD Y3, Y1, Y1
	ADDEXPECT(3, Y1)
	EVEN(-4, BX, Y1)
	EVEN(4, BX, Y2)
	MAGNITUDE(Y1)
	MAGNITUDE(Y2)
	VPADDD Y2, Y1, Y1
	ADDEXPECT(2, Y1)
planes:
	TESTQ R8, R8
	JZ store
	EVENAT(0, R8, AX*2, Y1)
	ADDTERM(const_cross, Y1)
	MAGNITUDE(Y1)
	ADDEXPECT(4, Y1)
	TESTQ R9, R9
	JZ store
	EVENAT(0, R9, AX*2, Y1)
	ADDTERM((const_cross+1), Y1)
store:
	VPMULLD Y8, Y6, Y6
	ORDER(Y6)
	VPADDD (R10)(AX*1), Y6, Y6
	VMOVDQU Y6, (R10)(AX*1)
	VPADDD Y9, Y6, Y6
	VPSRAD $const_WeightBits, Y6, Y6
	VPMAXSD Y10, Y6, Y6
	VPMINSD Y11, Y6, Y6
	VMOVDQU Y6, (R15)(AX*1)
	ORDER(Y0)
	VPADDD (R12)(AX*1), Y0, Y0
	VMOVDQU Y0, (R12)(AX*1)
	ADDQ $64, BX
	ADDQ $32, AX
	CMPQ AX, CX
	JLT loop
	VZEROUPPER
	RET

// MOMENT adds the products of Y5 with the b-th four terms in y to the sums of the
// row.
#define MOMENT(b, y) \
	VPMULDQ y, Y5, Y6; \
	VPADDQ (32*b)(BX), Y6, Y6; \
	VMOVDQU Y6, (32*b)(BX)

// func addMoments(m *moments, d *[terms + 1]int32)
//
// BX, SI  row of moments, its term; CX rows left of four
// Y0…Y4   all terms in 64 bits
// Y5, Y6  the row's term in all lanes, scratch
TEXT ·addMoments(SB), NOSPLIT, $0-16
	MOVQ m+0(FP), BX
	MOVQ d+8(FP), SI
	VPMOVSXDQ (SI), Y0
	VPMOVSXDQ 16(SI), Y1
	VPMOVSXDQ 32(SI), Y2
	VPMOVSXDQ 48(SI), Y3
	VPMOVSXDQ 64(SI), Y4
	MOVQ $4, CX
rows0:
	VPBROADCASTD (SI), Y5
	CMPL (SI), $0
	JEQ next0
	MOMENT(0, Y0)
next0:
	ADDQ $4, SI
	ADDQ $const_momentsRow, BX
	DECQ CX
	JNZ  rows0
	MOVQ $4, CX
rows1:
	VPBROADCASTD (SI), Y5
	CMPL (SI), $0
	JEQ next1
	MOMENT(0, Y0)
	MOMENT(1, Y1)
next1:
	ADDQ $4, SI
	ADDQ $const_momentsRow, BX
	DECQ CX
	JNZ  rows1
	MOVQ $4, CX
rows2:
	VPBROADCASTD (SI), Y5
	CMPL (SI), $0
	JEQ next2
	MOMENT(0, Y0)
	MOMENT(1, Y1)
	MOMENT(2, Y2)
next2:
	ADDQ $4, SI
	ADDQ $const_momentsRow, BX
	DECQ CX
	JNZ  rows2
	MOVQ $4, CX
rows3:
	VPBROADCASTD (SI), Y5
	CMPL (SI), $0
	JEQ next3
	MOMENT(0, Y0)
	MOMENT(1, Y1)
	MOMENT(2, Y2)
	MOMENT(3, Y3)
next3:
	ADDQ $4, SI
	ADDQ $const_momentsRow, BX
	DECQ CX
	JNZ  rows3
	MOVQ $4, CX
rows4:
	VPBROADCASTD (SI), Y5
	CMPL (SI), $0
	JEQ next4
	MOMENT(0, Y0)
	MOMENT(1, Y1)
	MOMENT(2, Y2)
	MOMENT(3, Y3)
	MOMENT(4, Y4)
next4:
	ADDQ $4, SI
	ADDQ $const_momentsRow, BX
	DECQ CX
	JNZ  rows4
	VZEROUPPER
	RET
