//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA backwards<>+0(SB)/8, $0x0000000600000007
DATA backwards<>+8(SB)/8, $0x0000000400000005
DATA backwards<>+16(SB)/8, $0x0000000200000003
DATA backwards<>+24(SB)/8, $0x0000000000000001
GLOBL backwards<>(SB), RODATA|NOPTR, $32

// func putCells(k *overviewCells, n int) int
TEXT ·putCells(SB), NOSPLIT, $0-24
	MOVQ k+0(FP), DI
	MOVQ n+8(FP), CX
	MOVQ overviewCells_row(DI), SI
	MOVQ overviewCells_above(DI), DX
	MOVQ overviewCells_exact(DI), R8
	MOVQ overviewCells_tokens(DI), R9
	MOVQ overviewCells_gains(DI), R10
	MOVQ overviewCells_classes(DI), R11
	VPBROADCASTD overviewCells_step(DI), Y10
	VPBROADCASTD overviewCells_full(DI), Y11
	VPBROADCASTD overviewCells_low(DI), Y12
	VPBROADCASTD overviewCells_first(DI), Y13
	VPBROADCASTD overviewCells_steep(DI), Y14
	VPBROADCASTD overviewCells_far(DI), Y15
	XORQ AX, AX // cells that are done
	XORQ R12, R12 // their signs
	XORQ R13, R13 // how many there are
eight:
	VMOVDQU -4(SI)(AX*4), Y0 // L
	VMOVDQU (DX)(AX*4), Y1 // T
	VMOVDQU -4(DX)(AX*4), Y2 // TL
	VMOVDQU 4(DX)(AX*4), Y3 // TR
	VPMINSD Y1, Y0, Y4
	VPMAXSD Y1, Y0, Y5
	VPADDD Y1, Y0, Y6
	VPSUBD Y2, Y6, Y7
	VPMAXSD Y7, Y4, Y4
	VPMINSD Y4, Y5, Y4
	VPADDD Y4, Y4, Y4
	VPADDD Y6, Y4, Y4
	VPCMPEQD Y9, Y9, Y9
	VPSUBD Y9, Y4, Y4
	VPSUBD Y9, Y4, Y4
	VPSRAD $2, Y4, Y4 // the prediction
	VPSUBD Y2, Y0, Y0
	VPABSD Y0, Y0
	VPSUBD Y1, Y2, Y2
	VPABSD Y2, Y2
	VPSUBD Y3, Y1, Y1
	VPABSD Y1, Y1
	VPADDD Y2, Y0, Y0
	VPADDD Y1, Y0, Y0
	VPMINSD Y14, Y0, Y0
	VPGATHERDD Y9, (R11)(Y0*1), Y2
	VPSLLD $24, Y2, Y2
	VPSRLD $24, Y2, Y2 // the class of the gradient
	VMOVDQU (SI)(AX*4), Y3
	VPSUBD Y4, Y3, Y5 // the residual
	VPABSD Y5, Y6
	VPMINSD Y15, Y6, Y7
	VPSLLD $const_farLog2, Y2, Y8
	VPADDD Y7, Y8, Y7
	VPCMPEQD Y9, Y9, Y9
	VPGATHERDD Y9, (R10)(Y7*4), Y8 // what an error must be above
	VPMULLD Y10, Y3, Y7
	VMOVDQU (R8)(AX*4), Y0
	VPSUBD Y7, Y0, Y0
	VPADDD Y0, Y0, Y0
	VPXOR Y9, Y9, Y9
	VPSUBD Y5, Y9, Y7
	VPSIGND Y7, Y0, Y0 // twice the error towards the prediction
	VPCMPGTD Y8, Y0, Y0 // what is moved,
	VPCMPGTD Y15, Y6, Y1 // or far,
	VPOR Y1, Y0, Y0
	VPCMPGTD Y3, Y11, Y1 // or an end or beyond
	VPCMPGTD Y12, Y3, Y3
	VPAND Y3, Y1, Y1
	VPANDN Y1, Y0, Y0
	VMOVMSKPS Y0, BX
	XORL $0xff, BX
	ORL $0x100, BX
	BSFL BX, BX // how many are not, up to the first that is
	CMPQ BX, CX
	CMOVQGT CX, BX

	VPSLLD $4, Y2, Y2
	VPADDD Y13, Y2, Y2
	VPADDD Y6, Y2, Y2
	VEXTRACTI128 $1, Y2, X3
	VPACKUSDW X3, X2, X2
	VMOVDQU X2, (R9)(AX*2)

	// The first cell has the highest bit.
	VMOVDQU backwards<>(SB), Y7
	VPERMD Y5, Y7, Y5
	VMOVMSKPS Y5, R14
	VPCMPEQD Y9, Y5, Y5
	VMOVMSKPS Y5, R15
	XORL $0xff, R15
	MOVL $0xff00, DI
	SHRXL BX, DI, DI
	ANDL DI, R15
	ANDL $0xff, R15 // those that have signs
	PEXTL R15, R14, R14
	POPCNTL R15, R15
	SHLXQ R15, R12, R12
	ORQ R14, R12
	ADDQ R15, R13

	ADDQ BX, AX
	SUBQ BX, CX
	JZ done
	CMPQ BX, $8
	JEQ eight
done:
	VZEROUPPER
	MOVQ k+0(FP), DI
	MOVQ R12, overviewCells_signs(DI)
	MOVQ R13, overviewCells_signed(DI)
	MOVQ AX, ret+16(FP)
	RET
