//go:build !purego

#include "textflag.h"
#include "go_asm.h"

#define ROUND2 (1<<(const_forwardShift2-1))

// FOLD takes rows or columns x, n − 1 − x, n/2 − 1 − x, and n/2 + x: b has sums of sums of what is mirrored, d their
// differences, and low and high the pairs of differences.
#define FOLD(a, b, c, d, low, high) \
	VPADDW b, a, low; \
	VPSUBW b, a, a; \
	VPADDW d, c, high; \
	VPSUBW d, c, c; \
	VPADDW high, low, b; \
	VPSUBW high, low, d; \
	VPUNPCKLWD c, a, low; \
	VPUNPCKHWD c, a, high

// ROWS folds rows x and x + 1 from SI on, of four rows that R13 is the bytes back to the one before, and writes the pairs of differences of
// both to DI, and the ones of sums and of differences of sums, by turns, to R9.
#define ROWS(V0, V1, V2, V3, V4, V5, V6, V7, V8, V9, V10, V11, size) \
	VMOVDQU64 (SI), V0; \
	VMOVDQU64 (R12), V1; \
	VMOVDQU64 (R14), V2; \
	VMOVDQU64 (R15), V3; \
	VMOVDQU64 (SI)(R11*1), V6; \
	VMOVDQU64 (R12)(R13*1), V7; \
	VMOVDQU64 (R14)(R13*1), V8; \
	VMOVDQU64 (R15)(R11*1), V9; \
	FOLD(V0, V1, V2, V3, V4, V5); \
	FOLD(V6, V7, V8, V9, V10, V11); \
	VMOVDQU64 V4, (DI); \
	VMOVDQU64 V5, size(DI); \
	VMOVDQU64 V10, (2*size)(DI); \
	VMOVDQU64 V11, (3*size)(DI); \
	VPUNPCKLWD V7, V1, V0; \
	VPUNPCKHWD V7, V1, V1; \
	VPUNPCKLWD V9, V3, V2; \
	VPUNPCKHWD V9, V3, V3; \
	VPUNPCKLDQ V2, V0, V4; \
	VPUNPCKHDQ V2, V0, V5; \
	VPUNPCKLDQ V3, V1, V6; \
	VPUNPCKHDQ V3, V1, V7; \
	VMOVDQU64 V4, (R9); \
	VMOVDQU64 V5, size(R9); \
	VMOVDQU64 V6, (2*size)(R9); \
	VMOVDQU64 V7, (3*size)(R9); \
	LEAQ (SI)(R11*2), SI; \
	LEAQ (R12)(R13*2), R12; \
	LEAQ (R14)(R13*2), R14; \
	LEAQ (R15)(R11*2), R15; \
	ADDQ $(4*size), DI; \
	ADDQ $(4*size), R9

// POINTERS makes R11 the bytes to the next row, R13 to the one before, and SI, R12, R14, R15 the rows that ROWS begins with; DX
// the cosines, DI and R9 memory at whole lines, and K1 the upper words.
#define POINTERS(n) \
	MOVQ k+0(FP), DI; \
	MOVQ forwardKernel_table(DI), DX; \
	LEAQ (forwardKernel_folded+63)(DI), DI; \
	ANDQ $-64, DI; \
	LEAQ (n*n)(DI), R9; \
	MOVQ pix+16(FP), SI; \
	MOVQ stride+24(FP), R11; \
	MOVQ R11, R13; \
	NEGQ R13; \
	MOVQ R11, AX; \
	SHLQ $(n/16+1), AX; \
	LEAQ (SI)(AX*2), R15; \
	LEAQ (R15)(R13*1), R14; \
	LEAQ (R14)(AX*2), R12; \
	MOVL $0xAAAAAAAA, AX; \
	KMOVD AX, K1

// ODD adds to the sums of the columns x, n − 1 − x, n/2 − 1 − x, n/2 + x, and likewise x + 1, of odd frequencies. The pair of x is at
// AX, of n − 1 − x at BX, and half is the way to n/2 + x.
#define ODD(at, half, cosines, V0, V1, V2, V3, V4, V5, V6, V7) \
	VPDPWSSD.BCST (at)(AX), cosines, V0; \
	VPDPWSSD.BCST (at)(BX), cosines, V1; \
	VPDPWSSD.BCST (at-half)(BX), cosines, V2; \
	VPDPWSSD.BCST (at+half)(AX), cosines, V3; \
	VPDPWSSD.BCST (at+4)(AX), cosines, V4; \
	VPDPWSSD.BCST (at-4)(BX), cosines, V5; \
	VPDPWSSD.BCST (at-half-4)(BX), cosines, V6; \
	VPDPWSSD.BCST (at+half+4)(AX), cosines, V7

