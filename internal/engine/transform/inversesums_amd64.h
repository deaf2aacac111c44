	MOVQ k+0(FP), DI
	MOVQ inverseKernel_table(DI), DX
	MOVQ inverseKernel_half(DI), R8
	MOVQ inverseKernel_n(DI), R10

	// Coefficients in pairs, of 8×8 at a time. R9 is bytes of a row, R15 of all pairs of eight horizontal ones.
	MOVQ coefs+24(FP), SI
	LEAQ inverseKernel_pairs(DI), R11
	VMOVDQU evenOdd<>(SB), Y15
	LEAQ (R10*4), R9
	LEAQ (R9)(R9*2), R13
	MOVQ inverseKernel_across(DI), AX
	INCQ AX
	SHRQ $1, AX // eights of horizontal frequencies
pack:
	MOVQ SI, R12
	MOVQ inverseKernel_down(DI), CX
	INCQ CX
	SHRQ $1, CX
packDown:
	LEAQ (R12)(R9*4), BX
	PACKED((R12), (R12)(R9*2), Y0)
	PACKED((R12)(R9*1), (R12)(R13*1), Y1)
	PACKED((BX), (BX)(R9*2), Y2)
	PACKED((BX)(R9*1), (BX)(R13*1), Y3)
	VSHUFPS $0x88, Y1, Y0, Y4
	VSHUFPS $0xDD, Y1, Y0, Y5
	VSHUFPS $0x88, Y3, Y2, Y6
	VSHUFPS $0xDD, Y3, Y2, Y7
	VPERM2I128 $0x20, Y6, Y4, Y0
	VPERM2I128 $0x20, Y7, Y5, Y1
	VPERM2I128 $0x31, Y6, Y4, Y2
	VPERM2I128 $0x31, Y7, Y5, Y3
	VMOVDQU Y0, (R11)
	VMOVDQU Y1, 32(R11)
	VMOVDQU Y2, 64(R11)
	VMOVDQU Y3, 96(R11)
	ADDQ $128, R11
	ADDQ $32, R12
	DECQ CX
	JNZ packDown
	LEAQ (SI)(R9*8), SI
	DECQ AX
	JNZ pack

	// Over the vertical frequencies: eight horizontal ones of four samples, and of those that mirror them.
	VPBROADCASTD inverseWords<>+0(SB), Y12
	LEAQ (R8*2), R9 // bytes of a table of four frequencies
	XORQ AX, AX // first sample
	LEAQ inverseKernel_sums(DI), R14
	LEAQ -1(R10), R15
	IMULQ $(2*const_maxN), R15
	ADDQ R14, R15 // of the last sample
rows:
	LEAQ inverseKernel_pairs(DI), SI
	MOVQ inverseKernel_across(DI), BX
	INCQ BX
	SHRQ $1, BX
	MOVQ R14, R11
	MOVQ R15, R13
eight:
	VMOVDQA Y12, Y0
	VMOVDQA Y12, Y1
	VMOVDQA Y12, Y2
	VMOVDQA Y12, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7
	LEAQ (DX)(AX*4), R12
	MOVQ inverseKernel_down(DI), CX
next:
	VMOVDQU (SI), Y8
	VMOVDQU 32(SI), Y9
	ADDPRODUCTS(0, Y0, Y4)
	ADDPRODUCTS(4, Y1, Y5)
	ADDPRODUCTS(8, Y2, Y6)
	ADDPRODUCTS(12, Y3, Y7)
	ADDQ $64, SI
	ADDQ R9, R12
	DECQ CX
	JNZ next
	SUMS(Y0, Y4, X0, X4)
	SUMS(Y1, Y5, X1, X5)
	SUMS(Y2, Y6, X2, X6)
	SUMS(Y3, Y7, X3, X7)
	SUBQ $(4*2*const_maxN-16), R11
	ADDQ $(4*2*const_maxN+16), R13
	MOVQ inverseKernel_down(DI), CX // pairs are there for an even number of fours
	ANDQ $1, CX
	SHLQ $6, CX
	ADDQ CX, SI
	DECQ BX
	JNZ eight
	ADDQ $(4*2*const_maxN), R14
	SUBQ $(4*2*const_maxN), R15
	ADDQ $4, AX
	LEAQ (AX)(AX*1), CX
	CMPQ CX, R10
	JL rows

	// Over the horizontal frequencies, a row at a time.
	VPBROADCASTD inverseKernel_offset(DI), Y12
	VMOVD inverseKernel_shift(DI), X11
	VPBROADCASTD inverseWords<>+8(SB), Y13
	VPBROADCASTD inverseWords<>+4(SB), Y14
	VPXOR Y15, Y15, Y15
	MOVQ dst+8(FP), SI
	MOVQ stride+16(FP), BX
	MOVQ predicted+32(FP), R14
	MOVQ below+40(FP), R15
	LEAQ inverseKernel_sums(DI), R11
	CMPQ R10, $16
	JEQ row16
	JL rows8

