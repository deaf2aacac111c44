//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// What is added to f before its lowest bits are cut off, and after, for the multiple of each remainder by 4.
DATA trellisWords<>+0(SB)/4, $2
DATA trellisWords<>+4(SB)/4, $1
DATA trellisWords<>+8(SB)/4, $0
DATA trellisWords<>+12(SB)/4, $-1
DATA trellisWords<>+16(SB)/4, $0
DATA trellisWords<>+20(SB)/4, $1
DATA trellisWords<>+24(SB)/4, $2
DATA trellisWords<>+28(SB)/4, $3
DATA trellisWords<>+32(SB)/4, $-4
DATA trellisWords<>+36(SB)/4, $1
DATA trellisWords<>+40(SB)/4, $const_magnitudeCap
GLOBL trellisWords<>(SB), RODATA, $44

// Ways from each state by an even level, by 0, and by an odd level; and what is left of a path without them.
DATA trellisWays<>+0(SB)/8, $0
DATA trellisWays<>+8(SB)/8, $(1<<const_wayShift)
DATA trellisWays<>+16(SB)/8, $0
DATA trellisWays<>+24(SB)/8, $(1<<const_wayShift)
DATA trellisWays<>+32(SB)/8, $(1<<const_wayShift)
DATA trellisWays<>+40(SB)/8, $(2<<const_wayShift)
DATA trellisWays<>+48(SB)/8, $(1<<const_wayShift)
DATA trellisWays<>+56(SB)/8, $(2<<const_wayShift)
DATA trellisWays<>+64(SB)/8, $0
DATA trellisWays<>+72(SB)/8, $(2<<const_wayShift)
DATA trellisWays<>+80(SB)/8, $0
DATA trellisWays<>+88(SB)/8, $(2<<const_wayShift)
DATA trellisWays<>+96(SB)/8, $~const_allWays
GLOBL trellisWays<>(SB), RODATA, $104

// LEAST makes a the smaller ones of a and b.
#define LEAST(a, b) \
	VPCMPGTQ b, a, Y15; \
	VPBLENDVB Y15, b, a, a

// COSTS takes the costs of symbols, of the states 0 and 1 of one and of the states 2 and 3 of another, as 64-bit numbers.
#define COSTS(at01, at23, dst, low) \
	VMOVD (R8)(at01*4), low; \
	VPINSRD $1, (R9)(at01*4), low, low; \
	VPINSRD $2, (R10)(at23*4), low, low; \
	VPINSRD $3, (R11)(at23*4), low, low; \
	VPMOVZXDQ low, dst

// SYMBOLS makes a packed path the address of the costs of symbols behind its history: (R13)(R14*1) is the class behind history 0.
#define SYMBOLS(reg, bank) \
	ANDQ $const_aHistory, reg; \
	SHLQ $const_rootLog2, reg; \
	ADDQ R13, reg; \
	MOVBLZX (reg)(R14*1), reg; \
	SHLQ $const_symbolsLog2, reg; \
	ADDQ bank, reg

// func trellisDiagonal(k *trellisKernel, n int)
TEXT ·trellisDiagonal(SB), NOSPLIT, $32-16
	MOVQ k+0(FP), DI
	VMOVDQU trellisKernel_paths(DI), Y0
	VPBROADCASTQ trellisWays<>+96(SB), Y14
	VMOVDQU trellisWords<>+0(SB), X12
	VMOVDQU trellisWords<>+16(SB), X11
	VPBROADCASTD trellisWords<>+32(SB), X10
	VPBROADCASTD trellisWords<>+36(SB), X9
	VPBROADCASTD trellisKernel_unit(DI), X8
	VPXOR X13, X13, X13
	VPBROADCASTD trellisWords<>+40(SB), X6
	MOVQ trellisKernel_pos(DI), SI
	MOVQ trellisKernel_classes(DI), R13
	MOVQ trellisKernel_lg(DI), CX
	MOVQ trellisKernel_choices(DI), R12
	MOVQ $0, trellisKernel_done(DI)
	VMOVDQU Y0, paths-32(SP)
	MOVBLZX paths-32(SP), R8
	MOVBLZX paths-24(SP), R9
	MOVBLZX paths-16(SP), R10
	MOVBLZX paths-8(SP), R11

