//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA guidedScales<>+0(SB)/4, $const_guidedScale
GLOBL guidedScales<>(SB), RODATA, $4

// ROWS loads four rows of four samples, from at on. Each comes with what is around it in the window, at the place that it has
// in the vector.
#define ROWS(at, rows) \
	VMOVDQU (at), rows; \
	VPBLENDD $0x0C, (const_rowBytes-8)(at), rows, rows; \
	VPBLENDD $0x30, (2*const_rowBytes-16)(at), rows, rows; \
	VPBLENDD $0xC0, (3*const_rowBytes-24)(at), rows, rows

// CLIP clips words to ±bound.
#define CLIP(src, bound, least, dst) \
	VPMINSW bound, src, dst; \
	VPMAXSW least, dst, dst

// DIFFERENCES takes the differences of a pair to Y0 and Y1, AX being where the first lies.
#define DIFFERENCES \
	LEAQ (SI)(AX*1), R8; \
	MOVQ SI, R9; \
	SUBQ AX, R9; \
	ROWS(R8, Y0); \
	ROWS(R9, Y1); \
	VPSUBW Y15, Y0, Y0; \
	VPSUBW Y15, Y1, Y1

// PLAIN weights the differences: of rows 0 and 2 in Y4, of rows 1 and 3 in Y5. The ones within the
// wide clip stay in Y2 and Y3.
#define PLAIN \
	CLIP(Y0, Y14, Y13, Y2); \
	CLIP(Y1, Y14, Y13, Y3); \
	CLIP(Y0, Y12, Y11, Y0); \
	CLIP(Y1, Y12, Y11, Y1); \
	VPADDW Y1, Y0, Y0; \
	VPADDW Y3, Y2, Y1; \
	VPUNPCKLWD Y0, Y1, Y4; \
	VPUNPCKHWD Y0, Y1, Y5; \
	VPBROADCASTD weighted_pair(DX), Y0; \
	VPMADDWD Y0, Y4, Y4; \
	VPMADDWD Y0, Y5, Y5

// WEIGHPLAIN adds a pair to the sums of a block of luma, and goes on to the next.
#define WEIGHPLAIN \
	MOVQ weighted_step(DX), AX; \
	DIFFERENCES; \
	PLAIN; \
	VPADDD Y4, Y10, Y10; \
	VPADDD Y5, Y9, Y9; \
	ADDQ $weighted__size, DX; \
	DECQ CX

// LESSNEAR takes how near luma is, less guidedScale, at most 0, of half of the words in Y0 and Y1, to
// pairs of words in Y2. Y6 is 0, Y7 the slope.
#define LESSNEAR(UNPACK) \
	UNPACK Y6, Y0, Y2; \
	UNPACK Y6, Y1, Y3; \
	VPMULLD Y7, Y2, Y2; \
	VPMULLD Y7, Y3, Y3; \
	VPSRLD $16, Y2, Y2; \
	VPSRLD $16, Y3, Y3; \
	VPSUBD scales-32(SP), Y2, Y2; \
	VPSUBD scales-32(SP), Y3, Y3; \
	VPMINSD Y6, Y2, Y2; \
	VPMINSD Y6, Y3, Y3; \
	VPSLLD $16, Y3, Y3; \
	VPBLENDW $0xAA, Y3, Y2, Y2

// GUIDED takes what luma guides off acc, its sign being the other one; differences are in pairs.
#define GUIDED(differences, acc) \
	VPMADDWD differences, Y2, Y2; \
	VPBROADCASTD weighted_near(DX), Y3; \
	VPMULLD Y3, Y2, Y2; \
	VPSUBD Y2, acc, acc

// CHROMA adds what a pair weights without luma, and takes the differences within the wide clip to pairs in Y4 and Y5, the
// ones of luma to Y0 and Y1.
#define CHROMA \
	MOVQ weighted_step(DX), AX; \
	DIFFERENCES; \
	PLAIN; \
	VPSLLD $const_guidedBits, Y4, Y4; \
	VPSLLD $const_guidedBits, Y5, Y5; \
	VPADDD Y4, Y10, Y10; \
	VPADDD Y5, Y9, Y9; \
	VPUNPCKLWD Y3, Y2, Y4; \
	VPUNPCKHWD Y3, Y2, Y5; \
	LEAQ (BX)(AX*1), R8; \
	MOVQ BX, R9; \
	SUBQ AX, R9; \
	ROWS(R8, Y0); \
	ROWS(R9, Y1); \
	VPSUBW Y8, Y0, Y0; \
	VPSUBW Y8, Y1, Y1; \
	VPABSW Y0, Y0; \
	VPABSW Y1, Y1

