//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA summing<>+0(SB)/4, $0x00080008
DATA summing<>+4(SB)/4, $((const_slopeBias<<16)+const_slopeBias)
DATA summing<>+8(SB)/4, $((const_maxSample<<16)+const_maxSample)
GLOBL summing<>(SB), RODATA, $12

// UPSAMPLED makes 32 samples of a row of 16 blended ones, which is some bytes from BX on: 8 and 8 of them in a, the ones
// that follow both in b. It takes Y0; Y8 is 8.
#define UPSAMPLED(at, a, b) \
	VMOVDQU (at+16)(BX)(AX*1), Y0; \
	VPADDW Y0, Y0, a; \
	VPADDW Y0, a, a; \
	VPADDW Y8, a, a; \
	VPADDW (at+14)(BX)(AX*1), a, b; \
	VPADDW (at+18)(BX)(AX*1), a, Y0; \
	VPSRLW $4, b, b; \
	VPSRLW $4, Y0, Y0; \
	VPUNPCKLWD Y0, b, a; \
	VPUNPCKHWD Y0, b, b

// PIXELS takes 32 samples of a row in that order.
#define PIXELS(row, xa, a, xb, b) \
	VMOVDQU (row)(AX*2), xa; \
	VINSERTI128 $1, 32(row)(AX*2), a, a; \
	VMOVDQU 16(row)(AX*2), xb; \
	VINSERTI128 $1, 48(row)(AX*2), b, b

// PRODUCTS adds the products of a and b, c and d to a sum.
#define PRODUCTS(a, b, c, d, sum) \
	VPMADDWD a, b, Y5; \
	VPMADDWD c, d, Y6; \
	VPADDD Y6, Y5, Y5; \
	VPADDD sum, Y5, Y5; \
	VMOVDQU Y5, sum

// MOVED takes how far luma moves samples to x: their slope is in x, with its bias, luma that they have more in d, eight
// times. (16·s·8·d + 2^14) >> 15 is (s·d + 128) >> 8.
#define MOVED(plain, d, x) \
	VPSUBW Y9, x, x; \
	VPSLLW $4, x, x; \
	VPMULHRSW d, x, x; \
	VPADDSW plain, x, x; \
	VPMAXSW Y11, x, x; \
	VPMINSW Y10, x, x; \
	VPSUBW plain, x, x

// COLOUR adds to the sums of Cb or Cr. How far luma is off is in Y12 and Y13, what it has more in Y14 and Y15.
#define COLOUR(plain, slopes, want, lumaOff, off2, lumaMoved, offMoved, moved2) \
	UPSAMPLED(slopes, Y1, Y2); \
	UPSAMPLED(plain, Y3, Y4); \
	MOVED(Y3, Y14, Y1); \
	MOVED(Y4, Y15, Y2); \
	PIXELS(want, X5, Y5, X6, Y6); \
	VPSUBW Y5, Y3, Y3; \
	VPSUBW Y6, Y4, Y4; \
	PRODUCTS(Y12, Y3, Y13, Y4, lumaOff); \
	PRODUCTS(Y3, Y3, Y4, Y4, off2); \
	PRODUCTS(Y12, Y1, Y13, Y2, lumaMoved); \
	PRODUCTS(Y3, Y1, Y4, Y2, offMoved); \
	PRODUCTS(Y1, Y1, Y2, Y2, moved2)

// ADD adds six sums, of 128 pixels at most, to those that are some bytes from R8 on.
#define ADD(at, lumaOff, off2, lumaMoved, offMoved, moved2) \
	VMOVDQU luma2-352(SP), Y4; \
	VMOVDQU off2, Y6; \
	VMOVDQU offMoved, Y8; \
	VPHADDD lumaOff, Y4, Y4; \
	VPHADDD lumaMoved, Y6, Y6; \
	VPHADDD Y6, Y4, Y4; \
	VPHADDD moved2, Y8, Y8; \
	VPHADDD Y8, Y8, Y8; \
	VEXTRACTI128 $1, Y4, X5; \
	VPADDD X5, X4, X4; \
	VEXTRACTI128 $1, Y8, X9; \
	VPADDD X9, X8, X8; \
	VPMOVSXDQ X4, Y4; \
	VPMOVSXDQ X8, X8; \
	VPADDQ (at)(R8), Y4, Y4; \
	VMOVDQU Y4, (at)(R8); \
	VPADDQ (at+32)(R8), X8, X8; \
	VMOVDQU X8, (at+32)(R8)

