//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// What is added to the floor before its lowest bits are cut off, and after, for the multiple of each remainder by 4; and what makes levels
// of multiples, and bits of levels.
DATA trellisWords<>+0(SB)/8, $0x0000000100000002
DATA trellisWords<>+8(SB)/8, $0xffffffff00000000
DATA trellisWords<>+16(SB)/8, $0x0000000100000000
DATA trellisWords<>+24(SB)/8, $0x0000000300000002
DATA trellisWords<>+32(SB)/8, $0xfffffffcfffffffc
DATA trellisWords<>+40(SB)/8, $0xfffffffcfffffffc
DATA trellisWords<>+48(SB)/8, $0x0000000100000001
DATA trellisWords<>+56(SB)/8, $0x0000000100000001
DATA trellisWords<>+64(SB)/4, $const_magnitudeCap
DATA trellisWords<>+68(SB)/4, $(const_escape-1)
DATA trellisWords<>+72(SB)/4, $127 // of the exponent of a float
GLOBL trellisWords<>(SB), RODATA, $76

// Ways from each state by an even level, by 0, and by an odd level; what is left of them, and of a path without them; and the states.
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
DATA trellisWays<>+96(SB)/8, $const_allWays
DATA trellisWays<>+104(SB)/8, $const_allWays
DATA trellisWays<>+112(SB)/8, $const_allWays
DATA trellisWays<>+120(SB)/8, $const_allWays
DATA trellisWays<>+128(SB)/8, $~const_allWays
DATA trellisWays<>+136(SB)/8, $~const_allWays
DATA trellisWays<>+144(SB)/8, $~const_allWays
DATA trellisWays<>+152(SB)/8, $~const_allWays
DATA trellisWays<>+160(SB)/8, $0
DATA trellisWays<>+168(SB)/8, $1
DATA trellisWays<>+176(SB)/8, $2
DATA trellisWays<>+184(SB)/8, $3
DATA trellisWays<>+192(SB)/8, $~const_aHistory
GLOBL trellisWays<>(SB), RODATA, $200

// Bytes: the classes of the four histories in the lowest byte of four words, in the next and in the third, among 0x80; bytes that become
// the state before, twice, and the multiple, by the number of a way; the bytes of four numbers each; and states, twice.
DATA trellisBytes<>+0(SB)/8, $0x0404040104040400
DATA trellisBytes<>+8(SB)/8, $0x0404040304040402
DATA trellisBytes<>+16(SB)/8, $0x0404010404040004
DATA trellisBytes<>+24(SB)/8, $0x0404030404040204
DATA trellisBytes<>+32(SB)/8, $0x0401040404000404
DATA trellisBytes<>+40(SB)/8, $0x0403040404020404
DATA trellisBytes<>+48(SB)/8, $0x0602040004000400
DATA trellisBytes<>+56(SB)/8, $0x0000000006020602
DATA trellisBytes<>+64(SB)/8, $0x0300040401020300
DATA trellisBytes<>+72(SB)/8, $0x0000000004040102
DATA trellisBytes<>+80(SB)/8, $0x0404040400000000
DATA trellisBytes<>+88(SB)/8, $0x0c0c0c0c08080808
DATA trellisBytes<>+96(SB)/4, $0x06040200
DATA trellisBytes<>+100(SB)/4, $0xffffff00 // without the first history
DATA trellisBytes<>+104(SB)/4, $0x80808080
GLOBL trellisBytes<>(SB), RODATA, $108

// Classes of sums below 16, and the bounds from there on.
DATA trellisBounds<>+0(SB)/8, $0x0605050403020100
DATA trellisBounds<>+8(SB)/8, $0x0808080807070706
DATA trellisBounds<>+16(SB)/4, $0x30211710
DATA trellisBounds<>+20(SB)/4, $15
GLOBL trellisBounds<>(SB), RODATA, $24

#define KERNEL(field) (trellis_kernel+field)(DI)

// BOUND adds 1 to the classes Y4 of sums Y1 that reach a bound.
#define BOUND(at) \
	VPBROADCASTB trellisBounds<>+at(SB), Y5; \
	VPMAXUB Y5, Y1, Y5; \
	VPCMPEQB Y5, Y1, Y5; \
	VPSUBB Y5, Y4, Y4

// LEAST makes a the smaller ones of a and b.
#define LEAST(a, b) \
	VPCMPGTQ b, a, Y8; \
	VPBLENDVB Y8, b, a, a

// LOOKUP finds the costs of symbols behind the four histories, by bytes a, b and c of a classCosts.
#define LOOKUP(a, b, c, dst, low, middle) \
	VPSHUFB Y1, a, dst; \
	VPSHUFB Y2, b, low; \
	VPSHUFB Y3, c, middle; \
	VPOR low, dst, dst; \
	VPOR middle, dst, dst; \
	VPSLLD $const_costShift, dst, dst

