//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// func residuals(d *Decoder, q, expect *int32, n int, side, left int32, classes *Classes, tables *DecTable) int
//
// AX, BX  states, the next token's first
// R8      next word; R9 end of the raw bits that were not taken into R10
// R10     raw bits, R11 of them from the top
// R12     expectation; R13 from there to the residual
// R14     tables; DI magnitude of the residual before
TEXT ·residuals(SB), NOSPLIT, $8-64
	MOVQ d+0(FP), DX
	MOVL Decoder_x(DX), AX
	MOVL (Decoder_x+4)(DX), BX
	MOVQ Decoder_data(DX), CX
	MOVQ Decoder_pos(DX), R8
	ADDQ CX, R8
	MOVQ (Decoder_BitReader+BitReader_end)(DX), R9
	ADDQ CX, R9
	MOVQ (Decoder_BitReader+BitReader_acc)(DX), R10
	MOVQ (Decoder_BitReader+BitReader_n)(DX), R11
	MOVQ expect+16(FP), R12
	MOVQ q+8(FP), R13
	SUBQ R12, R13
	MOVQ n+24(FP), SI
	LEAQ (R12)(SI*4), SI
	MOVQ SI, end-8(SP)
	MOVL left+36(FP), DI
	MOVQ tables+48(FP), R14

loop:
	// A word and four bytes of raw bits must be there.
	LEAQ 8(R8), CX
	CMPQ CX, R9
	JHI  out

	// symbols of the slot in all contexts
	MOVL AX, DX
	ANDL $2047, DX
	MOVL DX, CX
	SHRL $const_firstShift, CX
	ADDQ R14, CX

	// class
	IMULL side+32(FP), DI
	MOVQ classes+40(FP), R15
	ADDL (R12), DI
	MOVL DI, SI
	SHRL $const_nearShift, SI
	CMPL SI, $(const_nearEnd>>const_nearShift)
	JCC  far
	MOVBLZX (Classes_near+2)(R15)(SI*4), DI
	MOVWLZX Classes_near(R15)(SI*4), SI

	// symbol
symbol:
	MOVBLZX (CX)(SI*1), CX
	ADDQ R14, SI
walk:
	MOVWLZX (DecTable_cum+2)(SI)(CX*2), R15
	CMPL DX, R15
	JCS  found
	INCL CX
	JMP  walk
found:
	CMPL CX, $15
	JEQ  out

	// state
	MOVWLZX DecTable_cum(SI)(CX*2), SI
	SUBL SI, R15
	SUBL SI, DX
	SHRL $11, AX
	IMULL R15, AX
	ADDL DX, AX
	MOVWLZX (R8), DX
	MOVL AX, SI
	SHLL $16, SI
	ORL  DX, SI
	LEAQ 2(R8), R15
	CMPL AX, $0x8000
	CMOVLCS SI, AX
	CMOVQCS R15, R8
	XCHGL AX, BX

	// raw bits
	CMPQ R11, $32
	JGE  enough
	SUBQ $4, R9
	MOVL (R9), DX
	MOVL $32, R15
	SUBQ R11, R15
	SHLXQ R15, DX, DX
	ORQ  DX, R10
	ADDQ $32, R11
enough:
	MOVQ R10, R15
	SHRQ $1, R15
	MOVL $63, DX
	SUBL DI, DX
	SHRXQ DX, R15, R15
	SHLXQ DI, R10, R10
	SUBQ DI, R11
	SHLXL DI, CX, CX
	ORL  R15, CX

	// residual
	LEAL 1(CX), DI
	SHRL $1, DI
	CMPL DI, $const_MaxMagnitude
	JHI  large
capped:
	MOVL CX, DX
	ANDL $1, DX
	NEGL DX
	SHRL $1, CX
	XORL DX, CX
	MOVL CX, (R12)(R13*1)
	ADDQ $4, R12
	CMPQ R12, end-8(SP)
	JNE  loop

out:
	MOVQ d+0(FP), DX
	MOVL AX, Decoder_x(DX)
	MOVL BX, (Decoder_x+4)(DX)
	MOVQ Decoder_data(DX), CX
	SUBQ CX, R8
	MOVQ R8, Decoder_pos(DX)
	SUBQ CX, R9
	MOVQ R9, (Decoder_BitReader+BitReader_end)(DX)
	MOVQ R10, (Decoder_BitReader+BitReader_acc)(DX)
	MOVQ R11, (Decoder_BitReader+BitReader_n)(DX)
	SUBQ expect+16(FP), R12
	SHRQ $2, R12
	MOVQ R12, ret+56(FP)
	RET

far:
	MOVL $64, SI
	CMPL DI, SI
	CMOVLLT SI, DI
	BSRL DI, SI
	LEAL -3(SI), DX
	SHRXL DX, DI, DI
	LEAL (DI)(SI*8), DI
	MOVWLZX (Classes_packed-56*4)(R15)(DI*4), SI
	MOVBLZX (Classes_packed-56*4+2)(R15)(DI*4), DI
	MOVL AX, DX
	ANDL $2047, DX
	JMP symbol

