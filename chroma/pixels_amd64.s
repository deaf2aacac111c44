//go:build !purego

#include "textflag.h"
#include "go_asm.h"
#include "pixels_amd64.h"

// Pairs of weights of Cb, the lower one, and Cr.
DATA weights<>+0(SB)/4, $(const_rCr<<16)
DATA weights<>+4(SB)/4, $((const_gCr<<16)+(const_gCb&0xffff))
DATA weights<>+8(SB)/4, $const_bCb
DATA weights<>+12(SB)/4, $((const_Centre<<16)+const_Centre)
DATA weights<>+16(SB)/4, $(1<<(const_rgbShift-1))
GLOBL weights<>(SB), RODATA, $20

// Where the bytes of four pixels lie, whose reds, greens and blues follow each other by fours.
DATA interleave<>+0(SB)/8, $0x0602090501080400
DATA interleave<>+8(SB)/8, $0x808080800b07030a
GLOBL interleave<>(SB), RODATA, $16

// The same of pixels of four bytes, and which of these stays as it was.
DATA interleave4<>+0(SB)/8, $0x8009050180080400
DATA interleave4<>+8(SB)/8, $0x800b0703800a0602
GLOBL interleave4<>(SB), RODATA, $16
DATA fourth<>+0(SB)/4, $0xff000000
GLOBL fourth<>(SB), RODATA, $4

// WEIGHTS loads what COLOURS needs.
#define WEIGHTS \
	VPBROADCASTD weights<>+0(SB), Y8; \
	VPBROADCASTD weights<>+4(SB), Y9; \
	VPBROADCASTD weights<>+8(SB), Y10; \
	VPBROADCASTD weights<>+12(SB), Y11; \
	VPBROADCASTD weights<>+16(SB), Y12

// COLOURS makes eight pixels in Y1: in each half the reds, greens and blues of four.
#define COLOURS \
	VPMOVZXWD (SI)(AX*2), Y0; \
	VPSLLD $14, Y0, Y0; \
	VPADDD Y12, Y0, Y0; \
	VMOVDQU (DX)(AX*4), Y4; \
	VPSUBW Y11, Y4, Y4; \
	VPMADDWD Y8, Y4, Y1; \
	VPMADDWD Y9, Y4, Y2; \
	VPMADDWD Y10, Y4, Y3; \
	VPADDD Y0, Y1, Y1; \
	VPADDD Y0, Y2, Y2; \
	VPADDD Y0, Y3, Y3; \
	VPSRAD $const_rgbShift, Y1, Y1; \
	VPSRAD $const_rgbShift, Y2, Y2; \
	VPSRAD $const_rgbShift, Y3, Y3; \
	VPACKSSDW Y2, Y1, Y1; \
	VPACKSSDW Y3, Y3, Y3; \
	VPACKUSWB Y3, Y1, Y1