// OWN leaves of them what each path has.
#define OWN(costs) \
	VPERMILPS Y0, costs, costs; \
	VPBLENDD $0xAA, Y9, costs, costs

// COSTS is LOOKUP and OWN of a classCosts.
#define COSTS(at, dst, low, middle) \
	VMOVDQU (at), dst; \
	VMOVDQU 32(at), low; \
	VMOVDQU 64(at), middle; \
	LOOKUP(dst, low, middle, dst, low, middle); \
	OWN(dst)

// DISTORTIONS makes distortions Y5 of multiples X5 for the magnitude AX.
#define DISTORTIONS \
	VPMULLD KERNEL(trellisKernel_unit), X5, X5; \
	VMOVD AX, X6; \
	VPBROADCASTD X6, X6; \
	VPSUBD X5, X6, X5; \
	VPMOVSXDQ X5, Y5; \
	VPMULDQ Y5, Y5, Y5; \
	VPSLLQ $(const_distScale+const_costShift), Y5, Y5

// func trellisLeaf(t *trellis)
TEXT ·trellisLeaf(SB), NOSPLIT, $0-8
	MOVQ t+0(FP), DI
	MOVQ KERNEL(trellisKernel_pos), SI
	MOVQ KERNEL(trellisKernel_rows), R10
	MOVQ KERNEL(trellisKernel_coefs), R14
	MOVQ trellis_lg(DI), CX
	LEAQ trellis_choices(DI), R8
	LEAQ trellis_classes(DI), R9
	LEAQ trellis_near(DI), R11
	LEAQ trellis_next(DI), R12
	VMOVDQU trellis_paths(DI), Y0
	VPXOR Y9, Y9, Y9
	VBROADCASTI128 trellisBytes<>+0(SB), Y13
	VBROADCASTI128 trellisBytes<>+16(SB), Y14
	VBROADCASTI128 trellisBytes<>+32(SB), Y15
	MOVQ KERNEL(trellisKernel_history), BX

clear:
	VMOVDQU Y9, -32(R11)(BX*1)
	VMOVDQU Y9, (trellis_far-32)(DI)(BX*1)
	SUBQ $32, BX
	JNZ clear

row:
	MOVQ KERNEL(trellisKernel_history), BX

clearNext:
	VMOVDQU Y9, -32(R12)(BX*1)
	SUBQ $32, BX
	JNZ clearNext

	MOVBLZX trellisRow_group(R10), AX
	CMPL AX, KERNEL(trellisKernel_group)
	JGE classify
	MOVL AX, KERNEL(trellisKernel_group)
	MOVQ KERNEL(trellisKernel_last), DX
	MOVLQSX (DX)(AX*4), AX
	ADDQ trellis_zeroed(DI), AX
	SHLQ $const_costShift, AX
	VMOVQ X0, DX
	CMPQ AX, DX
	JGE classify
	VMOVQ AX, X1
	VPBLENDD $3, Y1, Y0, Y0
	MOVL KERNEL(trellisKernel_token), AX
	MOVL AX, trellis_starts(DI)
	VPBROADCASTD trellisBytes<>+100(SB), Y1
	MOVQ KERNEL(trellisKernel_history), BX

forget:
	VPAND -32(R11)(BX*1), Y1, Y2
	VMOVDQU Y2, -32(R11)(BX*1)
	VPAND (trellis_far-32)(DI)(BX*1), Y1, Y2
	VMOVDQU Y2, (trellis_far-32)(DI)(BX*1)
	SUBQ $32, BX
	JNZ forget

classify:
	MOVBLZX trellisRow_first(R10), BX
	MOVBLZX trellisRow_last(R10), DX
	SHRQ $3, BX
	SHRQ $3, DX
	VBROADCASTI128 trellisBounds<>+0(SB), Y2
	VPBROADCASTB trellisBounds<>+20(SB), Y3
	VPBROADCASTD trellisBytes<>+104(SB), Y8

