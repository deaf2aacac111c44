//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// LOAD takes the slot of context i, counted from base, into a lane of slots and
// its stretched probability into the same lane of in.
#define LOAD(i, base, lane, slots, in) \
	MOVL (4*i)(SI), AX; \
	MOVL (base)(AX*4), AX; \
	VPINSRD $lane, AX, slots, slots; \
	SHRL $20, AX; \
	VPINSRW $lane, (CX)(AX*2), in, in

// STORE puts a lane of slots into the slot of context i.
#define STORE(i, base, lane, slots) \
	MOVL (4*i)(SI), AX; \
	VPEXTRD $lane, slots, (base)(AX*4)

DATA constant<>+0(SB)/2, $const_constant
GLOBL constant<>(SB), RODATA, $16

// code<> codes the bit BX, or decodes it into BX, as Mixer.mix does.
//
//	DI the mixer, R12 and R13 its range and value
//	SI the slots of the contexts, counted from R14, the last two from R15
//	R9, R10 the sets of weights
//
// It keeps R8 and R11.
TEXT code<>(SB), NOSPLIT|NOFRAME, $0
	// The sets of weights add up, in 16 bits each.
	VMOVDQU (R9), Y5
	VPADDD (R10), Y5, Y6
	VPSRAD $(const_weightBits-const_appliedBits), Y6, Y6
	VEXTRACTI128 $1, Y6, X7
	VPACKSSDW X7, X6, X6
	VMOVD (4*const_Inputs)(R9), X10
	VMOVD (4*const_Inputs)(R10), X7
	VPADDD X7, X10, X7
	VPSRAD $(const_weightBits-const_appliedBits), X7, X7
	VPACKSSDW X7, X7, X7
	VPMADDWD constant<>(SB), X7, X11

	LEAQ ·stretchTable(SB), CX
	VPXOR X1, X1, X1
	VPXOR X2, X2, X2
	VPXOR X3, X3, X3
	VPXOR X4, X4, X4
	LOAD(6, R15, 2, X2, X4)
	LOAD(7, R15, 3, X2, X4)
	LOAD(0, R14, 0, X1, X3)
	LOAD(4, R14, 0, X2, X4)
	LOAD(1, R14, 1, X1, X3)
	LOAD(5, R14, 1, X2, X4)
	LOAD(2, R14, 2, X1, X3)
	LOAD(3, R14, 3, X1, X3)
	VINSERTI128 $1, X2, Y1, Y1
	VPUNPCKLQDQ X4, X3, X3

	VPMADDWD X3, X6, X6
	VPADDD X11, X6, X6
	VPSHUFD $0x4E, X6, X7
	VPADDD X7, X6, X6
	VPSHUFD $0xB1, X6, X7
	VPADDD X7, X6, X6
	VMOVD X6, AX
	SARL $const_appliedBits, AX
	MOVL $(const_logits-1), CX
	CMPL AX, CX
	CMOVLGT CX, AX
	MOVL $-const_logits, CX
	CMPL AX, CX
	CMOVLLT CX, AX
	ADDL $const_logits, AX
	SHRL $const_squashStep, AX
	LEAQ ·squashTable(SB), CX
	MOVWLZX (CX)(AX*2), CX // p

	// The part of the range below DX stands for a 1.
	MOVL R12, DX
	IMULQ CX, DX
	SHRQ $16, DX
	SUBL DX, R12
	CMPB (Mixer_Coder+Coder_Decoding)(DI), $0
	JEQ encode
	XORL BX, BX
	MOVL R13, AX
	SUBL DX, AX
	SETCS BX
	CMOVLCC AX, R13
	CMOVLCS DX, R12
	JMP learn

encode:
	TESTL BX, BX
	JNE one
	ADDL DX, R13
	JCC learn
	MOVQ (Mixer_Coder+Coder_out)(DI), DX
	MOVQ (Mixer_Coder+Coder_out+8)(DI), AX

carry:
	DECQ AX
	INCB (DX)(AX*1)
	JEQ carry
	JMP learn

one:
	MOVL DX, R12

learn:
	// Weights learn from 65536·bit − p.
	MOVL BX, AX
	SHLL $16, AX
	SUBL CX, AX
	VMOVD AX, X8
	VPBROADCASTD X8, Y8
	VPMOVSXWD X3, Y7
	VPMULLD Y8, Y7, Y7
	VPSLLD $8, X8, X11 // times constant
	VPBROADCASTD Mixer_half(DI), Y8
	VPADDD Y8, Y7, Y7
	VPADDD X8, X11, X11
	VMOVD Mixer_learning(DI), X8
	VPSRAD X8, Y7, Y7
	VPSRAD X8, X11, X11
	VPADDD X11, X10, X10
	VMOVD X10, (4*const_Inputs)(R9)
	VMOVD (4*const_Inputs)(R10), X10
	VPADDD X11, X10, X10
	VMOVD X10, (4*const_Inputs)(R10)
	VPADDD Y7, Y5, Y5
	VMOVDQU Y5, (R9)
	VPADDD (R10), Y7, Y5
	VMOVDQU Y5, (R10)

	// Slots learn (target − p)·rate[n] >> 16, as 32 of 64 bits.
	MOVL BX, AX
	NEGL AX
	VMOVD AX, X9
	VPBROADCASTD X9, Y9
	VPSRLD $10, Y9, Y9 // target
	VPSRLD $10, Y1, Y2 // p
	VPSUBD Y2, Y9, Y9
	VPSLLD $22, Y1, Y1
	VPSRLD $22, Y1, Y1 // n
	VPCMPEQD Y6, Y6, Y6
	LEAQ ·rateTable(SB), AX
	VPXOR Y4, Y4, Y4
	VPGATHERDD Y6, (AX)(Y1*4), Y4
	VPMULDQ Y9, Y4, Y3
	VPSRLQ $32, Y9, Y9
	VPSRLQ $32, Y4, Y4
	VPMULDQ Y9, Y4, Y4
	VPSRLQ $16, Y3, Y3
	VPSLLQ $16, Y4, Y4
	VPBLENDD $0xAA, Y4, Y3, Y3
	VPADDD Y3, Y2, Y2
	VPSLLD $10, Y2, Y2
	VPCMPEQD Y6, Y6, Y6
	VPSUBD Y6, Y1, Y1
	VPBROADCASTD Mixer_horizon(DI), Y6
	VPMINUD Y6, Y1, Y1
	VPOR Y1, Y2, Y2
	VEXTRACTI128 $1, Y2, X1
	STORE(0, R14, 0, X2)
	STORE(1, R14, 1, X2)
	STORE(2, R14, 2, X2)
	STORE(3, R14, 3, X2)
	STORE(4, R14, 0, X1)
	STORE(5, R14, 1, X1)
	STORE(6, R15, 2, X1)
	STORE(7, R15, 3, X1)

	CMPL R12, $0x1000000
	JCS renormalise
	RET