// TWICE adds to the sums of a column of even frequencies the pair of sums at, for every other one, and of differences.
#define TWICE(at, cosines, sum, pair) \
	VPBROADCASTQ at, pair; \
	VPDPWSSD pair, cosines, sum

// EVEN is ODD of even frequencies, with pairs at R8 and R10.
#define EVEN(at, half, cosines, V8, V9, V10, V11, V12, V13, V14, V15, V16) \
	TWICE((at)(R8), cosines, V8, V16); \
	TWICE((at)(R10), cosines, V9, V16); \
	TWICE((at-half)(R10), cosines, V10, V16); \
	TWICE((at+half)(R8), cosines, V11, V16); \
	TWICE((at+8)(R8), cosines, V12, V16); \
	TWICE((at-8)(R10), cosines, V13, V16); \
	TWICE((at-half-8)(R10), cosines, V14, V16); \
	TWICE((at+half+8)(R8), cosines, V15, V16)

#define ALL(value, V0, V1, V2, V3, V4, V5, V6, V7) \
	VMOVDQA64 value, V0; \
	VMOVDQA64 value, V1; \
	VMOVDQA64 value, V2; \
	VMOVDQA64 value, V3; \
	VMOVDQA64 value, V4; \
	VMOVDQA64 value, V5; \
	VMOVDQA64 value, V6; \
	VMOVDQA64 value, V7

// WORDS makes a column of sums of even frequencies, and of odd ones in the upper words.
#define WORDS(shift, odd, even) \
	VPSRLD $shift, even, even; \
	VMOVDQU16 odd, K1, even

// COEFS writes a row of coefficients.
#define COEFS(sum, to) \
	VPSRAD $const_forwardShift2, sum, sum; \
	VMOVDQU64 sum, to

// func forward32(k *forwardKernel, out *int32, pix *uint16, stride int)
TEXT ·forward32(SB), NOSPLIT, $0-32
	POINTERS(32)
	MOVQ $4, CX
rows:
	ROWS(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, 64)
	DECQ CX
	JNZ rows

	// Down the columns x and x + 1 and those mirrored, for x of 0, 2, 4 and 6, of which differences lie 0, 8, 64 and 72 bytes
	// from DI on, and sums four times as far.
	SUBQ $1024, DI
	VMOVDQU64 (DX), Z24
	VMOVDQU64 64(DX), Z25
	VMOVDQU64 128(DX), Z26
	VMOVDQU64 192(DX), Z27
	VMOVDQU64 256(DX), Z28
	VMOVDQU64 320(DX), Z29
	VMOVDQU64 384(DX), Z30
	VMOVDQU64 448(DX), Z31
	VMOVDQU64 512(DX), Z20
	VMOVDQU64 576(DX), Z21
	VMOVDQU64 640(DX), Z22
	VMOVDQU64 704(DX), Z23
	VMOVDQU64 768(DX), Z18
	MOVL $(1<<15), AX
	VPBROADCASTD AX, Z19
	LEAQ 2048(DI), SI // pairs of what is folded again
	MOVQ DI, AX
	LEAQ 124(DI), BX
	LEAQ 1024(DI), R8
	LEAQ (1024+248)(DI), R10
	XORQ CX, CX
