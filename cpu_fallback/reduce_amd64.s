//go:build !purego

#include "textflag.h"

// ROW takes up a row of two nodes.
#define ROW(at) \
	VMOVDQU at, Y0; \
	VPADDW Y0, Y4, Y4; \
	VPMINUW Y0, Y6, Y6; \
	VPMAXUW Y0, Y7, Y7; \
	VPMADDWD Y0, Y0, Y0; \
	VPADDD Y0, Y5, Y5

// func reducePairs(sum, sumSq *uint64, lo, hi *uint16, pix *uint16, stride, n int) int
TEXT ·reducePairs(SB), NOSPLIT, $0-64
	MOVQ sum+0(FP), DI
	MOVQ sumSq+8(FP), R8
	MOVQ lo+16(FP), R9
	MOVQ hi+24(FP), R10
	MOVQ pix+32(FP), SI
	MOVQ stride+40(FP), DX
	MOVQ n+48(FP), CX
	LEAQ (DX)(DX*2), R11
	VPCMPEQW Y15, Y15, Y15
	VPSRLW $15, Y15, Y14 // ones
	VPSRLW $4, Y15, Y13  // the largest samples
next:
	// Of each lane of a row the sum, the sums of squares of two, the least and the largest.
	LEAQ (SI)(DX*4), R12
	VMOVDQU (SI), Y4
	VMOVDQA Y4, Y6
	VMOVDQA Y4, Y7
	VPMADDWD Y4, Y4, Y5
	ROW((SI)(DX*1))
	ROW((SI)(DX*2))
	ROW((SI)(R11*1))
	ROW((R12))
	ROW((R12)(DX*1))
	ROW((R12)(DX*2))
	ROW((R12)(R11*1))
	VPSUBUSW Y13, Y7, Y0
	VPTEST Y0, Y0
	JNZ done

	VPMADDWD Y14, Y4, Y4
	VPHADDD Y5, Y4, Y4
	VPHADDD Y4, Y4, Y4
	VEXTRACTI128 $1, Y4, X5
	VPMOVZXDQ X4, X4
	VPMOVZXDQ X5, X5
	VPUNPCKLQDQ X5, X4, X0
	VPUNPCKHQDQ X5, X4, X1
	VMOVDQU X0, (DI)
	VMOVDQU X1, (R8)
	VPXOR Y15, Y7, Y7
	VEXTRACTI128 $1, Y6, X0
	VEXTRACTI128 $1, Y7, X1
	VPHMINPOSUW X6, X6
	VPHMINPOSUW X0, X0
	VPHMINPOSUW X7, X7
	VPHMINPOSUW X1, X1
	VPUNPCKLWD X0, X6, X6
	VPUNPCKLWD X1, X7, X7
	VPXOR X15, X7, X7
	VMOVD X6, (R9)
	VMOVD X7, (R10)

	ADDQ $32, SI
	ADDQ $16, DI
	ADDQ $16, R8
	ADDQ $4, R9
	ADDQ $4, R10
	DECQ CX
	JNZ next
done:
	MOVQ n+48(FP), AX
	SUBQ CX, AX
	MOVQ AX, ret+56(FP)
	VZEROUPPER
	RET
