//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Coefficients and levels by turns.
DATA turns<>+0(SB)/8, $0x0000001000000000
DATA turns<>+8(SB)/8, $0x0000001100000001
DATA turns<>+16(SB)/8, $0x0000001200000002
DATA turns<>+24(SB)/8, $0x0000001300000003
DATA turns<>+32(SB)/8, $0x0000001400000004
DATA turns<>+40(SB)/8, $0x0000001500000005
DATA turns<>+48(SB)/8, $0x0000001600000006
DATA turns<>+56(SB)/8, $0x0000001700000007
GLOBL turns<>(SB), RODATA, $64

// FOUR loads the coefficients of four numbers: a gather takes longer.
#define FOUR(at, x) \
	MOVWLZX (at)(R9), AX; \
	MOVWLZX (at+2)(R9), BX; \
	MOVWLZX (at+4)(R9), CX; \
	MOVWLZX (at+6)(R9), DX; \
	VMOVD (SI)(AX*4), x; \
	VPINSRD $1, (SI)(BX*4), x, x; \
	VPINSRD $2, (SI)(CX*4), x, x; \
	VPINSRD $3, (SI)(DX*4), x, x

// func listLevels(levels *acLevel, m *listedLevels, names *uint8, order *uint16, c *int32, n int) (listed int, high bool)
TEXT ·listLevels(SB), NOSPLIT, $0-57
	MOVQ m+8(FP), R8
	MOVQ names+16(FP), SI
	MOVQ order+24(FP), DX
	MOVQ n+40(FP), CX
	MOVL $0x0F0F0F0F, AX
	VPBROADCASTD AX, Z16
	LEAQ listedLevels_coefs(R8), R9
	XORQ R10, R10 // listed
	KXORQ K3, K3, K3

	// Magnitudes and numbers of those that have a level, of 64 names at a time.
names:
	VPANDQ (SI), Z16, Z0
	VPTESTMB Z0, Z0, K1
	KMOVQ K1, AX
	CMPQ CX, $64
	JGE whole
	BZHIQ CX, AX, AX
	KMOVQ AX, K1
whole:
	VPCMPEQB Z16, Z0, K1, K4
	KORQ K4, K3, K3
	VPCOMPRESSB.Z Z0, K1, Z0
	VMOVDQU64 (DX), Z1
	VMOVDQU64 64(DX), Z2
	KSHIFTRQ $32, K1, K2
	VPCOMPRESSW.Z Z1, K1, Z1
	VPCOMPRESSW.Z Z2, K2, Z2
	VMOVDQU64 Z0, (R8)(R10*1)
	VMOVDQU64 Z1, (R9)(R10*2)
	POPCNTL AX, BX
	ADDQ R10, BX
	VMOVDQU64 Z2, (R9)(BX*2)
	POPCNTQ AX, AX
	ADDQ AX, R10
	ADDQ $64, SI
	ADDQ $128, DX
	SUBQ $64, CX
	JG names
	MOVQ R10, listed+48(FP)
	VPXOR Y0, Y0, Y0
	VMOVDQU Y0, (R9)(R10*2) // so that coefficients are read of the leaf alone
	KORTESTQ K3, K3
	SETNE high+56(FP)

	// Their signs, of 16 at a time.
	MOVQ levels+0(FP), DI
	MOVQ c+32(FP), SI
	VMOVDQU64 turns<>(SB), Z17
	MOVL $8, AX
	VPBROADCASTD AX, Z18
	VPADDD Z18, Z17, Z18
	VPXOR Y4, Y4, Y4
	JMP more
levels:
	VPMOVZXWD (R9), Z0
	VPMOVZXBD (R8), Z1
	FOUR(0, X2)
	FOUR(8, X3)
	VINSERTI128 $1, X3, Y2, Y2
	FOUR(16, X3)
	FOUR(24, X5)
	VINSERTI128 $1, X5, Y3, Y3
	VINSERTI64X4 $1, Y3, Z2, Z2
	VPMOVD2M Z2, K2
	VPSUBD Z1, Z4, K2, Z1
	VMOVDQA64 Z17, Z2
	VMOVDQA64 Z18, Z3
	VPERMI2D Z1, Z0, Z2
	VPERMI2D Z1, Z0, Z3
	VMOVDQU64 Z2, (DI)
	VMOVDQU64 Z3, 64(DI)
	ADDQ $32, R9
	ADDQ $16, R8
	ADDQ $128, DI
	SUBQ $16, R10
more:
	CMPQ R10, $0
	JGT levels
	VZEROUPPER
	RET