renormalise:
	CMPB (Mixer_Coder+Coder_Decoding)(DI), $0
	JEQ emit

take:
	MOVQ (Mixer_Coder+Coder_pos)(DI), AX
	SHLL $8, R12
	SHLL $8, R13
	CMPQ AX, (Mixer_Coder+Coder_in+8)(DI)
	JGE beyond
	MOVQ (Mixer_Coder+Coder_in)(DI), DX
	MOVBLZX (DX)(AX*1), DX
	ORL DX, R13

beyond:
	INCQ AX
	MOVQ AX, (Mixer_Coder+Coder_pos)(DI)
	CMPL R12, $0x1000000
	JCS take
	RET

emit:
	MOVQ (Mixer_Coder+Coder_out)(DI), DX
	MOVQ (Mixer_Coder+Coder_out+8)(DI), AX

next:
	MOVL R13, CX
	SHRL $24, CX
	MOVB CX, (DX)(AX*1)
	INCQ AX
	SHLL $8, R12
	SHLL $8, R13
	CMPL R12, $0x1000000
	JCS next
	MOVQ AX, (Mixer_Coder+Coder_out+8)(DI)
	RET

#define BEGIN \
	MOVL (Mixer_Coder+Coder_rng)(DI), R12; \
	MOVL (Mixer_Coder+Coder_value)(DI), R13

#define END \
	MOVL R12, (Mixer_Coder+Coder_rng)(DI); \
	MOVL R13, (Mixer_Coder+Coder_value)(DI); \
	VZEROUPPER

// func codeBit(m *Mixer, at *[Inputs]uint32, w, u *weights, b int) int
TEXT ·codeBit(SB), NOSPLIT, $8-48
	MOVQ m+0(FP), DI
	MOVQ at+8(FP), SI
	MOVQ w+16(FP), R9
	MOVQ u+24(FP), R10
	MOVQ b+32(FP), BX
	MOVQ Mixer_slots(DI), R14
	MOVQ R14, R15
	BEGIN
	CALL code<>(SB)
	END
	MOVQ BX, ret+40(FP)
	RET

// SETS points R9 and R10 to the sets of bin AX, and R14 and R15 to its slots.
#define SETS \
	LEAQ (AX)(AX*8), R14; \
	SHLQ $2, R14; \
	MOVQ w+16(FP), R9; \
	ADDQ R14, R9; \
	MOVQ u+24(FP), R10; \
	ADDQ R14, R10; \
	MOVQ Mixer_slots(DI), R14; \
	MOVQ AX, R15; \
	ANDQ $(const_Line-1), R15; \
	LEAQ (R14)(R15*4), R15; \
	LEAQ (R14)(AX*4), R14

// func codeLength(m *Mixer, at *[Inputs]uint32, w, u *[Bins]weights, n, most, sign int) int
TEXT ·codeLength(SB), NOSPLIT, $8-64
	MOVQ m+0(FP), DI
	MOVQ at+8(FP), SI
	BEGIN
	XORL AX, AX
	SETS
	XORL BX, BX
	CMPQ n+32(FP), $0
	SETEQ BX
	CALL code<>(SB)
	XORL R11, R11
	TESTL BX, BX
	JNE end
	MOVL $1, AX
	SETS
	MOVQ sign+48(FP), BX
	CALL code<>(SB)
	MOVQ BX, R8
	MOVL $1, R11
	JMP more

longer:
	LEAQ (R11)(R11*1), AX
	MOVL $(const_Bins-const_firstBin), CX
	CMPQ AX, CX
	CMOVQGT CX, AX
	ADDQ R8, AX
	SETS
	XORL BX, BX
	CMPQ R11, n+32(FP)
	SETEQ BX
	CALL code<>(SB)
	TESTL BX, BX
	JNE signed
	INCQ R11

more:
	CMPQ R11, most+40(FP)
	JLT longer

signed:
	MOVQ R11, AX
	NEGQ AX
	TESTL R8, R8
	CMOVQNE AX, R11

end:
	END
	MOVQ R11, ret+56(FP)
	RET

// func prefetch(slots *uint32, a, b uint32)
TEXT ·prefetch(SB), NOSPLIT, $0-16
	MOVQ slots+0(FP), DI
	MOVL a+8(FP), AX
	PREFETCHT0 (DI)(AX*4)
	MOVL b+12(FP), AX
	PREFETCHT0 (DI)(AX*4)
	RET
