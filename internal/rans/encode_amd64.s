//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// TAKE is encSymbol.take of the token at token(SI), whose state is x.
#define TAKE(token, x) \
	MOVWLZX token(SI), R9; \
	SHLQ $4, R9; \
	ADDQ R8, R9; \
	MOVW x, -2(DI); \
	MOVL x, R10; \
	SHRL $16, R10; \
	LEAQ -2(DI), R11; \
	CMPL x, encSymbol_limit(R9); \
	CMOVLCC R10, x; \
	CMOVQCC R11, DI; \
	MOVL encSymbol_rcp(R9), R10; \
	IMULQ x, R10; \
	MOVBLZX encSymbol_shift(R9), CX; \
	SHRQ CX, R10; \
	MOVWLZX encSymbol_comp(R9), R11; \
	IMULL R11, R10; \
	MOVWLZX encSymbol_cum(R9), R11; \
	ADDL R11, x; \
	ADDL R10, x

// func takePairs(a *pairs)
TEXT ·takePairs(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), DX
	MOVQ pairs_table(DX), R8
	MOVQ pairs_symbols(DX), R15
	MOVQ pairs_tokens(DX), SI
	MOVQ pairs_n(DX), R12
	LEAQ (SI)(R12*4), SI
	MOVQ pairs_words(DX), DI
	MOVQ pairs_at(DX), R13
	LEAQ (DI)(R13*2), DI
	MOVL pairs_even(DX), AX
	MOVL pairs_odd(DX), BX
pair:
	MOVWLZX -4(SI), R9
	CMPQ R9, R15
	JAE done
	MOVWLZX -2(SI), R9
	CMPQ R9, R15
	JAE done
	TAKE(-2, BX)
	TAKE(-4, AX)
	SUBQ $4, SI
	DECQ R12
	JNZ pair
done:
	SUBQ pairs_words(DX), DI
	SHRQ $1, DI
	MOVQ R12, pairs_n(DX)
	MOVQ DI, pairs_at(DX)
	MOVL AX, pairs_even(DX)
	MOVL BX, pairs_odd(DX)
	RET
