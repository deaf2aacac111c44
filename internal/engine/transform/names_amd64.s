//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// func joinDiagonals(names, named *uint8, runs *diagonalRun, n int)
TEXT ·joinDiagonals(SB), NOSPLIT, $0-32
	MOVQ names+0(FP), DI
	MOVQ named+8(FP), SI
	MOVQ runs+16(FP), DX
	MOVQ n+24(FP), CX
next:
	MOVWLZX diagonalRun_at(DX), AX
	MOVWLZX diagonalRun_n(DX), BX
	VMOVDQU (SI)(AX*1), Y0
	VMOVDQU Y0, (DI)
	ADDQ BX, DI
	ADDQ $diagonalRun__size, DX
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

// func someOf(some *uint64, names *uint8, n int)
TEXT ·someOf(SB), NOSPLIT, $0-24
	MOVQ some+0(FP), DI
	MOVQ names+8(FP), SI
	MOVQ n+16(FP), CX
	VPXOR Y0, Y0, Y0
	VPCMPEQB Y1, Y1, Y1
	VPSRLW $12, Y1, Y1
	VPACKUSWB Y1, Y1, Y1 // 15
next:
	VPAND (SI), Y1, Y2
	VPAND 32(SI), Y1, Y3
	VPCMPEQB Y0, Y2, Y2
	VPCMPEQB Y0, Y3, Y3
	VPMOVMSKB Y2, AX
	VPMOVMSKB Y3, BX
	SHLQ $32, BX
	ORQ BX, AX
	NOTQ AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ next
	VZEROUPPER
	RET

// func widen(tokens *rans.Token, names *uint8, classes *rans.Token, n int, first rans.Token)
TEXT ·widen(SB), NOSPLIT, $0-34
	MOVQ tokens+0(FP), DI
	MOVQ names+8(FP), SI
	MOVQ classes+16(FP), DX
	MOVQ n+24(FP), CX
	VPBROADCASTW first+32(FP), Y3
	XORQ AX, AX
tokens:
	VPMOVZXBW (SI)(AX*1), Y1
	VPMOVZXBW 16(SI)(AX*1), Y2
	VPADDW (DX)(AX*2), Y1, Y1
	VPADDW 32(DX)(AX*2), Y2, Y2
	VPADDW Y3, Y1, Y1
	VPADDW Y3, Y2, Y2
	VMOVDQU Y1, (DI)(AX*2)
	VMOVDQU Y2, 32(DI)(AX*2)
	ADDQ $32, AX
	CMPQ AX, CX
	JLT tokens
	VZEROUPPER
	RET