// WEIGH adds a pair to the sums of a block of chroma, and goes on to the next.
#define WEIGH \
	CHROMA; \
	VPXOR Y6, Y6, Y6; \
	LESSNEAR(VPUNPCKLWD); \
	GUIDED(Y4, Y10); \
	LESSNEAR(VPUNPCKHWD); \
	GUIDED(Y5, Y9); \
	ADDQ $weighted__size, DX; \
	DECQ CX

// WEIGHFLAT is WEIGH where slopes have 16 bits, in Y7: Y6 is guidedScale.
#define WEIGHFLAT \
	CHROMA; \
	VPMULHUW Y7, Y0, Y0; \
	VPMULHUW Y7, Y1, Y1; \
	VPSUBUSW Y0, Y6, Y0; \
	VPSUBUSW Y1, Y6, Y1; \
	VPUNPCKLWD Y1, Y0, Y2; \
	VPUNPCKHWD Y1, Y0, Y3; \
	VPBROADCASTD weighted_near(DX), Y0; \
	VPMADDWD Y4, Y2, Y2; \
	VPMADDWD Y5, Y3, Y3; \
	VPMULLD Y0, Y2, Y2; \
	VPMULLD Y0, Y3, Y3; \
	VPADDD Y2, Y10, Y10; \
	VPADDD Y3, Y9, Y9; \
	ADDQ $weighted__size, DX; \
	DECQ CX

// SCALED scales the sums of chroma as the ones of luma are.
#define SCALED \
	VMOVDQU scales-32(SP), Y0; \
	VPSRLD $1, Y0, Y0; \
	VPADDD Y0, Y10, Y10; \
	VPADDD Y0, Y9, Y9; \
	VPSRAD $const_guidedBits, Y10, Y10; \
	VPSRAD $const_guidedBits, Y9, Y9

DATA restoredWords<>+0(SB)/4, $(1<<13)
DATA restoredWords<>+4(SB)/4, $(const_maxSample<<16|const_maxSample)
GLOBL restoredWords<>(SB), RODATA, $8

// BLOCK takes up the block at DI of the window at R14, as SAMPLES does, its weights at DX, CX of them.
#define BLOCK \
	MOVQ summedBlock_at(DI), SI; \
	MOVQ summedBlock_weights(DI), DX; \
	MOVQ summedBlock_n(DI), CX; \
	MOVQ summedBlock_by(DI), R10; \
	SAMPLES

// SAMPLES takes the samples at SI of the window at R14 to Y15, and the clips of R10 to Y14, Y12 and their negatives to Y13, Y11.
#define SAMPLES \
	LEAQ (R15)(SI*1), BX; \
	ADDQ R14, SI; \
	ROWS(SI, Y15); \
	VPBROADCASTW restoration_wide(R10), Y14; \
	VPBROADCASTW restoration_narrow(R10), Y12; \
	VPXOR Y13, Y13, Y13; \
	VPSUBW Y12, Y13, Y11; \
	VPSUBW Y14, Y13, Y13; \
	VPXOR Y10, Y10, Y10; \
	VPXOR Y9, Y9, Y9

// GUIDE takes the samples of luma to Y8, the slope to Y7, and guidedScale to Y6, as WEIGHFLAT wants them, unless the slope
// has more than 16 bits.
#define GUIDE(steep) \
	ROWS(BX, Y8); \
	CMPL restoration_slope(R10), $0xffff; \
	JHI steep; \
	VPBROADCASTW restoration_slope(R10), Y7; \
	VPBROADCASTW guidedScales<>(SB), Y6

// SCALES readies what SUMGUIDED needs.
#define SCALES \
	VPBROADCASTD guidedScales<>(SB), Y0; \
	VMOVDQU Y0, scales-32(SP)

// SUMGUIDED finds the sums of a block that luma guides, which is taken up.
#define SUMGUIDED \
	GUIDE(steep); \
flat: \
	WEIGHFLAT; \
	JNZ flat; \
	JMP summed; \
steep: \
	VPBROADCASTD restoration_slope(R10), Y7; \
next: \
	WEIGH; \
	JNZ next; \
