//go:build !purego

#include "textflag.h"
#include "go_asm.h"

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

// func rgb8(dst *byte, y *uint16, c *uint32, n int) int
TEXT ·rgb8(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ c+16(FP), DX
	MOVQ n+24(FP), CX
	VPBROADCASTD weights<>+0(SB), Y8
	VPBROADCASTD weights<>+4(SB), Y9
	VPBROADCASTD weights<>+8(SB), Y10
	VPBROADCASTD weights<>+12(SB), Y11
	VPBROADCASTD weights<>+16(SB), Y12
	VBROADCASTI128 interleave<>(SB), Y13
	XORQ AX, AX
	// 8 pixels are written with 4 bytes more, which the next ones, two at least, write again.
	SUBQ $10, CX
	JL done
next:
	VPMOVZXWD (SI)(AX*2), Y0
	VPSLLD $14, Y0, Y0
	VPADDD Y12, Y0, Y0
	VMOVDQU (DX)(AX*4), Y4
	VPSUBW Y11, Y4, Y4
	VPMADDWD Y8, Y4, Y1
	VPMADDWD Y9, Y4, Y2
	VPMADDWD Y10, Y4, Y3
	VPADDD Y0, Y1, Y1
	VPADDD Y0, Y2, Y2
	VPADDD Y0, Y3, Y3
	VPSRAD $const_rgbShift, Y1, Y1
	VPSRAD $const_rgbShift, Y2, Y2
	VPSRAD $const_rgbShift, Y3, Y3
	VPACKSSDW Y2, Y1, Y1
	VPACKSSDW Y3, Y3, Y3
	VPACKUSWB Y3, Y1, Y1
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
