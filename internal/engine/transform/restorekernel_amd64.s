//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA guidedScales<>+0(SB)/4, $const_guidedScale
GLOBL guidedScales<>(SB), RODATA, $4

// ROWS loads four rows of four samples, from at on.
#define ROWS(at, x, y, t) \
	VMOVQ (at), x; \
	VPINSRQ $1, const_rowBytes(at), x, x; \
	VMOVQ (2*const_rowBytes)(at), t; \
	VPINSRQ $1, (3*const_rowBytes)(at), t, t; \
	VINSERTI128 $1, t, y, y

// CLIP clips words to ±bound.
#define CLIP(src, bound, least, dst) \
	VPMINSW bound, src, dst; \
	VPMAXSW least, dst, dst

// SETUP takes the samples of the block to Y15, and the clips to Y14, Y12 and their negatives to Y13, Y11.
#define SETUP \
	ROWS(SI, X15, Y15, X0); \
	MOVL wide+32(FP), AX; \
	VMOVD AX, X14; \
	VPBROADCASTW X14, Y14; \
	MOVL narrow+36(FP), AX; \
	VMOVD AX, X12; \
	VPBROADCASTW X12, Y12; \
	VPXOR Y13, Y13, Y13; \
	VPSUBW Y12, Y13, Y11; \
	VPSUBW Y14, Y13, Y13; \
	VPXOR Y10, Y10, Y10; \
	VPXOR Y9, Y9, Y9

// DIFFERENCES takes the differences of a pair to Y0 and Y1, AX being where the first lies.
#define DIFFERENCES \
	LEAQ (SI)(AX*1), R8; \
	MOVQ SI, R9; \
	SUBQ AX, R9; \
	ROWS(R8, X0, Y0, X2); \
	ROWS(R9, X1, Y1, X2); \
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

// RETURN writes the sums.
#define RETURN \
	VMOVDQU X10, (DI); \
	VMOVDQU X9, 16(DI); \
	VEXTRACTI128 $1, Y10, 32(DI); \
	VEXTRACTI128 $1, Y9, 48(DI); \
	VZEROUPPER; \
	RET