row32:
	VMOVDQA Y12, Y0
	VMOVDQA Y12, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	MOVQ DX, R12
	MOVQ R11, R13
	MOVQ inverseKernel_across(DI), CX
next32:
	FOUR(0)
	BOTH(0, Y0, Y2)
	BOTH(32, Y1, Y3)
	ADDQ R9, R12
	ADDQ $8, R13
	DECQ CX
	JNZ next32
	VPADDD Y2, Y0, Y4
	VPADDD Y3, Y1, Y5
	VPSUBD Y2, Y0, Y6
	VPSUBD Y3, Y1, Y7
	VPSRAD X11, Y4, Y4
	VPSRAD X11, Y5, Y5
	VPSRAD X11, Y6, Y6
	VPSRAD X11, Y7, Y7
	VPACKSSDW Y5, Y4, Y4
	VPACKSSDW Y7, Y6, Y6
	VPERMQ $0xD8, Y4, Y4
	VPERMQ $0x27, Y6, Y6
	VBROADCASTI128 reversed<>+16(SB), Y7
	VPSHUFB Y7, Y6, Y6
	WRITE(0, Y4)
	WRITE(32, Y6)
	ADDQ $(2*const_maxN), R11
	ADDQ BX, SI
	ADDQ R15, R14
	DECQ R10
	JNZ row32
	VZEROUPPER
	RET

row16:
	VMOVDQA Y12, Y0
	VPXOR Y2, Y2, Y2
	MOVQ DX, R12
	MOVQ R11, R13
	MOVQ inverseKernel_across(DI), CX
next16:
	FOUR(0)
	BOTH(0, Y0, Y2)
	ADDQ R9, R12
	ADDQ $8, R13
	DECQ CX
	JNZ next16
	VPADDD Y2, Y0, Y4
	VPSUBD Y2, Y0, Y6
	VPSRAD X11, Y4, Y4
	VPSRAD X11, Y6, Y6
	VPACKSSDW Y6, Y4, Y4
	VPERMQ $0x78, Y4, Y4
	VPSHUFB reversed<>+0(SB), Y4, Y4
	WRITE(0, Y4)
	ADDQ $(2*const_maxN), R11
	ADDQ BX, SI
	ADDQ R15, R14
	DECQ R10
	JNZ row16
	VZEROUPPER
	RET

rows8:
	VMOVDQA Y12, Y0
	VMOVDQA Y12, Y1
	MOVQ DX, R12
	MOVQ R11, R13
	MOVQ inverseKernel_across(DI), CX
next8:
	FOUR(0)
	BOTH(0, Y0, Y0)
	FOUR(2*const_maxN)
	BOTH(0, Y1, Y1)
	ADDQ R9, R12
	ADDQ $8, R13
	DECQ CX
	JNZ next8
	VPSRAD X11, Y0, Y0
	VPSRAD X11, Y1, Y1
	VPACKSSDW Y1, Y0, Y0
	VPERMQ $0xD8, Y0, Y0
	VMOVDQU (R14), X10
	VINSERTI128 $1, (R14)(R15*1), Y10, Y10
	VPSUBW Y13, Y10, Y10
	VPADDSW Y10, Y0, Y0
	VPMAXSW Y15, Y0, Y0
	VPMINSW Y14, Y0, Y0
	VMOVDQU X0, (SI)
	VEXTRACTI128 $1, Y0, (SI)(BX*1)
	ADDQ $(4*const_maxN), R11
	LEAQ (SI)(BX*2), SI
	LEAQ (R14)(R15*2), R14
	SUBQ $2, R10
	JNZ rows8
	VZEROUPPER
	RET