// func sumGuided(k *sumKernel)
TEXT ·sumGuided(SB), NOSPLIT, $352-8
	MOVQ k+0(FP), DI
	MOVQ sumKernel_n(DI), CX
	SHLQ $5, CX
	VPXOR Y11, Y11, Y11
	VMOVDQU Y11, luma2-352(SP)
	VMOVDQU Y11, cb-320(SP)
	VMOVDQU Y11, cb-288(SP)
	VMOVDQU Y11, cb-256(SP)
	VMOVDQU Y11, cb-224(SP)
	VMOVDQU Y11, cb-192(SP)
	VMOVDQU Y11, cr-160(SP)
	VMOVDQU Y11, cr-128(SP)
	VMOVDQU Y11, cr-96(SP)
	VMOVDQU Y11, cr-64(SP)
	VMOVDQU Y11, cr-32(SP)
	VPBROADCASTD summing<>+0(SB), Y8
	VPBROADCASTD summing<>+4(SB), Y9
	VPBROADCASTD summing<>+8(SB), Y10
	LEAQ sumKernel_at(DI), SI
	XORQ R12, R12
	XORQ R13, R13 // from the first row of luma to the one at hand
	XORQ R11, R11 // the same of what it should be
row:
	LEAQ sumKernel_blended(DI), BX
	LEAQ sumKernel_from(DI), R10
	MOVQ $5, DX
plane:
	MOVQ (R10), R8
	MOVQ R8, R9
	ADDQ (SI), R8
	ADDQ 8(SI), R9
	XORQ AX, AX
blend:
	VMOVDQU (R8)(AX*1), Y0
	VPADDW Y0, Y0, Y1
	VPADDW Y0, Y1, Y1
	VPADDW (R9)(AX*1), Y1, Y1
	VMOVDQU Y1, 16(BX)(AX*1)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT blend
	MOVWLZX 16(BX), R8
	MOVW R8, 14(BX)
	MOVWLZX 14(BX)(CX*1), R8
	MOVW R8, 16(BX)(CX*1)
	ADDQ $8, R10
	ADDQ $const_blendedBytes, BX
	DECQ DX
	JNZ plane
	LEAQ sumKernel_blended(DI), BX
	MOVQ sumKernel_luma(DI), DX
	ADDQ R13, DX
	MOVQ sumKernel_want(DI), R8
	ADDQ R11, R8
	MOVQ (sumKernel_want+8)(DI), R9
	ADDQ R11, R9
	MOVQ (sumKernel_want+16)(DI), R10
	ADDQ R11, R10
	XORQ AX, AX
next:
	UPSAMPLED(2*const_blendedBytes, Y1, Y2)
	PIXELS(DX, X3, Y3, X4, Y4)
	PIXELS(R8, X5, Y5, X6, Y6)
	VPSUBW Y5, Y3, Y12
	VPSUBW Y6, Y4, Y13
	VPSUBW Y1, Y3, Y14
	VPSUBW Y2, Y4, Y15
	VPSLLW $3, Y14, Y14
	VPSLLW $3, Y15, Y15
	PRODUCTS(Y12, Y12, Y13, Y13, luma2-352(SP))
	COLOUR(0, 3*const_blendedBytes, R9, cb-320(SP), cb-288(SP), cb-256(SP), cb-224(SP), cb-192(SP))
	COLOUR(const_blendedBytes, 4*const_blendedBytes, R10, cr-160(SP), cr-128(SP), cr-96(SP), cr-64(SP), cr-32(SP))
	ADDQ $32, AX
	CMPQ AX, CX
	JLT next
	ADDQ $16, SI
	ADDQ sumKernel_lumaStride(DI), R13
	ADDQ sumKernel_wantStride(DI), R11
	INCQ R12
	CMPQ R12, sumKernel_count(DI)
	JLT row

	MOVQ sumKernel_sums(DI), R8
	ADD(0, cb-320(SP), cb-288(SP), cb-256(SP), cb-224(SP), cb-192(SP))
	ADD(GuideSums__size, cr-160(SP), cr-128(SP), cr-96(SP), cr-64(SP), cr-32(SP))
	VZEROUPPER
	RET
