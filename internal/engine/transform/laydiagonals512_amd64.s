//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// The lower words of 32 values, and the words of 4 diagonals at a time of a leaf of 8, and which of these there are.
DATA lowerWords<>+0(SB)/8, $0x0006000400020000
DATA lowerWords<>+8(SB)/8, $0x000E000C000A0008
DATA lowerWords<>+16(SB)/8, $0x0016001400120010
DATA lowerWords<>+24(SB)/8, $0x001E001C001A0018
DATA lowerWords<>+32(SB)/8, $0x0026002400220020
DATA lowerWords<>+40(SB)/8, $0x002E002C002A0028
DATA lowerWords<>+48(SB)/8, $0x0036003400320030
DATA lowerWords<>+56(SB)/8, $0x003E003C003A0038
GLOBL lowerWords<>(SB), RODATA, $64
DATA fourDiagonals<>+0(SB)/8, $0x0000000000000000
DATA fourDiagonals<>+8(SB)/8, $0x0000000000000000
DATA fourDiagonals<>+16(SB)/8, $0x0000000000080001
DATA fourDiagonals<>+24(SB)/8, $0x0000000000000000
DATA fourDiagonals<>+32(SB)/8, $0x0000001000090002
DATA fourDiagonals<>+40(SB)/8, $0x0000000000000000
DATA fourDiagonals<>+48(SB)/8, $0x00180011000A0003
DATA fourDiagonals<>+56(SB)/8, $0x0000000000000000
DATA fourDiagonals<>+64(SB)/8, $0x00190012000B0004
DATA fourDiagonals<>+72(SB)/8, $0x0000000000000020
DATA fourDiagonals<>+80(SB)/8, $0x001A0013000C0005
DATA fourDiagonals<>+88(SB)/8, $0x0000000000280021
DATA fourDiagonals<>+96(SB)/8, $0x001B0014000D0006
DATA fourDiagonals<>+104(SB)/8, $0x0000003000290022
DATA fourDiagonals<>+112(SB)/8, $0x001C0015000E0007
DATA fourDiagonals<>+120(SB)/8, $0x00380031002A0023
DATA fourDiagonals<>+128(SB)/8, $0x001D0016000F0000
DATA fourDiagonals<>+136(SB)/8, $0x00390032002B0024
DATA fourDiagonals<>+144(SB)/8, $0x001E001700000000
DATA fourDiagonals<>+152(SB)/8, $0x003A0033002C0025
DATA fourDiagonals<>+160(SB)/8, $0x001F000000000000
DATA fourDiagonals<>+168(SB)/8, $0x003B0034002D0026
DATA fourDiagonals<>+176(SB)/8, $0x0000000000000000
DATA fourDiagonals<>+184(SB)/8, $0x003C0035002E0027
DATA fourDiagonals<>+192(SB)/8, $0x0000000000000000
DATA fourDiagonals<>+200(SB)/8, $0x003D0036002F0000
DATA fourDiagonals<>+208(SB)/8, $0x0000000000000000
DATA fourDiagonals<>+216(SB)/8, $0x003E003700000000
DATA fourDiagonals<>+224(SB)/8, $0x0000000000000000
DATA fourDiagonals<>+232(SB)/8, $0x003F000000000000
DATA fourDiagonals<>+240(SB)/8, $0x0000000000000000
DATA fourDiagonals<>+248(SB)/8, $0x0000000000000000
GLOBL fourDiagonals<>(SB), RODATA, $256
DATA inDiagonals<>+0(SB)/8, $0xFF7F3F1F0F070301
DATA inDiagonals<>+8(SB)/8, $0x0080C0E0F0F8FCFE
GLOBL inDiagonals<>(SB), RODATA, $16

