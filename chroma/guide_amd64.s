//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA guiding<>+0(SB)/4, $0x00010001
DATA guiding<>+4(SB)/4, $2
DATA guiding<>+8(SB)/4, $0x0f0f0f0f
DATA guiding<>+12(SB)/4, $0x18100800 // bits below each byte of four
DATA guiding<>+16(SB)/4, $9
DATA guiding<>+20(SB)/4, $255
DATA guiding<>+24(SB)/4, $4095
DATA guiding<>+28(SB)/4, $(1<<12)
DATA guiding<>+32(SB)/4, $const_slopeLimit
DATA guiding<>+36(SB)/4, $(const_slopeBias<<16|const_slopeBias)
GLOBL guiding<>(SB), RODATA, $40

// The bits of the lower and of the upper half of a byte.
DATA bitsOf<>+0(SB)/8, $0x0303030302020100
DATA bitsOf<>+8(SB)/8, $0x0404040404040404
DATA bitsOf<>+16(SB)/8, $0x0707070706060500
DATA bitsOf<>+24(SB)/8, $0x0808080808080808
GLOBL bitsOf<>(SB), RODATA, $32

// func lowRows(dst, above, below *uint16, n int)
TEXT ·lowRows(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ above+8(FP), SI
	MOVQ below+16(FP), DX
	MOVQ n+24(FP), CX
	VPBROADCASTD guiding<>+0(SB), Y8
	VPBROADCASTD guiding<>+4(SB), Y9
next:
	VMOVDQU (SI), Y0
	VPADDW (DX), Y0, Y0
	VPMADDWD Y8, Y0, Y0
	VPADDD Y9, Y0, Y0
	VPSRLD $2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKUSDW X1, X0, X0
	VMOVDQU X0, (DI)
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $16, DI
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

// PRODUCTS writes the sums of the products of rows in Y0 … Y3 with luma in Y4 … Y7, in 32 bits.
#define PRODUCTS(to) \
	VPMADDWD Y0, Y4, Y0; \
	VPMADDWD Y1, Y5, Y1; \
	VPMADDWD Y2, Y6, Y2; \
	VPMADDWD Y3, Y7, Y3; \
	VPADDD Y2, Y0, Y0; \
	VPADDD Y3, Y1, Y1; \
	VPERM2I128 $0x20, Y1, Y0, Y2; \
	VPERM2I128 $0x31, Y1, Y0, Y3; \
	MOVQ to(DI), R8; \
	VMOVDQU Y2, (R8)(AX*4); \
	VMOVDQU Y3, 32(R8)(AX*4)

// PAIRS takes 16 samples of three rows to pairs, of the first two in x and y, of the third and 0 in z and w, and writes
// their sum.
#define PAIRS(rows, to, x, y, z, w) \
	MOVQ rows(DI), R8; \
	VMOVDQU (R8)(AX*2), z; \
	MOVQ (rows+8)(DI), R8; \
	VMOVDQU (R8)(AX*2), w; \
	VPUNPCKLWD w, z, x; \
	VPUNPCKHWD w, z, y; \
	VPADDW w, z, z; \
	MOVQ (rows+16)(DI), R8; \
	VMOVDQU (R8)(AX*2), w; \
	VPADDW w, z, z; \
	MOVQ to(DI), R8; \
	VMOVDQU z, (R8)(AX*2); \
	VPUNPCKLWD Y15, w, z; \
	VPUNPCKHWD Y15, w, w

// func sumRows(k *rowsKernel)
TEXT ·sumRows(SB), NOSPLIT, $0-8
	MOVQ k+0(FP), DI
	MOVQ rowsKernel_n(DI), CX
	VPXOR Y15, Y15, Y15
	XORQ AX, AX
next:
	PAIRS(rowsKernel_rows, rowsKernel_sums, Y4, Y5, Y6, Y7)
	VMOVDQA Y4, Y0
	VMOVDQA Y5, Y1
	VMOVDQA Y6, Y2
	VMOVDQA Y7, Y3
	PRODUCTS(rowsKernel_products)
	PAIRS((rowsKernel_rows+24), (rowsKernel_sums+8), Y0, Y1, Y2, Y3)
	PRODUCTS((rowsKernel_products+8))
	PAIRS((rowsKernel_rows+48), (rowsKernel_sums+16), Y0, Y1, Y2, Y3)
	PRODUCTS((rowsKernel_products+16))
	ADDQ $16, AX
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

// SUM takes the sums of eight samples and those on both sides.
#define SUM(from, x, y) \
	MOVQ from(DI), R8; \
	VMOVDQU (R8)(AX*2), x; \
	VPADDW 2(R8)(AX*2), x, x; \
	VPADDW 4(R8)(AX*2), x, x; \
	VPMOVZXWD x, y

// NINE takes nine times the sums of eight products and those on both sides.
#define NINE(from, y) \
	MOVQ from(DI), R8; \
	VMOVDQU (R8)(AX*4), y; \
	VPADDD 4(R8)(AX*4), y, y; \
	VPADDD 8(R8)(AX*4), y, y; \
	VPSLLD $3, y, Y6; \
	VPADDD Y6, y, y

// SLOPES writes the slopes of a colour, luma being summed up in Y0, the reciprocals in Y3, the exponents in Y2.
#define SLOPES(i) \
	SUM((slopesKernel_sums+8+8*i), X4, Y4); \
	NINE((slopesKernel_products+8+8*i), Y5); \
	VPMULLD Y0, Y4, Y4; \
	VPSUBD Y4, Y5, Y5; \
	VPSRAVD Y2, Y5, Y5; \
	VPMINSD Y12, Y5, Y5; \
	VPMAXSD Y13, Y5, Y5; \
	VPBROADCASTD (4*i)(BX), Y4; \
	VPMULLD Y3, Y4, Y4; \
	VPMULLD Y4, Y5, Y5; \
	VPADDD Y14, Y5, Y5; \
	VPSRAD $13, Y5, Y5; \
	VPBROADCASTD guiding<>+32(SB), Y4; \
	VPMINSD Y4, Y5, Y5; \
	VPXOR Y6, Y6, Y6; \
	VPSUBD Y4, Y6, Y6; \
	VPMAXSD Y6, Y5, Y5; \
	VEXTRACTI128 $1, Y5, X4; \
	VPACKSSDW X4, X5, X5; \
	VPOR X5, X7, X7; \
	VPADDW X15, X5, X5; \
	MOVQ (slopesKernel_slopes+8*i)(DI), R8; \
	VMOVDQU X5, (R8)(AX*2)

// func cellSlopes(k *slopesKernel)
TEXT ·cellSlopes(SB), NOSPLIT, $0-8
	MOVQ k+0(FP), DI
	MOVQ slopesKernel_n(DI), CX
	MOVQ slopesKernel_weights(DI), BX
	MOVQ slopesKernel_some(DI), SI
	MOVQ slopesKernel_reciprocals(DI), DX
	VPBROADCASTD slopesKernel_damp(DI), Y8
	VPBROADCASTD guiding<>+8(SB), Y9
	VBROADCASTI128 bitsOf<>+0(SB), Y10
	VBROADCASTI128 bitsOf<>+16(SB), Y11
	VPBROADCASTD guiding<>+24(SB), Y12
	VPXOR Y13, Y13, Y13
	VPSUBD Y12, Y13, Y13
	VPBROADCASTD guiding<>+28(SB), Y14
	VPBROADCASTD guiding<>+36(SB), X15
	XORQ AX, AX
next:
	CMPQ (BX), $0
	JEQ none

	// The variance of luma in Y1, and by how much it is shifted to nine bits in Y2.
	SUM(slopesKernel_sums, X0, Y0)
	NINE(slopesKernel_products, Y1)
	VPMULLD Y0, Y0, Y2
	VPSUBD Y2, Y1, Y1
	VPADDD Y8, Y1, Y1
	VPAND Y9, Y1, Y2
	VPSRLD $4, Y1, Y3
	VPAND Y9, Y3, Y3
	VPSHUFB Y2, Y10, Y2
	VPSHUFB Y3, Y11, Y3
	VPMAXUB Y3, Y2, Y2
	VPXOR Y4, Y4, Y4
	VPCMPEQB Y4, Y2, Y4
	VPBROADCASTD guiding<>+12(SB), Y3
	VPADDB Y3, Y2, Y2
	VPANDN Y2, Y4, Y2
	VPSRLD $16, Y2, Y3
	VPMAXUB Y3, Y2, Y2
	VPSRLD $8, Y2, Y3
	VPMAXUB Y3, Y2, Y2
	VPBROADCASTD guiding<>+20(SB), Y5
	VPAND Y5, Y2, Y2
	VPBROADCASTD guiding<>+16(SB), Y3
	VPSUBD Y3, Y2, Y2

	VPSRLVD Y2, Y1, Y1
	VPAND Y5, Y1, Y1
	VPCMPEQD Y4, Y4, Y4
	VPGATHERDD Y4, (DX)(Y1*4), Y3
	VPXOR X7, X7, X7
	SLOPES(0)
	SLOPES(1)
	VPTEST X7, X7
	SETNE (SI)
	JMP further
none:
	MOVQ slopesKernel_slopes(DI), R8
	VMOVDQU X15, (R8)(AX*2)
	MOVQ (slopesKernel_slopes+8)(DI), R8
	VMOVDQU X15, (R8)(AX*2)
	MOVB $0, (SI)
further:
	ADDQ $const_guideCell, AX
	ADDQ $8, BX
	INCQ SI
	DECQ CX
	JNZ next
	VZEROUPPER
	RET