classes:
	MOVQ BX, AX
	SHLQ $5, AX
	VMOVDQU 4(R11)(AX*1), Y1
	VPADDUSB 8(R11)(AX*1), Y1, Y1
	VPADDUSB Y1, Y1, Y1
	VPADDUSB (R11)(AX*1), Y1, Y1
	VPADDUSB 12(R11)(AX*1), Y1, Y1
	VPADDUSB (trellis_far+4)(DI)(AX*1), Y1, Y1
	VPADDUSB (trellis_far+8)(DI)(AX*1), Y1, Y1
	VPADDUSB (trellis_far+12)(DI)(AX*1), Y1, Y1
	VPMINUB Y3, Y1, Y4
	VPSHUFB Y4, Y2, Y4
	BOUND(16)
	BOUND(17)
	BOUND(18)
	BOUND(19)
	VPUNPCKLDQ Y8, Y4, Y5
	VPUNPCKHDQ Y8, Y4, Y6
	VPERM2I128 $0x20, Y6, Y5, Y7
	VPERM2I128 $0x31, Y6, Y5, Y4
	ADDQ AX, AX
	VMOVDQU Y7, (R9)(AX*1)
	VMOVDQU Y4, 32(R9)(AX*1)
	INCQ BX
	CMPQ BX, DX
	JLE classes

	MOVBLZX trellisRow_frequency(R10), R13
	IMUL3Q $trellisCosts__size, R13, R13
	ADDQ KERNEL(trellisKernel_costs), R13
	VMOVDQU (R13), Y10 // costs of 0
	VMOVDQU 32(R13), Y11
	VMOVDQU 64(R13), Y12
	MOVWLZX trellisRow_n(R10), R15

coefficient:
	MOVWLZX scanPos_coef(SI), AX
	MOVQ AX, BX
	SHRQ CX, BX // u
	VPBROADCASTQ (R9)(BX*8), Y4
	VPSHUFB Y13, Y4, Y1
	VPSHUFB Y14, Y4, Y2
	VPSHUFB Y15, Y4, Y3
	MOVLQSX (R14)(AX*4), AX
	MOVQ AX, DX
	SARQ $63, DX
	XORQ DX, AX
	SUBQ DX, AX // its magnitude
	MOVQ AX, DX
	IMULQ DX, DX
	SHLQ $const_distScale, DX
	ADDQ DX, trellis_zeroed(DI)
	SHLQ $const_costShift, DX
	VMOVQ DX, X8
	VPBROADCASTQ X8, Y8
	VPADDQ Y0, Y8, Y8
	LOOKUP(Y10, Y11, Y12, Y4, Y5, Y6)
	OWN(Y4)
	VPADDQ Y8, Y4, Y4 // with 0
	CMPQ AX, trellis_quiet(DI)
	JGE loud
	VPERMQ $0xD8, Y4, Y0
	MOVQ ·zeroWays(SB), AX
	MOVQ AX, choice_ways(R8)
	JMP again

loud:
	MOVQ AX, BX
	IMULQ KERNEL(trellisKernel_divisor), BX
	SHRQ $32, BX
	MOVL BX, choice_floor(R8)
	CMPQ BX, $const_leastEscaped
	JGE escaped
	SHLQ $5, BX
	ADDQ KERNEL(trellisKernel_steps), BX
	MOVL trellisStep_magnitudes(BX), DX
	MOVL DX, choice_magnitudes(R8)
	VMOVDQU trellisStep_multiples(BX), X5
	MOVWLZX trellisStep_even(BX), DX
	MOVWLZX trellisStep_odd(BX), BX
	DISTORTIONS

levels:
	ADDQ R13, DX
	ADDQ R13, BX
	VPERMQ $0xF0, Y5, Y6
	VPERMQ $0x5A, Y5, Y5
	VPADDQ trellisWays<>+0(SB), Y6, Y6
	VPADDQ trellisWays<>+64(SB), Y5, Y5
	VPADDQ Y0, Y6, Y6
	COSTS(DX, Y7, Y8, Y10)
	VPADDQ Y6, Y7, Y7 // with an even level
	VPADDQ Y0, Y5, Y5
	COSTS(BX, Y6, Y8, Y10)
	VPADDQ Y5, Y6, Y6 // with an odd one
	VMOVDQU (R13), Y10
	CMPL choice_floor(R8), $const_mayBecomeZero
	JGT large
	VPADDQ trellisWays<>+32(SB), Y4, Y4
	LEAST(Y7, Y4)

large:
	VPERMQ $0xD8, Y7, Y7
	VPERMQ $0x8D, Y6, Y6
	LEAST(Y7, Y6)
	VPAND trellisWays<>+128(SB), Y7, Y0
	VPAND trellisWays<>+96(SB), Y7, Y5
	VPOR trellisWays<>+160(SB), Y5, Y5
	VEXTRACTI128 $1, Y5, X6
	VPACKUSDW X6, X5, X5
	VPACKUSWB X5, X5, X5
	VMOVQ X5, choice_ways(R8)

again:
	ADDQ $scanPos__size, SI
	ADDQ $choice__size, R8
	DECQ R15
	JNZ coefficient

	// From the last coefficient of the diagonal back to the first, on the paths to all states.
	VMOVDQU trellisBytes<>+48(SB), X2
	VMOVDQU trellisBytes<>+64(SB), X3
	VMOVD trellisBytes<>+96(SB), X1
	MOVWLZX trellisRow_n(R10), R15
	ADDL R15, KERNEL(trellisKernel_token)
	LEAQ -choice__size(R8), AX
	LEAQ -scanPos__size(SI), BX