large:
	MOVL $const_MaxMagnitude, DI
	JMP  capped

DATA low16<>+0(SB)/4, $0x0000ffff
GLOBL low16<>(SB), RODATA|NOPTR, $4
DATA low8<>+0(SB)/8, $0x00ff00ff00ff00ff
GLOBL low8<>(SB), RODATA|NOPTR, $8
DATA one<>+0(SB)/4, $1
GLOBL one<>(SB), RODATA|NOPTR, $4
DATA escape<>+0(SB)/4, $const_Escape
GLOBL escape<>(SB), RODATA|NOPTR, $4
DATA most<>+0(SB)/4, $const_maxRaw
GLOBL most<>(SB), RODATA|NOPTR, $4

// EMIT appends the CX low bits of AX, 28 at most, to the R9 bits of R8, and writes the first 32 where there are as many.
#define EMIT \
	SHLXQ CX, R8, R8; \
	ORQ AX, R8; \
	ADDQ CX, R9; \
	MOVQ R9, DX; \
	ANDQ $31, R9; \
	SHRXQ R9, R8, AX; \
	BSWAPL AX; \
	MOVL AX, (R10); \
	SHRQ $5, DX; \
	LEAQ (R10)(DX*4), R10

// func makeTokens(a *tokenArgs)
//
// SI, DI, BX   residuals, indices of classes, tokens; R11 classes; R12 tokens left
// R8, R9       raw bits that are not written, and their number; R10 where they go
// Y0 … Y4      residuals, classes, raw bits and their numbers
// Y10 … Y15    constants
TEXT ·makeTokens(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), R13
	MOVQ tokenArgs_r(R13), SI
	MOVQ tokenArgs_index(R13), DI
	MOVQ tokenArgs_tokens(R13), BX
	MOVQ tokenArgs_classes(R13), R11
	MOVQ tokenArgs_n(R13), R12
	MOVQ tokenArgs_acc(R13), R8
	MOVQ tokenArgs_bits(R13), R9
	MOVQ tokenArgs_out(R13), R10
	VPBROADCASTD low16<>(SB), Y10
	VPBROADCASTQ low8<>(SB), X11
	VPBROADCASTD one<>(SB), Y12
	VPBROADCASTD escape<>(SB), Y13
	VPBROADCASTD most<>(SB), Y14
	VPBROADCASTD tokenArgs_first(R13), Y15
group:
	VMOVUPS (SI), Y0
	VSHUFPS $0x88, 32(SI), Y0, Y0
	VPERMQ $0xD8, Y0, Y0
	VPAND (DI), X11, X1
	VPMOVZXWD X1, Y1
	VPCMPEQD Y5, Y5, Y5
	VPGATHERDD Y5, (R11)(Y1*4), Y2
	VPSRLD $16, Y2, Y3 // numbers of raw bits
	VPSLLD $1, Y0, Y1
	VPSRAD $31, Y0, Y0
	VPXOR Y1, Y0, Y0 // zigzags
	VPSRLVD Y3, Y0, Y4
	VPMINUD Y13, Y4, Y5
	VPCMPEQD Y13, Y5, Y5
	VPCMPGTD Y14, Y3, Y6
	VPOR Y5, Y6, Y5
	VPTEST Y5, Y5
	JNZ done
	VPAND Y10, Y2, Y2
	VPADDD Y2, Y4, Y4
	VPADDD Y15, Y4, Y4
	VEXTRACTI128 $1, Y4, X5
	VPACKUSDW X5, X4, X4
	VMOVDQU X4, (BX)

	// raw bits of two, of four
	VPSLLVD Y3, Y12, Y5
	VPSUBD Y12, Y5, Y5
	VPAND Y5, Y0, Y0
	VPSRLQ $32, Y3, Y5
	VPSRLQ $32, Y0, Y6
	VPSLLQ $32, Y0, Y0
	VPSRLQ $32, Y0, Y0
	VPSLLVQ Y5, Y0, Y0
	VPOR Y6, Y0, Y0
	VPADDD Y5, Y3, Y3
	VPSLLQ $32, Y3, Y3
	VPSRLQ $32, Y3, Y3
	VPSRLDQ $8, Y3, Y5
	VPSRLDQ $8, Y0, Y6
	VPSLLVQ Y5, Y0, Y0
	VPOR Y6, Y0, Y0
	VPADDQ Y5, Y3, Y3
	VMOVQ X0, AX
	VMOVQ X3, CX
	EMIT
	VEXTRACTI128 $1, Y0, X0
	VEXTRACTI128 $1, Y3, X3
	VMOVQ X0, AX
	VMOVQ X3, CX
	EMIT
	ADDQ $64, SI
	ADDQ $16, DI
	ADDQ $16, BX
	SUBQ $8, R12
	JNZ group
done:
	MOVQ R12, tokenArgs_n(R13)
	MOVQ R8, tokenArgs_acc(R13)
	MOVQ R9, tokenArgs_bits(R13)
	SUBQ tokenArgs_out(R13), R10
	MOVQ R10, tokenArgs_written(R13)
	VZEROUPPER
	RET
