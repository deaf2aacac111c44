//go:build amd64 && !purego

#include "textflag.h"
#include "go_asm.h"

DATA turn<>+0(SB)/8, $0x0000000000000007
DATA turn<>+8(SB)/8, $0x0000000200000001
DATA turn<>+16(SB)/8, $0x0000000400000003
DATA turn<>+24(SB)/8, $0x0000000600000005
GLOBL turn<>(SB), RODATA|NOPTR, $32
DATA cap<>+0(SB)/4, $const_magnitudeCap
GLOBL cap<>(SB), RODATA|NOPTR, $4
DATA least<>+0(SB)/4, $(1<<const_firstOctave)
GLOBL least<>(SB), RODATA|NOPTR, $4
DATA bias<>+0(SB)/4, $((127+const_firstOctave)<<3)
GLOBL bias<>(SB), RODATA|NOPTR, $4
DATA upper<>+0(SB)/8, $0xff00ff00ff00ff00
GLOBL upper<>(SB), RODATA|NOPTR, $8

// PUT stores eight samples, in y, of which x is the lower half, as every second of those at p.
#define PUT(y, x, p) \
	VPMOVZXDQ x, Y3; \
	VPBLENDD $0xAA, (p), Y3, Y3; \
	VMOVDQU Y3, (p); \
	VEXTRACTI128 $1, y, X3; \
	VPMOVZXDQ X3, Y3; \
	VPBLENDD $0xAA, 32(p), Y3, Y3; \
	VMOVDQU Y3, 32(p)

// func findExact(a *findArgs)
//
// BX, CX, DX  samples, residuals and classes, every second of them
// SI, DI      predictions and expectations
// R8          samples left; R9 whether limits are known
// Y8          magnitudes of the eight before, turned by one: the last is first
// Y9 … Y13    how to turn; weight of a magnitude; its cap; least expectation; limits (Y14 too)
TEXT ·findExact(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), AX
	MOVQ findArgs_v(AX), BX
	MOVQ findArgs_q(AX), CX
	MOVQ findArgs_class(AX), DX
	MOVQ findArgs_pred(AX), SI
	MOVQ findArgs_expect(AX), DI
	MOVQ findArgs_n(AX), R8
	MOVL findArgs_known(AX), R9
	VMOVDQU turn<>(SB), Y9
	VPBROADCASTD findArgs_left(AX), Y8
	VPBROADCASTD findArgs_side(AX), Y10
	VPBROADCASTD cap<>(SB), Y11
	VPBROADCASTD least<>(SB), Y12
	VPBROADCASTD findArgs_lo(AX), Y13
	VPBROADCASTD findArgs_hi(AX), Y14
	VPBROADCASTD bias<>(SB), Y15
loop:
	VMOVUPS (BX), Y0
	VSHUFPS $0x88, 32(BX), Y0, Y0
	VPERMQ $0xD8, Y0, Y0
	VMOVDQU (SI), Y1
	VPSUBD Y1, Y0, Y2 // residuals
	PUT(Y2, X2, CX)
	VPABSD Y2, Y2
	TESTL R9, R9
	JZ wrapped
	VPSUBD Y13, Y1, Y3
	VPSUBD Y1, Y14, Y4
	VPMINSD Y3, Y4, Y3 // what both signs have room for
	VPCMPGTD Y3, Y2, Y4
	VPADDD Y3, Y2, Y3
	VPCMPEQD Y5, Y5, Y5
	VPSUBD Y5, Y3, Y3
	VPSRLD $1, Y3, Y3
	VPBLENDVB Y4, Y3, Y2, Y2
wrapped:
	VPMINUD Y11, Y2, Y2
	VPERMD Y2, Y9, Y2
	VPBLENDD $1, Y8, Y2, Y3
	VMOVDQA Y2, Y8
	VPMULLD Y10, Y3, Y3
	VPADDD (DI), Y3, Y3
	VPMAXSD Y12, Y3, Y3
	// The octave and the three bits after the first are the upper bits of a float, which is not rounded up to more
	// bits where the ninth bit is 0.
	VPSRLD $8, Y3, Y4
	VPANDN Y3, Y4, Y3
	VCVTDQ2PS Y3, Y3
	VPSRLD $20, Y3, Y3
	VPSUBD Y15, Y3, Y3
	VEXTRACTI128 $1, Y3, X4
	VPACKUSDW X4, X3, X3
	VMOVDDUP upper<>(SB), X4
	VPAND (DX), X4, X4
	VPOR X4, X3, X3
	VMOVDQU X3, (DX)
	ADDQ $64, BX
	ADDQ $64, CX
	ADDQ $16, DX
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, R8
	JNZ loop
	VMOVD X8, findArgs_left(AX)
	VZEROUPPER
	RET

// func placeCoded(a *placeArgs)
//
// BX, CX   samples and residuals, every second of them
// SI, DI   predictions and codes
// R8       samples left; R9 whether limits are known
// Y12 …    step; limits
TEXT ·placeCoded(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), AX
	MOVQ placeArgs_v(AX), BX
	MOVQ placeArgs_q(AX), CX
	MOVQ placeArgs_pred(AX), SI
	MOVQ placeArgs_code(AX), DI
	MOVQ placeArgs_n(AX), R8
	MOVL placeArgs_known(AX), R9
	VPBROADCASTD placeArgs_step(AX), Y12
	VPBROADCASTD placeArgs_lo(AX), Y13
	VPBROADCASTD placeArgs_hi(AX), Y14
loop:
	VMOVDQU (SI), Y1
	VMOVDQU (DI), Y2
	TESTL R9, R9
	JZ unwrapped
	VPADDD Y2, Y2, Y3
	VPSRAD $31, Y2, Y4
	VPXOR Y4, Y3, Y3 // zigzag
	VPSUBD Y13, Y1, Y4 // below
	VPSUBD Y1, Y14, Y5 // above
	VPMINSD Y4, Y5, Y6
	VPCMPGTD Y5, Y4, Y4 // whether the upper limit is the nearer one
	VPADDD Y6, Y6, Y7
	VPMINUD Y3, Y7, Y7
	VPCMPEQD Y3, Y7, Y7 // whether both signs have room
	VPSUBD Y6, Y3, Y3
	VPXOR Y4, Y3, Y3
	VPSUBD Y4, Y3, Y3
	VPBLENDVB Y7, Y2, Y3, Y2
unwrapped:
	PUT(Y2, X2, CX)
	VPMULLD Y12, Y2, Y2
	VPADDD Y1, Y2, Y2
	PUT(Y2, X2, BX)
	ADDQ $64, BX
	ADDQ $64, CX
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, R8
	JNZ loop
	VZEROUPPER
	RET

// func clampRange(pix *int32, n int, least, most int32)
TEXT ·clampRange(SB), NOSPLIT, $0-24
	MOVQ pix+0(FP), SI
	MOVQ n+8(FP), CX
	MOVL least+16(FP), AX
	VMOVD AX, X1
	VPBROADCASTD X1, Y1
	MOVL most+20(FP), AX
	VMOVD AX, X2
	VPBROADCASTD X2, Y2
loop:
	VPMAXSD (SI), Y1, Y0
	VPMINSD Y2, Y0, Y0
	VMOVDQU Y0, (SI)
	ADDQ $32, SI
	SUBQ $8, CX
	JNZ loop
	VZEROUPPER
	RET