columns:
	ALL(Z19, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	ODD(0, 32, Z24, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	ODD(128, 32, Z25, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	ODD(256, 32, Z26, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	ODD(384, 32, Z27, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	ODD(512, 32, Z28, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	ODD(640, 32, Z29, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	ODD(768, 32, Z30, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	ODD(896, 32, Z31, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	ALL(Z18, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15)
	EVEN(0, 32, Z20, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, Z16)
	EVEN(256, 32, Z21, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, Z16)
	EVEN(512, 32, Z22, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, Z16)
	EVEN(768, 32, Z23, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15, Z16)
	WORDS(5+const_forwardShift1, Z0, Z8)
	WORDS(5+const_forwardShift1, Z1, Z9)
	WORDS(5+const_forwardShift1, Z2, Z10)
	WORDS(5+const_forwardShift1, Z3, Z11)
	WORDS(5+const_forwardShift1, Z4, Z12)
	WORDS(5+const_forwardShift1, Z5, Z13)
	WORDS(5+const_forwardShift1, Z6, Z14)
	WORDS(5+const_forwardShift1, Z7, Z15)
	FOLD(Z8, Z9, Z10, Z11, Z0, Z1)
	FOLD(Z12, Z13, Z14, Z15, Z2, Z3)
	VPUNPCKLWD Z13, Z9, Z4
	VPUNPCKHWD Z13, Z9, Z5
	VPUNPCKLWD Z15, Z11, Z6
	VPUNPCKHWD Z15, Z11, Z7
	VMOVDQU64 Z0, (SI)(CX*2)
	VMOVDQU64 Z1, 1024(SI)(CX*2)
	VMOVDQU64 Z2, 64(SI)(CX*2)
	VMOVDQU64 Z3, 1088(SI)(CX*2)
	VMOVDQU64 Z4, 512(SI)(CX*1)
	VMOVDQU64 Z5, 1536(SI)(CX*1)
	VMOVDQU64 Z6, 768(SI)(CX*1)
	VMOVDQU64 Z7, 1792(SI)(CX*1)
	ADDQ $64, R8
	SUBQ $64, R10
	ADDQ $8, AX
	SUBQ $8, BX
	ADDQ $64, CX
	CMPQ CX, $128
	JNE near
	ADDQ $48, AX
	SUBQ $48, BX
near:
	CMPQ CX, $256
	JLT columns

	// Along the rows, 16 vertical frequencies at a time.
	MOVL $ROUND2, AX
	VPBROADCASTD AX, Z15
	MOVQ out+8(FP), DI
	ADDQ $832, DX
	MOVQ $2, BX
half:
	VMOVDQU64 (SI), Z16
	VMOVDQU64 64(SI), Z17
	VMOVDQU64 128(SI), Z18
	VMOVDQU64 192(SI), Z19
	VMOVDQU64 256(SI), Z20
	VMOVDQU64 320(SI), Z21
	VMOVDQU64 384(SI), Z22
	VMOVDQU64 448(SI), Z23
	VMOVDQU64 512(SI), Z24
	VMOVDQU64 576(SI), Z25
	VMOVDQU64 640(SI), Z26
	VMOVDQU64 704(SI), Z27
	VMOVDQU64 768(SI), Z28
	VMOVDQU64 832(SI), Z29
	VMOVDQU64 896(SI), Z30
	VMOVDQU64 960(SI), Z31
	MOVQ DX, R12
	MOVQ DI, R13
	MOVQ $8, CX
frequencies:
	VMOVDQA64 Z15, Z0
	VMOVDQA64 Z15, Z1
	VMOVDQA64 Z15, Z2
	VMOVDQA64 Z15, Z3
	VPDPWSSD.BCST 32(R12), Z16, Z1
	VPDPWSSD.BCST 64(R12), Z16, Z3
	VPDPWSSD.BCST (R12), Z24, Z0
	VPDPWSSD.BCST 16(R12), Z28, Z2
	VPDPWSSD.BCST 36(R12), Z17, Z1
	VPDPWSSD.BCST 68(R12), Z17, Z3
	VPDPWSSD.BCST 4(R12), Z25, Z0
	VPDPWSSD.BCST 20(R12), Z29, Z2
	VPDPWSSD.BCST 40(R12), Z18, Z1
	VPDPWSSD.BCST 72(R12), Z18, Z3
	VPDPWSSD.BCST 8(R12), Z26, Z0
	VPDPWSSD.BCST 24(R12), Z30, Z2
	VPDPWSSD.BCST 44(R12), Z19, Z1
	VPDPWSSD.BCST 76(R12), Z19, Z3
	VPDPWSSD.BCST 12(R12), Z27, Z0
	VPDPWSSD.BCST 28(R12), Z31, Z2
	VPDPWSSD.BCST 48(R12), Z20, Z1
	VPDPWSSD.BCST 80(R12), Z20, Z3
	VPDPWSSD.BCST 52(R12), Z21, Z1
	VPDPWSSD.BCST 84(R12), Z21, Z3
	VPDPWSSD.BCST 56(R12), Z22, Z1
	VPDPWSSD.BCST 88(R12), Z22, Z3
	VPDPWSSD.BCST 60(R12), Z23, Z1
	VPDPWSSD.BCST 92(R12), Z23, Z3
	COEFS(Z0, (R13))
	COEFS(Z2, 256(R13))
	COEFS(Z1, 128(R13))
	COEFS(Z3, 384(R13))
	ADDQ $96, R12
	ADDQ $512, R13
	DECQ CX
	JNZ frequencies
	ADDQ $1024, SI
	ADDQ $64, DI
	DECQ BX
	JNZ half
	VZEROUPPER
	RET

// COLUMNS16 goes down the columns x and x + 1 and those mirrored, for x of 0 and 2, and makes their pairs.
#define COLUMNS16(at, Z0, Y0, Y1, Z2, Y2, Y3, Z4, Y4, Y5, Z6, Y6, Y7) \
	ALL(Y31, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7); \
	ODD(0, 16, Y24, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7); \
	ODD(64, 16, Y25, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7); \
	ODD(128, 16, Y26, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7); \
	ODD(192, 16, Y27, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7); \
	ALL(Y30, Y16, Y17, Y18, Y19, Y20, Y21, Y22, Y23); \
	EVEN(0, 16, Y28, Y16, Y17, Y18, Y19, Y20, Y21, Y22, Y23, Y15); \
	EVEN(128, 16, Y29, Y16, Y17, Y18, Y19, Y20, Y21, Y22, Y23, Y15); \
	WORDS(4+const_forwardShift1, Y0, Y16); \
	WORDS(4+const_forwardShift1, Y1, Y17); \
	WORDS(4+const_forwardShift1, Y2, Y18); \
	WORDS(4+const_forwardShift1, Y3, Y19); \
	WORDS(4+const_forwardShift1, Y4, Y20); \
	WORDS(4+const_forwardShift1, Y5, Y21); \
	WORDS(4+const_forwardShift1, Y6, Y22); \
	WORDS(4+const_forwardShift1, Y7, Y23); \
	FOLD(Y16, Y17, Y18, Y19, Y0, Y1); \
	FOLD(Y20, Y21, Y22, Y23, Y2, Y3); \
	VPUNPCKLWD Y21, Y17, Y4; \
	VPUNPCKHWD Y21, Y17, Y5; \
	VPUNPCKLWD Y23, Y19, Y6; \
	VPUNPCKHWD Y23, Y19, Y7; \
	VINSERTI64X4 $1, Y1, Z0, Z0; \
	VINSERTI64X4 $1, Y3, Z2, Z2; \
	VINSERTI64X4 $1, Y5, Z4, Z4; \
	VINSERTI64X4 $1, Y7, Z6, Z6

// func forward16(k *forwardKernel, out *int32, pix *uint16, stride int)
TEXT ·forward16(SB), NOSPLIT, $0-32
	POINTERS(16)
	ROWS(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, 32)
	ROWS(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, 32)
	SUBQ $256, DI
	VMOVDQU64 (DX), Y24
	VMOVDQU64 32(DX), Y25
	VMOVDQU64 64(DX), Y26
	VMOVDQU64 96(DX), Y27
	VMOVDQU64 128(DX), Y28
	VMOVDQU64 160(DX), Y29
	VMOVDQU64 192(DX), Y30
	MOVL $(1<<15), AX
	VPBROADCASTD AX, Y31
	MOVQ DI, AX
	LEAQ 60(DI), BX
	LEAQ 256(DI), R8
	LEAQ (256+120)(DI), R10
	COLUMNS16(0, Z0, Y0, Y1, Z2, Y2, Y3, Z4, Y4, Y5, Z6, Y6, Y7)
	ADDQ $8, AX
	SUBQ $8, BX
	ADDQ $32, R8
	SUBQ $32, R10
	COLUMNS16(8, Z8, Y8, Y1, Z10, Y10, Y3, Z12, Y12, Y5, Z14, Y14, Y7)

	MOVL $ROUND2, AX
	VPBROADCASTD AX, Z15
	MOVQ out+8(FP), DI
	ADDQ $224, DX
	MOVQ $4, CX
frequencies:
	VMOVDQA64 Z15, Z16
	VMOVDQA64 Z15, Z17
	VMOVDQA64 Z15, Z18
	VMOVDQA64 Z15, Z19
	VPDPWSSD.BCST (DX), Z4, Z16
	VPDPWSSD.BCST 8(DX), Z6, Z18
	VPDPWSSD.BCST 16(DX), Z0, Z17
	VPDPWSSD.BCST 32(DX), Z0, Z19
	VPDPWSSD.BCST 4(DX), Z12, Z16
	VPDPWSSD.BCST 12(DX), Z14, Z18
	VPDPWSSD.BCST 20(DX), Z2, Z17
	VPDPWSSD.BCST 36(DX), Z2, Z19
	VPDPWSSD.BCST 24(DX), Z8, Z17
	VPDPWSSD.BCST 40(DX), Z8, Z19
	VPDPWSSD.BCST 28(DX), Z10, Z17
	VPDPWSSD.BCST 44(DX), Z10, Z19
	COEFS(Z16, (DI))
	COEFS(Z18, 128(DI))
	COEFS(Z17, 64(DI))
	COEFS(Z19, 192(DI))
	ADDQ $48, DX
	ADDQ $256, DI
	DECQ CX
	JNZ frequencies
	VZEROUPPER
	RET

// PASS8 makes of sums Z0 and differences Z1, of samples 0 and 1 beside 3 and 2, two frequencies a register: Z4 of 0 and 4, Z5 of 2
// and 6, Z6 of 1 and 5, Z7 of 3 and 7, of which Z4 to Z7 are half of the last place.
#define PASS8(odd) \
	VSHUFI64X2 $0x4E, Z0, Z0, Z2; \
	VSHUFI64X2 $0x4E, Z1, Z1, Z3; \
	VPADDW Z2, Z0, Z8; \
	VPSUBW Z2, Z0, Z9; \
	VPDPWSSD odd(DX), Z1, Z6; \
	VPDPWSSD (odd+128)(DX), Z1, Z7; \
	VPDPWSSD (DX), Z8, Z4; \
	VPDPWSSD 128(DX), Z9, Z5; \
	VPDPWSSD (odd+64)(DX), Z3, Z6; \
	VPDPWSSD (odd+192)(DX), Z3, Z7

// func forward8(k *forwardKernel, out *int32, pix *uint16, stride int)
TEXT ·forward8(SB), NOSPLIT, $0-32
	MOVQ k+0(FP), DX
	MOVQ forwardKernel_table(DX), DX
	MOVQ pix+16(FP), SI
	MOVQ stride+24(FP), R11
	LEAQ (R11)(R11*2), R12
	LEAQ (SI)(R11*4), R13
	VMOVDQU64 (SI), X0
	VINSERTI32X4 $1, (SI)(R11*1), Z0, Z0
	VINSERTI32X4 $2, (SI)(R12*1), Z0, Z0
	VINSERTI32X4 $3, (SI)(R11*2), Z0, Z0
	VMOVDQU64 (R13)(R12*1), X1
	VINSERTI32X4 $1, (R13)(R11*2), Z1, Z1
	VINSERTI32X4 $2, (R13), Z1, Z1
	VINSERTI32X4 $3, (R13)(R11*1), Z1, Z1
	MOVL $0xAAAAAAAA, AX
	KMOVD AX, K1
	MOVL $(1<<15), AX
	VPBROADCASTD AX, Z6
	VMOVDQA64 Z6, Z7
	MOVL $(1<<(2+const_forwardShift1)), AX
	VPBROADCASTD AX, Z5
	VMOVDQU64 64(DX), Z4
	VMOVDQU64 704(DX), Z10
	VPADDW Z1, Z0, Z2
	VPSUBW Z1, Z0, Z3
	VPERMW Z2, Z10, Z0
	VPERMW Z3, Z10, Z1
	PASS8(192)
	WORDS(3+const_forwardShift1, Z6, Z4)
	WORDS(3+const_forwardShift1, Z7, Z5)
	VMOVDQU64 768(DX), Z2
	VMOVDQU64 832(DX), Z3
	VPERMI2W Z5, Z4, Z2
	VPERMI2W Z5, Z4, Z3
	MOVL $ROUND2, AX
	VPBROADCASTD AX, Z4
	VMOVDQA64 Z4, Z5
	VMOVDQA64 Z4, Z6
	VMOVDQA64 Z4, Z7
	VPADDW Z3, Z2, Z0
	VPSUBW Z3, Z2, Z1
	PASS8(448)
	MOVQ out+8(FP), DI
	VINSERTI64X4 $1, Y6, Z4, Z0
	VINSERTI64X4 $1, Y7, Z5, Z1
	VSHUFI64X2 $0xEE, Z6, Z4, Z2
	VSHUFI64X2 $0xEE, Z7, Z5, Z3
	COEFS(Z0, (DI))
	COEFS(Z1, 64(DI))
	COEFS(Z2, 128(DI))
	COEFS(Z3, 192(DI))
	VZEROUPPER
	RET
