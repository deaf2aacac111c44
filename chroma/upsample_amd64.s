//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Where a kernel writes nothing that it reads, the last vector begins as far back as it takes to be a
// whole one, and makes some of the samples once more.

DATA upsampling<>+0(SB)/4, $((8<<16)+8)
DATA upsampling<>+4(SB)/4, $((const_slopeBias<<16)+const_slopeBias)
DATA upsampling<>+8(SB)/4, $((const_maxSample<<16)+const_maxSample)
GLOBL upsampling<>(SB), RODATA, $12

// AGAIN goes on with the next vector of n, or with the last one, which begins at CX, and returns after that.
#define AGAIN(n) \
	CMPQ AX, CX; \
	JGE done; \
	ADDQ $n, AX; \
	CMPQ AX, CX; \
	CMOVQGT CX, AX; \
	JMP next; \
done: \
	VZEROUPPER; \
	RET

// INTERLEAVE writes the values of a and b, which alternate, to dst.
#define INTERLEAVE(LOW, HIGH, a, b, dst0, dst1, dst2, dst3) \
	LOW b, a, Y3; \
	HIGH b, a, Y4; \
	VMOVDQU X3, dst0; \
	VMOVDQU X4, dst1; \
	VEXTRACTI128 $1, Y3, dst2; \
	VEXTRACTI128 $1, Y4, dst3

// func blend(t *uint32, cbNear, crNear, cbFar, crFar *uint16, n int)
TEXT ·blend(SB), NOSPLIT, $0-48
	MOVQ t+0(FP), DI
	MOVQ cbNear+8(FP), SI
	MOVQ crNear+16(FP), DX
	MOVQ cbFar+24(FP), R8
	MOVQ crFar+32(FP), R9
	MOVQ n+40(FP), CX
	SUBQ $16, CX // where the last vector begins
	XORQ AX, AX
next:
	VMOVDQU (SI)(AX*2), Y0
	VPADDW Y0, Y0, Y1
	VPADDW Y1, Y0, Y0
	VPADDW (R8)(AX*2), Y0, Y0
	VMOVDQU (DX)(AX*2), Y1
	VPADDW Y1, Y1, Y2
	VPADDW Y2, Y1, Y1
	VPADDW (R9)(AX*2), Y1, Y1
	INTERLEAVE(VPUNPCKLWD, VPUNPCKHWD, Y0, Y1, (DI)(AX*4), 16(DI)(AX*4), 32(DI)(AX*4), 48(DI)(AX*4))
	AGAIN(16)

// func midpoints(dst, t *uint32, n int)
TEXT ·midpoints(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ t+8(FP), SI
	MOVQ n+16(FP), CX
	VPBROADCASTD upsampling<>+0(SB), Y8
	SUBQ $8, CX
	XORQ AX, AX
next:
	VMOVDQU 4(SI)(AX*4), Y0
	VPADDW Y0, Y0, Y1
	VPADDW Y1, Y0, Y0
	VPADDW Y8, Y0, Y0
	VPADDW (SI)(AX*4), Y0, Y1
	VPADDW 8(SI)(AX*4), Y0, Y2
	VPSRLW $4, Y1, Y1
	VPSRLW $4, Y2, Y2
	INTERLEAVE(VPUNPCKLDQ, VPUNPCKHDQ, Y1, Y2, (DI)(AX*8), 16(DI)(AX*8), 32(DI)(AX*8), 48(DI)(AX*8))
	AGAIN(8)

// func follow(c *uint32, luma *uint16, low, slopes *uint32, n int)
TEXT ·follow(SB), NOSPLIT, $0-40
	MOVQ c+0(FP), DI
	MOVQ luma+8(FP), SI
	MOVQ low+16(FP), R8
	MOVQ slopes+24(FP), R9
	MOVQ n+32(FP), CX
	VPBROADCASTD upsampling<>+4(SB), Y9
	VPBROADCASTD upsampling<>+8(SB), Y11
	VPXOR Y12, Y12, Y12
	XORQ AX, AX
next:
	VPMOVZXWD (SI)(AX*2), Y0
	VPSLLD $16, Y0, Y1
	VPOR Y1, Y0, Y0
	VPSUBW (R8)(AX*4), Y0, Y0
	VPSLLW $3, Y0, Y0
	VMOVDQU (R9)(AX*4), Y1
	VPSUBW Y9, Y1, Y1
	VPSLLW $4, Y1, Y1
	VPMULHRSW Y0, Y1, Y1 // (16·s·8·d + 2^14) >> 15 is (s·d + 128) >> 8
	VPADDSW (DI)(AX*4), Y1, Y1
	VPMAXSW Y12, Y1, Y1
	VPMINSW Y11, Y1, Y1
	VMOVDQU Y1, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JL next
	VZEROUPPER
	RET