summed: \
	SCALED

// STRIDED loads four rows of four samples, from at on and from two rows below, R12 bytes apart.
#define STRIDED(at, below, x, y, t) \
	VMOVQ (at), x; \
	VPINSRQ $1, (at)(R12*1), x, x; \
	VMOVQ (below), t; \
	VPINSRQ $1, (below)(R12*1), t, t; \
	VINSERTI128 $1, t, y, y

// ADDED takes the samples in got with sums of rows 0 and 2 in first and 1 and 3 in second, times strengths, in 1/2^14, to
// first. Y1 is half of a unit, Y2 the largest sample, Y4 is 0.
#define ADDED(got, first, second) \
	VPADDD Y1, first, first; \
	VPADDD Y1, second, second; \
	VPSRAD $14, first, first; \
	VPSRAD $14, second, second; \
	VPACKSSDW second, first, first; \
	VPADDSW got, first, first; \
	VPMAXSW Y4, first, first; \
	VPMINSW Y2, first, first

// LIMITS loads what ADDED needs.
#define LIMITS \
	VPBROADCASTD restoredWords<>+0(SB), Y1; \
	VPBROADCASTD restoredWords<>+4(SB), Y2; \
	VPXOR Y4, Y4, Y4

// PUT writes four rows of four samples.
#define PUT(x, y, at, below) \
	VMOVQ x, (at); \
	VMOVHPS x, (at)(R12*1); \
	VEXTRACTI128 $1, y, x; \
	VMOVQ x, (below); \
	VMOVHPS x, (below)(R12*1)

// RESTORE adds the sums to the samples of the block.
#define RESTORE \
	LIMITS; \
	VPBROADCASTD restoredBlock_strength(DI), Y0; \
	VPMULLD Y0, Y10, Y10; \
	VPMULLD Y0, Y9, Y9; \
	ADDED(Y15, Y10, Y9); \
	MOVQ restoredBlock_dst(DI), R8; \
	LEAQ (R8)(R12*2), R9; \
	PUT(X10, Y10, R8, R9); \
	ADDQ $restoredBlock__size, DI

// func restorePlain(blocks *restoredBlock, n int, pix *byte, stride int)
TEXT ·restorePlain(SB), NOSPLIT, $0-32
	MOVQ blocks+0(FP), DI
	MOVQ n+8(FP), R11
	MOVQ pix+16(FP), R14
	MOVQ stride+24(FP), R12
	XORQ R15, R15
blocks:
	BLOCK
next:
	WEIGHPLAIN
	JNZ next
	RESTORE
	DECQ R11
	JNZ blocks
	VZEROUPPER
	RET

// func restoreGuided(blocks *restoredBlock, n int, pix *byte, stride int, guide *byte)
TEXT ·restoreGuided(SB), NOSPLIT, $32-40
	MOVQ blocks+0(FP), DI
	MOVQ n+8(FP), R11
	MOVQ pix+16(FP), R14
	MOVQ stride+24(FP), R12
	MOVQ guide+32(FP), R15
	SCALES
blocks:
	BLOCK
	SUMGUIDED
	RESTORE
	DECQ R11
	JNZ blocks
	VZEROUPPER
	RET

// JUDGED takes the squared errors at a strength to out, Y0 being what should be there, with LIMITS.
#define JUDGED(at, out) \
	VPBROADCASTD ·strengths+at(SB), Y3; \
	VPMULLD Y3, Y10, out; \
	VPMULLD Y3, Y9, Y3; \
	ADDED(Y15, out, Y3); \
	VPSUBW Y0, out, out; \
	VPMADDWD out, out, out

// JUDGE adds the errors of the block by strength to what is at R13. A row of a block takes 8 bytes.
#define JUDGE \
	MOVQ judging_want(DI), R8; \
	LEAQ (R8)(R11*8), R8; \
	LEAQ (R8)(R12*2), R9; \
	STRIDED(R8, R9, X0, Y0, X1); \
	LIMITS; \
	VPSUBW Y0, Y15, Y5; \
	VPMADDWD Y5, Y5, Y5; \
	JUDGED(4, Y6); \
	JUDGED(8, Y7); \
	JUDGED(12, Y8); \
	VPHADDD Y6, Y5, Y5; \
	VPHADDD Y8, Y7, Y7; \
	VPHADDD Y7, Y5, Y5; \
	VEXTRACTI128 $1, Y5, X6; \
	VPADDD X6, X5, X5; \
	VPMOVSXDQ X5, Y5; \
	VPADDQ (R13), Y5, Y5; \
	VMOVDQU Y5, (R13)