next:
	MOVWLZX scanPos_coef(SI), AX
	MOVQ AX, R14
	SHRQ CX, R14 // u
	MOVQ trellisKernel_coefs(DI), DX
	MOVLQSX (DX)(AX*4), AX
	MOVQ AX, DX
	SARQ $63, DX
	XORQ DX, AX
	SUBQ DX, AX // its magnitude
	MOVQ AX, BX
	IMULQ trellisKernel_reciprocal(DI), BX
	SHRQ $32, BX // f
	CMPQ BX, $const_leastEscaped
	JGE done
	MOVQ AX, R15
	IMULQ R15, R15
	SHLQ $const_distScale, R15
	ADDQ R15, trellisKernel_zeroed(DI)
	VMOVQ R15, X7
	VPBROADCASTQ X7, Y7

	MOVQ trellisKernel_bank0(DI), DX
	SYMBOLS(R8, DX)
	SYMBOLS(R9, DX)
	MOVQ trellisKernel_bank1(DI), DX
	SYMBOLS(R10, DX)
	SYMBOLS(R11, DX)

	XORQ DX, DX
	COSTS(DX, DX, Y3, X3)
	VPADDQ Y7, Y3, Y3
	VPSLLQ $const_costShift, Y3, Y3
	VPADDQ Y0, Y3, Y3 // with 0
	CMPQ AX, trellisKernel_quiet(DI)
	JGE loud
	VPERMQ $0xD8, Y3, Y0
	VMOVDQU Y0, paths-32(SP)
	MOVL $const_zeroWays, choice_ways(R12)
	MOVBLZX paths-32(SP), R8
	MOVBLZX paths-24(SP), R9
	MOVBLZX paths-16(SP), R10
	MOVBLZX paths-8(SP), R11
	JMP again

loud:
	MOVQ $1, trellisKernel_some(DI)
	VMOVD BX, X1
	VPBROADCASTD X1, X1
	VPADDD X12, X1, X1
	VPAND X10, X1, X1
	VPADDD X11, X1, X1
	VPMAXSD X13, X1, X1 // multiples
	VMOVDQU X1, choice_multiples(R12)
	VPADDD X9, X1, X2
	VPSRLD $1, X2, X2 // levels
	VPMINUD X6, X2, X4
	VPACKUSDW X4, X4, X4
	VPACKUSWB X4, X4, X4
	VMOVD X4, choice_magnitudes(R12)
	VMOVD AX, X4
	VPBROADCASTD X4, X4
	VPMULLD X8, X1, X1
	VPSUBD X1, X4, X1
	VPMOVSXDQ X1, Y1
	VPMULDQ Y1, Y1, Y1
	VPSLLQ $const_distScale, Y1, Y1 // distortions
	VMOVD X2, AX
	VPEXTRD $3, X2, DX
	COSTS(AX, DX, Y4, X4)
	VPEXTRD $2, X2, AX
	VPEXTRD $1, X2, DX
	COSTS(AX, DX, Y5, X5)
	VPERMQ $0xF0, Y1, Y2
	VPERMQ $0x5A, Y1, Y1
	VPADDQ Y2, Y4, Y4
	VPADDQ Y1, Y5, Y5
	VPSLLQ $const_costShift, Y4, Y4
	VPSLLQ $const_costShift, Y5, Y5
	VPADDQ Y0, Y4, Y4
	VPADDQ Y0, Y5, Y5
	VPADDQ trellisWays<>+0(SB), Y4, Y4  // with an even level
	VPADDQ trellisWays<>+64(SB), Y5, Y5 // with an odd one
	CMPQ BX, $const_mayBecomeZero
	JGT large
	VPADDQ trellisWays<>+32(SB), Y3, Y3
	LEAST(Y4, Y3)

large:
	VPERMQ $0xD8, Y4, Y4
	VPERMQ $0x8D, Y5, Y5
	LEAST(Y4, Y5)
	VPAND Y14, Y4, Y0
	VMOVDQU Y4, paths-32(SP)
	MOVBLZX paths-32(SP), R8
	MOVBLZX paths-24(SP), R9
	MOVBLZX paths-16(SP), R10
	MOVBLZX paths-8(SP), R11
	MOVB R8, choice_ways(R12)
	MOVB R9, (choice_ways+1)(R12)
	MOVB R10, (choice_ways+2)(R12)
	MOVB R11, (choice_ways+3)(R12)

