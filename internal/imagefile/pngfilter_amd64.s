//go:build !purego

#include "textflag.h"
#include "go_asm.h"

DATA filterBytes<>+0(SB)/4, $0x01010101
GLOBL filterBytes<>(SB), RODATA, $4

// WRITE writes differences, and adds their distances from 0 to a sum.
#define WRITE(kind, y, sum) \
	MOVQ (filterKernel_lines+8*kind)(DI), R8; \
	VMOVDQU y, (R8)(AX*1); \
	VPABSB y, y; \
	VPSADBW Y14, y, y; \
	VPADDQ y, sum, sum

// DISTANCE takes |x − y| to d, and x − y, where it is positive, to more. It needs less.
#define DISTANCE(x, y, d, more, less) \
	VPSUBUSB y, x, more; \
	VPSUBUSB x, y, less; \
	VPOR more, less, d

// TOTAL writes a sum.
#define TOTAL(kind, y, x) \
	VEXTRACTI128 $1, y, X0; \
	VPADDQ X0, x, x; \
	VPSRLDQ $8, x, X0; \
	VPADDQ X0, x, x; \
	VMOVQ x, (filterKernel_sums+8*kind)(DI)

// func filterRow(k *filterKernel)
TEXT ·filterRow(SB), NOSPLIT, $0-8
	MOVQ k+0(FP), DI
	MOVQ filterKernel_x(DI), SI
	MOVQ filterKernel_a(DI), DX
	MOVQ filterKernel_b(DI), BX
	MOVQ filterKernel_c(DI), R9
	MOVQ filterKernel_n(DI), CX
	VPXOR Y14, Y14, Y14
	VPBROADCASTD filterBytes<>(SB), Y15
	VPXOR Y9, Y9, Y9
	VPXOR Y10, Y10, Y10
	VPXOR Y11, Y11, Y11
	VPXOR Y12, Y12, Y12
	VPXOR Y13, Y13, Y13
	XORQ AX, AX
next:
	VMOVDQU (SI)(AX*1), Y0
	VMOVDQU (DX)(AX*1), Y1
	VMOVDQU (BX)(AX*1), Y2
	VMOVDQU (R9)(AX*1), Y3
	VMOVDQA Y0, Y4
	WRITE(0, Y4, Y9)
	VPSUBB Y1, Y0, Y4
	WRITE(1, Y4, Y10)
	VPSUBB Y2, Y0, Y4
	WRITE(2, Y4, Y11)
	VPAVGB Y1, Y2, Y4 // rounded up
	VPXOR Y1, Y2, Y5
	VPAND Y15, Y5, Y5
	VPSUBB Y5, Y4, Y4
	VPSUBB Y4, Y0, Y4
	WRITE(3, Y4, Y12)

	// Where b and a lie on both sides of c, a + b − c may be nearest to c: at a distance of the difference of the other
	// two. Else it is not below the larger one of these.
	DISTANCE(Y2, Y3, Y4, Y6, Y7) // of a, |b − c|
	VPCMPEQB Y14, Y6, Y6
	VPCMPEQB Y14, Y7, Y7
	DISTANCE(Y1, Y3, Y5, Y8, Y3) // of b, |a − c|
	VPCMPEQB Y14, Y8, Y8
	VPCMPEQB Y14, Y3, Y3
	VPOR Y6, Y3, Y3 // not b > c > a
	VPOR Y7, Y8, Y8 // nor b < c < a
	VPAND Y8, Y3, Y3
	VPMINUB Y4, Y5, Y6
	DISTANCE(Y4, Y5, Y7, Y8, Y5) // Y8 is not 0 where b is nearer than a
	VPCMPEQB Y14, Y8, Y8
	VPBLENDVB Y8, Y1, Y2, Y1
	VPSUBUSB Y7, Y6, Y6 // not 0 where c is nearest
	VPCMPEQB Y14, Y6, Y6
	VPOR Y3, Y6, Y6
	VMOVDQU (R9)(AX*1), Y3
	VPBLENDVB Y6, Y1, Y3, Y1
	VPSUBB Y1, Y0, Y4
	WRITE(4, Y4, Y13)
	ADDQ $32, AX
	DECQ CX
	JNZ next
	TOTAL(0, Y9, X9)
	TOTAL(1, Y10, X10)
	TOTAL(2, Y11, X11)
	TOTAL(3, Y12, X12)
	TOTAL(4, Y13, X13)
	VZEROUPPER
	RET
