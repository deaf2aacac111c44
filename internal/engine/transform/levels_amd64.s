//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// SYMBOL decodes the level at R9 by the state x into R15, and leaves the loop by out before an escape.
// It leaves the place of its magnitude in CX.
//
// R8   next word
// R9   place
// R11  magnitudes
// R12  tables
// R14  classes of neighbourhoods
#define SYMBOL(x, walk, found, out) \
	MOVWLZX scanPos_mag(R9), CX; \
	ADDQ R11, CX; \
	MOVBLZX 1(CX), DX; \
	MOVBLZX const_magnitudeStride(CX), SI; \
	ADDL SI, DX; \
	MOVBLZX (const_magnitudeStride+1)(CX), SI; \
	LEAL (SI)(DX*2), DX; \
	MOVBLZX (2*const_magnitudeStride)(CX), SI; \
	MOVBLZX 2(CX), DI; \
	ADDL DI, SI; \
	MOVBLZX (2-const_magnitudeStride)(CX), DI; \
	ADDL SI, DX; \
	MOVBLZX (2*const_magnitudeStride-1)(CX), SI; \
	ADDL DI, SI; \
	ADDL SI, DX; \
	MOVBLZX (R14)(DX*1), DX; \
	MOVBLZX scanPos_ctx(R9), SI; \
	ADDL SI, DX; \
	IMUL3Q $const_tableBytes, DX, DX; \
	ADDQ R12, DX; \
	MOVL x, SI; \
	ANDL $const_tableScale, SI; \
	MOVL SI, R15; \
	SHRL $const_tableShift, R15; \
	MOVBLZX (DX)(R15*1), R15; \
walk: \
	MOVWLZX (const_tableCum+2)(DX)(R15*2), DI; \
	CMPL SI, DI; \
	JCS found; \
	INCL R15; \
	JMP walk; \
found: \
	CMPL R15, $const_escape; \
	JEQ out; \
	MOVB R15, (CX); \
	MOVWLZX const_tableCum(DX)(R15*2), DX; \
	SUBL DX, DI; \
	SUBL DX, SI; \
	SHRL $const_tableBits, x; \
	IMULL DI, x; \
	ADDL SI, x; \
	MOVWLZX (R8), DX; \
	MOVL x, SI; \
	SHLL $16, SI; \
	ORL DX, SI; \
	LEAQ 2(R8), DI; \
	CMPL x, $const_tableLower; \
	CMOVLCS SI, x; \
	CMOVQCS DI, R8; \
	MOVWLZX scanPos_coef(R9), SI; \
	MOVW SI, foundLevel_coef(R13); \
	MOVW R15, foundLevel_level(R13); \
	XORL DX, DX; \
	TESTL R15, R15; \
	SETNE DX; \
	LEAQ (R13)(DX*4), R13; \
	ADDQ $scanPos__size, R9

// func levelSymbols(k *levelKernel, places *scanPos, n int) (done, found int)
TEXT ·levelSymbols(SB), NOSPLIT, $0-40
	MOVQ k+0(FP), DI
	MOVL levelKernel_x(DI), AX
	MOVL (levelKernel_x+4)(DI), BX
	MOVQ levelKernel_words(DI), R8
	MOVQ levelKernel_tables(DI), R12
	MOVQ levelKernel_mag(DI), R11
	MOVQ levelKernel_class(DI), R14
	MOVQ levelKernel_found(DI), R13
	MOVQ places+8(FP), R9
	MOVQ n+16(FP), CX
	LEAQ (CX)(CX*2), CX
	LEAQ (R9)(CX*2), R10 // six bytes a place
loop:
	SYMBOL(AX, walk0, found0, even)
	CMPQ R9, R10
	JEQ odd
	SYMBOL(BX, walk1, found1, odd)
	CMPQ R9, R10
	JNE loop
even:
	MOVL AX, CX
	MOVL BX, DX
	JMP out
odd:
	MOVL BX, CX
	MOVL AX, DX
out:
	MOVQ k+0(FP), DI
	MOVL CX, levelKernel_x(DI)
	MOVL DX, (levelKernel_x+4)(DI)
	SUBQ levelKernel_words(DI), R8
	SHRQ $1, R8
	MOVQ R8, levelKernel_taken(DI)
	SUBQ levelKernel_found(DI), R13
	SHRQ $2, R13
	MOVQ R13, found+32(FP)
	MOVQ R9, AX
	SUBQ places+8(FP), AX
	XORQ DX, DX
	MOVQ $scanPos__size, CX
	DIVQ CX
	MOVQ AX, done+24(FP)
	RET

// func productsOf(a, b *int32, n int) (both, first int64)
TEXT ·productsOf(SB), NOSPLIT, $0-40
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DX
	MOVQ n+16(FP), CX
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5

next:
	VMOVDQU (SI), Y0
	VMOVDQU (DX), Y1
	VPSRLQ $32, Y0, Y2
	VPSRLQ $32, Y1, Y3
	VPMULDQ Y0, Y1, Y1
	VPMULDQ Y2, Y3, Y3
	VPMULDQ Y0, Y0, Y0
	VPMULDQ Y2, Y2, Y2
	VPADDQ Y1, Y4, Y4
	VPADDQ Y0, Y5, Y5
	VPADDQ Y3, Y4, Y4
	VPADDQ Y2, Y5, Y5
	ADDQ $32, SI
	ADDQ $32, DX
	DECQ CX
	JNZ next
	VEXTRACTI128 $1, Y4, X0
	VEXTRACTI128 $1, Y5, X1
	VPADDQ X0, X4, X4
	VPADDQ X1, X5, X5
	VPSRLDQ $8, X4, X0
	VPSRLDQ $8, X5, X1
	VPADDQ X0, X4, X4
	VPADDQ X1, X5, X5
	VMOVQ X4, both+24(FP)
	VMOVQ X5, first+32(FP)
	VZEROUPPER
	RET