again:
	ADDQ $scanPos__size, SI
	ADDQ $choice__size, R12
	INCQ trellisKernel_done(DI)
	DECQ n+8(FP)
	JNZ next

done:
	VMOVDQU Y0, trellisKernel_paths(DI)
	VZEROUPPER
	RET

// Classes of sums below 16, and the bounds from there on.
DATA trellisBounds<>+0(SB)/8, $0x0605050403020100
DATA trellisBounds<>+8(SB)/8, $0x0808080807070706
DATA trellisBounds<>+16(SB)/4, $0x30211710
DATA trellisBounds<>+20(SB)/4, $15
GLOBL trellisBounds<>(SB), RODATA, $24

// BOUND adds 1 to the classes Y3 of sums Y0 that reach a bound.
#define BOUND(at) \
	VPBROADCASTB trellisBounds<>+at(SB), Y4; \
	VPMAXUB Y4, Y0, Y4; \
	VPCMPEQB Y4, Y0, Y4; \
	VPSUBB Y4, Y3, Y3

// func trellisClasses(classes *[maxN]uint8, h *history)
TEXT ·trellisClasses(SB), NOSPLIT, $0-16
	MOVQ classes+0(FP), DI
	MOVQ h+8(FP), SI
	VMOVDQU (history_near+1)(SI), Y0
	VPADDUSB (history_near+2)(SI), Y0, Y0
	VPADDUSB Y0, Y0, Y0
	VPADDUSB (history_near)(SI), Y0, Y0
	VPADDUSB (history_near+3)(SI), Y0, Y0
	VPADDUSB (history_far+1)(SI), Y0, Y0
	VPADDUSB (history_far+2)(SI), Y0, Y0
	VPADDUSB (history_far+3)(SI), Y0, Y0
	VBROADCASTI128 trellisBounds<>+0(SB), Y2
	VPBROADCASTB trellisBounds<>+20(SB), Y3
	VPMINUB Y3, Y0, Y3
	VPSHUFB Y3, Y2, Y3
	BOUND(16)
	BOUND(17)
	BOUND(18)
	BOUND(19)
	VMOVDQU Y3, (DI)
	VZEROUPPER
	RET

// BACK follows the path to a state, which becomes the one before, and notes a magnitude for it: the coefficient's choice is at
// BX, its u is R13.
#define BACK(state, number) \
	MOVBLZX choice_ways(BX)(state*1), AX; \
	SHRQ $const_wayShift, AX; \
	ANDQ $3, AX; \
	LEAQ (AX)(state*4), AX; \
	MOVBLZX way_multiple(R15)(AX*2), DX; \
	MOVBLZX way_from(R15)(AX*2), state; \
	MOVBLZX choice_magnitudes(BX)(DX*1), DX; \
	MOVB DX, (number*history__size+history_near+1)(DI)(R13*1)

// func trellisRemember(after *[states + 1]history, choices *choice, pos *scanPos, n, lg int)
TEXT ·trellisRemember(SB), NOSPLIT, $0-40
	MOVQ after+0(FP), DI
	MOVQ choices+8(FP), BX
	MOVQ pos+16(FP), SI
	MOVQ n+24(FP), R12
	MOVQ lg+32(FP), CX
	LEAQ ·ways(SB), R15
	XORQ R8, R8
	MOVQ $1, R9
	MOVQ $2, R10
	MOVQ $3, R11
	LEAQ -1(R12), AX
	IMUL3Q $choice__size, AX, DX
	ADDQ DX, BX
	IMUL3Q $scanPos__size, AX, DX
	ADDQ DX, SI

next:
	MOVWLZX scanPos_coef(SI), R13
	SHRQ CX, R13
	BACK(R8, 0)
	BACK(R9, 1)
	BACK(R10, 2)
	BACK(R11, 3)
	SUBQ $choice__size, BX
	SUBQ $scanPos__size, SI
	DECQ R12
	JNZ next
	RET
