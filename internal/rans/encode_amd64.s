//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// TAKE is take of the symbol at offset R9 of the table, of a state.
#define TAKE(x) \
	MOVW x, (R8); \
	MOVL x, R11; \
	SHRL $16, R11; \
	LEAQ -2(R8), R12; \
	CMPL x, encSymbol_limit(DI)(R9*1); \
	CMOVLCC R11, x; \
	CMOVQCC R12, R8; \
	MOVL encSymbol_rcp(DI)(R9*1), R13; \
	MOVBLZX encSymbol_shift(DI)(R9*1), R11; \
	MOVWLZX encSymbol_comp(DI)(R9*1), R12; \
	MOVWLZX encSymbol_cum(DI)(R9*1), R14; \
	IMULQ x, R13; \
	SHRXQ R11, R13, R13; \
	ADDL R14, x; \
	IMULL R12, R13; \
	ADDL R13, x

// func takePairs(table *encSymbol, x *states, tokens *Token, n int, words *uint16) int
TEXT ·takePairs(SB), NOSPLIT, $0-48
	MOVQ table+0(FP), DI
	MOVQ x+8(FP), DX
	MOVQ tokens+16(FP), SI
	MOVQ n+24(FP), CX
	MOVQ words+32(FP), R8
	MOVL states_even(DX), AX
	MOVL states_odd(DX), BX
pair:
	MOVWLZX -2(SI)(CX*2), R9
	MOVWLZX -4(SI)(CX*2), R10
	SHLQ $4, R9 // the size of an encSymbol
	SHLQ $4, R10
	TAKE(BX)
	MOVQ R10, R9
	TAKE(AX)
	SUBQ $2, CX
	JNZ pair

	MOVL AX, states_even(DX)
	MOVL BX, states_odd(DX)
	MOVQ words+32(FP), AX
	SUBQ R8, AX
	SHRQ $1, AX
	MOVQ AX, ret+40(FP)
	RET