// func rgb8(dst *byte, y *uint16, c *uint32, n int) int
TEXT ·rgb8(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ c+16(FP), DX
	MOVQ n+24(FP), CX
	WEIGHTS
	VBROADCASTI128 interleave<>(SB), Y13
	XORQ AX, AX
	// 8 pixels are written with 4 bytes more, which the next ones, two at least, write again.
	SUBQ $10, CX
	JL done
next:
	COLOURS
	VPSHUFB Y13, Y1, Y1
	VMOVDQU X1, (DI)
	VEXTRACTI128 $1, Y1, 12(DI)
	ADDQ $24, DI
	ADDQ $8, AX
	CMPQ AX, CX
	JLE next
done:
	MOVQ AX, ret+32(FP)
	VZEROUPPER
	RET

// func rgb8Of4(dst *byte, y *uint16, c *uint32, n int)
TEXT ·rgb8Of4(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ c+16(FP), DX
	MOVQ n+24(FP), CX
	WEIGHTS
	VBROADCASTI128 interleave4<>(SB), Y13
	VPBROADCASTD fourth<>(SB), Y14
	XORQ AX, AX
next:
	COLOURS
	VPSHUFB Y13, Y1, Y1
	VPAND (DI)(AX*4), Y14, Y0
	VPOR Y0, Y1, Y1
	VMOVDQU Y1, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JL next
	VZEROUPPER
	RET

// Where red and green, green and blue, red and blue of four pixels lie, in 16 bits each: of three
// bytes a pixel, and of four.
DATA places<>+0(SB)/8, $0x8004800380018000
DATA places<>+8(SB)/8, $0x800a800980078006
DATA places<>+16(SB)/8, $0x8005800480028001
DATA places<>+24(SB)/8, $0x800b800a80088007
DATA places<>+32(SB)/8, $0x8005800380028000
DATA places<>+40(SB)/8, $0x800b800980088006
DATA places<>+48(SB)/8, $0x8005800480018000
DATA places<>+56(SB)/8, $0x800d800c80098008
DATA places<>+64(SB)/8, $0x8006800580028001
DATA places<>+72(SB)/8, $0x800e800d800a8009
DATA places<>+80(SB)/8, $0x8006800480028000
DATA places<>+88(SB)/8, $0x800e800c800a8008
GLOBL places<>(SB), RODATA, $96

// SAMPLES writes the sums of 8 pixels in Y6, less 12 bits, to dst.
#define SAMPLES(dst) \
	VPSRLD $12, Y6, Y6; \
	VEXTRACTI128 $1, Y6, X7; \
	VPACKUSDW X7, X6, X6; \
	VMOVDQU X6, dst

// LUMA writes Y of 8 pixels, whose pairs are in rg and gb, to dst.
#define LUMA(rg, gb, dst) \
	VPMADDWD Y8, rg, Y6; \
	VPMADDWD Y9, gb, Y7; \
	VPADDD Y7, Y6, Y6; \
	VPADDD Y10, Y6, Y6; \
	SAMPLES(dst)

// PLACES loads where the bytes of pixels of BX bytes lie, and what LUMA needs.
#define PLACES(at) \
	XORQ CX, CX; \
	CMPQ BX, $4; \
	SETEQ CX; \
	IMULQ $48, CX; \
	LEAQ places<>(SB), at; \
	ADDQ CX, at; \
	VBROADCASTI128 (at), Y13; \
	VBROADCASTI128 16(at), Y14; \
	VBROADCASTI128 32(at), Y15; \
	VPBROADCASTD planeWeights<>+0(SB), Y8; \
	VPBROADCASTD planeWeights<>+4(SB), Y9; \
	VPBROADCASTD planeWeights<>+24(SB), Y10

// CHROMA writes what pairs of the planes a and b, times the weights at wa and wb, make of eight pixels to dst.
#define CHROMA(a, wa, b, wb, dst) \
	VPBROADCASTD planeWeights<>+wa(SB), Y6; \
	VPBROADCASTD planeWeights<>+wb(SB), Y7; \
	VPMADDWD Y6, a, Y6; \
	VPMADDWD Y7, b, Y7; \
	VPADDD Y7, Y6, Y6; \
	VPADDD Y11, Y6, Y6; \
	SAMPLES(dst)

// SQUARES adds up the pairs of two rows, of two columns each, to four.
#define SQUARES(above, below, sum) \
	VPADDW below, above, sum; \
	VPHADDD sum, sum, sum; \
	VPERMQ $0x08, sum, sum

// func rows420(l0, l1, cb, cr *uint16, p0, p1 *byte, step, n, ahead int)
TEXT ·rows420(SB), NOSPLIT, $0-72
	MOVQ l0+0(FP), R8
	MOVQ l1+8(FP), R9
	MOVQ cb+16(FP), R10
	MOVQ cr+24(FP), R11
	MOVQ p0+32(FP), SI
	MOVQ p1+40(FP), DX
	MOVQ step+48(FP), BX
	PLACES(AX)
	MOVQ n+56(FP), CX
	VPBROADCASTD planeWeights<>+28(SB), Y11
	SHLQ $2, BX // bytes of four pixels
	MOVQ ahead+64(FP), AX
next:
	PREFETCHT0 (SI)(AX*1)
	PREFETCHT0 (DX)(AX*1)
	VMOVDQU (SI), X0
	VINSERTI128 $1, (SI)(BX*1), Y0, Y0
	VMOVDQU (DX), X1
	VINSERTI128 $1, (DX)(BX*1), Y1, Y1
	VPSHUFB Y13, Y0, Y2
	VPSHUFB Y14, Y0, Y3
	VPSHUFB Y13, Y1, Y4
	VPSHUFB Y14, Y1, Y5
	LUMA(Y2, Y3, (R8))
	LUMA(Y4, Y5, (R9))
	VPSHUFB Y15, Y0, Y0
	VPSHUFB Y15, Y1, Y1
	SQUARES(Y2, Y4, Y2) // red and green
	SQUARES(Y3, Y5, Y3) // green and blue
	SQUARES(Y0, Y1, Y0) // red and blue
	VPBROADCASTD planeWeights<>+8(SB), X4
	VPBROADCASTD planeWeights<>+12(SB), X5
	VPMADDWD X4, X0, X4
	VPMADDWD X5, X3, X5
	VPADDD X5, X4, X4
	VPADDD X11, X4, X4
	VPSRLD $14, X4, X4
	VPBROADCASTD planeWeights<>+16(SB), X5
	VPBROADCASTD planeWeights<>+20(SB), X6
	VPMADDWD X5, X2, X5
	VPMADDWD X6, X0, X6
	VPADDD X6, X5, X5
	VPADDD X11, X5, X5
	VPSRLD $14, X5, X5
	VPACKUSDW X5, X4, X4
	VMOVQ X4, (R10)
	VPEXTRQ $1, X4, (R11)
	ADDQ $16, R8
	ADDQ $16, R9
	ADDQ $8, R10
	ADDQ $8, R11
	LEAQ (SI)(BX*2), SI
	LEAQ (DX)(BX*2), DX
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

// func rows444(y, cb, cr *uint16, p *byte, step, n, ahead int)
TEXT ·rows444(SB), NOSPLIT, $0-56
	MOVQ y+0(FP), R8
	MOVQ cb+8(FP), R10
	MOVQ cr+16(FP), R11
	MOVQ p+24(FP), SI
	MOVQ step+32(FP), BX
	PLACES(AX)
	MOVQ n+40(FP), CX
	MOVQ ahead+48(FP), DX
	VPBROADCASTD planeWeights<>+32(SB), Y11
	SHLQ $2, BX
	XORQ AX, AX
next:
	PREFETCHT0 (SI)(DX*1)
	VMOVDQU (SI), X0
	VINSERTI128 $1, (SI)(BX*1), Y0, Y0
	VPSHUFB Y13, Y0, Y2
	VPSHUFB Y14, Y0, Y3
	VPSHUFB Y15, Y0, Y0
	LUMA(Y2, Y3, (R8)(AX*2))
	CHROMA(Y0, 8, Y3, 12, (R10)(AX*2))
	CHROMA(Y2, 16, Y0, 20, (R11)(AX*2))
	LEAQ (SI)(BX*2), SI
	ADDQ $8, AX
	DECQ CX
	JNZ next
	VZEROUPPER
	RET