// KEEP writes the sums, and where the block lies.
#define KEEP \
	IMUL3Q $keptSums__size, judging_n(DI), R8; \
	ADDQ judging_kept(DI), R8; \
	MOVQ judging_place(DI), R9; \
	LEAQ (R9)(R11*4), R9; \
	MOVQ R9, keptSums_at(R8); \
	VMOVDQU X10, keptSums_sums(R8); \
	VMOVDQU X9, (keptSums_sums+16)(R8); \
	VEXTRACTI128 $1, Y10, (keptSums_sums+32)(R8); \
	VEXTRACTI128 $1, Y9, (keptSums_sums+48)(R8); \
	INCQ judging_n(DI)

// WINDOW takes what is judged, at DI.
#define WINDOW \
	MOVQ judging_window(DI), R14; \
	LEAQ window_guide(R14), R15; \
	LEAQ window_pix(R14), R14; \
	MOVQ judging_errors(DI), R13; \
	MOVQ judging_stride(DI), R12

// TAKEUP takes up block R11 of the row, as SAMPLES does, its weights at DX, CX of them, unless it has none.
#define TAKEUP(none) \
	MOVQ judging_window(DI), R9; \
	MOVQ judging_row(DI), R8; \
	ADDQ R11, R8; \
	MOVBQSX window_class(R9)(R8*1), AX; \
	TESTQ AX, AX; \
	JLT none; \
	LEAQ (AX)(AX*2), AX; \
	MOVQ judging_weights(DI), DX; \
	LEAQ (DX)(AX*8), DX; \
	MOVQ 8(DX), CX; \
	MOVQ (DX), DX; \
	TESTQ CX, CX; \
	JEQ none; \
	MOVQ window_by(R9)(R8*8), R10; \
	MOVQ judging_at(DI), SI; \
	LEAQ (SI)(R11*8), SI; \
	SAMPLES

// func judgePlain(k *judging)
TEXT ·judgePlain(SB), NOSPLIT, $0-8
	MOVQ k+0(FP), DI
	WINDOW
	MOVQ judging_first(DI), R11
	JMP any
blocks:
	TAKEUP(none)
next:
	WEIGHPLAIN
	JNZ next
	JUDGE
none:
	ADDQ judging_every(DI), R11
any:
	CMPQ R11, judging_across(DI)
	JLT blocks
	VZEROUPPER
	RET

// func judgeGuided(k *judging)
TEXT ·judgeGuided(SB), NOSPLIT, $32-8
	MOVQ k+0(FP), DI
	WINDOW
	SCALES
	MOVQ judging_first(DI), R11
	JMP any
blocks:
	TAKEUP(none)
	SUMGUIDED
	KEEP
	JUDGE
none:
	ADDQ judging_every(DI), R11
any:
	CMPQ R11, judging_across(DI)
	JLT blocks
	VZEROUPPER
	RET

// func restoreKept(kept *keptSums, n int, pix *uint16, stride int, strength int32)
TEXT ·restoreKept(SB), NOSPLIT, $0-36
	MOVQ kept+0(FP), DI
	MOVQ n+8(FP), R11
	MOVQ pix+16(FP), R14
	MOVQ stride+24(FP), R12
	MOVL strength+32(FP), AX
	VMOVD AX, X8
	VPBROADCASTD X8, Y8
	LIMITS
blocks:
	MOVQ keptSums_at(DI), R8
	LEAQ (R14)(R8*2), R8
	LEAQ (R8)(R12*2), R9
	STRIDED(R8, R9, X0, Y0, X3)
	VMOVDQU keptSums_sums(DI), X5
	VINSERTI128 $1, (keptSums_sums+32)(DI), Y5, Y5
	VMOVDQU (keptSums_sums+16)(DI), X6
	VINSERTI128 $1, (keptSums_sums+48)(DI), Y6, Y6
	VPMULLD Y8, Y5, Y5
	VPMULLD Y8, Y6, Y6
	ADDED(Y0, Y5, Y6)
	PUT(X5, Y5, R8, R9)
	ADDQ $keptSums__size, DI
	DECQ R11
	JNZ blocks
	VZEROUPPER
	RET