// func blockSums(dst *[block * block]int32, pix *byte, weights *weighted, n int, wide, narrow int32)
TEXT ·blockSums(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ pix+8(FP), SI
	MOVQ weights+16(FP), DX
	MOVQ n+24(FP), CX
	SETUP
	TESTQ CX, CX
	JZ done
next:
	MOVQ weighted_step(DX), AX
	DIFFERENCES
	PLAIN
	VPADDD Y4, Y10, Y10
	VPADDD Y5, Y9, Y9
	ADDQ $weighted__size, DX
	DECQ CX
	JNZ next
done:
	RETURN

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
	ROWS(R8, X0, Y0, X2); \
	ROWS(R9, X1, Y1, X2); \
	VPSUBW Y8, Y0, Y0; \
	VPSUBW Y8, Y1, Y1; \
	VPABSW Y0, Y0; \
	VPABSW Y1, Y1

// WEIGH adds a pair to the sums of a block of chroma.
#define WEIGH \
	CHROMA; \
	VPXOR Y6, Y6, Y6; \
	LESSNEAR(VPUNPCKLWD); \
	GUIDED(Y4, Y10); \
	LESSNEAR(VPUNPCKHWD); \
	GUIDED(Y5, Y9)

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
	VPADDD Y3, Y9, Y9

// SCALED scales the sums of chroma as the ones of luma are.
#define SCALED \
	VMOVDQU scales-32(SP), Y0; \
	VPSRLD $1, Y0, Y0; \
	VPADDD Y0, Y10, Y10; \
	VPADDD Y0, Y9, Y9; \
	VPSRAD $const_guidedBits, Y10, Y10; \
	VPSRAD $const_guidedBits, Y9, Y9

// func guidedBlockSums(dst *[block * block]int32, pix *byte, weights *weighted, n int, wide, narrow int32, guide *byte, slope int32)
TEXT ·guidedBlockSums(SB), NOSPLIT, $32-52
	MOVQ dst+0(FP), DI
	MOVQ pix+8(FP), SI
	MOVQ weights+16(FP), DX
	MOVQ n+24(FP), CX
	MOVQ guide+40(FP), BX
	SETUP
	ROWS(BX, X8, Y8, X0)
	MOVL slope+48(FP), AX
	VMOVD AX, X7
	VPBROADCASTD X7, Y7
	VPBROADCASTD guidedScales<>(SB), Y0
	VMOVDQU Y0, scales-32(SP)
	TESTQ CX, CX
	JZ done
next:
	MOVQ weighted_step(DX), AX
	WEIGH
	ADDQ $weighted__size, DX
	DECQ CX
	JNZ next
done:
	SCALED
	RETURN

DATA restoredWords<>+0(SB)/4, $(1<<13)
DATA restoredWords<>+4(SB)/4, $(const_maxSample<<16|const_maxSample)
GLOBL restoredWords<>(SB), RODATA, $8

// BLOCK sets up as SETUP does for the block at DI of the window at R14.
#define BLOCK \
	MOVQ restoredBlock_at(DI), SI; \
	LEAQ (R15)(SI*1), BX; \
	ADDQ R14, SI; \
	MOVQ restoredBlock_weights(DI), DX; \
	MOVQ restoredBlock_n(DI), CX; \
	MOVQ restoredBlock_by(DI), R10; \
	ROWS(SI, X15, Y15, X0); \
	VPBROADCASTW restoration_wide(R10), Y14; \
	VPBROADCASTW restoration_narrow(R10), Y12; \
	VPXOR Y13, Y13, Y13; \
	VPSUBW Y12, Y13, Y11; \
	VPSUBW Y14, Y13, Y13; \
	VPXOR Y10, Y10, Y10; \
	VPXOR Y9, Y9, Y9

// RESTORE adds the sums to the samples of the block.
#define RESTORE \
	VPBROADCASTD restoredBlock_strength(DI), Y0; \
	VPMULLD Y0, Y10, Y10; \
	VPMULLD Y0, Y9, Y9; \
	VPBROADCASTD restoredWords<>+0(SB), Y1; \
	VPADDD Y1, Y10, Y10; \
	VPADDD Y1, Y9, Y9; \
	VPSRAD $14, Y10, Y10; \
	VPSRAD $14, Y9, Y9; \
	VPXOR Y2, Y2, Y2; \
	VPUNPCKLWD Y2, Y15, Y3; \
	VPUNPCKHWD Y2, Y15, Y4; \
	VPADDD Y3, Y10, Y10; \
	VPADDD Y4, Y9, Y9; \
	VPACKUSDW Y9, Y10, Y10; \
	VPBROADCASTD restoredWords<>+4(SB), Y1; \
	VPMINUW Y1, Y10, Y10; \
	MOVQ restoredBlock_dst(DI), R13; \
	VMOVQ X10, (R13); \
	VMOVHPS X10, (R13)(R12*1); \
	VEXTRACTI128 $1, Y10, X10; \
	LEAQ (R13)(R12*2), R13; \
	VMOVQ X10, (R13); \
	VMOVHPS X10, (R13)(R12*1); \
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
	MOVQ weighted_step(DX), AX
	DIFFERENCES
	PLAIN
	VPADDD Y4, Y10, Y10
	VPADDD Y5, Y9, Y9
	ADDQ $weighted__size, DX
	DECQ CX
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
	VPBROADCASTD guidedScales<>(SB), Y0
	VMOVDQU Y0, scales-32(SP)
blocks:
	BLOCK
	ROWS(BX, X8, Y8, X0)
	CMPL restoration_slope(R10), $0xffff
	JHI steep
	VPBROADCASTW restoration_slope(R10), Y7
	VPBROADCASTW guidedScales<>(SB), Y6
flat:
	MOVQ weighted_step(DX), AX
	WEIGHFLAT
	ADDQ $weighted__size, DX
	DECQ CX
	JNZ flat
	JMP summed
steep:
	VPBROADCASTD restoration_slope(R10), Y7
next:
	MOVQ weighted_step(DX), AX
	WEIGH
	ADDQ $weighted__size, DX
	DECQ CX
	JNZ next
summed:
	SCALED
	RESTORE
	DECQ R11
	JNZ blocks
	VZEROUPPER
	RET
