//go:build !purego

#include "textflag.h"
#include "go_asm.h"
#include "pixels_amd64.h"

// WIDEPLACES loads where the bytes of 16 pixels of BX bytes lie, as pairs of red and green, green and blue, red and blue, and what
// LUMA needs. K1 has the bytes that are read, K2 the lower bytes of words. Then BX is the bytes of 16 pixels.
#define WIDEPLACES \
	LEAQ ·widePlaces(SB), AX; \
	MOVQ BX, CX; \
	SUBQ $3, CX; \
	IMULQ $192, CX; \
	ADDQ CX, AX; \
	VMOVDQU64 (AX), Z16; \
	VMOVDQU64 64(AX), Z17; \
	VMOVDQU64 128(AX), Z18; \
	VPBROADCASTD planeWeights<>+0(SB), Z19; \
	VPBROADCASTD planeWeights<>+4(SB), Z20; \
	VPBROADCASTD planeWeights<>+24(SB), Z21; \
	VPBROADCASTD planeWeights<>+8(SB), Z22; \
	VPBROADCASTD planeWeights<>+12(SB), Z23; \
	VPBROADCASTD planeWeights<>+16(SB), Z24; \
	VPBROADCASTD planeWeights<>+20(SB), Z25; \
	MOVQ $0x5555555555555555, AX; \
	KMOVQ AX, K2; \
	SHLQ $4, BX; \
	MOVQ $-1, AX; \
	BZHIQ BX, AX, AX; \
	KMOVQ AX, K1

// WIDEPAIRS takes 16 pixels to pairs of words.
#define WIDEPAIRS(at, rg, gb, rb) \
	VMOVDQU8.Z at, K1, rb; \
	VPERMB.Z rb, Z16, K2, rg; \
	VPERMB.Z rb, Z17, K2, gb; \
	VPERMB.Z rb, Z18, K2, rb

// WEIGHTED makes sums of pairs of two planes, times weights, of what they begin with.
#define WEIGHTED(begin, a, wa, b, wb, sum) \
	VMOVDQA64 begin, sum; \
	VPDPWSSD wa, a, sum; \
	VPDPWSSD wb, b, sum

// WIDESAMPLES writes 16 sums, less 12 bits.
#define WIDESAMPLES(Z, Y, to) \
	VPSRLD $12, Z, Z; \
	VPMOVDW Z, Y; \
	VMOVDQU Y, to

// WIDESQUARES writes 8 sums of two, less 14 bits.
#define WIDESQUARES(Z, X, to) \
	VPSRLQ $32, Z, Z7; \
	VPADDD Z7, Z, Z; \
	VPSRLD $14, Z, Z; \
	VPMOVQW Z, X; \
	VMOVDQU X, to

// func wideRows420(l0, l1, cb, cr *uint16, p0, p1 *byte, step, n, ahead int)
TEXT ·wideRows420(SB), NOSPLIT, $0-72
	MOVQ l0+0(FP), R8
	MOVQ l1+8(FP), R9
	MOVQ cb+16(FP), R10
	MOVQ cr+24(FP), R11
	MOVQ p0+32(FP), SI
	MOVQ p1+40(FP), DX
	MOVQ step+48(FP), BX
	WIDEPLACES
	MOVQ n+56(FP), CX
	MOVL planeWeights<>+28(SB), AX
	VMOVQ AX, X26
	VPBROADCASTQ X26, Z26 // once in a sum of two
	MOVQ ahead+64(FP), AX
next:
	PREFETCHT0 (SI)(AX*1)
	PREFETCHT0 (DX)(AX*1)
	WIDEPAIRS((SI), Z0, Z1, Z2)
	WIDEPAIRS((DX), Z3, Z4, Z5)
	WEIGHTED(Z21, Z0, Z19, Z1, Z20, Z6)
	WEIGHTED(Z21, Z3, Z19, Z4, Z20, Z7)
	WIDESAMPLES(Z6, Y6, (R8))
	WIDESAMPLES(Z7, Y7, (R9))
	VPADDW Z3, Z0, Z0
	VPADDW Z4, Z1, Z1
	VPADDW Z5, Z2, Z2
	WEIGHTED(Z26, Z2, Z22, Z1, Z23, Z3)
	WEIGHTED(Z26, Z0, Z24, Z2, Z25, Z4)
	WIDESQUARES(Z3, X3, (R10))
	WIDESQUARES(Z4, X4, (R11))
	ADDQ $32, R8
	ADDQ $32, R9
	ADDQ $16, R10
	ADDQ $16, R11
	ADDQ BX, SI
	ADDQ BX, DX
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

// func wideRows444(y, cb, cr *uint16, p *byte, step, n, ahead int)
TEXT ·wideRows444(SB), NOSPLIT, $0-56
	MOVQ y+0(FP), R8
	MOVQ cb+8(FP), R10
	MOVQ cr+16(FP), R11
	MOVQ p+24(FP), SI
	MOVQ step+32(FP), BX
	WIDEPLACES
	MOVQ n+40(FP), CX
	VPBROADCASTD planeWeights<>+32(SB), Z26
	MOVQ ahead+48(FP), DX
	XORQ AX, AX
next:
	PREFETCHT0 (SI)(DX*1)
	WIDEPAIRS((SI), Z0, Z1, Z2)
	WEIGHTED(Z21, Z0, Z19, Z1, Z20, Z3)
	WEIGHTED(Z26, Z2, Z22, Z1, Z23, Z4)
	WEIGHTED(Z26, Z0, Z24, Z2, Z25, Z5)
	WIDESAMPLES(Z3, Y3, (R8)(AX*2))
	WIDESAMPLES(Z4, Y4, (R10)(AX*2))
	WIDESAMPLES(Z5, Y5, (R11)(AX*2))
	ADDQ BX, SI
	ADDQ $16, AX
	DECQ CX
	JNZ next
	VZEROUPPER
	RET