// PACK takes the magnitudes of a leaf of 8 to words in Z0 and Z1, but for the first one, and finds the largest ones.
#define PACK(leaf) \
	MOVQ 8*leaf(CX), SI; \
	VPABSD.Z (SI), K5, Z0; \
	VPABSD 64(SI), Z2; \
	VPABSD 128(SI), Z1; \
	VPABSD 192(SI), Z3; \
	VPMAXUD Z0, Z4, Z4; \
	VPMAXUD Z2, Z5, Z5; \
	VPMAXUD Z1, Z4, Z4; \
	VPMAXUD Z3, Z5, Z5; \
	VPERMT2W Z2, Z6, Z0; \
	VPERMT2W Z3, Z6, Z1

// DIAGONALS makes 16 diagonals of a leaf, four a register.
#define DIAGONALS(a, b, c, d) \
	VMOVDQA64 Z28, a; \
	VMOVDQA64 Z29, b; \
	VMOVDQA64 Z30, c; \
	VMOVDQA64 Z31, d; \
	VPERMI2W.Z Z1, Z0, K1, a; \
	VPERMI2W.Z Z1, Z0, K2, b; \
	VPERMI2W.Z Z1, Z0, K3, c; \
	VPERMI2W.Z Z1, Z0, K4, d

// BESIDE writes four diagonals of all leaves, of 0, 2, 1 and 3.
#define BESIDE(first, second, third, fourth, at) \
	VSHUFI32X4 $0x44, third, first, Z0; \
	VSHUFI32X4 $0x44, fourth, second, Z1; \
	VSHUFI32X4 $0xEE, third, first, Z2; \
	VSHUFI32X4 $0xEE, fourth, second, Z3; \
	VSHUFI32X4 $0x88, Z1, Z0, Z6; \
	VSHUFI32X4 $0xDD, Z1, Z0, Z0; \
	VSHUFI32X4 $0x88, Z3, Z2, Z1; \
	VSHUFI32X4 $0xDD, Z3, Z2, Z2; \
	VMOVDQU64 Z6, at(DI); \
	VMOVDQU64 Z0, (at+64)(DI); \
	VMOVDQU64 Z1, (at+128)(DI); \
	VMOVDQU64 Z2, (at+192)(DI)

// func wideLayFour(rows *diagonalRow, leaves *[4]*int32) (most int)
TEXT ·wideLayFour(SB), NOSPLIT, $0-24
	MOVQ rows+0(FP), DI
	MOVQ leaves+8(FP), CX
	VMOVDQU64 lowerWords<>(SB), Z6
	VMOVDQU64 fourDiagonals<>+0(SB), Z28
	VMOVDQU64 fourDiagonals<>+64(SB), Z29
	VMOVDQU64 fourDiagonals<>+128(SB), Z30
	VMOVDQU64 fourDiagonals<>+192(SB), Z31
	KMOVD inDiagonals<>+0(SB), K1
	KMOVD inDiagonals<>+4(SB), K2
	KMOVD inDiagonals<>+8(SB), K3
	KMOVD inDiagonals<>+12(SB), K4
	MOVL $0xFFFE, AX
	KMOVW AX, K5
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	PACK(0)
	DIAGONALS(Z8, Z9, Z10, Z11)
	PACK(1)
	DIAGONALS(Z12, Z13, Z14, Z15)
	PACK(2)
	DIAGONALS(Z16, Z17, Z18, Z19)
	PACK(3)
	DIAGONALS(Z20, Z21, Z22, Z23)
	BESIDE(Z8, Z12, Z16, Z20, 0)
	BESIDE(Z9, Z13, Z17, Z21, 256)
	BESIDE(Z10, Z14, Z18, Z22, 512)
	BESIDE(Z11, Z15, Z19, Z23, 768)

	VPMAXUD Z5, Z4, Z4
	VEXTRACTI64X4 $1, Z4, Y5
	VPMAXUD Y5, Y4, Y4
	VEXTRACTI128 $1, Y4, X5
	VPMAXUD X5, X4, X4
	VPSHUFD $0x4E, X4, X5
	VPMAXUD X5, X4, X4
	VPSHUFD $0xB1, X4, X5
	VPMAXUD X5, X4, X4
	VMOVD X4, AX
	MOVQ AX, most+16(FP)
	VZEROUPPER
	RET