back:
	VMOVQ choice_ways(AX), X4
	VPSHUFB X1, X4, X4
	VMOVD X4, choice_paths(AX)
	VMOVQ choice_magnitudes(AX), X5
	VPSHUFB X4, X3, X6
	VPSHUFB X6, X5, X6
	VPSHUFB X4, X2, X1
	MOVWLZX scanPos_coef(BX), DX
	SHRQ CX, DX
	VMOVD X6, 4(R12)(DX*4)
	SUBQ $choice__size, AX
	SUBQ $scanPos__size, BX
	DECQ R15
	JNZ back

	VPSRLW $1, X1, X1 // the histories of the paths
	MOVQ KERNEL(trellisKernel_before), AX
	VMOVD X1, (AX)
	ADDQ $const_states, KERNEL(trellisKernel_before)
	VPMOVZXBD X1, X4
	VMOVDQU trellis_starts(DI), X5
	VPERMILPS X4, X5, X5
	VMOVDQU X5, trellis_starts(DI)
	VPBROADCASTD X1, Y1
	VBROADCASTI128 trellisBytes<>+80(SB), Y2
	VPADDB Y2, Y1, Y1
	MOVQ KERNEL(trellisKernel_history), BX

far:
	VMOVDQU -32(R11)(BX*1), Y2
	VPSHUFB Y1, Y2, Y2
	VMOVDQU Y2, (trellis_far-32)(DI)(BX*1)
	SUBQ $32, BX
	JNZ far
	XCHGQ R11, R12
	VPBROADCASTQ trellisWays<>+192(SB), Y1
	VPAND Y1, Y0, Y0
	VPOR trellisWays<>+160(SB), Y0, Y0

	VPBROADCASTQ KERNEL(trellisKernel_packed), Y1
	VPCMPGTQ Y0, Y1, Y1
	VPMOVMSKB Y1, AX
	TESTL AX, AX
	JNZ below
	MOVQ trellis_zeroed(DI), AX
	CMPQ AX, KERNEL(trellisKernel_most)
	JGE done

below:
	MOVQ $8, AX
	SHLQ CX, AX
	ADDQ AX, R9
	ADDQ $trellisRow__size, R10
	DECQ KERNEL(trellisKernel_count)
	JNZ row
	MOVB $1, KERNEL(trellisKernel_done)

done:
	VMOVDQU Y0, trellis_paths(DI)
	VZEROUPPER
	RET

escaped:
	VMOVD BX, X5
	VPBROADCASTD X5, X5
	VPADDD trellisWords<>+0(SB), X5, X5
	VPAND trellisWords<>+32(SB), X5, X5
	VPADDD trellisWords<>+16(SB), X5, X5
	VPMAXSD X9, X5, X5 // multiples
	VPADDD trellisWords<>+48(SB), X5, X6
	VPSRLD $1, X6, X6 // levels
	VPBROADCASTD trellisWords<>+64(SB), X7
	VPMINUD X7, X6, X7
	VPACKUSDW X7, X7, X7
	VPACKUSWB X7, X7, X7
	VMOVD X7, choice_magnitudes(R8)
	VPBROADCASTD trellisWords<>+68(SB), X7
	VPSUBD X7, X6, X6
	VCVTDQ2PS X6, X7
	VPSRLD $23, X7, X7
	VPBROADCASTD trellisWords<>+72(SB), X8
	VPSUBD X8, X7, X7
	VPADDD X7, X7, X7
	VPADDD trellisWords<>+48(SB), X7, X7 // 2·⌊log⌋ + 1 bits
	VPCMPGTD X9, X6, X6
	VPAND X6, X7, X7
	VPMOVZXDQ X7, Y7
	VPBROADCASTQ KERNEL(trellisKernel_bit), Y8
	VPMULUDQ Y8, Y7, Y7
	VPSLLQ $const_costShift, Y7, Y7
	DISTORTIONS
	VPADDQ Y7, Y5, Y5
	LEAQ 2(BX), AX
	SHRQ $2, AX
	LEAQ 3(BX), DX
	SHRQ $2, DX
	ADDQ AX, DX
	MOVQ $const_lastEven, AX
	CMPQ DX, AX
	CMOVQGT AX, DX
	IMUL3Q $const_pairBytes, DX, DX
	ADDQ $const_evenCosts, DX
	LEAQ 1(BX), AX
	SHRQ $2, AX
	SHRQ $2, BX
	ADDQ AX, BX
	MOVQ $const_lastOdd, AX
	CMPQ BX, AX
	CMOVQGT AX, BX
	IMUL3Q $const_pairBytes, BX, BX
	ADDQ $const_oddCosts, BX
	JMP levels
